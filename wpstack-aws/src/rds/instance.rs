//! `rds.instance`

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_rds::types::{DbInstance as Told, Filter};
use futures::future::try_join;
use wpstack_core::failure::Gone;
use wpstack_core::resource::rds::{DbInstance, DbInstanceState};
use wpstack_core::value::{Gibibytes, MySqlVersion, Port};
use wpstack_core::{Cx, Drifts, ErrorKind, Observed, Provider, ProviderError, Recorded};

use super::RDS;
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, look, parsed, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<DbInstance> for Aws {
    async fn find(
        &self,
        cx: &Cx,
        spec: &DbInstance,
    ) -> Result<Option<DbInstanceState>, ProviderError> {
        let Some(told) = self.database(spec.identifier.as_str()).await? else { return Ok(None) };
        let what = format!("a database `{}`", spec.identifier);
        TagSet::actual(told.tag_list()).claim(cx, RDS, "DescribeDBInstances", &what)?;
        let unfinished = spec.from_snapshot.is_some();
        let state = state(&told, "DescribeDBInstances")?;
        Ok(Some(DbInstanceState { unfinished, ..state }))
    }

    async fn create(&self, cx: &Cx, spec: &DbInstance) -> Result<DbInstanceState, ProviderError> {
        if let Some(snapshot) = &spec.from_snapshot {
            return self.restore(cx, spec, snapshot).await;
        }
        let password = self.value_of(cx, &spec.password).await?;
        let call = self
            .rds
            .create_db_instance()
            .db_instance_identifier(spec.identifier.as_str())
            .db_instance_class(spec.class.to_string())
            .engine("mysql")
            .engine_version(spec.version.to_string())
            .allocated_storage(size(spec.storage))
            .set_max_allocated_storage(spec.max_storage.map(size))
            .storage_type("gp3")
            .storage_encrypted(true)
            .db_name(spec.database.as_str())
            .master_username(spec.user.as_str())
            .master_user_password(password.expose())
            .db_subnet_group_name(cx.state_of(&spec.subnets)?.name)
            .db_parameter_group_name(cx.state_of(&spec.parameters)?.name)
            .set_vpc_security_group_ids(Some(groups(cx, spec)?))
            .multi_az(spec.multi_az)
            .backup_retention_period(days(spec))
            .deletion_protection(spec.deletion_protection)
            .publicly_accessible(false)
            .copy_tags_to_snapshot(true)
            .auto_minor_version_upgrade(true)
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(RDS, "CreateDBInstance")?;
        let told = answer.db_instance.told(RDS, "CreateDBInstance", "the instance")?;
        state(&told, "CreateDBInstance")
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &DbInstance,
        state: &DbInstanceState,
    ) -> Result<DbInstanceState, ProviderError> {
        if state.unfinished {
            self.finish_restored(cx, spec, state).await?;
        }
        Ok(DbInstanceState { unfinished: false, ..state.clone() })
    }

    async fn read(&self, cx: &Cx, spec: &DbInstance, state: &DbInstanceState) -> Look<DbInstance> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<DbInstance>]) -> Vec<Look<DbInstance>> {
        let told = self.databases(objects).await;
        look(objects, told, Told::db_instance_identifier, observe)
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &DbInstance,
        state: &DbInstanceState,
        changed: &[String],
    ) -> Result<DbInstanceState, ProviderError> {
        let is = |field| has(changed, field);
        let groups = is("groups").then(|| groups(cx, spec)).transpose()?;
        let parameters = is("parameters").then(|| cx.state_of(&spec.parameters)).transpose()?;
        let modify = self
            .rds
            .modify_db_instance()
            .db_instance_identifier(&state.identifier)
            .apply_immediately(true)
            .set_db_instance_class(is("class").then(|| spec.class.to_string()))
            .set_engine_version(is("version").then(|| spec.version.to_string()))
            .set_allow_major_version_upgrade(is("version").then_some(true))
            .set_allocated_storage(is("storage").then(|| size(spec.storage)))
            .set_max_allocated_storage(
                // The storage itself as the limit is how RDS switches autoscaling off.
                is("max_storage").then(|| size(spec.max_storage.unwrap_or(spec.storage))),
            )
            .set_db_parameter_group_name(parameters.map(|group| group.name))
            .set_vpc_security_group_ids(groups)
            .set_multi_az(is("multi_az").then_some(spec.multi_az))
            .set_backup_retention_period(is("backup_retention").then(|| days(spec)))
            .set_deletion_protection(is("deletion_protection").then_some(spec.deletion_protection));
        let modify = async { modify.send().await.call(RDS, "ModifyDBInstance").map(drop) };
        try_join(
            when(changed.iter().any(|field| field != "tags"), modify),
            when(is("tags"), self.retag_rds(cx, &state.arn, &spec.tags)),
        )
        .await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &DbInstance,
        id: &str,
    ) -> Result<Option<DbInstanceState>, ProviderError> {
        let told = self.database(id).await?;
        told.map(|told| state(&told, "DescribeDBInstances")).transpose()
    }

    async fn delete(
        &self,
        cx: &Cx,
        spec: &DbInstance,
        state: &DbInstanceState,
    ) -> Result<(), ProviderError> {
        // A repeat, or the run after one that was killed, may find it on its way out.
        let told = self.database(&state.identifier).await?;
        let Some(told) = told.filter(|told| told.db_instance_status() != Some("deleting")) else {
            return Ok(());
        };
        if spec.deletion_protection && !cx.may_lose_data() {
            let message =
                format!("the database `{}` is protected against deletion", state.identifier);
            return Err(ProviderError::new(ErrorKind::Protected, RDS, "DeleteDBInstance", message));
        }
        let farewell = self.farewell(cx, spec, state, &told).await?;
        if spec.deletion_protection {
            let call = self.rds.modify_db_instance().db_instance_identifier(&state.identifier);
            let call = call.deletion_protection(false).apply_immediately(true);
            call.send().await.call(RDS, "ModifyDBInstance").gone()?;
        }
        let call = self.rds.delete_db_instance().db_instance_identifier(&state.identifier);
        let call = match farewell.name(|| final_snapshot(cx, state)) {
            None => call.skip_final_snapshot(true),
            Some(name) => call.final_db_snapshot_identifier(name),
        };
        call.send().await.call(RDS, "DeleteDBInstance").gone().map(drop)
    }
}

