//! Amazon EC2 Auto Scaling.

mod group;

pub use group::{AutoScalingGroup, AutoScalingGroupState};
