//! AWS Identity and Access Management.

mod instance_profile;
mod role;
mod role_policy;

pub use instance_profile::{InstanceProfile, InstanceProfileState};
pub use role::{Role, RoleState};
pub use role_policy::{Grant, RolePolicy, RolePolicyState, Target};
