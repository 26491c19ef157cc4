//! AWS Secrets Manager.

mod secret;

/// The service's name in errors.
const SECRETS: &str = "secretsmanager";
