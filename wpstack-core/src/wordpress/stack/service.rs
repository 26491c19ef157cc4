//! WordPress itself: its image, its logs, its secrets, and the service that keeps it running.

use std::collections::{BTreeMap, BTreeSet};

use super::ComposeError;
use super::cluster::Place;
use super::database::{Database, PASSWORD};
use super::edge::Edge;
use crate::resource::ecr::{Image, Lifecycle, Repository};
use crate::resource::ecs::{
    Attachment, Container, ContainerImage, Deployment, EnvironmentValue, LogDestination, Mount,
    Service, TaskDefinition,
};
use crate::resource::iam::{Grant, Role, RolePolicy, Target};
use crate::resource::logs::LogGroup;
use crate::resource::secretsmanager::{Generate, Secret, SecretMember};
use crate::stack::{Ref, Stack};
use crate::value::{
    Days, LogGroupName, ManagedPolicy, Percent, RoleName, SecretName, ServiceName,
    ServicePrincipal, TaskFamily, TrustPolicy,
};
use crate::wordpress::{Config, ImageSource};

/// The container's name, in the task and behind the load balancer.
const CONTAINER: &str = "wordpress";
/// The web root: a volume of the instance, mounted where the image expects it.
const VOLUME: &str = "www-data";
const WEB_ROOT: &str = "/www";

/// The keys and salts of WordPress. <https://developer.wordpress.org/reference/functions/wp_salt/>
const SALTS: [&str; 8] = [
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
    let image = image(stack, config)?;
    let task = TaskDefinition {
        family: TaskFamily::join(&[config.name.as_str(), "wordpress"])?,
        execution_role: role.clone(),
        task_role: None,
        volumes: BTreeSet::from([VOLUME.to_owned()]),
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
            port: config.service.port,
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

/// The image: the one that is named, or whatever stands behind the tag of the stack's own repository.
fn image(stack: &mut Stack, config: &Config) -> Result<ContainerImage, ComposeError> {
    let (name, tag) = match config.image.source(&config.name) {
        Some(ImageSource::Own { repository, tag }) => (repository, tag),
        Some(ImageSource::Elsewhere(uri)) => return Ok(ContainerImage::Uri(uri)),
        // The name of a stack that is no repository name is refused as such.
        None => (config.name.as_str().parse()?, config.image.tag.clone()),
    };
    let repository = Repository {
        name,
        scan_on_push: true,
        lifecycle: Lifecycle { untagged_after: Days(14), keep: 20 },
        tags: config.tags.clone(),
    };
    let repository = stack.add("wordpress", repository)?;
    stack.output("ecr_repository_url", &repository, |state| Some(state.uri.clone()));
    let image = stack.add("wordpress", Image { repository, tag })?;
    Ok(ContainerImage::Repository(image))
}

fn container(
    config: &Config,
    image: ContainerImage,
    database: &Database,
    keys: &Ref<Secret>,
    log: Ref<LogGroup>,
) -> Container {
    let text = |value: &dyn ToString| EnvironmentValue::Text(value.to_string());
    let settings = &config.database;
    let environment = [
        ("DB_NAME", text(&settings.name)),
        ("DB_USER", text(&settings.user)),
        ("DB_HOST", EnvironmentValue::DbEndpoint(database.instance.ready())),
        ("DB_CHARSET", text(&settings.charset)),
        ("DB_COLLATE", text(&settings.collation)),
        ("WP_TABLE_PREFIX", text(&settings.table_prefix)),
    ];
    let member = |secret: &Ref<Secret>, key: &str| SecretMember {
        secret: secret.clone(),
        key: key.to_owned(),
    };
    let salts = SALTS.iter().map(|name| ((*name).to_owned(), member(keys, name)));
    let password = ("DB_PASSWORD".to_owned(), member(&database.secret, PASSWORD));
    Container {
        name: CONTAINER.to_owned(),
        image,
        cpu: config.service.cpu,
        memory: config.service.memory,
        ports: vec![config.service.port],
        environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
        secrets: salts.chain([password]).collect(),
        mounts: vec![Mount { volume: VOLUME.to_owned(), path: WEB_ROOT.to_owned() }],
        log: LogDestination {
            group: log,
            region: config.region.clone(),
            prefix: CONTAINER.to_owned(),
        },
    }
}
