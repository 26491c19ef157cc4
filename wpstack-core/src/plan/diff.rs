//! Which fields of an object change, and why.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Problem;
use super::action::{Effect, FieldChange, Verb, Why};
use super::known::Known;
use crate::address::{Address, ObjectId};
use crate::resource::{Change, Cost, Field};
use crate::stack::Node;
use crate::state::{Record, RecordedEdge};

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
            .or_else(|| self.moved(field).map(|why| (recorded.clone(), why)))?;
        let (effect, cost) = match self.policy(field, &old) {
            Change::Update(cost) => (Effect::Update, cost),
            Change::Replace(cost) => (Effect::Replace, cost),
            Change::Order => (Effect::Order, Cost::NoInterruption),
            Change::Refused(reason) => {
                let address = self.object.address.clone();
                let (field, reason) = (field.name.to_owned(), reason.to_owned());
                return Some(Err(Problem { address, field, reason }));
            }
        };
        let (field, new) = (field.name.to_owned(), new.clone());
        Some(Ok(FieldChange { field, old, new, effect, cost, why }))
    }

    /// What was changed outside. A change to just what is wanted counts too: it has yet to be recorded.
    fn outside(&self, field: &Field) -> Option<(Value, Why)> {
        let drift = self.known.drift.get(self.object)?;
        let drift = drift.iter().find(|drift| drift.field == field.name)?;
        Some((drift.actual.clone(), Why::Outside))
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
            let recorded =
                self.record.edges.iter().find(|recorded| {
                    recorded.field == edge.field && recorded.to.address == edge.to
                })?;
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
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
