//! `ecs.cluster`

use serde::{Deserialize, Serialize};

use crate::resource::{Expected, Field, Resource};
use crate::value::{ClusterName, Tags};

/// The place where services run. <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/clusters.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its name, unique in account and region. Instances join by it.
    pub name: ClusterName,
    /// Whether Container Insights collects metrics, which costs extra.
    pub insights: bool,
    /// Further tags.
    pub tags: Tags,
}

/// What ECS tells of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterState {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

impl Resource for Cluster {
    const TYPE: &'static str = "ecs.cluster";
    const FIELDS: &'static [Field] = crate::fields!(Cluster {
        name: Replace(Outage),
        insights: Update(NoInterruption),
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(1, 5);

    type State = ClusterState;

    fn id(state: &ClusterState) -> String {
        state.name.clone()
    }

    fn coexists(old: &Self, new: &Self) -> bool {
        old.name != new.name
    }
}
