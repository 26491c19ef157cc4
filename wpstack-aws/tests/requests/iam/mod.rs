//! Identity and Access Management.

mod instance_profile;
mod role;
