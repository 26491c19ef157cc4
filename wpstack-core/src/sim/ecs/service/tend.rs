//! The loop of a service: it starts tasks, finds room for them, stops them, and judges its deployments.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html>

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Deployment, Rollout, Service, ServiceStatus};
use crate::sim::ecs::{Due, SHOWN, Task, TaskStatus};
use crate::sim::elb::Health;
use crate::sim::world::World;
use crate::value::Port;

/// How often a service looks after its tasks while something is to be done.
const EVERY: Duration = Duration::from_secs(3);

impl World {
    /// Begins a deployment: it becomes the primary one.
    pub(super) fn deploy(&mut self, arn: &str, definition: &str) {
        let id = format!("ecs-svc/{:019}", self.chance.draw() % 10_u64.pow(19));
        let now = self.now;
        let Some(service) = self.ecs.services.get_mut(arn) else {
            return;
        };
        let deployment = Deployment {
            reason: format!("ECS deployment {id} in progress."),
            id,
            definition: definition.to_owned(),
            created: now,
            rollout: Rollout::InProgress,
            failed: 0,
            failures: Vec::new(),
        };
        service.deployments.insert(0, deployment);
        service.not_before = now;
        self.tend_soon(arn);
    }

    /// Has the service look after its tasks soon.
    pub(in crate::sim::ecs) fn tend_soon(&mut self, arn: &str) {
        let Some(service) = self.ecs.services.get_mut(arn).filter(|service| !service.is_tended)
        else {
            return;
        };
        service.is_tended = true;
        self.schedule(EVERY, Due::Tend { service: arn.to_owned() }.into());
    }

    /// Has every service of a cluster look after its tasks: something changed there.
    pub(in crate::sim::ecs) fn tend_cluster(&mut self, cluster: &str) {
        let services = self.ecs.services.iter().filter(|(_, service)| service.cluster == cluster);
        let arns: Vec<_> = services.map(|(arn, _)| arn.clone()).collect();
        arns.iter().for_each(|arn| self.tend_soon(arn));
    }

    /// Looks after the tasks of a service.
    pub(in crate::sim::ecs) fn tend(&mut self, arn: &str) {
        let Some(service) = self.ecs.services.get_mut(arn) else {
            return;
        };
        service.is_tended = false;
        if service.status == ServiceStatus::Inactive {
            return;
        }
        self.stop_unhealthy(arn);
        self.break_circuit(arn);
        self.stop_surplus(arn);
        self.start_missing(arn);
        self.find_places(arn);
        if !self.settle_service(arn) {
            self.tend_soon(arn);
        }
    }

    /// The tasks of a service that have not stopped, the oldest first.
    fn tasks_of(&self, arn: &str) -> Vec<(String, Task)> {
        let tasks = self.ecs.tasks.iter().filter(|(_, task)| task.service == arn);
        let live = tasks.filter(|(_, task)| task.status != TaskStatus::Stopped);
        let mut tasks: Vec<_> = live.map(|(id, task)| (id.clone(), task.clone())).collect();
        tasks.sort_by_key(|(_, task)| task.created);
        tasks
    }

    fn is_healthy(&self, task: &Task) -> bool {
        task.status == TaskStatus::Running && self.health_of(task) == Some(&Health::Healthy)
    }

    /// How the load balancer sees a task.
    pub(super) fn health_of(&self, task: &Task) -> Option<&Health> {
        let service = self.ecs.services.get(&task.service)?;
        let port = *task.ports.get(&service.container_port.number())?;
        self.target_health(&service.target_group, task.instance.as_ref()?, port)
    }

    /// Stops tasks that the load balancer finds unhealthy once their grace period is over.
    fn stop_unhealthy(&mut self, arn: &str) {
        let Some(service) = self.ecs.services.get(arn) else {
            return;
        };
        let (grace, group) = (service.grace_period.duration(), service.target_group.clone());
        for (id, task) in self.tasks_of(arn) {
            let is_judged = task.running_since.is_some_and(|since| since + grace <= self.now);
            if task.status != TaskStatus::Running || !is_judged {
                continue;
            }
            if let Some(health @ Health::Unhealthy { .. }) = self.health_of(&task) {
                let reason = format!("Task failed ELB health checks in (target-group {group})");
                let why = format!("{reason}: {health}");
                self.service_event(
                    arn,
                    &format!("(task {id}) is unhealthy in (target-group {group})"),
                );
                self.task_failed(&task, &why);
                self.stop_task(&id, &reason);
            }
        }
    }

