//! What wpstack's tests and benchmarks stand on, and nothing that ships.
//!
//! - [`Moto`]: a local AWS emulator as a child process; [`Account`]: a test's own account inside it.
//! - [`proxy::Proxy`]: latency, faults and a record of calls, between a client and the emulator.
//! - [`Inventory`]: what an account holds, as listed by another client than wpstack's.
//! - [`mock`]: SDK clients without a socket, for the tests of how requests are built and answers understood.
#![expect(
    clippy::disallowed_methods,
    reason = "it runs beside real processes and sockets, in real time, and answers to no command line"
)]

mod account;
mod client;
mod error;
mod http;
mod inventory;
pub mod mock;
mod moto;
pub mod proxy;
mod venv;

pub use account::Account;
pub use client::NoSleep;
pub use error::TestkitError;
pub use inventory::{ADDRESS_TAG, Inventory, Item, STACK_TAG, Shape};
pub use moto::{Moto, MotoBuilder};
pub use venv::{MOTO_VERSION, python};
