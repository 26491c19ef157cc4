//! Elastic Load Balancing, version 2.

mod listener;
mod load_balancer;
mod target_group;

pub use listener::{Listener, ListenerState};
pub use load_balancer::{LoadBalancer, LoadBalancerState};
pub use target_group::{HealthCheck, TargetGroup, TargetGroupState};
