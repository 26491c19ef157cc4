//! The calls for instances.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{DbInstance, Modification, NewDbInstance, Status};
use crate::failure::{ErrorKind, Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider, Recorded};
use crate::resource::rds::{self as spec, DbInstanceState};
use crate::resource::secretsmanager::SecretMember;
use crate::secret::Secret;
use crate::sim::Sim;
use crate::sim::call::{Looked, only};
use crate::sim::tagged::{Tagging, is_mine};
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::World;
use crate::value::Port;

const TAGGING: Tagging = Tagging {
    service: "rds",
    list: "ListTagsForResource",
    add: "AddTagsToResource",
    remove: "RemoveTagsFromResource",
    not_found: "DBInstanceNotFound",
};

impl Sim {
    pub(super) async fn describe_db_instance(
        &self,
        cx: &Cx,
        identifier: &str,
    ) -> Result<Option<(DbInstance, TagMap)>, ProviderError> {
        let found = self.call(cx, "rds", "DescribeDBInstances", |world| {
            let instance = world.db_instance(identifier)?.clone();
            let tags = world.tags_of(&instance.arn);
            Ok((instance, tags))
        });
        found.await.gone()
    }

    /// The value of a secret's member.
    pub(super) async fn read_secret(
        &self,
        cx: &Cx,
        member: &SecretMember,
    ) -> Result<Secret, ProviderError> {
        let SecretMember { secret, key } = member;
        let arn = cx.state_of(secret)?.arn;
        let (service, operation) = ("secretsmanager", "GetSecretValue");
        let value = self.call(cx, service, operation, |world| world.get_secret_value(&arn)).await?;
        let mut members: BTreeMap<String, String> = serde_json::from_str(value.expose())
            .map_err(|_| ProviderError::missing(service, operation, "a JSON object"))?;
        let text = members.remove(key).ok_or_else(|| {
            let message = format!("the secret `{}` has no member `{key}`", secret.address());
            ProviderError::new(ErrorKind::Refused, service, operation, message)
        })?;
        Ok(Secret::new(text))
    }

    pub(super) async fn modify_db(
        &self,
        cx: &Cx,
        identifier: &str,
        change: &Modification,
    ) -> Result<(), ProviderError> {
        self.call(cx, "rds", "ModifyDBInstance", |world| {
            world.modify_db_instance(identifier, change)
        })
        .await
    }
}

pub(super) fn state(identifier: &str, instance: &DbInstance) -> DbInstanceState {
    DbInstanceState {
        identifier: identifier.to_owned(),
        arn: instance.arn.clone(),
        host: instance.host.clone(),
        port: Port::MYSQL,
        unfinished: false,
    }
}

pub(super) fn group_ids(cx: &Cx, spec: &spec::DbInstance) -> Result<Vec<String>, ProviderError> {
    spec.groups.iter().map(|group| Ok(cx.state_of(group)?.id)).collect()
}

/// How the instance is, and where it differs from its spec.
fn look(world: &World, recorded: &Recorded<spec::DbInstance>) -> Looked<spec::DbInstance> {
    let Recorded { cx, spec, state: DbInstanceState { identifier, unfinished, .. } } = recorded;
    let Ok(instance) = world.db_instance(identifier) else {
        return Ok(None);
    };
    let state = DbInstanceState { unfinished: *unfinished, ..state(identifier, instance) };
    Ok(Some(match instance.status {
        Status::Available | Status::StorageOptimization => {
            Observed::ready(state).drifted(drift(world, cx, spec, instance)?)
        }
        Status::IncompatibleNetwork => {
            let reason = "incompatible-network: it found no room in its subnets";
            Observed::broken(state, reason)
        }
        status => Observed::settling(state, status.as_str()),
    }))
}

fn drift(
    world: &World,
    cx: &Cx,
    spec: &spec::DbInstance,
    instance: &DbInstance,
) -> Result<Drifts, ProviderError> {
    let mut drift = Drifts::new();
    drift
        .field("class", &spec.class, Some(instance.class.clone()))
        .field("max_storage", &spec.max_storage, Some(instance.max_storage))
        .reference("database", spec.database.as_str(), Some(&instance.database))
        .reference("user", spec.user.as_str(), Some(&instance.user))
        .reference("subnets", &cx.state_of(&spec.subnets)?.name, Some(&instance.subnet_group))
        .reference(
            "parameters",
            &cx.state_of(&spec.parameters)?.name,
            Some(&instance.parameter_group),
        )
        .field("multi_az", &spec.multi_az, Some(instance.multi_az))
        .field("backup_retention", &spec.backup_retention, Some(instance.backup_retention))
        .field("deletion_protection", &spec.deletion_protection, Some(instance.deletion_protection))
        .tags(cx, &spec.tags, &world.tags_of(&instance.arn));
    // AWS moves minor versions on by itself, and lets storage grow as far as it may.
    if !spec.version.includes(&instance.version) {
        drift.note("version", &instance.version);
    }
    let most = spec.max_storage.unwrap_or(spec.storage);
    if instance.storage < spec.storage || instance.storage > most {
        drift.note("storage", instance.storage);
    }
    let mut groups = (group_ids(cx, spec)?, instance.groups.clone());
    groups.0.sort();
    groups.1.sort();
    if groups.0 != groups.1 && !groups.0.is_empty() {
        drift.note("groups", groups.1);
    }
    Ok(drift)
}

