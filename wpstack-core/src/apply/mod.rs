//! Doing it: a bounded parallel walk over the steps of a plan.

mod call;
mod drive;
mod gate;
mod import;
mod refresh;
mod resolve;
pub(crate) mod retry;
mod schedule;
mod session;
mod step;
mod summary;

pub use drive::ApplyError;
pub use import::{Difference, ImportError, Imported};
pub use refresh::RefreshError;
pub use session::{Engine, OpenError, Options, Session, Wait};
pub use summary::{Failure, Skip, Summary};
