//! The document: every object that exists or may exist, and how it came to be so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::status::{Fact, FactKind, IllegalTransition, Status};
use super::{Mutation, Transition};
use crate::address::{Address, ObjectId};
use crate::stack::graph::Need;

/// The version of the document's format.
///
/// Changelog: 1, the first.
pub const FORMAT: u32 = 1;

/// Everything wpstack knows about the objects of one stack. It holds ids and ARNs, and never a secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// [`FORMAT`] of the release that wrote it.
    pub format: u32,
    /// The stack's name.
    pub stack: String,
    /// The identity of this document, made once at random. Objects carry it as their owner tag.
    pub lineage: String,
    /// Counts the transitions.
    pub serial: u64,
    /// The objects.
    pub objects: BTreeMap<ObjectId, Record>,
    /// The outputs, as last read.
    #[serde(default)]
    pub outputs: BTreeMap<String, String>,
}

/// What is known of one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The schema of spec and state.
    pub schema: u32,
    /// Where it is in its life.
    pub status: Status,
    /// The spec that AWS was last given, as far as is known.
    pub spec: Value,
    /// The spec that an update, begun and not known to have ended, was giving it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Value>,
    /// The serial of the transition that first intended the object. Tells it from any that stood at the address before.
    #[serde(default)]
    pub born: u64,
    /// What AWS told; `None` while not even the id is known.
    pub state: Option<Value>,
    /// The objects that its spec refers to.
    #[serde(default)]
    pub edges: Vec<RecordedEdge>,
    /// Whether it was made by other means and has not been changed since it was imported. Its name, and whatever else of
    /// it AWS never changes, may be another than the spec says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
    /// Why it is broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A reference as it was resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEdge {
    /// The field of the spec.
    pub field: String,
    /// The object it resolved to.
    pub to: ObjectId,
    /// What it needed.
    pub need: Need,
    /// The fingerprint of that object's state, where a change of it concerns the dependent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saw: Option<String>,
}

impl Document {
    /// The document of a stack of which nothing exists.
    #[must_use]
    pub fn new(stack: &str, lineage: &str) -> Self {
        Self {
            format: FORMAT,
            stack: stack.to_owned(),
            lineage: lineage.to_owned(),
            serial: 0,
            objects: BTreeMap::new(),
            outputs: BTreeMap::new(),
        }
    }

    /// The newest object at an address.
    #[must_use]
    pub fn current(&self, address: &Address) -> Option<(&ObjectId, &Record)> {
        self.generations(address).next_back()
    }

    /// All objects at an address, oldest first.
    pub fn generations(
        &self,
        address: &Address,
    ) -> impl DoubleEndedIterator<Item = (&ObjectId, &Record)> {
        let from = ObjectId::new(address.clone(), 0);
        let to = ObjectId::new(address.clone(), u32::MAX);
        self.objects.range(from..=to)
    }

    /// Takes a transition in.
    ///
    /// # Errors
    /// When it does not follow on this document; the document is then unchanged.
    pub fn take(&mut self, transition: &Transition) -> Result<(), TransitionError> {
        if transition.serial != self.serial + 1 {
            let expected = self.serial + 1;
            return Err(TransitionError::Serial { expected, found: transition.serial });
        }
        match &transition.change {
            Mutation::Object { object, fact } => {
                let is_new = !self.objects.contains_key(object);
                self.learn(object, fact)?;
                if let Some(record) = self.objects.get_mut(object).filter(|_| is_new) {
                    record.born = transition.serial;
                }
            }
            Mutation::Outputs(outputs) => self.outputs.clone_from(outputs),
        }
        self.serial = transition.serial;
        Ok(())
    }

