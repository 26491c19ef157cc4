//! The command as a person or a script meets it: golden output of whole invocations, on the simulation.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod arguments;
mod configuration;
mod damage;
mod emulator;
mod image;
mod import;
#[cfg(unix)]
mod interrupt;
#[cfg(unix)]
mod leave;
mod lifecycle;
mod sandbox;
mod secrets;
mod state;
#[cfg(unix)]
mod team;
