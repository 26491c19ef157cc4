//! Services: what they are told, and the loop that brings it about.

mod provider;
mod report;
mod tend;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{TaskDefinition, client, parameter};
use crate::sim::tags::TagMap;
use crate::sim::world::{Refusal, World};
use crate::value::{Percent, Port, Seconds};

/// A service behind a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name, unique in the cluster.
    pub name: String,
    /// The cluster's name.
    pub cluster: String,
    /// Whether it runs.
    pub status: ServiceStatus,
    /// How many tasks it keeps.
    pub desired: u32,
    /// The names of the capacity providers whose instances its tasks run on.
    pub capacity: Vec<String>,
    /// The ARN of the target group that its tasks are registered in.
    pub target_group: String,
    /// The container behind it.
    pub container: String,
    /// The container's port.
    pub container_port: Port,
    /// How many tasks stay healthy while they are exchanged.
    pub minimum_healthy: Percent,
    /// How many may run meanwhile.
    pub maximum: Percent,
    /// How long a fresh task may fail health checks.
    pub grace_period: Seconds,
    /// Its deployments, the primary one first. What is left of older ones stays until its tasks are gone.
    pub deployments: Vec<Deployment>,
    /// The definition of the last deployment that was completed.
    pub completed: Option<String>,
    /// What happened, the newest last.
    pub events: Vec<ServiceEvent>,
    /// The client token of the call that made it.
    pub token: String,
    /// Before that it starts no task: each failure makes it wait longer.
    pub not_before: Timestamp,
    /// Whether it will look after its tasks soon.
    pub is_tended: bool,
}

/// Whether a service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceStatus {
    /// It does.
    Active,
    /// It was deleted, and its tasks still stop.
    Draining,
    /// It did.
    Inactive,
}

/// The exchange of the tasks for those of another definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// `ecs-svc/…`
    pub id: String,
    /// The ARN of the task definition.
    pub definition: String,
    /// When it began.
    pub created: Timestamp,
    /// How far it is.
    pub rollout: Rollout,
    /// What AWS says about that.
    pub reason: String,
    /// How many tasks of it failed before it was completed.
    pub failed: u32,
    /// Why tasks of it stopped that nobody stopped, each reason once.
    pub failures: Vec<String>,
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "AWS's words")]
pub enum Rollout {
    InProgress,
    Completed,
    Failed,
}

/// Something that happened in a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub message: String,
}

/// What a service is told to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceChange {
    /// The ARN of the task definition.
    pub definition: String,
    /// How many tasks.
    pub desired: u32,
    /// The names of the capacity providers.
    pub capacity: Vec<String>,
    /// The ARN of the target group.
    pub target_group: String,
    /// The container behind it.
    pub container: String,
    /// The container's port.
    pub container_port: Port,
    /// How many tasks stay healthy while they are exchanged.
    pub minimum_healthy: Percent,
    /// How many may run meanwhile.
    pub maximum: Percent,
    /// How long a fresh task may fail health checks.
    pub grace_period: Seconds,
}

impl World {
    /// `CreateService`. Returns the ARN, also to a call that repeats the one that made it.
    ///
    /// # Errors
    /// `ClusterNotFoundException`; `ClientException` for a task definition that is not there; and
    /// `InvalidParameterException` for a service of the name that is there or still drains, a target group that no
    /// listener forwards to, a container or port that the definition lacks, a capacity provider that the cluster lacks,
    /// and a role that is not visible yet.
    pub fn create_service(
        &mut self,
        cluster: &str,
        name: &str,
        token: &str,
        wanted: ServiceChange,
        tags: TagMap,
    ) -> Result<String, Refusal> {
        self.cluster(cluster)?;
        let arn = self.service_arn(cluster, name);
        match self.ecs.services.get(&arn) {
            Some(there) if there.status == ServiceStatus::Active && there.token == token => {
                return Ok(arn);
            }
            Some(there) if there.status == ServiceStatus::Active => {
                return Err(parameter("Creation of service was not idempotent."));
            }
            Some(there) if there.status == ServiceStatus::Draining => {
                return Err(parameter("Unable to Start a service that is still Draining."));
            }
            _ => {}
        }
        self.check_service(cluster, &wanted)?;
        let service = Service {
            name: name.to_owned(),
            cluster: cluster.to_owned(),
            status: ServiceStatus::Active,
            desired: wanted.desired,
            capacity: wanted.capacity,
            target_group: wanted.target_group,
            container: wanted.container,
            container_port: wanted.container_port,
            minimum_healthy: wanted.minimum_healthy,
            maximum: wanted.maximum,
            grace_period: wanted.grace_period,
            deployments: Vec::new(),
            completed: None,
            events: Vec::new(),
            token: token.to_owned(),
            not_before: self.now,
            is_tended: false,
        };
        self.ecs.services.insert(arn.clone(), service);
        self.tags.insert(arn.clone(), tags);
        self.deploy(&arn, &wanted.definition);
        Ok(arn)
    }

    /// The ARN of a service.
    pub(super) fn service_arn(&self, cluster: &str, name: &str) -> String {
        self.arn("ecs", &format!("service/{cluster}/{name}"))
    }

