//! `ecs.cluster-capacity-providers`

use serde::{Deserialize, Serialize};

use super::{CapacityProvider, Cluster};
use crate::resource::{Expected, Field, Resource, Settles};
use crate::stack::Ref;

/// The capacity providers of a cluster, the default strategy being all of them with equal weight.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutClusterCapacityProviders.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterCapacityProviders {
    /// The cluster.
    pub cluster: Ref<Cluster>,
    /// Its providers.
    pub providers: Vec<Ref<CapacityProvider>>,
}

/// What ECS tells of the association.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterCapacityProvidersState {
    /// The cluster's name.
    pub cluster: String,
    /// The physical names of the providers, in order.
    pub providers: Vec<String>,
    /// Whether ECS was still attaching them, as far as it had told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attaching: bool,
}

impl Resource for ClusterCapacityProviders {
    const TYPE: &'static str = "ecs.cluster-capacity-providers";
    const FIELDS: &'static [Field] = crate::fields!(ClusterCapacityProviders {
        cluster: Replace(Outage),
        providers: Update(NoInterruption),
    });
    const SETTLES: Settles = Settles::Later;
    const EXPECTED: Expected = Expected::seconds(3, 5);

    type State = ClusterCapacityProvidersState;

    fn id(state: &ClusterCapacityProvidersState) -> String {
        state.cluster.clone()
    }

    fn told_ready(state: &ClusterCapacityProvidersState) -> bool {
        !state.attaching
    }

    /// It is replaced only with its cluster.
    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
