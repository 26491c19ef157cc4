//! The container of the service: what the image is given, and what it is kept from.
//!
//! There are two kinds of images. One that wpstack builds keeps to [`contract`]. Any other is what the stack before
//! wpstack ran, or is like it: root, port 80, the web root in a volume, the short names of variables.

use std::collections::{BTreeMap, BTreeSet};

use super::database::{Database, PASSWORD};
use super::service::SALTS;
use crate::image::{ImageSpec, PhpPool, contract};
use crate::resource::ecs::{
    Confinement, Container, ContainerImage, EnvironmentValue, LogDestination, Mount,
};
use crate::resource::logs::LogGroup;
use crate::resource::secretsmanager::{Secret, SecretMember};
use crate::stack::Ref;
use crate::value::Mebibytes;
use crate::wordpress::Config;

/// The container's name, in the task and behind the load balancer.
pub(super) const CONTAINER: &str = "wordpress";
/// The volume of an image that wpstack builds: what is uploaded. It outlives the task, unlike the rest of WordPress,
/// which is the image's.
const UPLOADS: &str = "uploads";
/// The volume of any other image, and where such an image has its web root.
const WWW: (&str, &str) = ("www-data", "/www");

/// The volumes of the task.
pub(super) struct Volumes {
    pub(super) volumes: BTreeSet<String>,
    pub(super) shared_volumes: BTreeSet<String>,
}

pub(super) fn volumes(config: &Config) -> Volumes {
    let (own, shared) = match config.image.is_built() {
        true => (None, Some(UPLOADS)),
        false => (Some(WWW.0), None),
    };
    let set = |name: Option<&str>| name.map(str::to_owned).into_iter().collect();
    Volumes { volumes: set(own), shared_volumes: set(shared) }
}

pub(super) fn container(
    config: &Config,
    image: ContainerImage,
    database: &Database,
    keys: &Ref<Secret>,
    log: Ref<LogGroup>,
) -> Container {
    let is_built = config.image.is_built();
    let (environment, secrets) = match is_built {
        true => (environment(config, database), secrets(database, keys)),
        false => (short_environment(config, database), short_secrets(database, keys)),
    };
    let mount =
        |volume: &str, path: &str| Mount { volume: volume.to_owned(), path: path.to_owned() };
    Container {
        name: CONTAINER.to_owned(),
        image,
        cpu: config.service.cpu,
        memory: config.service.memory,
        ports: vec![config.port()],
        environment,
        secrets,
        mounts: vec![if is_built {
            mount(UPLOADS, contract::UPLOADS)
        } else {
            mount(WWW.0, WWW.1)
        }],
        confinement: config.recipe().map(|recipe| confinement(&recipe)),
        log: LogDestination {
            group: log,
            region: config.region.clone(),
            prefix: CONTAINER.to_owned(),
        },
    }
}

/// The image asks for nothing more, so it is given nothing more.
fn confinement(recipe: &ImageSpec) -> Confinement {
    // Limits, not reservations: what is written there counts as the container's memory. nginx keeps an upload, and then
    // PHP does.
    let upload = Mebibytes((recipe.php.upload_limit.0 + 64).max(128));
    let sizes = [Mebibytes(16), upload, upload];
    let memory = contract::WRITABLE.iter().map(|path| (*path).to_owned()).zip(sizes).collect();
    let user = contract::USER;
    Confinement { user: format!("{user}:{user}"), memory }
}

type Environment = BTreeMap<String, EnvironmentValue>;
type Secrets = BTreeMap<String, SecretMember>;

fn environment(config: &Config, database: &Database) -> Environment {
    use contract::variable;
    let settings = &config.database;
    let workers = PhpPool::for_memory(config.service.memory).workers;
    named([
        (variable::DB_NAME, text(&settings.name)),
        (variable::DB_USER, text(&settings.user)),
        (variable::DB_HOST, EnvironmentValue::DbEndpoint(database.instance.ready())),
        (variable::DB_CHARSET, text(&settings.charset)),
        (variable::DB_COLLATE, text(&settings.collation)),
        (variable::TABLE_PREFIX, text(&settings.table_prefix)),
        (variable::PHP_WORKERS, text(&workers)),
    ])
}

fn short_environment(config: &Config, database: &Database) -> Environment {
    let settings = &config.database;
    named([
        ("DB_NAME", text(&settings.name)),
        ("DB_USER", text(&settings.user)),
        ("DB_HOST", EnvironmentValue::DbEndpoint(database.instance.ready())),
        ("DB_CHARSET", text(&settings.charset)),
        ("DB_COLLATE", text(&settings.collation)),
        ("WP_TABLE_PREFIX", text(&settings.table_prefix)),
    ])
}

fn secrets(database: &Database, keys: &Ref<Secret>) -> Secrets {
    let salts = contract::variable::SALTS.into_iter().zip(SALTS);
    let salts = salts.map(|(name, key)| (name, member(keys, key)));
    named(salts.chain([(contract::variable::DB_PASSWORD, member(&database.secret, PASSWORD))]))
}

fn short_secrets(database: &Database, keys: &Ref<Secret>) -> Secrets {
    let salts = SALTS.into_iter().map(|key| (key, member(keys, key)));
    named(salts.chain([("DB_PASSWORD", member(&database.secret, PASSWORD))]))
}

fn named<T>(values: impl IntoIterator<Item = (&'static str, T)>) -> BTreeMap<String, T> {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn text(value: &dyn ToString) -> EnvironmentValue {
    EnvironmentValue::Text(value.to_string())
}

fn member(secret: &Ref<Secret>, key: &str) -> SecretMember {
    SecretMember { secret: secret.clone(), key: key.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_the_secret_and_the_variables_of_the_image_are_in_the_same_order() {
        for (variable, key) in contract::variable::SALTS.into_iter().zip(SALTS) {
            assert_eq!(variable, format!("WORDPRESS_{key}"));
        }
    }
}
