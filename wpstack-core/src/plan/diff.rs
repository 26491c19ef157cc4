//! Which fields of an object change, and why.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Problem;
use super::action::{Effect, FieldChange, Order, Verb, Why};
use super::known::Known;
use crate::address::{Address, ObjectId};
use crate::digest::hex;
use crate::resource::{Change, Cost, Field};
use crate::stack::Node;
use crate::state::{Record, RecordedEdge, Status};

/// What has been decided about the resources that come earlier in the stack.
pub(super) type Earlier<'a> = BTreeMap<&'a Address, Planned>;

/// What will stand at an address, and what happens to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planned {
    pub(super) generation: u32,
    pub(super) verb: Verb,
    pub(super) ripples: bool,
}

pub(super) struct Diff<'a> {
    pub(super) node: &'a Node,
    pub(super) object: &'a ObjectId,
    pub(super) record: &'a Record,
    pub(super) known: &'a Known<'a>,
    pub(super) earlier: &'a Earlier<'a>,
}

impl Diff<'_> {
    /// The changes of all fields, and those that cannot be made.
    pub(super) fn changes(&self) -> (Vec<FieldChange>, Vec<Problem>) {
        let (mut changes, mut problems) = (Vec::new(), Vec::new());
        for field in self.node.kind.fields {
            match self.change(field) {
                Some(Ok(change)) => changes.push(change),
                Some(Err(problem)) => problems.push(problem),
                None => {}
            }
        }
        (changes, problems)
    }

    fn change(&self, field: &Field) -> Option<Result<FieldChange, Problem>> {
        let new = &self.node.spec[field.name];
        let recorded = &self.record.spec[field.name];
        let (old, why) = self
            .outside(field)
            .or_else(|| (recorded != new).then(|| (recorded.clone(), Why::Configured)))
            .or_else(|| self.interrupted(field).map(|old| (old, Why::Interrupted)))
            .or_else(|| self.moved(field).map(|why| (recorded.clone(), why)))
            .or_else(|| self.unmarked(field).then(|| (recorded.clone(), Why::Imported)))?;
        let (effect, cost, why) = match (self.policy(field, &old), self.held_back(field)) {
            // Somebody has made it what is wanted: it only has to be recorded.
            _ if why == Why::Outside && old == *new => (Effect::Order, Cost::NoInterruption, why),
            (Change::Update(cost), None) => (Effect::Update, cost, why),
            (Change::Update(cost), Some(address)) => {
                (Effect::Replace, cost.max(Cost::Outage), Why::Replaced(address))
            }
            (Change::Replace(cost), _) => (Effect::Replace, cost, why),
            (Change::Order, None) => (Effect::Order, Cost::NoInterruption, why),
            (Change::Order, Some(address)) => {
                (Effect::Replace, Cost::Outage, Why::Replaced(address))
            }
            (Change::Refused(_), _) if self.is_unfit() => {
                (Effect::Replace, Cost::NoInterruption, why)
            }
            (Change::Refused(reason), _) => {
                let address = self.object.address.clone();
                let (field, reason) = (field.name.to_owned(), reason.to_owned());
                return Some(Err(Problem::Unchangeable { address, field, reason }));
            }
        };
        let (field, new) = (field.name.to_owned(), new.clone());
        Some(Ok(FieldChange { field, old, new, effect, cost, why }))
    }

    /// What was changed outside. A change to just what is wanted counts too: it has yet to be recorded.
    fn outside(&self, field: &Field) -> Option<(Value, Why)> {
        let drift = self.known.drift.get(self.object)?;
        let drift = drift.iter().find(|drift| drift.field == field.name)?;
        // Of what is not configured to its end, what it lacks is no reason to make it anew. If that stays so, the next
        // plan tells.
        let unfinished = self.record.status == Status::Settling;
        if unfinished && !matches!(self.policy(field, &drift.actual), Change::Update(_)) {
            return None;
        }
        let next = self.record.next.as_ref().map(|next| &next[field.name]);
        let why = match next {
            Some(next) if *next == drift.actual => Why::Interrupted,
            _ if self.record.imported => Why::Imported,
            _ => Why::Outside,
        };
        Some((drift.actual.clone(), why))
    }

    /// Whether the field holds the tags of an object that was imported and does not have those that mark it as ours.
    fn unmarked(&self, field: &Field) -> bool {
        self.record.imported && field.name == "tags"
    }

    /// Whether the object is not in use and cannot come to be: never known to be made, broken, or on its way out.
    fn is_unfit(&self) -> bool {
        match self.record.status {
            Status::Creating | Status::Deleting => true,
            Status::Broken => !self.is_mending(),
            Status::Settling | Status::Ready | Status::Updating => false,
        }
    }

    /// Whether AWS no longer calls an object broken that it had called so.
    pub(super) fn is_mending(&self) -> bool {
        self.known.mending.contains(self.object)
    }

    /// What the field is to refer to, if the object refers to that already and it has to go before its successor comes.
    /// AWS lets nothing go that is referred to, and there is no successor yet that the reference could be turned to.
    fn held_back(&self, field: &Field) -> Option<Address> {
        let wanted = self.node.edges.iter().filter(|edge| edge.field == field.name);
        let mut held = wanted.filter(|edge| {
            let verb = self.earlier.get(&edge.to).map(|planned| planned.verb);
            let refers = |old: &RecordedEdge| old.to.address == edge.to && !self.only_orders(old);
            verb == Some(Verb::Replace(Order::DeleteFirst)) && self.record.edges.iter().any(refers)
        });
        held.next().map(|edge| edge.to.clone())
    }

    /// Whether AWS does not know of the edge.
    fn only_orders(&self, edge: &RecordedEdge) -> bool {
        let mut fields = self.node.kind.fields.iter();
        fields.any(|field| field.name == edge.field && field.change == Change::Order)
    }

    fn interrupted(&self, field: &Field) -> Option<Value> {
        let next = self.record.next.as_ref()?;
        (next[field.name] != self.record.spec[field.name]).then(|| next[field.name].clone())
    }

    /// Why a reference has to be followed although it names the same address.
    fn moved(&self, field: &Field) -> Option<Why> {
        let mut wanted = self.node.edges.iter().filter(|edge| edge.field == field.name);
        wanted.find_map(|edge| {
            let planned = self.earlier.get(&edge.to)?;
            let mut edges = self.record.edges.iter();
            let is_it = |old: &&RecordedEdge| old.field == edge.field && old.to.address == edge.to;
            let Some(recorded) = edges.find(is_it) else {
                // What it refers to did not exist when it was imported: it refers to something else, or to nothing.
                return self.record.imported.then_some(Why::Imported);
            };
            if recorded.to.generation != planned.generation {
                Some(Why::Replaced(edge.to.clone()))
            } else if planned.ripples && self.rippled(recorded, *planned) {
                Some(Why::Follows(edge.to.clone()))
            } else {
                None
            }
        })
    }

    fn rippled(&self, recorded: &RecordedEdge, planned: Planned) -> bool {
        let object = self.known.document.objects.get(&recorded.to);
        let now = object.and_then(|record| record.state.as_ref()).map(fingerprint);
        planned.verb == Verb::Update || recorded.saw != now
    }

    fn policy(&self, field: &Field, old: &Value) -> Change {
        let mut before = self.record.spec.clone();
        before[field.name] = old.clone();
        self.node.kind.policy(field, &before, &self.node.spec)
    }
}

/// A short digest of a state, by which a dependent notices that it changed.
pub(crate) fn fingerprint(state: &Value) -> String {
    let digest = Sha256::digest(state.to_string());
    hex(&digest[..8])
}
