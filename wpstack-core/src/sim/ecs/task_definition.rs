//! Task definitions.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{TAGGING, client};
use crate::failure::ProviderError;
use crate::provider::{Cx, Drifts, Observed, Provider};
use crate::resource::ecs::{self as spec, TaskDefinitionState};
use crate::sim::Sim;
use crate::sim::tags::{CompareTags, TagMap, is_of, owned};
use crate::sim::world::{Refusal, World};
use crate::value::{CpuUnits, ImageDigest, Mebibytes, Port};

/// A revision of a task definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// The family.
    pub family: String,
    /// The ARN of the role by which the agent works for the task.
    pub execution_role: String,
    /// The ARN of the role of its containers.
    pub task_role: Option<String>,
    /// Volumes on the instance.
    pub volumes: BTreeSet<String>,
    /// Its containers.
    pub containers: Vec<ContainerDefinition>,
    /// Whether it has not been deregistered.
    pub is_active: bool,
}

/// A container of a task definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerDefinition {
    /// Its name.
    pub name: String,
    /// What it runs: `….dkr.ecr.….amazonaws.com/…@sha256:…`
    pub image: String,
    /// The processor time it reserves.
    pub cpu: CpuUnits,
    /// The memory it reserves.
    pub memory: Mebibytes,
    /// The ports it serves, each behind a host port that ECS chooses.
    pub ports: Vec<Port>,
    /// Its environment.
    pub environment: BTreeMap<String, String>,
    /// Environment variables, each with the `valueFrom` that the agent reads it from: `arn:…:secret:…:key::`
    pub secrets: BTreeMap<String, String>,
    /// The log group that its output goes to.
    pub log_group: String,
}

impl TaskDefinition {
    /// What a task of it reserves.
    pub(super) fn reserves(&self) -> (CpuUnits, Mebibytes) {
        let cpu = self.containers.iter().map(|container| container.cpu.0).sum();
        let memory = self.containers.iter().map(|container| container.memory.0).sum();
        (CpuUnits(cpu), Mebibytes(memory))
    }

    /// Whether every image of it was there when it was registered.
    fn is_runnable(&self) -> bool {
        let nothing = format!("@{}", ImageDigest::of_nothing());
        !self.containers.iter().any(|container| container.image.ends_with(&nothing))
    }
}

impl World {
    /// `RegisterTaskDefinition`. Returns the ARN of the new revision.
    ///
    /// # Errors
    /// `ClientException` for a definition that cannot be, and for a role that is not visible.
    pub fn register_task_definition(
        &mut self,
        definition: TaskDefinition,
        tags: TagMap,
    ) -> Result<String, Refusal> {
        let TaskDefinition { family, execution_role, task_role, containers, .. } = &definition;
        if containers.is_empty() {
            return Err(client("Container list cannot be empty."));
        }
        let names: BTreeSet<_> = containers.iter().map(|container| &container.name).collect();
        if names.len() < containers.len() {
            return Err(client("Container names must be unique."));
        }
        if let Some(small) = containers.iter().find(|container| container.memory < Mebibytes(6)) {
            let message = format!(
                "Invalid setting for container '{}'. At least one of 'memory' or 'memoryReservation' must be \
                 specified, with 6 MiB or more.",
                small.name
            );
            return Err(client(message));
        }
        let is_visible = |role: &String| self.iam.visible_role(role, self.now).is_some();
        if !is_visible(execution_role) || !task_role.iter().all(is_visible) {
            return Err(client("Role is not valid"));
        }
        let prefix = self.arn("ecs", &format!("task-definition/{family}:"));
        let revisions = self.ecs.task_definitions.keys().filter_map(|arn| {
            arn.strip_prefix(&prefix).and_then(|revision| revision.parse::<u32>().ok())
        });
        let revision = revisions.max().unwrap_or(0) + 1;
        let arn = format!("{prefix}{revision}");
        self.ecs.task_definitions.insert(arn.clone(), definition);
        self.tags.insert(arn.clone(), tags);
        Ok(arn)
    }

    /// `DescribeTaskDefinition`. Also of one that has been deregistered.
    ///
    /// # Errors
    /// `ClientException` when there never was one.
    pub fn task_definition(&self, arn: &str) -> Result<&TaskDefinition, Refusal> {
        let found = self.ecs.task_definitions.get(arn);
        found.ok_or_else(|| client("Unable to describe task definition."))
    }

