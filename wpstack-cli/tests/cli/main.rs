//! The command as a person or a script meets it: golden output of whole invocations, on the simulation.

mod arguments;
mod configuration;
mod emulator;
#[cfg(unix)]
mod interrupt;
mod lifecycle;
mod sandbox;
mod state;
