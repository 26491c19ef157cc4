//! `autoscaling.group`

use serde::{Deserialize, Serialize};

use crate::resource::ec2::{LaunchTemplate, RouteTable, SecurityGroupRule, Subnet};
use crate::resource::ecs::Cluster;
use crate::resource::iam::{InstanceProfile, Role};
use crate::resource::{Expected, Field, Resource, Settles};
use crate::stack::{Ready, Ref};
use crate::value::{AutoScalingGroupName, Seconds, Tags};

/// A number of instances, kept up. Health is EC2's: no load balancer is attached to it, ECS registers the tasks.
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-groups.html>
///
/// Ready when `desired` instances, or what managed scaling has made of it, are in service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoScalingGroup {
    /// Its name, unique in account and region.
    pub name: AutoScalingGroupName,
    /// How instances are started.
    pub template: Ref<LaunchTemplate>,
    /// Where.
    pub subnets: Vec<Ref<Subnet>>,
    /// The fewest instances.
    pub min: u32,
    /// The instances to begin with. Managed scaling owns the number afterwards: a difference is no drift.
    pub desired: u32,
    /// The most instances.
    pub max: u32,
    /// How long a fresh instance is not judged.
    pub health_grace: Seconds,
    /// The cluster that the instances join. An agent that finds no cluster stops.
    pub cluster: Ref<Cluster>,
    /// What the instances may do from their first moment: the profile with its role in it.
    pub profile: Ready<InstanceProfile>,
    /// That role, with its policies.
    pub role: Ready<Role>,
    /// The way out that the instances need from their first moment.
    pub routes: Vec<Ready<RouteTable>>,
    /// The rules that let them use it.
    pub rules: Vec<Ready<SecurityGroupRule>>,
    /// Further tags, for the group and for its instances.
    pub tags: Tags,
}

/// What Auto Scaling tells of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoScalingGroupState {
    /// The group's physical name, which is its identity.
    pub name: String,
    /// Its ARN. Not told by the call that makes the group: empty until the first read.
    pub arn: String,
}

impl Resource for AutoScalingGroup {
    const TYPE: &'static str = "autoscaling.group";
    const FIELDS: &'static [Field] = crate::fields!(AutoScalingGroup {
        name: Replace(Restart),
        template: Update(Restart),
        subnets: Update(Restart),
        min: Update(NoInterruption),
        desired: Update(NoInterruption),
        max: Update(NoInterruption),
        health_grace: Update(NoInterruption),
        cluster: Replace(Restart),
        profile: Order,
        role: Order,
        routes: Order,
        rules: Order,
        tags: Update(NoInterruption),
    });
    const SETTLES: Settles = Settles::Later;
    const EXPECTED: Expected = Expected::seconds(40, 180);

    type State = AutoScalingGroupState;

    fn id(state: &AutoScalingGroupState) -> String {
        state.name.clone()
    }

    /// The name carries the generation.
    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
