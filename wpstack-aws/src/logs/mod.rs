//! Amazon CloudWatch Logs.

mod group;

/// The service's name in errors.
const LOGS: &str = "logs";
