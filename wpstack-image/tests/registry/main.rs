//! Images pushed to registries: to a stand-in for ECR with its habits and with faults, and to a real one.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod faults;
mod habits;
mod real;
mod sample;
mod server;