    /// Takes a fact in.
    ///
    /// # Errors
    /// When it cannot be; the document is then unchanged.
    pub fn learn(&mut self, object: &ObjectId, fact: &Fact) -> Result<(), TransitionError> {
        let record = self.objects.get(object);
        let before = record.map(|record| record.status);
        let kind = match fact.kind() {
            FactKind::Spared if record.is_some_and(|it| it.next.is_some()) => {
                FactKind::SparedInUpdate
            }
            kind => kind,
        };
        let illegal = |source| TransitionError::Illegal { object: object.clone(), source };
        let Some(after) = Status::after(before, kind).map_err(illegal)? else {
            self.objects.remove(object);
            return Ok(());
        };
        let record = self.objects.entry(object.clone()).or_insert_with(|| Record::blank(after));
        record.status = after;
        record.note(fact);
        Ok(())
    }
}

impl Record {
    fn blank(status: Status) -> Self {
        Self {
            schema: 0,
            status,
            spec: Value::Null,
            next: None,
            born: 0,
            state: None,
            edges: Vec::new(),
            imported: false,
            reason: None,
        }
    }

    fn note(&mut self, fact: &Fact) {
        match fact {
            Fact::CreateIntended { schema, spec, edges } => {
                self.schema = *schema;
                self.spec.clone_from(spec);
                self.edges.clone_from(edges);
            }
            Fact::Imported { schema, spec, state, edges } => {
                self.schema = *schema;
                self.spec.clone_from(spec);
                self.state = Some(state.clone());
                self.edges.clone_from(edges);
                self.imported = true;
            }
            Fact::Created { state } | Fact::Observed { state } => {
                self.state = Some(state.clone());
            }
            Fact::Settled { state } => {
                self.state = Some(state.clone());
                self.reason = None;
            }
            Fact::UpdateIntended { schema, spec, edges } => {
                self.schema = *schema;
                self.keep_doubts(spec);
                self.next = Some(spec.clone());
                // The old edges stay until AWS took the change: a delete of what they point to has to wait. The newest
                // resolution of an edge comes last.
                self.edges.retain(|edge| !edges.contains(edge));
                self.edges.extend_from_slice(edges);
            }
            Fact::Updated { state } => {
                self.state = Some(state.clone());
                self.reason = None;
                self.imported = false;
                if let Some(next) = self.next.take() {
                    let fields = crate::stack::edges(&next);
                    self.spec = next;
                    self.keep_newest_edges(&fields);
                }
            }
            Fact::Broke { reason } => self.reason = Some(reason.clone()),
            Fact::Spared => self.reason = None,
            Fact::DeleteIntended | Fact::Gone => {}
        }
    }

    /// When an update follows on one that was interrupted, AWS may have either value of each field that the first was
    /// changing. Of the two, the one that is not wanted stays in the spec, so that the field is known to be in doubt.
    fn keep_doubts(&mut self, wanted: &Value) {
        let Some(Value::Object(doubtful)) = self.next.take() else {
            return;
        };
        for (field, value) in doubtful {
            if wanted[&field] != value {
                self.spec[field] = value;
            }
        }
    }

    /// Of the edges from before and after an update, keeps those that the new spec has, in their last resolution.
    fn keep_newest_edges(&mut self, wanted: &[crate::stack::Edge]) {
        let edges = std::mem::take(&mut self.edges);
        self.edges = wanted
            .iter()
            .filter_map(|want| {
                let fits =
                    |edge: &&RecordedEdge| edge.field == want.field && edge.to.address == want.to;
                edges.iter().rfind(fits).cloned()
            })
            .collect();
    }
}

/// A transition that does not follow on the document.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TransitionError {
    /// One is missing, or came twice.
    #[error("transition {found} does not follow: {expected} is next")]
    Serial {
        /// The serial that would follow.
        expected: u64,
        /// The serial it has.
        found: u64,
    },
    /// The fact cannot be.
    #[error("`{object}` cannot be so")]
    Illegal {
        /// The object.
        object: ObjectId,
        /// Why.
        #[source]
        source: IllegalTransition,
    },
}
