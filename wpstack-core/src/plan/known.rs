//! What is known: the document, with what a refresh saw laid over it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Seen;
use crate::address::{Address, ObjectId};
use crate::digest::of_all;
use crate::provider::{Condition, Drift, Observed};
use crate::state::{Document, Fact, Status};

/// What AWS said of each recorded object; `None` of one that is gone.
pub type Sightings = BTreeMap<ObjectId, Option<Observed<Value>>>;

/// A digest of everything in the sightings that a plan may rest on. AWS's word for what it is at is left out.
#[must_use]
pub fn saw(sightings: &Sightings) -> String {
    of_all(sightings.iter().map(|(object, sighting)| {
        let told = sighting.as_ref().map(|Observed { condition, state, drift, owner }| {
            let condition = match condition {
                Condition::Ready => "ready",
                Condition::Settling { .. } => "settling",
                Condition::Broken { reason } => reason.as_str(),
            };
            (condition, state, drift, owner)
        });
        (object, told)
    }))
}

/// What planning rests on.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// The document, with every fact of the refresh taken in.
    pub document: &'a Document,
    /// Where AWS differs from the recorded specs.
    pub drift: BTreeMap<&'a ObjectId, &'a [Drift]>,
    /// Where an object was found gone, and its generation.
    pub vanished: BTreeMap<&'a Address, u32>,
    /// What AWS is still at work on.
    pub settling: BTreeSet<&'a ObjectId>,
    /// What is recorded as broken, and AWS no longer calls so.
    pub mending: BTreeSet<&'a ObjectId>,
    /// What is marked as somebody else's, and whose.
    pub owners: BTreeMap<&'a ObjectId, &'a str>,
    /// The newest generation at each address that a recorded object refers to.
    referred: BTreeMap<&'a Address, u32>,
}

impl<'a> Known<'a> {
    /// The document as it stands, nothing having been seen.
    #[must_use]
    pub fn recorded(document: &'a Document) -> Self {
        let mut referred = BTreeMap::new();
        for edge in document.objects.values().flat_map(|record| &record.edges) {
            let newest = referred.entry(&edge.to.address).or_insert(0);
            *newest = edge.to.generation.max(*newest);
        }
        Self {
            document,
            drift: BTreeMap::new(),
            vanished: BTreeMap::new(),
            settling: BTreeSet::new(),
            mending: BTreeSet::new(),
            owners: BTreeMap::new(),
            referred,
        }
    }

    /// The document, which has taken in the facts of the sightings already, with what else was seen.
    #[must_use]
    pub fn seen(document: &'a Document, sightings: &'a Sightings) -> Self {
        let mut known = Self::recorded(document);
        for (object, sighting) in sightings {
            let Some(observed) = sighting else {
                known.vanished.insert(&object.address, object.generation);
                continue;
            };
            if !observed.drift.is_empty() {
                known.drift.insert(object, &observed.drift);
            }
            if let Some(owner) = &observed.owner {
                known.owners.insert(object, owner);
            }
            if matches!(observed.condition, Condition::Settling { .. }) {
                known.settling.insert(object);
            }
            let record = document.objects.get(object);
            if !matches!(observed.condition, Condition::Broken { .. })
                && record.is_some_and(|record| record.status == Status::Broken)
            {
                known.mending.insert(object);
            }
        }
        known
    }

    /// The generation of an object that is made where none is recorded: one that nothing refers to yet, so that
    /// whatever refers to one that is gone is seen to refer to another.
    pub(crate) fn next_generation(&self, address: &Address) -> u32 {
        let referred = self.referred.get(address);
        let vanished = self.vanished.get(address);
        referred.max(vanished).copied().unwrap_or(0) + 1
    }
}

/// The facts that a refresh adds to a document.
#[must_use]
pub(crate) fn facts(document: &Document, sightings: &Sightings) -> Vec<Seen> {
    let mut facts = Vec::new();
    for (object, sighting) in sightings {
        let Some(record) = document.objects.get(object) else {
            continue;
        };
        let mut add = |fact| facts.push(Seen { object: object.clone(), fact });
        let Some(observed) = sighting else {
            add(Fact::Gone);
            continue;
        };
        if observed.condition == Condition::Ready && record.status == Status::Deleting {
            add(Fact::Spared);
        }
        if let Condition::Broken { reason } = &observed.condition
            && (record.status != Status::Broken || record.reason.as_ref() != Some(reason))
            && matches!(record.status, Status::Settling | Status::Ready | Status::Broken)
        {
            add(Fact::Broke { reason: reason.clone() });
        }
        // An interrupted update is repeated as it was begun, so that AWS knows its calls again by their tokens.
        if record.status != Status::Updating && record.state.as_ref() != Some(&observed.state) {
            add(Fact::Observed { state: observed.state.clone() });
        }
    }
    facts
}
