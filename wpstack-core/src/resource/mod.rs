//! Resource types: what a person writes, and what a change of each field costs.

pub mod autoscaling;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod elb;
pub mod iam;
mod list;
pub mod logs;
mod policy;
pub mod rds;
pub mod secretsmanager;

use std::fmt::Debug;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use list::kinds;
pub use policy::{Change, Cost, Field};

/// A resource type. The implementing struct is the *spec*: the typed inputs a person writes.
///
/// # Contract
/// Data and pure functions only: no clock, no randomness, no I/O. The spec serialises to a JSON object with
/// one member per field under the field's own name, left out only where that says the same as `null`; a field that is
/// a [`Ref`] or holds some is read as edges of the graph. Nothing in a spec or a state may be secret:
/// [`crate::Secret`] does not serialise, so such a type does not build.
///
/// [`Ref`]: crate::Ref
pub trait Resource:
    Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync + 'static
{
    /// The type's name on disk and in addresses, as in `ec2.subnet`. Stable for ever.
    const TYPE: &'static str;
    /// The version of the serialised shape of spec and state. Raise it with the shape and extend
    /// [`Resource::upgrade`].
    const SCHEMA: u32 = 1;
    /// What a change of each field means. Written with [`crate::fields!`], which fails to compile when a
    /// field is missing.
    const FIELDS: &'static [Field];
    /// Whether AWS goes on working on the object after the call that made it returned.
    const SETTLES: Settles = Settles::AtOnce;
    /// Whether deleting the object loses data that cannot be made again from the configuration.
    const HOLDS_DATA: bool = false;
    /// Whether AWS makes a final snapshot of the data when the object is deleted.
    const LEAVES_SNAPSHOT: bool = false;
    /// Whether dependents read something from the state that an in-place update, or a change made outside,
    /// alters: the version of a launch template, the digest behind a tag.
    const RIPPLES: bool = false;
    /// How long AWS usually takes. Orders the work and feeds the progress display; never a time-out.
    const EXPECTED: Expected;

    /// What the cloud told us: ids, ARNs, endpoints. Enough to read and to delete the object by itself,
    /// and never a secret.
    type State: Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync + 'static;

    /// What AWS calls the object, for people: `vpc-0a1b2c`, a name, an ARN.
    fn id(state: &Self::State) -> String;

    /// What changing `field` from `old` to `new` means. The table of [`Resource::FIELDS`] unless the values
    /// matter, as with storage that can grow but not shrink.
    #[must_use]
    fn policy(field: &Field, old: &Self, new: &Self) -> Change {
        let _ = (old, new);
        field.change
    }

    /// Whether the state, as the call that made or changed the object returned it, says already that the object is
    /// ready, so that nobody has to ask.
    #[must_use]
    fn told_ready(state: &Self::State) -> bool {
        let _ = state;
        false
    }

    /// Whether the new object can be created while the old one still stands. When it can, a replacement
    /// creates first and deletes last.
    #[must_use]
    fn coexists(old: &Self, new: &Self) -> bool {
        let _ = (old, new);
        false
    }

    /// Whether data may be in an object in this state, of a type with [`Resource::HOLDS_DATA`].
    #[must_use]
    fn may_hold_data(state: &Self::State) -> bool {
        let _ = state;
        Self::HOLDS_DATA
    }

    /// Whether the new object is made from what the old one leaves when it is deleted, so that a replacement loses no
    /// data. The old one goes first then: what is written to it later would be missing.
    #[must_use]
    fn inherits(old: &Self, new: &Self) -> bool {
        let _ = (old, new);
        false
    }

    /// What a person can do to keep the data of an old object that the new one would not have, or to get it back when
    /// the old one is gone and `None`.
    #[must_use]
    fn rescue(old: Option<&Self>, new: &Self) -> Option<String> {
        let _ = (old, new);
        None
    }

    /// Whether AWS lets an object in this state be configured only once it is ready. It is waited for before and after
    /// then.
    #[must_use]
    fn settles_first(state: &Self::State) -> bool {
        let _ = state;
        false
    }

    /// Why AWS refuses to delete the object until somebody insists, if it does.
    #[must_use]
    fn protection(&self, state: &Self::State) -> Option<&'static str> {
        let _ = state;
        None
    }

    /// What the person should do next, once the object stands in this state.
    #[must_use]
    fn advice(&self, state: &Self::State) -> Option<String> {
        let _ = state;
        None
    }

    /// Turns a record of an older schema into that of the next, one step at a time.
    #[must_use]
    fn upgrade(from: u32, spec: Value, state: Option<Value>) -> Option<(Value, Option<Value>)> {
        drop((from, spec, state));
        None
    }
}

/// When an object that has been created and configured can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settles {
    /// At once: AWS has no state for it but "there".
    AtOnce,
    /// Later: the engine polls [`Provider::read`](crate::Provider::read) until it reports the object ready.
    Later,
}

/// How long AWS usually takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// From the first call to ready.
    pub create: Duration,
    /// From the first call to gone.
    pub delete: Duration,
}

impl Expected {
    /// Both, in seconds.
    #[must_use]
    pub const fn seconds(create: u64, delete: u64) -> Self {
        Self { create: Duration::from_secs(create), delete: Duration::from_secs(delete) }
    }
}
