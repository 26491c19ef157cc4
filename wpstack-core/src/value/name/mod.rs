//! Names of things in AWS, each with the rules of its service.
//!
//! A rule is data ([`NameRule`]), and a name type is that rule and its documentation. All name
//! types share their behaviour: what they refuse, their JSON Schema, and how names derive from each
//! other.

mod alphabet;
mod rule;

mod compute;
mod database;
mod ecs;
mod fit;
mod iam;
mod network;
mod reserved;
mod stack;
mod storage;
#[cfg(test)]
mod tests;

pub use compute::{AutoScalingGroupName, LaunchTemplateName};
pub use database::{
    Collation, DbIdentifier, DbName, DbParameterGroupName, DbSubnetGroupName, DbUserName,
    SnapshotName, TableCharset, TablePrefix,
};
pub use ecs::{CapacityProviderName, ClusterName, ServiceName, TaskFamily};
pub use fit::fit;
pub use iam::{InstanceProfileName, RoleName};
pub use network::{LoadBalancerName, SecurityGroupName, TargetGroupName};
pub use stack::StackName;
pub use storage::{
    BucketName, ImageTag, KmsKey, LogGroupName, ObjectPrefix, RepositoryName, SecretName,
};
pub(crate) use storage::{REPOSITORY_PATH, is_repository_path};
