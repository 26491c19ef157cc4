//! WordPress itself: its logs, its secrets, and the service that keeps it running.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::Place;
use super::container::{CONTAINER, Volumes, container, volumes};
use super::database::Database;
use super::edge::Edge;
use super::image::image;
use super::{ComposeError, Inputs};
use crate::resource::ecs::{Attachment, Deployment, Service, TaskDefinition};
use crate::resource::iam::{Grant, Role, RolePolicy, Target};
use crate::resource::logs::LogGroup;
use crate::resource::secretsmanager::{Generate, Secret};
use crate::stack::{Ref, Stack};
use crate::value::{
    LogGroupName, ManagedPolicy, Percent, RoleName, SecretName, ServiceName, ServicePrincipal,
    TaskFamily, TrustPolicy,
};
use crate::wordpress::Config;

/// The keys and salts of WordPress. <https://developer.wordpress.org/reference/functions/wp_salt/>
pub(super) const SALTS: [&str; 8] = [
    "AUTH_KEY",
    "SECURE_AUTH_KEY",
    "LOGGED_IN_KEY",
    "NONCE_KEY",
    "AUTH_SALT",
    "SECURE_AUTH_SALT",
    "LOGGED_IN_SALT",
    "NONCE_SALT",
];

pub(super) fn service(
    stack: &mut Stack,
    config: &Config,
    edge: &Edge,
    database: &Database,
    place: &Place,
    inputs: &Inputs,
) -> Result<(), ComposeError> {
    let keys = stack.add("wordpress", keys(config)?)?;
    let secrets = [&database.secret, &keys];
    let (role, policy) = execution_role(stack, config, &secrets)?;
    let log = LogGroup {
        name: LogGroupName::join(&[config.name.as_str(), "wordpress"])?,
        retention: config.logs.retention,
        tags: config.tags.clone(),
    };
    let log = stack.add("wordpress", log)?;
    let image = image(stack, config, inputs)?;
    let Volumes { volumes, shared_volumes } = volumes(config);
    let task = TaskDefinition {
        family: TaskFamily::join(&[config.name.as_str(), "wordpress"])?,
        execution_role: role.clone(),
        task_role: None,
        volumes,
        shared_volumes,
        containers: vec![container(config, image, database, &keys, log)],
        tags: config.tags.clone(),
    };
    let task = stack.add("wordpress", task)?;
    let service = Service {
        name: ServiceName::join(&[config.name.as_str(), "wordpress"])?,
        cluster: place.cluster.clone(),
        task,
        desired: config.service.tasks,
        capacity: vec![place.capacity.clone()],
        load_balancer: Attachment {
            target_group: edge.target_group.clone(),
            container: CONTAINER.to_owned(),
            port: config.port(),
        },
        deployment: Deployment { minimum_healthy: Percent(100), maximum: Percent(200) },
        grace_period: config.service.grace_period,
        listener: edge.listener.ready(),
        providers: place.providers.ready(),
        roles: vec![role.ready()],
        policies: vec![policy.ready()],
        tags: config.tags.clone(),
    };
    stack.add("wordpress", service)?;
    Ok(())
}

/// The eight keys and salts. Stable, so that a deployment logs nobody out.
fn keys(config: &Config) -> Result<Secret, ComposeError> {
    // Quotes and backslashes would have to be escaped wherever PHP or a shell reads the value.
    let salt = || Generate { length: 64, punctuation: true, exclude: "'\"\\`$".to_owned() };
    Ok(Secret {
        name: SecretName::join(&[config.name.as_str(), "wordpress-keys"])?,
        description: format!("The keys and salts of {}", config.name),
        generate: SALTS.iter().map(|name| ((*name).to_owned(), salt())).collect(),
        plain: BTreeMap::new(),
        recovery: None,
        tags: config.tags.clone(),
    })
}

/// The role by which the agent pulls the image, reads the secrets and writes the logs.
fn execution_role(
    stack: &mut Stack,
    config: &Config,
    secrets: &[&Ref<Secret>],
) -> Result<(Ref<Role>, Ref<RolePolicy>), ComposeError> {
    let role = Role {
        name: RoleName::join(&[config.name.as_str(), config.region.as_str(), "execution"])?,
        trust: TrustPolicy::service(&ServicePrincipal::ECS_TASKS),
        managed: BTreeSet::from([ManagedPolicy::ecs_task_execution().in_region(&config.region)]),
        tags: config.tags.clone(),
    };
    let role = stack.add("execution", role)?;
    let policy = RolePolicy {
        role: role.clone(),
        name: RoleName::join(&["read-secrets"])?,
        grants: vec![Grant {
            actions: vec!["secretsmanager:GetSecretValue".to_owned()],
            on: secrets.iter().map(|secret| Target::Secret((*secret).clone())).collect(),
        }],
    };
    let policy = stack.add("read-secrets", policy)?;
    Ok((role, policy))
}
