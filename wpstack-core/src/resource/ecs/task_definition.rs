//! `ecs.task-definition`

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::failure::ProviderError;
use crate::provider::Cx;
use crate::resource::ecr::Image;
use crate::resource::iam::Role;
use crate::resource::logs::LogGroup;
use crate::resource::rds::DbInstance;
use crate::resource::secretsmanager::SecretMember;
use crate::resource::{Expected, Field, Resource};
use crate::stack::{Ready, Ref};
use crate::value::{CpuUnits, ImageUri, Mebibytes, Port, Region, Tags, TaskFamily};

/// What a task runs: containers on an EC2 instance, in bridge mode with host ports that ECS chooses.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definitions.html>
///
/// A definition is never changed: a change registers a new revision, and the service moves to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// The family its revisions belong to.
    pub family: TaskFamily,
    /// What the agent may do for the task: pull, log, read secrets.
    pub execution_role: Ref<Role>,
    /// What the containers may do.
    pub task_role: Option<Ref<Role>>,
    /// Volumes of each task's own, on the instance, filled with what the image has there.
    pub volumes: BTreeSet<String>,
    /// Volumes of the instance that its tasks share, and that outlive them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub shared_volumes: BTreeSet<String>,
    /// The containers.
    pub containers: Vec<Container>,
    /// Further tags.
    pub tags: Tags,
}

/// One container of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Its name in the task.
    pub name: String,
    /// What it runs.
    pub image: ContainerImage,
    /// The processor time it reserves.
    pub cpu: CpuUnits,
    /// The memory it reserves and may not exceed.
    pub memory: Mebibytes,
    /// The ports it serves, each behind a host port that ECS chooses.
    pub ports: Vec<Port>,
    /// Its environment. Secrets do not belong here.
    pub environment: BTreeMap<String, EnvironmentValue>,
    /// Environment variables whose values the agent reads from secrets.
    pub secrets: BTreeMap<String, SecretMember>,
    /// Volumes of the task, and where they appear.
    pub mounts: Vec<Mount>,
    /// What it is kept from. Nothing, unless given: then it is root on a disk of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confinement: Option<Confinement>,
    /// Where its output goes.
    pub log: LogDestination,
}

/// A container that can change nothing but its mounts: read-only root, no capabilities, no way to gain privileges.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// Whom it runs as, `user:group` in numbers.
    pub user: String,
    /// What it may write to beside its mounts: file systems in memory, by path, and how large each may grow.
    pub memory: BTreeMap<String, Mebibytes>,
}

/// What a container runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContainerImage {
    /// An image named by digest.
    Uri(ImageUri),
    /// Whatever stands behind a tag of a repository of the stack, named by its digest.
    Repository(Ref<Image>),
}

/// The value of an environment variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnvironmentValue {
    /// Just that.
    Text(String),
    /// The host name and port of a database, which AWS tells once it is available.
    DbEndpoint(Ready<DbInstance>),
}

/// A volume of the task inside a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The volume.
    pub volume: String,
    /// Where it appears.
    pub path: String,
}

/// Where a container's output goes: the `awslogs` driver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogDestination {
    /// The log group.
    pub group: Ref<LogGroup>,
    /// The region of the group.
    pub region: Region,
    /// What the names of the streams begin with.
    pub prefix: String,
}

impl ContainerImage {
    /// The image by digest, and whether it is there to be pulled.
    ///
    /// # Errors
    /// When the state of the repository's image is not known.
    pub fn resolve(&self, cx: &Cx) -> Result<(String, bool), ProviderError> {
        match self {
            Self::Uri(uri) => Ok((uri.to_string(), true)),
            Self::Repository(image) => {
                let state = cx.state_of(image)?;
                Ok((state.uri(), state.digest.is_some()))
            }
        }
    }
}

impl EnvironmentValue {
    /// The value as text.
    ///
    /// # Errors
    /// When the state of the database is not known.
    pub fn resolve(&self, cx: &Cx) -> Result<String, ProviderError> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::DbEndpoint(database) => Ok(cx.state_of(database)?.endpoint()),
        }
    }
}

/// What ECS tells of a task definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDefinitionState {
    /// The ARN of the revision.
    pub arn: String,
    /// Whether all its images were there when it was registered. A service of one whose images are not runs no tasks.
    pub runnable: bool,
}

impl Resource for TaskDefinition {
    const TYPE: &'static str = "ecs.task-definition";
    const FIELDS: &'static [Field] = crate::fields!(TaskDefinition {
        family: Replace(Restart),
        execution_role: Replace(Restart),
        task_role: Replace(Restart),
        volumes: Replace(Restart),
        shared_volumes: Replace(Restart),
        containers: Replace(Restart),
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(1, 1);

    type State = TaskDefinitionState;

    fn id(state: &TaskDefinitionState) -> String {
        state.arn.rsplit('/').next().unwrap_or(&state.arn).to_owned()
    }

    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
