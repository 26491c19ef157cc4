//! The calls that make an instance from a snapshot, and leave one.

use super::provider::{group_ids, modification, state};
use super::snapshot::{DbSnapshot, Restoration, mysql};
use super::{DbInstance, instance};
use crate::failure::{Gone, ProviderError};
use crate::provider::Cx;
use crate::resource::rds::{self as spec, DbInstanceState, Farewell, Leaving, Origin, Snapshot};
use crate::sim::Sim;
use crate::sim::tags::owned;
use crate::value::SnapshotName;

impl Sim {
    async fn describe_db_snapshot(
        &self,
        cx: &Cx,
        name: &SnapshotName,
    ) -> Result<Option<Snapshot>, ProviderError> {
        let found = self.call(cx, "rds", "DescribeDBSnapshots", |world| {
            let snapshot = world.db_snapshot(name.as_str())?;
            Ok(told(snapshot, world.db_snapshot_status(snapshot)))
        });
        found.await.gone()
    }

    /// Makes the instance from the snapshot of that name.
    pub(super) async fn restore_db(
        &self,
        cx: &Cx,
        spec: &spec::DbInstance,
        name: &SnapshotName,
    ) -> Result<DbInstanceState, ProviderError> {
        let found = self.describe_db_snapshot(cx, name).await?;
        let origin = spec.check_snapshot(found.as_ref())?;
        let identifier = spec.identifier.to_string();
        let same_family = origin.is_of_family(&spec.version);
        let parameters = cx.state_of(&spec.parameters)?.name;
        let new = Restoration {
            identifier: identifier.clone(),
            class: spec.class.clone(),
            storage: Some(spec.storage).filter(|storage| *storage > origin.storage),
            subnet_group: cx.state_of(&spec.subnets)?.name,
            parameter_group: Some(parameters).filter(|_| same_family),
            groups: group_ids(cx, spec)?,
            multi_az: spec.multi_az,
            backup_retention: Some(spec.backup_retention),
            deletion_protection: spec.deletion_protection,
        };
        self.call(cx, "rds", "RestoreDBInstanceFromDBSnapshot", |world| {
            let tags = owned(cx, &spec.tags);
            world.restore_db_instance_from_db_snapshot(name.as_str(), new, tags)?;
            let made = state(&identifier, world.db_instance(&identifier)?);
            Ok(DbInstanceState { unfinished: true, ..made })
        })
        .await
    }

    /// What a restored instance has from its snapshot, and is to have otherwise: in one call, with the password.
    pub(super) async fn finish_restored_db(
        &self,
        cx: &Cx,
        spec: &spec::DbInstance,
        state: &DbInstanceState,
    ) -> Result<(), ProviderError> {
        let identifier = state.identifier.as_str();
        let password = self.read_secret(cx, &spec.password).await?;
        let Some((it, _)) = self.describe_db_instance(cx, identifier).await? else {
            return Err(ProviderError::answer(
                "rds",
                "DescribeDBInstances",
                "DBInstanceNotFound",
                "",
            ));
        };
        let parameters = cx.state_of(&spec.parameters)?.name;
        let differs = [
            ("version", !spec.version.includes(&it.version)),
            ("storage", spec.storage > it.storage),
            ("max_storage", spec.max_storage != it.max_storage),
            ("parameters", parameters != it.parameter_group),
            ("backup_retention", spec.backup_retention != it.backup_retention),
        ];
        let changed = differs.into_iter().filter(|(_, differs)| *differs);
        let changed: Vec<_> = changed.map(|(field, _)| field.to_owned()).collect();
        let mut change = modification(cx, spec, &changed)?.unwrap_or_default();
        change.password_digest = Some(instance::digest(&password));
        self.modify_db(cx, identifier, &change).await
    }

    /// The snapshot that the instance is to leave.
    pub(super) async fn farewell(
        &self,
        cx: &Cx,
        spec: &spec::DbInstance,
        state: &DbInstanceState,
        instance: &DbInstance,
    ) -> Result<Farewell, ProviderError> {
        let successor: Option<spec::DbInstance> = cx.successor()?;
        let found = match successor.as_ref().and_then(|it| it.from_snapshot.as_ref()) {
            Some(name) => self.describe_db_snapshot(cx, name).await?,
            None => None,
        };
        let leaving = Leaving {
            spec,
            successor: successor.as_ref(),
            identifier: &state.identifier,
            status: instance.status.as_str(),
            was_available: instance.host.is_some(),
            origin: Origin {
                engine: mysql(),
                version: Some(instance.version.clone()),
                user: instance.user.clone(),
                storage: instance.storage,
                encrypted: instance.encrypted,
            },
            found,
        };
        leaving.farewell(cx)
    }
}

fn told(snapshot: &DbSnapshot, status: &str) -> Snapshot {
    Snapshot {
        status: status.to_owned(),
        instance: snapshot.instance.clone(),
        origin: Origin {
            engine: snapshot.engine.clone(),
            version: Some(snapshot.version.clone()),
            user: snapshot.user.clone(),
            storage: snapshot.storage,
            encrypted: snapshot.encrypted,
        },
    }
}
