//! What is known to exist: the document, the transitions that make it, and where they are kept.

#[cfg(any(test, feature = "testing"))]
pub mod conformance;
mod document;
mod edit;
mod ledger;
mod local;
mod memory;
pub mod remote;
mod status;
mod store;

pub use document::{Document, FORMAT, Record, RecordedEdge, TransitionError};
pub use edit::EditError;
pub use ledger::{Ledger, LedgerError};
pub use local::LocalStore;
pub use memory::MemoryStore;
pub use remote::RemoteStore;
pub use status::{Fact, FactKind, IllegalTransition, Status};
pub use store::{Durable, Holder, Lease, Store, StoreError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::address::ObjectId;

/// One change of the document. The journal is a sequence of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// The document's serial after it: one more than before.
    pub serial: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub change: Mutation,
}

/// What a transition changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mutation {
    /// Something became known about an object.
    Object {
        /// The object.
        object: ObjectId,
        /// What became known.
        fact: Fact,
    },
    /// The stack's outputs were read.
    Outputs(BTreeMap<String, String>),
}