/// The changes of these fields in one call, and whether there are any.
pub(super) fn modification(
    cx: &Cx,
    spec: &spec::DbInstance,
    changed: &[String],
) -> Result<Option<Modification>, ProviderError> {
    let mut change = Modification::default();
    for field in changed {
        match field.as_str() {
            "class" => change.class = Some(spec.class.clone()),
            "version" => {
                change.version = Some(spec.version.clone());
                // The person asked for just this version, and the group of its family comes with it.
                change.allow_major_upgrade = true;
            }
            "storage" => change.storage = Some(spec.storage),
            "max_storage" => change.max_storage = Some(spec.max_storage),
            "parameters" => change.parameter_group = Some(cx.state_of(&spec.parameters)?.name),
            "groups" => change.groups = Some(group_ids(cx, spec)?),
            "multi_az" => change.multi_az = Some(spec.multi_az),
            "backup_retention" => change.backup_retention = Some(spec.backup_retention),
            "deletion_protection" => change.deletion_protection = Some(spec.deletion_protection),
            _ => {}
        }
    }
    Ok(Some(change).filter(|change| *change != Modification::default()))
}

#[async_trait]
impl Provider<spec::DbInstance> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::DbInstance,
    ) -> Result<Option<DbInstanceState>, ProviderError> {
        let identifier = spec.identifier.as_str();
        let found = self.describe_db_instance(cx, identifier).await?;
        let Some((instance, tags)) = found.filter(|(it, _)| it.status != Status::Deleting) else {
            return Ok(None);
        };
        let what = format!("the database `{identifier}`");
        let mine = is_mine(cx, "rds", "DescribeDBInstances", &what, &tags)?;
        let unfinished = spec.from_snapshot.is_some();
        let state = DbInstanceState { unfinished, ..state(identifier, &instance) };
        Ok(mine.then_some(state))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::DbInstance,
    ) -> Result<DbInstanceState, ProviderError> {
        if let Some(snapshot) = &spec.from_snapshot {
            return self.restore_db(cx, spec, snapshot).await;
        }
        let identifier = spec.identifier.to_string();
        let new = NewDbInstance {
            identifier: identifier.clone(),
            class: spec.class.clone(),
            version: spec.version.clone(),
            storage: spec.storage,
            max_storage: spec.max_storage,
            database: spec.database.to_string(),
            user: spec.user.to_string(),
            password: self.read_secret(cx, &spec.password).await?,
            subnet_group: cx.state_of(&spec.subnets)?.name,
            parameter_group: cx.state_of(&spec.parameters)?.name,
            groups: group_ids(cx, spec)?,
            multi_az: spec.multi_az,
            backup_retention: spec.backup_retention,
            deletion_protection: spec.deletion_protection,
        };
        self.call(cx, "rds", "CreateDBInstance", |world| {
            world.create_db_instance(new, owned(cx, &spec.tags))?;
            Ok(state(&identifier, world.db_instance(&identifier)?))
        })
        .await
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &spec::DbInstance,
        state: &DbInstanceState,
    ) -> Result<DbInstanceState, ProviderError> {
        if state.unfinished {
            self.finish_restored_db(cx, spec, state).await?;
        }
        Ok(DbInstanceState { unfinished: false, ..state.clone() })
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::DbInstance,
        state: &DbInstanceState,
    ) -> Result<Option<Observed<DbInstanceState>>, ProviderError> {
        let (cx, spec, state) = (cx.clone(), spec.clone(), state.clone());
        only::<spec::DbInstance>(self.read_many(&[Recorded { cx, spec, state }]).await)
    }

    async fn read_many(
        &self,
        objects: &[Recorded<spec::DbInstance>],
    ) -> Vec<Looked<spec::DbInstance>> {
        self.call_about(objects, "rds", "DescribeDBInstances", look).await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::DbInstance,
        state: &DbInstanceState,
        changed: &[String],
    ) -> Result<DbInstanceState, ProviderError> {
        if let Some(change) = modification(cx, spec, changed)? {
            self.modify_db(cx, &state.identifier, &change).await?;
        }
        if changed.iter().any(|field| field == "tags") {
            self.retag(cx, TAGGING, &state.arn, &spec.tags).await?;
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        _: &spec::DbInstance,
        id: &str,
    ) -> Result<Option<DbInstanceState>, ProviderError> {
        let found = self.describe_db_instance(cx, id).await?;
        Ok(found.map(|(instance, _)| state(id, &instance)))
    }

    async fn delete(
        &self,
        cx: &Cx,
        spec: &spec::DbInstance,
        state: &DbInstanceState,
    ) -> Result<(), ProviderError> {
        let identifier = state.identifier.as_str();
        // The answer to an earlier attempt may have been lost, and a second one is refused.
        let found = self.describe_db_instance(cx, identifier).await?;
        let Some((instance, _)) = found.filter(|(it, _)| it.status != Status::Deleting) else {
            return Ok(());
        };
        let farewell = self.farewell(cx, spec, state, &instance).await?;
        if instance.deletion_protection && cx.may_lose_data() {
            let change =
                Modification { deletion_protection: Some(false), ..Modification::default() };
            self.modify_db(cx, identifier, &change).await?;
        }
        let now = cx.clock().now().strftime("%Y%m%d%H%M%S");
        let name = farewell.name(|| format!("{identifier}-final-{now}"));
        let deleted = self.call(cx, "rds", "DeleteDBInstance", |world| {
            world.delete_db_instance(identifier, name.as_deref(), name.is_none())
        });
        deleted.await.gone().map(drop)
    }
}
