//! What wpstack's tests and benchmarks stand on, and nothing that ships.
//!
//! - [`Moto`]: a local AWS emulator as a child process; [`Account`]: a test's own account inside it.
//! - [`proxy::Proxy`]: latency, faults and a record of calls, between a client and the emulator.
//! - [`mock`]: SDK clients without a socket, for the tests of how requests are built and answers understood.

mod account;
mod client;
mod error;
mod http;
pub mod mock;
mod moto;
pub mod proxy;
mod venv;

pub use account::Account;
pub use client::NoSleep;
pub use error::TestkitError;
pub use moto::{Moto, MotoBuilder};
pub use venv::MOTO_VERSION;