impl Aws {
    pub(super) async fn database(&self, identifier: &str) -> Result<Option<Told>, ProviderError> {
        let call = self.rds.describe_db_instances().db_instance_identifier(identifier);
        let answer = call.send().await.call(RDS, "DescribeDBInstances").gone()?;
        Ok(answer.and_then(|answer| answer.db_instances.unwrap_or_default().pop()))
    }

    async fn databases(
        &self,
        objects: &[Recorded<DbInstance>],
    ) -> Result<Vec<Told>, ProviderError> {
        let names = objects.iter().map(|object| object.state.identifier.clone()).collect();
        let filter = Filter::builder().name("db-instance-id").set_values(Some(names)).build();
        let pages = self.rds.describe_db_instances().filters(filter).into_paginator();
        let told: Result<Vec<_>, _> = pages.items().send().collect().await;
        Ok(told.call(RDS, "DescribeDBInstances").gone()?.unwrap_or_default())
    }
}

/// The snapshot's name carries the time, so that no later one meets it.
fn final_snapshot(cx: &Cx, state: &DbInstanceState) -> String {
    let now = cx.clock().now().strftime("%Y%m%d-%H%M%S");
    format!("{}-final-{now}", state.identifier)
}

pub(super) fn size(size: Gibibytes) -> i32 {
    i32::try_from(size.0).unwrap_or(i32::MAX)
}

pub(super) fn days(spec: &DbInstance) -> i32 {
    i32::try_from(spec.backup_retention.0).unwrap_or(i32::MAX)
}

pub(super) fn groups(cx: &Cx, spec: &DbInstance) -> Result<Vec<String>, ProviderError> {
    spec.groups.iter().map(|group| Ok(cx.state_of(group)?.id)).collect()
}

/// The version that it runs.
pub(super) fn running(told: &Told) -> Option<MySqlVersion> {
    parsed(told.engine_version())
}

