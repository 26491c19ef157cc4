//! The engine, through its public API, against a toy cloud.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod crashes;
mod interactions;
mod properties;
mod scripts;
mod toy;
