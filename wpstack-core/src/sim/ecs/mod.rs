//! Amazon Elastic Container Service: clusters, what runs in them, and the loops that keep it running.
//!
//! Instances join a cluster if everything that their agent needs is there. A service starts and stops tasks, a task
//! starts if the agent can pull, read and log what it names, the load balancer asks the application whether it is well,
//! and a capacity provider scales its group to what the tasks need.

mod agent;
mod app;
mod capacity_provider;
mod cluster;
mod cluster_capacity_providers;
mod scaling;
mod service;
mod task;
mod task_definition;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use agent::{Agent, ContainerInstance};
pub use app::App;
pub(super) use app::NoAnswer;
pub use capacity_provider::CapacityProvider;
pub use cluster::Cluster;
pub use service::{Deployment, Rollout, Service, ServiceChange, ServiceEvent, ServiceStatus};
pub use task::{Task, TaskStatus};
pub use task_definition::{ContainerDefinition, TaskDefinition};

use super::tagged::Tagging;
use super::world::{self, Inventory, Refusal, World, list};

/// Everything of ECS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ecs {
    /// The clusters, by name, those included that are inactive.
    pub clusters: BTreeMap<String, Cluster>,
    /// The capacity providers, by name.
    pub capacity_providers: BTreeMap<String, CapacityProvider>,
    /// The task definitions, by ARN, those included that are inactive.
    pub task_definitions: BTreeMap<String, TaskDefinition>,
    /// The services, by ARN, those included that are inactive.
    pub services: BTreeMap<String, Service>,
    /// The tasks, by id, those included that stopped within the last hour.
    pub tasks: BTreeMap<String, Task>,
    /// The agents, by the id of their instance.
    pub agents: BTreeMap<String, Agent>,
    /// How applications behave, by image. The others behave as [`App::default`].
    pub apps: BTreeMap<String, App>,
}

/// Something of ECS that happens by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// The agent of an instance tries to join a cluster.
    Join {
        /// The instance.
        instance: String,
    },
    /// The capacity providers of a cluster are what they were told to be.
    Attached {
        /// The cluster's name.
        cluster: String,
    },
    /// A capacity provider that was deleted goes.
    ProviderGone {
        /// Its name.
        name: String,
    },
    /// A capacity provider looks how many instances the tasks need.
    Scale {
        /// Its name.
        provider: String,
    },
    /// A service looks after its tasks.
    Tend {
        /// Its ARN.
        service: String,
    },
    /// A task takes the next step of its life.
    Step {
        /// Its id.
        task: String,
    },
    /// What is inactive or stopped is no longer shown.
    Forget {
        /// The ARN of a service, or the id of a task.
        id: String,
    },
}

impl From<Due> for world::Due {
    fn from(due: Due) -> Self {
        Self::Ecs(due)
    }
}

const TAGGING: Tagging = Tagging {
    service: "ecs",
    list: "ListTagsForResource",
    add: "TagResource",
    remove: "UntagResource",
    not_found: "ResourceNotFoundException",
};

/// How long ECS shows what is inactive or stopped.
const SHOWN: Duration = Duration::from_secs(60 * 60);

impl World {
    /// What falls due.
    pub(super) fn ecs_due(&mut self, due: Due) {
        match due {
            Due::Join { instance } => self.join(&instance),
            Due::Attached { cluster } => self.providers_attached(&cluster),
            Due::ProviderGone { name } => self.capacity_provider_gone(&name),
            Due::Scale { provider } => self.scale(&provider),
            Due::Tend { service } => self.tend(&service),
            Due::Step { task } => self.step_task(&task),
            Due::Forget { id } => {
                // Another of the name may have taken its place, under the same ARN.
                let is_over = |it: &Service| it.status == ServiceStatus::Inactive;
                if self.ecs.services.get(&id).is_some_and(is_over) {
                    self.ecs.services.remove(&id);
                }
                self.ecs.tasks.remove(&id);
            }
        }
    }

    /// Lists what is active.
    pub(super) fn ecs_inventory(&self, into: &mut Inventory) {
        for (name, cluster) in self.ecs.clusters.iter().filter(|(_, it)| it.is_active) {
            list(into, "ecs.cluster", name, cluster, &self.tags_of(&cluster.arn));
        }
        for (name, provider) in &self.ecs.capacity_providers {
            list(into, "ecs.capacity-provider", name, provider, &self.tags_of(&provider.arn));
        }
        for (arn, definition) in self.ecs.task_definitions.iter().filter(|(_, it)| it.is_active) {
            list(into, "ecs.task-definition", arn, definition, &self.tags_of(arn));
        }
        let is_there = |service: &Service| service.status != ServiceStatus::Inactive;
        for (arn, service) in self.ecs.services.iter().filter(|(_, it)| is_there(it)) {
            list(into, "ecs.service", arn, service, &self.tags_of(arn));
        }
        for (id, task) in self.ecs.tasks.iter().filter(|(_, it)| it.status != TaskStatus::Stopped) {
            list(into, "ecs.task", id, task, &self.tags_of(&task.service));
        }
    }
}

fn parameter(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", message)
}

fn client(message: impl Into<String>) -> Refusal {
    Refusal::new("ClientException", message)
}
