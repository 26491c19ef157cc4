//! What a task needs to start: a way to AWS, its role, its secrets, its image and its log.

use serde_json::Value;

use super::Task;
use crate::sim::ec2::Endpoint;
use crate::sim::ecs::{ContainerDefinition, TaskDefinition};
use crate::sim::world::World;
use crate::value::Port;

impl World {
    /// Why the agent cannot start the task, in AWS's words; `None` when it can.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>
    pub(super) fn start_problem(&self, task: &Task) -> Option<String> {
        self.try_start(task).err()
    }

    fn try_start(&self, task: &Task) -> Result<(), String> {
        let missing = || "the task definition or the instance is gone".to_owned();
        let definition = self.ecs.task_definitions.get(&task.definition).ok_or_else(missing)?;
        let instance = task.instance.as_ref().and_then(|id| self.ec2.instances.get(id));
        let instance = instance.ok_or_else(missing)?;
        let from = Endpoint::Interface(&instance.interface);
        let way = self.ec2.reachable(from, Endpoint::INTERNET, Port::HTTPS);
        way.map_err(|broken| {
            format!(
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval \
                 failed: RequestCanceled: request context canceled caused by: context deadline exceeded: {broken}"
            )
        })?;
        self.check_execution_role(definition)?;
        for container in &definition.containers {
            self.check_secrets(definition, container)?;
            self.check_image(definition, container)?;
            self.check_log(&instance.profile, container)?;
        }
        Ok(())
    }

    fn check_execution_role(&self, definition: &TaskDefinition) -> Result<(), String> {
        let role = &definition.execution_role;
        let visible = self.iam.visible_role(role, self.now);
        if visible.is_some_and(|role| role.trust.contains("ecs-tasks.amazonaws.com")) {
            return Ok(());
        }
        Err(format!(
            "ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role \
             being passed has the proper trust relationship and permissions and that your IAM user has permissions to \
             pass this role."
        ))
    }

    fn check_secrets(
        &self,
        definition: &TaskDefinition,
        container: &ContainerDefinition,
    ) -> Result<(), String> {
        const PREFIX: &str = "ResourceInitializationError: unable to pull secrets or registry auth: execution \
                              resource retrieval failed: unable to retrieve secret from asm:";
        for value_from in container.secrets.values() {
            // `arn:partition:secretsmanager:region:account:secret:name` and, behind it, the member.
            let mut parts = value_from.split(':');
            let arn = parts.by_ref().take(7).collect::<Vec<_>>().join(":");
            let member = parts.next().unwrap_or_default();
            let role = &definition.execution_role;
            if !self.iam.allows(role, "secretsmanager:GetSecretValue", &arn) {
                return Err(format!(
                    "{PREFIX} service call has been retried 1 time(s): failed to fetch secret {arn} from secrets \
                     manager: AccessDeniedException: {role} is not authorized to perform: \
                     secretsmanager:GetSecretValue on resource: {arn}"
                ));
            }
            let value = self.get_secret_value(&arn).map_err(|refusal| {
                let (code, message) = (refusal.code, refusal.message);
                format!(
                    "{PREFIX} failed to fetch secret {arn} from secrets manager: {code}: {message}"
                )
            })?;
            let members: Option<Value> = serde_json::from_str(value.expose()).ok();
            if !member.is_empty() && members.is_none_or(|members| members.get(member).is_none()) {
                return Err(format!(
                    "{PREFIX} retrieved secret from Secrets Manager did not contain json key {member}"
                ));
            }
        }
        Ok(())
    }

    fn check_image(
        &self,
        definition: &TaskDefinition,
        container: &ContainerDefinition,
    ) -> Result<(), String> {
        let image = &container.image;
        let mut ours = self.ecr.repositories.iter();
        let ours = ours.find_map(|(name, repository)| {
            Some((name, repository, image.strip_prefix(&repository.uri)?.strip_prefix('@')?))
        });
        let registry = format!("{}.dkr.ecr.{}.", self.account, self.region);
        let Some((name, repository, digest)) = ours else {
            if !image.starts_with(&registry) {
                return Ok(());
            }
            return Err(format!(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref \
                 {image}: {image}: not found"
            ));
        };
        let role = &definition.execution_role;
        let needs = [
            ("ecr:GetAuthorizationToken", "*"),
            ("ecr:BatchGetImage", repository.arn.as_str()),
            ("ecr:GetDownloadUrlForLayer", repository.arn.as_str()),
        ];
        for (action, resource) in needs {
            if !self.iam.allows(role, action, resource) {
                return Err(format!(
                    "CannotPullECRContainerError: AccessDeniedException: {role} is not authorized to perform: {action} \
                     on resource: {resource}"
                ));
            }
        }
        if !repository.images.keys().any(|held| held.to_string() == digest) {
            return Err(format!(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref \
                 {image}: {name}@{digest}: not found"
            ));
        }
        Ok(())
    }

    /// On an instance the log driver works by the role of the instance.
    fn check_log(&self, profile: &str, container: &ContainerDefinition) -> Result<(), String> {
        const PREFIX: &str = "CannotStartContainerError: Error response from daemon: failed to initialize logging \
                              driver: failed to create Cloudwatch log stream:";
        let group = &container.log_group;
        let role = self.iam.profiles.get(profile).and_then(|profile| profile.role.as_deref());
        let streams = self.arn("logs", &format!("log-group:{group}:log-stream:{}", container.name));
        for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
            if !role.is_some_and(|role| self.iam.allows(role, action, &streams)) {
                let role = role.unwrap_or(profile);
                return Err(format!(
                    "{PREFIX} AccessDeniedException: {role} is not authorized to perform: {action} on resource: {streams}"
                ));
            }
        }
        if self.log_group(group).is_none() {
            return Err(format!(
                "{PREFIX} ResourceNotFoundException: The specified log group does not exist."
            ));
        }
        Ok(())
    }
}
