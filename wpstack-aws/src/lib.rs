//! The resources of wpstack on Amazon Web Services.
//!
//! Reading order: [`Aws`] (the clients), [`call`] (what a call's result means), [`tags`] (how objects are marked as
//! ours); then one file per resource type, in a folder per service as in `wpstack-core`, each a
//! [`Provider`](wpstack_core::Provider) of its type. The first of them, `ec2/vpc.rs`, is the pattern of all. `state/` is
//! apart from them: it keeps a team's state in S3.

mod autoscaling;
pub mod call;
mod cloud;
mod ec2;
mod ecr;
mod ecs;
mod elb;
mod iam;
mod logs;
mod pace;
mod provide;
mod rds;
mod registry;
mod secretsmanager;
mod state;
pub mod tags;

pub use cloud::{Aws, ConnectError, Settings, connect_s3};
pub use state::{BucketError, S3Objects, StateBucket};
