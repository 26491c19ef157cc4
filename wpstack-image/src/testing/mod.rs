//! What tests stand on: servers that behave, and misbehave, as the real ones do.

pub mod ecr;
pub mod machine;
pub mod mirror;
