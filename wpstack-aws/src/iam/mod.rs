//! AWS Identity and Access Management.

mod instance_profile;
mod role;
mod role_policy;

/// The service's name in errors.
const IAM: &str = "iam";
