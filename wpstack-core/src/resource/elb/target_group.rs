//! `elb.target-group`

use serde::{Deserialize, Serialize};

use crate::resource::ec2::Vpc;
use crate::resource::{Expected, Field, Resource};
use crate::stack::Ref;
use crate::value::{Port, Seconds, StatusCodes, Tags, TargetGroupName, UrlPath};

/// Where a load balancer sends requests: ports of instances, registered by ECS, over HTTP.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Its name, unique in account and region.
    pub name: TargetGroupName,
    /// The network of the targets.
    pub vpc: Ref<Vpc>,
    /// The port of targets that are registered without one. ECS registers each with its own.
    pub port: Port,
    /// When a target counts as healthy.
    pub health_check: HealthCheck,
    /// How long a target that leaves may finish its requests. ECS keeps a stopping task that long.
    pub deregistration_delay: Seconds,
    /// Further tags.
    pub tags: Tags,
}

/// When a target counts as healthy.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// The path that is asked for.
    pub path: UrlPath,
    /// The statuses that count, as in `200` or `200-299`.
    pub codes: StatusCodes,
    /// The time between two checks: 5 to 300 seconds.
    pub interval: Seconds,
    /// How long an answer may take: 2 to 120 seconds, less than the interval.
    pub timeout: Seconds,
    /// How many good answers make a target healthy: 2 to 10.
    pub healthy: u32,
    /// How many bad ones make it unhealthy: 2 to 10.
    pub unhealthy: u32,
}

/// What ELB tells of a target group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetGroupState {
    /// Its ARN.
    pub arn: String,
}

impl Resource for TargetGroup {
    const TYPE: &'static str = "elb.target-group";
    const FIELDS: &'static [Field] = crate::fields!(TargetGroup {
        name: Replace(Restart),
        vpc: Replace(Outage),
        port: Replace(Restart),
        health_check: Update(NoInterruption),
        deregistration_delay: Update(NoInterruption),
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(2, 1);

    type State = TargetGroupState;

    fn id(state: &TargetGroupState) -> String {
        state.arn.rsplit(':').next().unwrap_or(&state.arn).to_owned()
    }

    /// The name carries the generation.
    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
