//! The dependency graph.

use serde::{Deserialize, Serialize};

/// What a dependent needs of its dependency before it can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// Its identity is known: AWS has returned the id or ARN.
    Exists,
    /// It is configured and AWS reports it usable.
    Ready,
}
