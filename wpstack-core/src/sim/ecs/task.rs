//! Tasks: how they start, and why they stop.

mod start;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Due, SHOWN};
use crate::sim::world::World;
use crate::value::Port;

/// A task of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The ARN of its service.
    pub service: String,
    /// The cluster's name.
    pub cluster: String,
    /// The id of the deployment that it was started by.
    pub deployment: String,
    /// The ARN of its task definition.
    pub definition: String,
    /// Where it is in its life.
    pub status: TaskStatus,
    /// The instance that it was placed on: `i-…`
    pub instance: Option<String>,
    /// The host ports of its containers' ports.
    pub ports: BTreeMap<u16, Port>,
    /// When it was started.
    pub created: Timestamp,
    /// Since when it runs.
    pub running_since: Option<Timestamp>,
    /// Why it stops, or stopped.
    pub stopped_reason: Option<String>,
}

/// Where a task is in its life.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskStatus {
    /// It waits for room.
    Provisioning,
    /// It has room; its agent pulls and reads what it needs.
    Pending,
    /// Its containers run.
    Running,
    /// It leaves the load balancer.
    Deactivating,
    /// Its containers are told to stop.
    Stopping,
    /// It is no more.
    Stopped,
}

impl TaskStatus {
    /// Whether it is to run.
    #[must_use]
    pub fn is_wanted(self) -> bool {
        self <= Self::Running
    }
}

impl World {
    /// Puts a task onto an instance.
    pub(super) fn place_task(&mut self, id: &str, instance: &str) {
        let pull = self.chance.between(Duration::from_secs(8), Duration::from_secs(20));
        let taken = self.host_ports(instance);
        let Some(task) = self.ecs.tasks.get_mut(id) else {
            return;
        };
        let definition = self.ecs.task_definitions.get(&task.definition);
        let ports = definition.into_iter().flat_map(|it| &it.containers).flat_map(|it| &it.ports);
        // Docker's range. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
        let mut free = (32_768..=60_999).filter(|port| !taken.contains(port));
        task.ports =
            ports.filter_map(|port| Some((port.number(), Port::new(free.next()?).ok()?))).collect();
        task.instance = Some(instance.to_owned());
        task.status = TaskStatus::Pending;
        self.step_later(id, pull);
    }

    /// The host ports that tasks have or had not long ago: Docker does not give one again so soon.
    fn host_ports(&self, instance: &str) -> Vec<u16> {
        let tasks = self.ecs.tasks.values();
        let on_it = tasks.filter(|task| task.instance.as_deref() == Some(instance));
        on_it.flat_map(|task| task.ports.values().map(|port| port.number())).collect()
    }

    fn step_later(&mut self, id: &str, after: Duration) {
        self.schedule(after, Due::Step { task: id.to_owned() }.into());
    }

    /// What comes next in the life of a task.
    pub(super) fn step_task(&mut self, id: &str) {
        let Some(task) = self.ecs.tasks.get(id).cloned() else {
            return;
        };
        match task.status {
            TaskStatus::Pending => match self.start_problem(&task) {
                Some(reason) => self.task_stopped(id, &reason, true),
                None => self.task_runs(id),
            },
            TaskStatus::Running => {
                if let Some(code) = self.app_of(&task).exits {
                    let reason = format!("Essential container in task exited with code {code}");
                    self.task_stopped(id, &reason, true);
                }
            }
            TaskStatus::Deactivating => {
                let stop = self.chance.between(Duration::from_secs(1), Duration::from_secs(8));
                self.set_status(id, TaskStatus::Stopping);
                self.step_later(id, stop);
            }
            TaskStatus::Stopping => {
                let reason = task.stopped_reason.unwrap_or_default();
                self.task_stopped(id, &reason, false);
            }
            TaskStatus::Provisioning | TaskStatus::Stopped => {}
        }
    }

    fn set_status(&mut self, id: &str, status: TaskStatus) {
        if let Some(task) = self.ecs.tasks.get_mut(id) {
            task.status = status;
        }
    }

    fn task_runs(&mut self, id: &str) {
        let now = self.now;
        let Some(task) = self.ecs.tasks.get_mut(id) else {
            return;
        };
        task.status = TaskStatus::Running;
        task.running_since = Some(now);
        let task = task.clone();
        let boot = self.app_of(&task).boots_in.duration();
        self.register_task(&task);
        // Only one that exits has anything more to do by itself.
        if self.app_of(&task).exits.is_some() {
            self.step_later(id, boot);
        }
        self.tend_soon(&task.service);
    }

    /// Tells a task to stop. One that takes requests finishes them first.
    pub(super) fn stop_task(&mut self, id: &str, reason: &str) {
        let Some(task) = self.ecs.tasks.get_mut(id).filter(|task| task.status.is_wanted()) else {
            return;
        };
        task.stopped_reason = Some(reason.to_owned());
        match task.status {
            TaskStatus::Running => {
                task.status = TaskStatus::Deactivating;
                let task = task.clone();
                let delay = self.deregister_task(&task);
                self.step_later(id, delay);
            }
            _ => {
                task.status = TaskStatus::Stopping;
                self.step_later(id, Duration::from_secs(1));
            }
        }
    }

    /// A task is no more. `failed` when nobody wanted that.
    pub(super) fn task_stopped(&mut self, id: &str, reason: &str, failed: bool) {
        let Some(task) = self.ecs.tasks.get_mut(id) else {
            return;
        };
        if task.status == TaskStatus::Stopped {
            return;
        }
        task.status = TaskStatus::Stopped;
        task.stopped_reason = Some(reason.to_owned());
        let task = task.clone();
        self.deregister_task(&task);
        self.schedule(SHOWN, Due::Forget { id: id.to_owned() }.into());
        if failed {
            self.task_failed(&task, reason);
        }
        self.tend_soon(&task.service);
    }
}
