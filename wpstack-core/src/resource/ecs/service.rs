//! `ecs.service`

use serde::{Deserialize, Serialize};

use super::{CapacityProvider, Cluster, ClusterCapacityProviders, TaskDefinition};
use crate::resource::elb::{Listener, TargetGroup};
use crate::resource::iam::{Role, RolePolicy};
use crate::resource::{Expected, Field, Resource, Settles};
use crate::stack::{Ready, Ref};
use crate::value::{Percent, Port, Seconds, ServiceName, Tags};

/// Keeps a number of tasks running behind a load balancer. Deployments are rolling, watched by the circuit breaker,
/// which goes back to the last good one. <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html>
///
/// Ready when the deployment of *this* task definition is the primary one, completed, with as many tasks running as
/// wanted. While the definition's image does not exist, the service stands at no tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Its name, unique in the cluster.
    pub name: ServiceName,
    /// The cluster.
    pub cluster: Ref<Cluster>,
    /// What its tasks run.
    pub task: Ref<TaskDefinition>,
    /// How many tasks, once the image exists. With service autoscaling this is where it begins.
    pub desired: u32,
    /// Where tasks find room, in equal parts.
    pub capacity: Vec<Ref<CapacityProvider>>,
    /// The container behind the load balancer.
    pub load_balancer: Attachment,
    /// How tasks are exchanged.
    pub deployment: Deployment,
    /// How long a fresh task may fail health checks.
    pub grace_period: Seconds,
    /// The listener that ties the target group to a load balancer: without one ECS refuses the group.
    pub listener: Ready<Listener>,
    /// The association that lets the cluster use the capacity.
    pub providers: Ready<ClusterCapacityProviders>,
    /// The roles with their policies, without which tasks cannot start, and cannot stop cleanly.
    pub roles: Vec<Ready<Role>>,
    /// Their inline policies.
    pub policies: Vec<Ready<RolePolicy>>,
    /// Further tags, for the service and its tasks.
    pub tags: Tags,
}

/// Which container the load balancer reaches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// Where ECS registers the tasks.
    pub target_group: Ref<TargetGroup>,
    /// The container's name.
    pub container: String,
    /// The container's port.
    pub port: Port,
}

/// How tasks are exchanged.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// How many of the wanted tasks must stay healthy meanwhile.
    pub minimum_healthy: Percent,
    /// How many may run meanwhile.
    pub maximum: Percent,
}

/// What ECS tells of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceState {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The cluster's name.
    pub cluster: String,
    /// The ARN of the task definition that it was last told to run.
    pub task_definition: String,
    /// How many tasks it was last told to keep: none while the image does not exist.
    pub desired: u32,
}

impl Resource for Service {
    const TYPE: &'static str = "ecs.service";
    const FIELDS: &'static [Field] = crate::fields!(Service {
        name: Replace(Outage),
        cluster: Replace(Outage),
        task: Update(Restart),
        desired: Update(NoInterruption),
        capacity: Update(Restart),
        load_balancer: Update(Restart),
        deployment: Update(NoInterruption),
        grace_period: Update(NoInterruption),
        listener: Order,
        providers: Order,
        roles: Order,
        policies: Order,
        tags: Update(NoInterruption),
    });
    const SETTLES: Settles = Settles::Later;
    const EXPECTED: Expected = Expected::seconds(120, 120);

    type State = ServiceState;

    fn id(state: &ServiceState) -> String {
        state.arn.rsplit(':').next().unwrap_or(&state.arn).to_owned()
    }

    fn coexists(old: &Self, new: &Self) -> bool {
        old.name != new.name
    }
}