    fn check_service(&self, cluster: &str, wanted: &ServiceChange) -> Result<(), Refusal> {
        let missing = || client("TaskDefinition not found.");
        let definition = self.ecs.task_definitions.get(&wanted.definition).ok_or_else(missing)?;
        if !definition.is_active {
            return Err(client("TaskDefinition is inactive"));
        }
        self.check_attachment(definition, wanted)?;
        let attached = &self.cluster(cluster)?.providers;
        if wanted.capacity.is_empty() || !wanted.capacity.iter().all(|name| attached.contains(name))
        {
            let message = "The specified capacity provider was not found in the cluster. Associate it with the \
                           cluster first.";
            return Err(parameter(message));
        }
        let mut roles = [&definition.execution_role].into_iter().chain(&definition.task_role);
        if roles.any(|role| self.iam.visible_role(role, self.now).is_none()) {
            let message = "Unable to assume role and validate the listeners configured on your load balancer. Please \
                           verify that the ECS service role being passed has the proper permissions.";
            return Err(parameter(message));
        }
        Ok(())
    }

    /// Whether the load balancer can reach the container.
    fn check_attachment(
        &self,
        definition: &TaskDefinition,
        wanted: &ServiceChange,
    ) -> Result<(), Refusal> {
        let ServiceChange { target_group, container: name, container_port: port, .. } = wanted;
        if !self.elb.target_groups.contains_key(target_group) {
            return Err(parameter(format!("The target group {target_group} does not exist.")));
        }
        if self.load_balancer_of(target_group).is_none() {
            return Err(parameter(format!(
                "The target group with targetGroupArn {target_group} does not have an associated load balancer."
            )));
        }
        let container = definition.containers.iter().find(|container| container.name == *name);
        let Some(container) = container else {
            let message = format!("The container {name} does not exist in the task definition.");
            return Err(parameter(message));
        };
        if !container.ports.contains(port) {
            let message =
                format!("The container {name} did not have a container port {port} defined.");
            return Err(parameter(message));
        }
        Ok(())
    }

    /// `DescribeServices`, of one. Also of one that has been deleted, for a while.
    ///
    /// # Errors
    /// `ClusterNotFoundException`; `ServiceNotFoundException`.
    pub fn service(&self, cluster: &str, name: &str) -> Result<&Service, Refusal> {
        if !self.ecs.clusters.contains_key(cluster) {
            self.cluster(cluster)?;
        }
        let service = self.ecs.services.get(&self.service_arn(cluster, name));
        service.ok_or_else(|| Refusal::new("ServiceNotFoundException", "Service not found."))
    }

    /// `UpdateService`. Another definition, other capacity and another attachment begin a deployment.
    ///
    /// # Errors
    /// As [`World::create_service`]; `ServiceNotFoundException`; `ServiceNotActiveException` once it has been deleted.
    pub fn update_service(
        &mut self,
        cluster: &str,
        name: &str,
        wanted: ServiceChange,
    ) -> Result<(), Refusal> {
        let service = self.service(cluster, name)?;
        if service.status != ServiceStatus::Active {
            return Err(Refusal::new("ServiceNotActiveException", "Service was not ACTIVE."));
        }
        self.check_service(cluster, &wanted)?;
        let arn = self.service_arn(cluster, name);
        let Some(service) = self.ecs.services.get_mut(&arn) else {
            return Ok(());
        };
        let ServiceChange { definition, capacity, target_group, container, container_port, .. } =
            wanted;
        let anew = service.primary().is_none_or(|primary| primary.definition != definition)
            || service.capacity != capacity
            || (&service.target_group, &service.container, service.container_port)
                != (&target_group, &container, container_port);
        service.desired = wanted.desired;
        service.minimum_healthy = wanted.minimum_healthy;
        service.maximum = wanted.maximum;
        service.grace_period = wanted.grace_period;
        (service.capacity, service.target_group) = (capacity, target_group);
        (service.container, service.container_port) = (container, container_port);
        if anew {
            self.deploy(&arn, &definition);
        } else {
            self.tend_soon(&arn);
        }
        Ok(())
    }

    /// `UpdateService`, of the number of tasks alone.
    ///
    /// # Errors
    /// `ServiceNotFoundException`; `ServiceNotActiveException` once it has been deleted.
    pub fn set_desired(&mut self, cluster: &str, name: &str, desired: u32) -> Result<(), Refusal> {
        if self.service(cluster, name)?.status != ServiceStatus::Active {
            return Err(Refusal::new("ServiceNotActiveException", "Service was not ACTIVE."));
        }
        let arn = self.service_arn(cluster, name);
        if let Some(service) = self.ecs.services.get_mut(&arn) {
            service.desired = desired;
        }
        self.tend_soon(&arn);
        Ok(())
    }

    /// `DeleteService`. It drains until its last task has stopped, and is shown as inactive for a while.
    ///
    /// # Errors
    /// `ServiceNotFoundException`, also when it is inactive; `InvalidParameterException` while it is to have tasks, unless
    /// `force`.
    pub fn delete_service(
        &mut self,
        cluster: &str,
        name: &str,
        force: bool,
    ) -> Result<(), Refusal> {
        let service = self.service(cluster, name)?;
        match service.status {
            ServiceStatus::Inactive => {
                return Err(Refusal::new("ServiceNotFoundException", "Service not found."));
            }
            ServiceStatus::Draining => return Ok(()),
            ServiceStatus::Active => {}
        }
        if service.desired > 0 && !force {
            let message = "The service cannot be stopped while it is scaled above 0.";
            return Err(parameter(message));
        }
        let arn = self.service_arn(cluster, name);
        if let Some(service) = self.ecs.services.get_mut(&arn) {
            service.status = ServiceStatus::Draining;
            service.desired = 0;
        }
        self.tend_soon(&arn);
        Ok(())
    }
}

impl Service {
    /// The deployment that it works towards.
    #[must_use]
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.first()
    }
}
