//! A simulated AWS: one account in one region, under a virtual clock and a seed.
//!
//! It refuses, delays, throttles and forgets as AWS does, and nothing in it happens but by its clock: a run that takes
//! AWS half an hour takes milliseconds here, and equal seeds give equal runs.
//!
//! # How it is made
//! [`World`] is data: a struct per service, an agenda of what is still to happen, quotas, token buckets, faults and
//! chance. A provider reaches it through `Sim::call` alone, which passes the call's latency, lets the world catch up
//! with the clock, consults the fault script, charges the bucket, applies the effect at one moment and records the
//! call. Each service has a module with a file per resource: the operations under AWS's names, as methods of `World`
//! that answer or refuse with AWS's code, and the [`Provider`](crate::Provider) that makes the calls. To add a
//! service, give it its struct in [`World`] and its variant in [`world::Due`], list what it holds in
//! [`World::inventory`], and the compiler asks for the rest.
//!
//! # Fault scripts
//! One fault a line, `CALLS: EFFECT`; blank lines and lines that begin with `#` say nothing.
//!
//! | `CALLS` | |
//! |---|---|
//! | `CreateSubnet` | calls of the operation |
//! | `Describe*` | calls of every operation that begins so |
//! | `create ec2.subnet:b` | calls for the resource that create; also `read`, `update`, `delete`, and `call` for all |
//! | `CreateSubnet #3` | from the third such call on, and from then on only for the object of that third call |
//!
//! | `EFFECT` | |
//! |---|---|
//! | `throttle` | refused with the service's own throttling error |
//! | `DependencyViolation` | refused with that code; a message may follow in quotes |
//! | `lost` | takes effect, and the answer is lost |
//! | `delay 30s` | takes effect, and the answer takes so much longer |
//!
//! An effect strikes once, or as often as `x3` behind it says.
//!
//! ```
//! # use wpstack_core::sim::Sim;
//! let sim = Sim::new(7);
//! sim.faults(
//!     "create ec2.subnet:b: throttle x2
//!      RunInstances: InsufficientInstanceCapacity
//!      CreateDBInstance: lost",
//! )?;
//! # Ok::<(), wpstack_core::sim::ScriptError>(())
//! ```

pub mod autoscaling;
mod bucket;
mod call;
mod chance;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod elb;
mod fault;
pub mod iam;
pub mod logs;
mod quota;
pub mod rds;
pub mod secretsmanager;
mod tagged;
mod tags;
#[cfg(test)]
mod tests;
pub mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

pub use call::{CallRecord, Outcome};
pub use chance::Chance;
pub use fault::ScriptError;
pub use quota::Quotas;
pub use tags::TagMap;
pub use world::{Inventory, Refusal, World};

use crate::apply::Engine;
use crate::rate::Limiter;
use crate::registry::Registry;
use crate::time::{Clock, VirtualClock};
use crate::value::Region;

/// A simulated AWS. Clones share one world.
#[derive(Clone, Debug)]
pub struct Sim(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clock: Arc<VirtualClock>,
    limiter: Limiter,
    world: Mutex<World>,
    calls: Mutex<Vec<CallRecord>>,
}

/// The version of a saved world's format.
///
/// Changelog: 1, the first.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Saved {
    format: u32,
    world: World,
}

/// A saved world cannot be loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SimError {
    /// Written by a later release.
    #[error("the saved world has format {found}, this release knows {known}")]
    Newer {
        /// Its format.
        found: u64,
        /// The newest format of this release.
        known: u32,
    },
    /// It is none, or is damaged.
    #[error("this is no saved world of the simulation, or it is damaged")]
    Damaged(#[source] serde_json::Error),
    /// It cannot be written as JSON.
    #[error("the world cannot be written down")]
    Unwritable(#[source] serde_json::Error),
}

impl Sim {
    /// An empty account in `eu-west-1`, at the beginning of 2026. Equal seeds give equal worlds.
    ///
    /// # Panics
    /// Never: region and account are written here.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::in_region(seed, "eu-west-1".parse().expect("a region"))
    }

    /// An empty account in `region`.
    ///
    /// # Panics
    /// Never: the account is written here.
    #[must_use]
    pub fn in_region(seed: u64, region: Region) -> Self {
        // 2026-01-01T00:00:00Z
        let now = Timestamp::constant(1_767_225_600, 0);
        let account = "123456789012".parse().expect("an account");
        Self::of(World::new(seed, region, account, now))
    }

    fn of(world: World) -> Self {
        let clock = Arc::new(VirtualClock::starting_at(world.now));
        let limiter = Limiter::new(clock.clone());
        let (world, calls) = (Mutex::new(world), Mutex::default());
        Self(Arc::new(Shared { clock, limiter, world, calls }))
    }

    /// The clock that the world lives by.
    #[must_use]
    pub fn clock(&self) -> Arc<VirtualClock> {
        Arc::clone(&self.0.clock)
    }

    /// A provider for every resource type that is simulated.
    #[must_use]
    pub fn registry(&self) -> Registry {
        macro_rules! simulate {
            ([$($resource:ty),* $(,)?]) => {
                Registry::default()$(.with::<$resource, _>(self.clone()))*
            };
        }
        crate::for_each_resource!(simulate)
    }

    /// An engine that works on this world and lives by its clock.
    #[must_use]
    pub fn engine(&self) -> Engine {
        Engine::new(self.registry(), self.clock())
    }

    /// Adds the faults of a script, in the language of the [module](self).
    ///
    /// # Errors
    /// The first line that cannot be read; nothing is added then.
    pub fn faults(&self, script: &str) -> Result<(), ScriptError> {
        self.world().faults.add(script)
    }

    /// The lines of the fault scripts that have not struck as often as they say.
    #[must_use]
    pub fn faults_left(&self) -> Vec<String> {
        self.world().faults.left()
    }

    /// Everything that exists now and that a stack owns, by type.
    #[must_use]
    pub fn inventory(&self) -> Inventory {
        self.tamper(|world| world.inventory())
    }

    /// The calls that were made, in the order in which they reached the services. They are not saved.
    #[must_use]
    pub fn calls(&self) -> Vec<CallRecord> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the world, or changes it behind the engine's back, at this moment.
    pub fn tamper<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world();
        world.catch_up(self.0.clock.now());
        change(&mut world)
    }

    /// The world as it is now, its time, chance and faults included.
    ///
    /// # Errors
    /// When it does not become JSON.
    pub fn save(&self) -> Result<Value, SimError> {
        let world = self.tamper(|world| world.clone());
        serde_json::to_value(Saved { format: FORMAT, world }).map_err(SimError::Unwritable)
    }

    /// A world that was saved. It goes on as if it had never stopped.
    ///
    /// # Errors
    /// When it was saved by a later release, or is no world.
    pub fn load(saved: &Value) -> Result<Self, SimError> {
        if let Some(found) = saved.get("format").and_then(Value::as_u64)
            && found > FORMAT.into()
        {
            return Err(SimError::Newer { found, known: FORMAT });
        }
        let Saved { world, .. } = Saved::deserialize(saved).map_err(SimError::Damaged)?;
        Ok(Self::of(world))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clock_ref(&self) -> &VirtualClock {
        &self.0.clock
    }

    fn record(&self, call: CallRecord) {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }
}
