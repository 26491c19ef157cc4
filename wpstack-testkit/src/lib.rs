//! What wpstack's tests and benchmarks stand on, and nothing that ships.
//!
//! - [`Moto`]: a local AWS emulator as a child process; [`Account`]: a test's own account inside it.
mod account;
mod error;
mod http;
mod moto;
mod venv;

pub use account::Account;
pub use error::TestkitError;
pub use moto::{Moto, MotoBuilder};
pub use venv::MOTO_VERSION;
