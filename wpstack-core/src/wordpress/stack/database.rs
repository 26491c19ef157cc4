//! The database, in private subnets, and the secret with its password.

use std::collections::BTreeMap;

use super::ComposeError;
use super::network::Network;
use crate::resource::rds::{DbInstance, DbParameterGroup, DbSubnetGroup};
use crate::resource::secretsmanager::{Generate, Secret, SecretMember};
use crate::stack::{Ref, Stack};
use crate::value::{DbIdentifier, DbParameterGroupName, DbSubnetGroupName, SecretName};
use crate::wordpress::Config;

pub(super) struct Database {
    pub(super) instance: Ref<DbInstance>,
    pub(super) secret: Ref<Secret>,
}

/// The member of the secret that holds the password. RDS's own secrets call it so too.
pub(super) const PASSWORD: &str = "password";

pub(super) fn database(
    stack: &mut Stack,
    config: &Config,
    network: &Network,
) -> Result<Database, ComposeError> {
    let name = config.name.as_str();
    let settings = &config.database;
    let tags = || config.tags.clone();
    let secret = stack.add("database", secret(config)?)?;
    let (kind, subnets) = match settings.in_public_subnets {
        true => ("Public", network.public.clone()),
        false => ("Private", network.private.clone()),
    };
    let subnets = DbSubnetGroup {
        name: DbSubnetGroupName::join(&[name, "db"])?,
        description: format!("{kind} subnets of {name}"),
        subnets,
        tags: tags(),
    };
    let subnets = stack.add("main", subnets)?;
    let parameters = DbParameterGroup {
        name: DbParameterGroupName::join(&[name, "mysql"])?,
        version: settings.version.clone(),
        description: format!("MySQL of {name}"),
        parameters: BTreeMap::from([
            ("character_set_server".to_owned(), settings.charset.to_string()),
            ("collation_server".to_owned(), settings.collation.to_string()),
        ]),
        tags: tags(),
    };
    let parameters = stack.add("main", parameters)?;
    let instance = DbInstance {
        identifier: match &settings.identifier {
            Some(identifier) => identifier.clone(),
            None => DbIdentifier::join(&[name, "db"])?,
        },
        class: settings.class.clone(),
        version: settings.version.clone(),
        storage: settings.storage,
        max_storage: settings.max_storage,
        database: settings.name.clone(),
        user: settings.user.clone(),
        password: SecretMember { secret: secret.clone(), key: PASSWORD.to_owned() },
        subnets,
        parameters: parameters.ready(),
        groups: vec![network.groups.database.clone()],
        multi_az: settings.multi_az,
        backup_retention: settings.backup_retention,
        deletion_protection: settings.deletion_protection,
        from_snapshot: settings.from_snapshot.clone(),
        tags: tags(),
    };
    let instance = stack.add("main", instance)?;
    stack.output("db_endpoint", &instance, |state| state.host.as_ref().map(|_| state.endpoint()));
    Ok(Database { instance, secret })
}

fn secret(config: &Config) -> Result<Secret, ComposeError> {
    // RDS refuses `/`, `"`, `@` and space; without punctuation no shell or URL trips over it either.
    let password = Generate { length: 40, punctuation: false, exclude: String::new() };
    Ok(Secret {
        name: SecretName::join(&[config.name.as_str(), "database"])?,
        description: format!("The database of {}", config.name),
        generate: BTreeMap::from([(PASSWORD.to_owned(), password)]),
        plain: BTreeMap::from([("username".to_owned(), config.database.user.to_string())]),
        recovery: None,
        tags: config.tags.clone(),
    })
}
