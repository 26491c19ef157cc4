//! Amazon CloudWatch Logs.

mod group;

pub use group::{LogGroup, LogGroupState};
