//! The calls that make a database from a snapshot, and leave one.

use aws_sdk_rds::types::{DbInstance as Told, DbSnapshot};
use wpstack_core::resource::rds::{
    DbInstance, DbInstanceState, Farewell, Leaving, Origin, Snapshot,
};
use wpstack_core::value::{Gibibytes, SnapshotName};
use wpstack_core::{Cx, Gone, ProviderError};

use super::RDS;
use super::instance::{days, groups, running, size, state, stored};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::parsed;
use crate::tags::TagSet;

impl Aws {
    async fn snapshot(&self, name: &SnapshotName) -> Result<Option<Snapshot>, ProviderError> {
        let call = self.rds.describe_db_snapshots().db_snapshot_identifier(name.as_str());
        let answer = call.send().await.call(RDS, "DescribeDBSnapshots").gone()?;
        let told = answer.and_then(|answer| answer.db_snapshots.unwrap_or_default().pop());
        told.as_ref().map(snapshot).transpose()
    }

    /// Makes the database from the snapshot of that name. Its password, its version and what else RDS takes only later
    /// are [`Aws::finish_restored`]'s.
    pub(super) async fn restore(
        &self,
        cx: &Cx,
        spec: &DbInstance,
        name: &SnapshotName,
    ) -> Result<DbInstanceState, ProviderError> {
        const OPERATION: &str = "RestoreDBInstanceFromDBSnapshot";
        let found = self.snapshot(name).await?;
        let origin = spec.check_snapshot(found.as_ref())?;
        // The settings of another family come with the version that they are for.
        let parameters = origin.is_of_family(&spec.version).then(|| cx.state_of(&spec.parameters));
        let call = self
            .rds
            .restore_db_instance_from_db_snapshot()
            .db_instance_identifier(spec.identifier.as_str())
            .db_snapshot_identifier(name.as_str())
            .db_instance_class(spec.class.to_string())
            .set_allocated_storage((spec.storage > origin.storage).then(|| size(spec.storage)))
            .storage_type("gp3")
            .db_subnet_group_name(cx.state_of(&spec.subnets)?.name)
            .set_db_parameter_group_name(parameters.transpose()?.map(|group| group.name))
            .set_vpc_security_group_ids(Some(groups(cx, spec)?))
            .multi_az(spec.multi_az)
            .backup_retention_period(days(spec))
            .deletion_protection(spec.deletion_protection)
            .publicly_accessible(false)
            .copy_tags_to_snapshot(true)
            .auto_minor_version_upgrade(true)
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(RDS, OPERATION)?;
        let made = state(&answer.db_instance.told(RDS, OPERATION, "the instance")?, OPERATION)?;
        Ok(DbInstanceState { unfinished: true, ..made })
    }

    /// What a restored database has from its snapshot and is to have otherwise, in one call: the password of the secret,
    /// and whatever differs.
    pub(super) async fn finish_restored(
        &self,
        cx: &Cx,
        spec: &DbInstance,
        state: &DbInstanceState,
    ) -> Result<(), ProviderError> {
        let password = self.value_of(cx, &spec.password).await?;
        let told = self.database(&state.identifier).await?;
        let told = told.told(RDS, "DescribeDBInstances", "the instance")?;
        let parameters = cx.state_of(&spec.parameters)?.name;
        let has_parameters = told.db_parameter_groups().iter();
        let has_parameters = has_parameters
            .filter_map(|group| group.db_parameter_group_name())
            .any(|name| name == parameters);
        let upgrades = running(&told).is_some_and(|running| !spec.version.includes(&running));
        let grows = stored(&told).is_some_and(|stored| stored < spec.storage);
        let most = match (spec.max_storage, told.max_allocated_storage) {
            // The storage itself as the limit is how RDS switches autoscaling off.
            (None, Some(_)) => stored(&told).map(|stored| size(stored.max(spec.storage))),
            (most, limit) => most.map(size).filter(|most| limit != Some(*most)),
        };
        let retention = Some(days(spec)).filter(|it| told.backup_retention_period != Some(*it));
        let modify = self
            .rds
            .modify_db_instance()
            .db_instance_identifier(&state.identifier)
            .apply_immediately(true)
            .master_user_password(password.expose())
            .set_engine_version(upgrades.then(|| spec.version.to_string()))
            .set_allow_major_version_upgrade(upgrades.then_some(true))
            .set_allocated_storage(grows.then(|| size(spec.storage)))
            .set_max_allocated_storage(most)
            .set_db_parameter_group_name((!has_parameters).then_some(parameters))
            .set_backup_retention_period(retention);
        modify.send().await.call(RDS, "ModifyDBInstance").map(drop)
    }

    /// The snapshot that the database is to leave.
    pub(super) async fn farewell(
        &self,
        cx: &Cx,
        spec: &DbInstance,
        state: &DbInstanceState,
        told: &Told,
    ) -> Result<Farewell, ProviderError> {
        let successor: Option<DbInstance> = cx.successor()?;
        let found = match successor.as_ref().and_then(|it| it.from_snapshot.as_ref()) {
            Some(name) => self.snapshot(name).await?,
            None => None,
        };
        let leaving = Leaving {
            spec,
            successor: successor.as_ref(),
            identifier: &state.identifier,
            status: told.db_instance_status().unwrap_or("unknown"),
            was_available: state.host.is_some() || told.endpoint().is_some(),
            origin: Origin {
                engine: told.engine().unwrap_or_default().to_owned(),
                version: running(told),
                user: told.master_username().unwrap_or_default().to_owned(),
                storage: stored(told).unwrap_or(Gibibytes(0)),
                encrypted: told.storage_encrypted.unwrap_or(false),
            },
            found,
        };
        leaving.farewell(cx)
    }
}

fn snapshot(told: &DbSnapshot) -> Result<Snapshot, ProviderError> {
    let said =
        |text: Option<&str>, what| text.map(str::to_owned).told(RDS, "DescribeDBSnapshots", what);
    let storage = told.allocated_storage().and_then(|it| u32::try_from(it).ok());
    Ok(Snapshot {
        status: said(told.status(), "the status")?,
        instance: told.db_instance_identifier().unwrap_or_default().to_owned(),
        origin: Origin {
            engine: said(told.engine(), "the engine")?,
            version: parsed(told.engine_version()),
            user: said(told.master_username(), "the master user")?,
            storage: Gibibytes(storage.unwrap_or(0)),
            encrypted: told.encrypted().unwrap_or(false),
        },
    })
}
