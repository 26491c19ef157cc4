//! The requests that each provider makes and what it makes of the answers, without a socket: a folder per service, a
//! file per resource type. A request that no rule expects fails its test.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod autoscaling;
mod call;
mod ec2;
mod ecs;
mod elb;
mod iam;
mod rds;
mod secretsmanager;
mod support;
