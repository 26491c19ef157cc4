//! What a change of a field means and costs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A field of a spec and its change policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The field's name in the struct and in the serialised spec.
    pub name: &'static str,
    /// What a change of it means.
    pub change: Change,
}

/// What a change of a field means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// AWS changes the object in place.
    Update(Cost),
    /// A new object has to take its place.
    Replace(Cost),
    /// AWS offers no way, and replacing is no answer. Holds what to do instead.
    Refused(&'static str),
    /// The field only orders the work. Nothing changes at AWS.
    Order,
}

/// What a change interrupts or loses. Ordered: the worst of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cost {
    /// Nobody notices.
    NoInterruption,
    /// Something restarts; with more than one of it the site stays up.
    Restart,
    /// The site is away for a while.
    Outage,
    /// Data is gone for good.
    DataLoss,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NoInterruption => "no interruption",
            Self::Restart => "restart",
            Self::Outage => "outage",
            Self::DataLoss => "data loss",
        })
    }
}

/// The change policy of every field of a spec.
///
/// Names each field of the struct once, with a [`Change`]; forgetting one does not compile.
///
/// ```compile_fail
/// struct Pair { left: u8, right: u8 }
/// const FIELDS: &[wpstack_core::Field] = wpstack_core::fields!(Pair { left: Replace(Outage) });
/// ```
#[macro_export]
macro_rules! fields {
    ($spec:ident { $($field:ident: $change:expr),* $(,)? }) => {{
        use $crate::{Change::*, Cost::*};
        // Never called. Destructuring without `..` makes the compiler insist on a policy for every field.
        const _: fn($spec) = |spec| { let $spec { $($field: _),* } = spec; };
        &[$($crate::Field { name: stringify!($field), change: $change }),*]
    }};
}