    /// A task stopped that nobody stopped.
    pub(in crate::sim::ecs) fn task_failed(&mut self, task: &Task, reason: &str) {
        let now = self.now;
        let Some(service) = self.ecs.services.get_mut(&task.service) else {
            return;
        };
        let deployment = service.deployments.iter_mut().find(|it| it.id == task.deployment);
        let Some(deployment) = deployment.filter(|it| it.rollout == Rollout::InProgress) else {
            return;
        };
        deployment.failed += 1;
        if !deployment.failures.iter().any(|known| known == reason) {
            deployment.failures.push(reason.to_owned());
        }
        // Each failure makes it wait longer, up to a quarter of an hour.
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html
        let pause = Duration::from_secs(5 * 2_u64.pow(deployment.failed.min(8)))
            .min(Duration::from_secs(900));
        service.not_before = now + pause;
    }

    /// Ends a deployment of which too many tasks failed, and goes back to the last one that was completed.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentCircuitBreaker.html>
    fn break_circuit(&mut self, arn: &str) {
        let Some(service) = self.ecs.services.get_mut(arn) else {
            return;
        };
        let threshold = service.desired.div_ceil(2).clamp(3, 200);
        let completed = service.completed.clone();
        let Some(primary) = service.deployments.first_mut() else {
            return;
        };
        if primary.rollout != Rollout::InProgress || primary.failed < threshold {
            return;
        }
        primary.rollout = Rollout::Failed;
        "ECS deployment circuit breaker: tasks failed to start.".clone_into(&mut primary.reason);
        let (id, definition) = (primary.id.clone(), primary.definition.clone());
        self.service_event(
            arn,
            &format!("(deployment {id}) deployment failed: tasks failed to start."),
        );
        if let Some(completed) = completed.filter(|completed| *completed != definition) {
            self.deploy(arn, &completed);
            self.service_event(arn, &format!("rolling back to (task definition {completed})."));
        }
    }

    /// Stops what is over: tasks of older deployments as far as enough others are healthy, and what the primary one has
    /// too many of.
    fn stop_surplus(&mut self, arn: &str) {
        let Some(service) = self.ecs.services.get(arn) else {
            return;
        };
        let desired = service.desired as usize;
        let Some(primary) = service.primary().map(|primary| primary.id.clone()) else {
            return;
        };
        let least = (desired * service.minimum_healthy.0 as usize).div_ceil(100);
        let tasks = self.tasks_of(arn);
        let mut healthy = tasks.iter().filter(|(_, task)| self.is_healthy(task)).count();
        let (own, old): (Vec<_>, Vec<_>) = tasks
            .into_iter()
            .filter(|(_, task)| task.status.is_wanted())
            .partition(|(_, task)| task.deployment == primary);
        let mut surplus = own.len().saturating_sub(desired);
        let mut leaving = Vec::new();
        for (id, task) in old {
            let is_healthy = self.is_healthy(&task);
            if !is_healthy || healthy > least {
                healthy -= usize::from(is_healthy);
                leaving.push(id);
            }
        }
        for (id, task) in own.into_iter().rev() {
            if surplus > 0 {
                surplus -= 1;
                healthy = healthy.saturating_sub(usize::from(self.is_healthy(&task)));
                leaving.push(id);
            }
        }
        for id in leaving {
            self.service_event(arn, &format!("has stopped 1 running tasks: (task {id})."));
            self.stop_task(&id, &format!("Scaling activity initiated by (deployment {primary})"));
        }
    }

    /// Starts what is missing, as far as the deployment's maximum leaves room.
    fn start_missing(&mut self, arn: &str) {
        let Some(service) = self.ecs.services.get(arn) else {
            return;
        };
        let Some(primary) = service.primary().cloned() else {
            return;
        };
        if service.status != ServiceStatus::Active
            || primary.rollout == Rollout::Failed
            || service.not_before > self.now
        {
            return;
        }
        let desired = service.desired as usize;
        let most = desired * service.maximum.0 as usize / 100;
        let cluster = service.cluster.clone();
        let tasks = self.tasks_of(arn);
        let wanted = tasks.iter().filter(|(_, task)| task.status.is_wanted());
        let own = wanted.clone().filter(|(_, task)| task.deployment == primary.id).count();
        let missing = desired.saturating_sub(own);
        let room = most.saturating_sub(wanted.count());
        if missing > 0 && room == 0 {
            let message = "was unable to stop or start tasks during a deployment because of the service deployment \
                           configuration. Update the minimumHealthyPercent or maximumPercent value and try again.";
            self.service_event(arn, message);
        }
        for _ in 0..missing.min(room) {
            let id = format!("{:016x}{:016x}", self.chance.draw(), self.chance.draw());
            let task = Task {
                service: arn.to_owned(),
                cluster: cluster.clone(),
                deployment: primary.id.clone(),
                definition: primary.definition.clone(),
                status: TaskStatus::Provisioning,
                instance: None,
                ports: BTreeMap::new(),
                created: self.now,
                running_since: None,
                stopped_reason: None,
            };
            self.ecs.tasks.insert(id, task);
        }
    }

