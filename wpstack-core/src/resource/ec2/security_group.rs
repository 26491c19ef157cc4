//! `ec2.security-group`

use serde::{Deserialize, Serialize};

use super::Vpc;
use crate::resource::{Expected, Field, Resource};
use crate::stack::Ref;
use crate::value::{SecurityGroupName, Tags};

/// A set of instances, load balancers or databases that rules apply to. Its rules are resources of their own
/// ([`SecurityGroupRule`](super::SecurityGroupRule)), so that groups can refer to each other.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>
///
/// AWS gives a new group a rule that lets everything out. It is taken away: what may leave is written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// The network it is in.
    pub vpc: Ref<Vpc>,
    /// Its name, unique in the network.
    pub name: SecurityGroupName,
    /// What it is for.
    pub description: String,
    /// Further tags.
    pub tags: Tags,
}

/// What EC2 tells of a security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroupState {
    /// `sg-…`
    pub id: String,
    /// Whether it may still have the rule that AWS gives a new group.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_given: bool,
}

impl Resource for SecurityGroup {
    const TYPE: &'static str = "ec2.security-group";
    const FIELDS: &'static [Field] = crate::fields!(SecurityGroup {
        vpc: Replace(Outage),
        name: Replace(NoInterruption),
        description: Replace(NoInterruption),
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(2, 5);

    type State = SecurityGroupState;

    fn id(state: &SecurityGroupState) -> String {
        state.id.clone()
    }

    /// The name carries the generation, so that a successor can stand beside the group that is still in use.
    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
