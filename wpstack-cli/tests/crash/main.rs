//! What survives: the command is killed at any moment, or everything between it and AWS goes wrong, and in the end
//! the account holds what it holds after an undisturbed run.
//!
//! `WPSTACK_KILLS` says how often to kill, `WPSTACK_SEED` begins another series of chances.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]
#![expect(
    clippy::disallowed_methods,
    reason = "processes take real time, and a test has no arguments"
)]

mod dice;
mod kills;
#[expect(dead_code, reason = "the other suite uses the rest")]
#[path = "../cli/sandbox.rs"]
mod sandbox;
mod site;
mod weather;

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.map_or(default, |value| {
        value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number"))
    })
}

/// Where the series of chances begins.
fn seed() -> u64 {
    setting("WPSTACK_SEED", 1)
}