    /// `DeregisterTaskDefinition`. What runs by it goes on, and it stays on record as inactive.
    ///
    /// # Errors
    /// `ClientException` when there never was one.
    pub fn deregister_task_definition(&mut self, arn: &str) -> Result<(), Refusal> {
        self.task_definition(arn)?;
        if let Some(definition) = self.ecs.task_definitions.get_mut(arn) {
            definition.is_active = false;
        }
        Ok(())
    }
}

fn resolved(cx: &Cx, spec: &spec::TaskDefinition) -> Result<TaskDefinition, ProviderError> {
    let containers = spec.containers.iter().map(|container| container_of(cx, container));
    let task_role = spec.task_role.as_ref().map(|role| Ok(cx.state_of(role)?.arn));
    Ok(TaskDefinition {
        family: spec.family.to_string(),
        execution_role: cx.state_of(&spec.execution_role)?.arn,
        task_role: task_role.transpose().map_err(|error: ProviderError| error)?,
        volumes: spec.volumes.clone(),
        containers: containers.collect::<Result<_, _>>()?,
        is_active: true,
    })
}

fn container_of(cx: &Cx, spec: &spec::Container) -> Result<ContainerDefinition, ProviderError> {
    let environment = spec.environment.iter().map(|(name, value)| {
        let value = value.resolve(cx)?;
        Ok((name.clone(), value))
    });
    let secrets = spec.secrets.iter().map(|(name, member)| {
        let arn = cx.state_of(&member.secret)?.arn;
        Ok((name.clone(), format!("{arn}:{}::", member.key)))
    });
    Ok(ContainerDefinition {
        name: spec.name.clone(),
        image: spec.image.resolve(cx)?.0,
        cpu: spec.cpu,
        memory: spec.memory,
        ports: spec.ports.clone(),
        environment: environment.collect::<Result<_, ProviderError>>()?,
        secrets: secrets.collect::<Result<_, ProviderError>>()?,
        log_group: cx.state_of(&spec.log.group)?.name,
    })
}

fn state(arn: &str, definition: &TaskDefinition) -> TaskDefinitionState {
    TaskDefinitionState { arn: arn.to_owned(), runnable: definition.is_runnable() }
}

#[async_trait]
impl Provider<spec::TaskDefinition> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::TaskDefinition,
    ) -> Result<Option<TaskDefinitionState>, ProviderError> {
        let family = spec.family.as_str();
        self.call(cx, "ecs", "ListTaskDefinitions", |world| {
            let all = world.ecs.task_definitions.iter();
            let mut ours = all.filter(|(arn, it)| {
                it.is_active && it.family == family && is_of(&world.tags_of(arn), cx)
            });
            Ok(ours.next_back().map(|(arn, definition)| state(arn, definition)))
        })
        .await
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::TaskDefinition,
    ) -> Result<TaskDefinitionState, ProviderError> {
        let definition = resolved(cx, spec)?;
        self.call(cx, "ecs", "RegisterTaskDefinition", |world| {
            let arn = world.register_task_definition(definition.clone(), owned(cx, &spec.tags))?;
            Ok(state(&arn, &definition))
        })
        .await
    }

    /// A revision never changes; only its tags do.
    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::TaskDefinition,
        state: &TaskDefinitionState,
    ) -> Result<Option<Observed<TaskDefinitionState>>, ProviderError> {
        self.call(cx, "ecs", "DescribeTaskDefinition", |world| {
            // One that never was cannot be ours, and one that is inactive cannot be run again.
            let found = world.task_definition(&state.arn).ok();
            let tags = world.tags_of(&state.arn);
            Ok(found.filter(|it| it.is_active).map(|_| {
                let mut drift = Drifts::new();
                drift.tags(cx, &spec.tags, &tags);
                Observed::ready(state.clone()).drifted(drift)
            }))
        })
        .await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::TaskDefinition,
        state: &TaskDefinitionState,
        _: &[String],
    ) -> Result<TaskDefinitionState, ProviderError> {
        self.retag(cx, TAGGING, &state.arn, &spec.tags).await?;
        Ok(state.clone())
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::TaskDefinition,
        state: &TaskDefinitionState,
    ) -> Result<(), ProviderError> {
        self.call(cx, "ecs", "DeregisterTaskDefinition", |world| {
            world.deregister_task_definition(&state.arn)
        })
        .await
    }
}
