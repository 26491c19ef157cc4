//! Names in ECS.

use super::alphabet::Alphabet;
use super::rule::{NameRule, name_type};

const ECS: Alphabet =
    Alphabet { class: "A-Za-z0-9_-", words: "letters, digits, underscores and hyphens" };

name_type! {
    /// The name of a cluster, unique per account and region.
    ///
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html>
    ClusterName: NameRule::new("a cluster name", 255, ECS)
}

name_type! {
    /// The name of a capacity provider, unique per account and region.
    ///
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCapacityProvider.html>
    CapacityProviderName: NameRule {
        not_before: &["aws", "ecs", "fargate"],
        ..NameRule::new("a capacity provider name", 255, ECS)
    }
}

name_type! {
    /// The name of a service, unique per cluster.
    ///
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>
    ServiceName: NameRule::new("a service name", 255, ECS)
}

name_type! {
    /// The family that revisions of a task definition belong to.
    ///
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>
    TaskFamily: NameRule::new("a task definition family", 255, ECS)
}