/// How large its storage is.
pub(super) fn stored(told: &Told) -> Option<Gibibytes> {
    told.allocated_storage.and_then(|it| u32::try_from(it).ok()).map(Gibibytes)
}

pub(super) fn state(
    told: &Told,
    operation: &'static str,
) -> Result<DbInstanceState, ProviderError> {
    let endpoint = told.endpoint();
    let port = endpoint.and_then(|endpoint| endpoint.port());
    let port = port.and_then(|port| Port::new(u16::try_from(port).ok()?).ok());
    Ok(DbInstanceState {
        identifier: told.db_instance_identifier.clone().told(RDS, operation, "the identifier")?,
        arn: told.db_instance_arn.clone().told(RDS, operation, "the ARN")?,
        host: endpoint.and_then(|endpoint| endpoint.address()).map(str::to_owned),
        port: port.unwrap_or(Port::MYSQL),
        unfinished: false,
    })
}

fn observe(
    object: &Recorded<DbInstance>,
    told: &Told,
) -> Result<Observed<DbInstanceState>, ProviderError> {
    let unfinished = object.state.unfinished;
    let state = DbInstanceState { unfinished, ..state(told, "DescribeDBInstances")? };
    // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
    let status = told.db_instance_status().unwrap_or("unknown");
    let broken = ["failed", "restore-error"];
    let pending = told.pending_modified_values();
    let password = pending.and_then(|pending| pending.master_user_password());
    let observed = match status {
        // Nobody gets in with the password of the secret before.
        "available" if object.spec.from_snapshot.is_some() && password.is_some() => {
            Observed::settling(state, "resetting-master-credentials")
        }
        "available" | "storage-optimization" => Observed::ready(state),
        _ if broken.contains(&status) || status.starts_with("incompatible-") => {
            Observed::broken(state, format!("RDS says `{status}`"))
        }
        // Nothing else can be compared with, for what it refers to may be gone.
        "deleting" => return Ok(Observed::settling(state, status)),
        _ => Observed::settling(state, status),
    };
    Ok(observed.drifted(drifts(object, told)?))
}

fn drifts(object: &Recorded<DbInstance>, told: &Told) -> Result<Drifts, ProviderError> {
    let Recorded { cx, spec, .. } = object;
    let mut drifts = Drifts::new();
    // A change that is still to come counts as made.
    let pending = told.pending_modified_values();
    let class = pending.and_then(|it| it.db_instance_class()).or(told.db_instance_class());
    drifts
        .field("class", &spec.class, parsed(class))
        .reference("database", spec.database.as_str(), told.db_name())
        .reference("user", spec.user.as_str(), told.master_username())
        .field("multi_az", &spec.multi_az, pending.and_then(|it| it.multi_az).or(told.multi_az))
        .field("deletion_protection", &spec.deletion_protection, told.deletion_protection);
    if let Some(running) = running(told).filter(|running| !spec.version.includes(running)) {
        drifts.note("version", running);
    }
    let most = spec.max_storage.unwrap_or(spec.storage).max(spec.storage);
    if let Some(storage) = stored(told).filter(|storage| *storage < spec.storage || *storage > most)
    {
        drifts.note("storage", storage);
    }
    let retention = pending.and_then(|it| it.backup_retention_period);
    let retention = retention.or(told.backup_retention_period);
    if let Some(retention) = retention.filter(|retention| *retention != days(spec)) {
        drifts.note("backup_retention", format!("{retention} days"));
    }
    let actual = told.vpc_security_groups().iter().filter_map(|it| it.vpc_security_group_id());
    let actual: BTreeSet<_> = actual.map(str::to_owned).collect();
    if actual != groups(cx, spec)?.into_iter().collect() {
        drifts.note("groups", actual);
    }
    let subnets = told.db_subnet_group().and_then(|group| group.db_subnet_group_name());
    drifts.reference("subnets", &cx.state_of(&spec.subnets)?.name, subnets);
    let parameters = told.db_parameter_groups().first();
    let parameters = parameters.and_then(|group| group.db_parameter_group_name());
    drifts.reference("parameters", &cx.state_of(&spec.parameters)?.name, parameters);
    TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(told.tag_list()), &mut drifts);
    Ok(drifts)
}
