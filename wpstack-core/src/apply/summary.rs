//! What came of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::address::ObjectId;
use crate::failure::ErrorKind;

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Objects made.
    pub created: usize,
    /// Objects changed in place, or brought to their end.
    pub updated: usize,
    /// Objects deleted, those that a replacement removed included.
    pub deleted: usize,
    /// What failed of itself. Everything else that did not happen follows from these.
    pub failures: Vec<Failure>,
    /// Steps that were not begun because of a failure.
    pub skipped: Vec<Skip>,
    /// Steps that were not begun, or not ended, because the run was interrupted.
    pub left: Vec<ObjectId>,
    /// Whether somebody asked the run to stop.
    pub interrupted: bool,
    /// How long it took, on the run's clock.
    pub elapsed: Duration,
    /// The outputs of the stack.
    pub outputs: BTreeMap<String, String>,
    /// What the person should do next.
    pub advice: Vec<String>,
}

impl Summary {
    /// Whether everything that was planned is done.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failures.is_empty() && self.skipped.is_empty() && self.left.is_empty()
    }
}

/// A step that failed of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The object.
    pub object: ObjectId,
    /// `create`, `update`, `resume` or `delete`.
    pub verb: String,
    /// What to make of it; `None` when it is not AWS's doing.
    pub kind: Option<ErrorKind>,
    /// What failed, and why.
    pub error: String,
    /// What to do about it.
    pub hint: String,
}

/// A step that was not begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// The object.
    pub object: ObjectId,
    /// The object whose failure it follows from.
    pub because: ObjectId,
}
