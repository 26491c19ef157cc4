//! `ecs.task-definition`

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ecs::operation::describe_task_definition::DescribeTaskDefinitionOutput;
use aws_sdk_ecs::types::builders::ContainerDefinitionBuilder;
use aws_sdk_ecs::types::{
    Compatibility, ContainerDefinition, DockerVolumeConfiguration, HostVolumeProperties,
    KernelCapabilities, KeyValuePair, LinuxParameters, LogConfiguration, LogDriver, MountPoint,
    NetworkMode, PortMapping, Scope, Secret, SortOrder, TaskDefinition as Told,
    TaskDefinitionField, TaskDefinitionStatus, Tmpfs, TransportProtocol, Volume,
};
use futures::future::try_join_all;
use wpstack_core::resource::ecs::{Confinement, Container, TaskDefinition, TaskDefinitionState};
use wpstack_core::value::Port;
use wpstack_core::{Cx, Drifts, ErrorKind, Gone, Observed, Provider, ProviderError};

use super::{ECS, whole};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has};
use crate::tags::TagSet;

#[async_trait]
impl Provider<TaskDefinition> for Aws {
    /// Every registration makes a revision, so an earlier one of this object is looked for among the newest.
    async fn find(
        &self,
        cx: &Cx,
        spec: &TaskDefinition,
    ) -> Result<Option<TaskDefinitionState>, ProviderError> {
        let arns = self.newest_revisions(spec.family.as_str()).await?;
        let told = arns.iter().map(|arn| self.task_definition(arn));
        let told = try_join_all(told).await?.into_iter().flatten();
        let mut ours = told.filter(|answer| TagSet::actual(answer.tags()).are_of(cx));
        let Some(told) = ours.next().and_then(|answer| answer.task_definition) else {
            return Ok(None);
        };
        let runnable = runs(cx, spec, &told)?;
        state(told, runnable, "DescribeTaskDefinition").map(Some)
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &TaskDefinition,
    ) -> Result<TaskDefinitionState, ProviderError> {
        let containers: Vec<_> =
            spec.containers.iter().map(|it| container(cx, spec, it)).collect::<Result<_, _>>()?;
        let task_role = spec.task_role.as_ref().map(|role| cx.state_of(role)).transpose()?;
        let call = self
            .ecs
            .register_task_definition()
            .family(spec.family.as_str())
            .requires_compatibilities(Compatibility::Ec2)
            .network_mode(NetworkMode::Bridge)
            .execution_role_arn(cx.state_of(&spec.execution_role)?.arn)
            .set_task_role_arn(task_role.map(|role| role.arn))
            .set_volumes(Some(volumes(spec)))
            .set_container_definitions(Some(containers))
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(ECS, "RegisterTaskDefinition")?;
        let told = answer.task_definition;
        let told = told.told(ECS, "RegisterTaskDefinition", "the task definition")?;
        let runnable = runs(cx, spec, &told)?;
        state(told, runnable, "RegisterTaskDefinition")
    }

    /// AWS tells of one per call. Nothing but the tags of a revision ever changes, and whether it is active.
    async fn read(
        &self,
        cx: &Cx,
        spec: &TaskDefinition,
        state: &TaskDefinitionState,
    ) -> Look<TaskDefinition> {
        let Some(answer) = self.task_definition(&state.arn).await? else { return Ok(None) };
        let mut drifts = Drifts::new();
        TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(answer.tags()), &mut drifts);
        Ok(Some(Observed::ready(state.clone()).drifted(drifts)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &TaskDefinition,
        state: &TaskDefinitionState,
        changed: &[String],
    ) -> Result<TaskDefinitionState, ProviderError> {
        if has(changed, "tags") {
            self.retag_ecs(cx, &state.arn, &spec.tags).await?;
        }
        Ok(state.clone())
    }

    /// Deregistered, it goes on running where it runs, and nothing new can be started from it. It is told of for ever,
    /// and costs nothing.
    async fn delete(
        &self,
        _: &Cx,
        _: &TaskDefinition,
        state: &TaskDefinitionState,
    ) -> Result<(), ProviderError> {
        let call = self.ecs.deregister_task_definition().task_definition(&state.arn);
        let answer = call.send().await.call(ECS, "DeregisterTaskDefinition").gone();
        match answer {
            // What is refused may have been done before.
            Err(error) if error.kind == ErrorKind::Refused => {
                let told = self.task_definition(&state.arn).await?;
                if told.is_some() { Err(error) } else { Ok(()) }
            }
            answer => answer.map(drop),
        }
    }
}

impl Aws {
    /// The revision with its tags, if it is active.
    async fn task_definition(
        &self,
        arn: &str,
    ) -> Result<Option<DescribeTaskDefinitionOutput>, ProviderError> {
        let call = self.ecs.describe_task_definition().task_definition(arn);
        let call = call.include(TaskDefinitionField::Tags);
        let answer = call.send().await.call(ECS, "DescribeTaskDefinition").gone()?;
        Ok(answer.filter(|answer| {
            let status = answer.task_definition().and_then(Told::status);
            status == Some(&TaskDefinitionStatus::Active)
        }))
    }

