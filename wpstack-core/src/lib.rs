//! The typed stack model and the engine of wpstack.
//!
//! Reading order: [`resource`] (what can be built), [`stack`] (what is to be built), [`provider`] (the port to a
//! cloud), [`plan`] (what has to be done), [`apply`] (doing it), [`state`] (what is known to exist), [`sim`] (a
//! simulated AWS to try it all on).

pub mod address;
pub mod apply;
#[cfg(any(test, feature = "testing"))]
pub mod conformance;
mod digest;
pub mod event;
pub mod failure;
pub mod image;
pub mod import;
mod legible;
pub mod plan;
pub mod provider;
pub mod rate;
pub mod registry;
pub mod resource;
mod secret;
pub mod sim;
pub mod stack;
pub mod state;
mod teller;
pub mod time;
pub mod value;
pub mod wordpress;

pub use address::{Address, AddressError, ObjectId};
pub use failure::{Chain, ErrorKind, Gone, ProviderError};
pub use legible::legible;
pub use provider::{Condition, Consent, Cx, Drifts, Observed, Provider, Recorded};
pub use registry::{Kind, Registry};
pub use resource::{Change, Cost, Expected, Field, Resource, Settles};
pub use secret::Secret;
pub use stack::{Ready, Ref, Stack, StackError};
pub use teller::Teller;