    /// Finds instances for tasks that wait for room.
    fn find_places(&mut self, arn: &str) {
        let Some(service) = self.ecs.services.get(arn) else {
            return;
        };
        let (cluster, capacity) = (service.cluster.clone(), service.capacity.clone());
        for (id, task) in self.tasks_of(arn) {
            if task.status != TaskStatus::Provisioning {
                continue;
            }
            let definition = self.ecs.task_definitions.get(&task.definition);
            let (cpu, memory) = definition.map(|it| it.reserves()).unwrap_or_default();
            match self.find_room(&cluster, &capacity, (cpu.0, memory.0)) {
                Ok(instance) => {
                    self.place_task(&id, &instance);
                    self.service_event(arn, &format!("has started 1 tasks: (task {id})."));
                }
                Err(reason) => {
                    let message = format!(
                        "was unable to place a task because no container instance met all of its requirements. \
                         Reason: {reason}"
                    );
                    self.service_event(arn, &message);
                }
            }
        }
    }

    /// Draws the conclusions. True when nothing is left to do by itself.
    fn settle_service(&mut self, arn: &str) -> bool {
        let tasks = self.tasks_of(arn);
        let now = self.now;
        let Some(service) = self.ecs.services.get(arn) else {
            return true;
        };
        if service.status == ServiceStatus::Draining {
            if tasks.is_empty() {
                self.retire_service(arn);
                return true;
            }
            return false;
        }
        let Some(primary) = service.primary().cloned() else {
            return true;
        };
        let desired = service.desired as usize;
        let wanted: Vec<_> = tasks.iter().filter(|(_, task)| task.status.is_wanted()).collect();
        let is_own = |task: &Task| task.deployment == primary.id;
        let own_healthy =
            wanted.iter().filter(|(_, task)| is_own(task) && self.is_healthy(task)).count();
        let is_steady = own_healthy == desired && wanted.len() == desired;
        let has_failed =
            primary.rollout == Rollout::Failed && wanted.iter().all(|(_, it)| is_own(it));
        let Some(service) = self.ecs.services.get_mut(arn) else {
            return true;
        };
        if is_steady || has_failed {
            service.deployments.truncate(1);
        }
        if is_steady && primary.rollout == Rollout::InProgress {
            service.completed = Some(primary.definition.clone());
            service.not_before = now;
            if let Some(primary) = service.deployments.first_mut() {
                primary.rollout = Rollout::Completed;
                primary.reason = format!("ECS deployment {} completed.", primary.id);
            }
            self.service_event(arn, &format!("(deployment {}) deployment completed.", primary.id));
            self.service_event(arn, "has reached a steady state.");
        }
        is_steady || has_failed
    }

    fn retire_service(&mut self, arn: &str) {
        if let Some(service) = self.ecs.services.get_mut(arn) {
            service.status = ServiceStatus::Inactive;
            self.schedule(SHOWN, Due::Forget { id: arn.to_owned() }.into());
        }
    }

    /// Registers a task that runs behind the load balancer.
    pub(in crate::sim::ecs) fn register_task(&mut self, task: &Task) {
        let Some((group, instance, port)) = self.place_of(task) else {
            return;
        };
        if self.register_target(&group, &instance, port).is_ok() {
            let message = format!("registered 1 targets in (target-group {group})");
            self.service_event(&task.service, &message);
        }
    }

    /// Takes a task from behind the load balancer. Returns how long it may take to finish.
    pub(in crate::sim::ecs) fn deregister_task(&mut self, task: &Task) -> Duration {
        let Some((group, instance, port)) = self.place_of(task) else {
            return Duration::ZERO;
        };
        if self.target_health(&group, &instance, port).is_none() {
            return Duration::ZERO;
        }
        self.deregister_target(&group, &instance, port).unwrap_or_default()
    }

    /// The target group, instance and host port of a task.
    fn place_of(&self, task: &Task) -> Option<(String, String, Port)> {
        let service = self.ecs.services.get(&task.service)?;
        let port = *task.ports.get(&service.container_port.number())?;
        Some((service.target_group.clone(), task.instance.clone()?, port))
    }

    /// The load balancer changed its mind about a target.
    pub(in crate::sim) fn target_changed(&mut self, instance: &str, port: Port) {
        let mut tasks = self.ecs.tasks.values();
        let behind = tasks.find(|task| {
            task.instance.as_deref() == Some(instance) && task.ports.values().any(|it| *it == port)
        });
        if let Some(service) = behind.map(|task| task.service.clone()) {
            self.tend_soon(&service);
        }
    }
}

impl Service {
    /// Whether the service is one that calls can still find running.
    pub(super) fn is_active(&self) -> bool {
        self.status == ServiceStatus::Active
    }
}