    /// The ARNs of some active revisions of a family, the newest first.
    async fn newest_revisions(&self, family: &str) -> Result<Vec<String>, ProviderError> {
        let call = self
            .ecs
            .list_task_definitions()
            .family_prefix(family)
            .status(TaskDefinitionStatus::Active)
            .sort(SortOrder::Desc)
            .max_results(10);
        let answer = call.send().await.call(ECS, "ListTaskDefinitions")?;
        let mut arns = answer.task_definition_arns.unwrap_or_default();
        // Emulators neither sort nor stop.
        arns.sort_by_key(|arn| std::cmp::Reverse(revision(arn)));
        arns.truncate(10);
        Ok(arns)
    }
}

fn revision(arn: &str) -> u32 {
    arn.rsplit(':').next().and_then(|end| end.parse().ok()).unwrap_or(0)
}

fn volumes(spec: &TaskDefinition) -> Vec<Volume> {
    let own = spec.volumes.iter().map(|name| volume(name));
    own.chain(spec.shared_volumes.iter().map(|name| shared_volume(spec, name))).collect()
}

/// A volume of Docker's, which all tasks of the family on an instance share and which outlives them. Docker gives it
/// the owner and the permissions of the directory that the image has there.
fn shared_volume(spec: &TaskDefinition, name: &str) -> Volume {
    let docker = DockerVolumeConfiguration::builder()
        .scope(Scope::Shared)
        .autoprovision(true)
        .driver("local")
        .build();
    // Docker knows it by this name, and other stacks may run on the instance's disk after this one.
    let name = format!("{}-{name}", spec.family);
    Volume::builder().name(name).docker_volume_configuration(docker).build()
}

/// A volume of the task's own, which Docker fills with what the image has there.
///
/// Not a Docker volume with a name, which tasks would share and which would outlive them: what the first image has put
/// there would hide what every later image has.
fn volume(name: &str) -> Volume {
    Volume::builder().name(name).host(HostVolumeProperties::builder().build()).build()
}

fn container(
    cx: &Cx,
    task: &TaskDefinition,
    spec: &Container,
) -> Result<ContainerDefinition, ProviderError> {
    let (image, _) = spec.image.resolve(cx)?;
    let environment = spec.environment.iter().map(|(name, value)| {
        Ok(KeyValuePair::builder().name(name).value(value.resolve(cx)?).build())
    });
    let environment: Vec<_> = environment.collect::<Result<_, ProviderError>>()?;
    let secrets = spec.secrets.iter().map(|(name, member)| {
        let arn = cx.state_of(&member.secret)?.arn;
        // The two empty parts stand for the current version.
        let secret = Secret::builder().name(name).value_from(format!("{arn}:{}::", member.key));
        Ok(secret.build().expect("it has its name and where its value is"))
    });
    let secrets: Vec<_> = secrets.collect::<Result<_, ProviderError>>()?;
    let mounts = spec.mounts.iter().map(|mount| {
        let volume = match task.shared_volumes.contains(&mount.volume) {
            true => format!("{}-{}", task.family, mount.volume),
            false => mount.volume.clone(),
        };
        MountPoint::builder().source_volume(volume).container_path(&mount.path).build()
    });
    let definition = ContainerDefinition::builder()
        .name(&spec.name)
        .image(image)
        .essential(true)
        .cpu(whole(spec.cpu.0))
        .memory(whole(spec.memory.0))
        .set_port_mappings(Some(spec.ports.iter().map(port_mapping).collect()))
        .set_environment(Some(environment))
        .set_secrets(Some(secrets))
        .set_mount_points(Some(mounts.collect()))
        .log_configuration(log(cx, spec)?);
    Ok(match &spec.confinement {
        Some(confinement) => confined(definition, confinement),
        None => definition,
    }
    .build())
}

fn confined(
    definition: ContainerDefinitionBuilder,
    confinement: &Confinement,
) -> ContainerDefinitionBuilder {
    let Confinement { user, memory } = confinement;
    let memory = memory.iter().map(|(path, most)| {
        // Programs run from there too: the supervisor's.
        let options = ["rw", "exec", "nosuid", "nodev"].map(str::to_owned);
        let memory = Tmpfs::builder().container_path(path).size(whole(most.0));
        memory.set_mount_options(Some(options.into())).build()
    });
    let memory = memory.collect::<Result<_, _>>().expect("each has its path and its size");
    let limits = LinuxParameters::builder()
        .capabilities(KernelCapabilities::builder().drop("ALL").build())
        .set_tmpfs(Some(memory));
    definition
        .user(user)
        .readonly_root_filesystem(true)
        .docker_security_options("no-new-privileges")
        .linux_parameters(limits.build())
}

/// Port 0 of the host has ECS choose one, so that several tasks fit an instance.
fn port_mapping(port: &Port) -> PortMapping {
    let mapping = PortMapping::builder().container_port(port.number().into()).host_port(0);
    mapping.protocol(TransportProtocol::Tcp).build()
}

fn log(cx: &Cx, spec: &Container) -> Result<LogConfiguration, ProviderError> {
    let options = HashMap::from([
        ("awslogs-group".to_owned(), cx.state_of(&spec.log.group)?.name),
        ("awslogs-region".to_owned(), spec.log.region.to_string()),
        ("awslogs-stream-prefix".to_owned(), spec.log.prefix.clone()),
    ]);
    let log = LogConfiguration::builder().log_driver(LogDriver::Awslogs);
    Ok(log.set_options(Some(options)).build().expect("it lacks only its driver, and has it"))
}

/// Whether all images are there that the registered definition names. It may have been registered with others than are
/// there now.
fn runs(cx: &Cx, spec: &TaskDefinition, told: &Told) -> Result<bool, ProviderError> {
    for container in &spec.containers {
        let (image, is_there) = container.image.resolve(cx)?;
        let mut told = told.container_definitions().iter();
        let is_named =
            told.any(|told| told.name() == Some(&container.name) && told.image() == Some(&image));
        if !(is_there && is_named) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn state(
    told: Told,
    runnable: bool,
    operation: &'static str,
) -> Result<TaskDefinitionState, ProviderError> {
    let arn = told.task_definition_arn.told(ECS, operation, "the task definition's ARN")?;
    Ok(TaskDefinitionState { arn, runnable })
}
