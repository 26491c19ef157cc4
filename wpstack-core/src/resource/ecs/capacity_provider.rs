//! `ecs.capacity-provider`

use serde::{Deserialize, Serialize};

use crate::resource::autoscaling::AutoScalingGroup;
use crate::resource::{Expected, Field, Resource, Settles};
use crate::stack::Ref;
use crate::value::{CapacityProviderName, Percent, Tags};

/// Scales an auto-scaling group to what the tasks need (managed scaling).
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/asg-capacity-providers.html>
///
/// Managed termination protection stays off: it would need scale-in protection on every instance, which is what
/// makes the deletion of the group hang when it is left over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CapacityProvider {
    /// Its name, unique in account and region.
    pub name: CapacityProviderName,
    /// The group. A group has at most one provider.
    pub group: Ref<AutoScalingGroup>,
    /// How full the instances should be: 1 to 100 percent.
    pub target: Percent,
    /// Further tags.
    pub tags: Tags,
}

/// What ECS tells of a capacity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapacityProviderState {
    /// The physical name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

impl Resource for CapacityProvider {
    const TYPE: &'static str = "ecs.capacity-provider";
    const FIELDS: &'static [Field] = crate::fields!(CapacityProvider {
        name: Replace(NoInterruption),
        group: Replace(Restart),
        target: Update(NoInterruption),
        tags: Update(NoInterruption),
    });
    const SETTLES: Settles = Settles::Later;
    const EXPECTED: Expected = Expected::seconds(2, 10);

    type State = CapacityProviderState;

    fn id(state: &CapacityProviderState) -> String {
        state.name.clone()
    }

    /// The name carries the generation; but one group cannot have two providers.
    fn coexists(old: &Self, new: &Self) -> bool {
        old.group != new.group
    }
}
