//! `rds.subnet-group`

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_rds::types::DbSubnetGroup as Told;
use futures::future::{join_all, try_join};
use wpstack_core::resource::rds::{DbSubnetGroup, DbSubnetGroupState};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::RDS;
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<DbSubnetGroup> for Aws {
    async fn find(
        &self,
        cx: &Cx,
        spec: &DbSubnetGroup,
    ) -> Result<Option<DbSubnetGroupState>, ProviderError> {
        let name = spec.name.generation(cx.generation());
        let Some(told) = self.subnet_group(name.as_str()).await? else { return Ok(None) };
        let state = state(told, "DescribeDBSubnetGroups")?;
        let what = format!("a subnet group `{name}`");
        self.rds_tags(&state.arn).await?.claim(cx, RDS, "DescribeDBSubnetGroups", &what)?;
        Ok(Some(state))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &DbSubnetGroup,
    ) -> Result<DbSubnetGroupState, ProviderError> {
        let call = self
            .rds
            .create_db_subnet_group()
            .db_subnet_group_name(spec.name.generation(cx.generation()).as_str())
            .db_subnet_group_description(&spec.description)
            .set_subnet_ids(Some(subnets(cx, spec)?))
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(RDS, "CreateDBSubnetGroup")?;
        let told = answer.db_subnet_group.told(RDS, "CreateDBSubnetGroup", "the group")?;
        state(told, "CreateDBSubnetGroup")
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &DbSubnetGroup,
        state: &DbSubnetGroupState,
    ) -> Look<DbSubnetGroup> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<DbSubnetGroup>]) -> Vec<Look<DbSubnetGroup>> {
        join_all(objects.iter().map(|object| self.look_at_subnet_group(object))).await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &DbSubnetGroup,
        state: &DbSubnetGroupState,
        changed: &[String],
    ) -> Result<DbSubnetGroupState, ProviderError> {
        let modify = self
            .rds
            .modify_db_subnet_group()
            .db_subnet_group_name(&state.name)
            .db_subnet_group_description(&spec.description)
            .set_subnet_ids(Some(subnets(cx, spec)?));
        let modify = async { modify.send().await.call(RDS, "ModifyDBSubnetGroup").map(drop) };
        let modified = has(changed, "description") || has(changed, "subnets");
        try_join(
            when(modified, modify),
            when(has(changed, "tags"), self.retag_rds(cx, &state.arn, &spec.tags)),
        )
        .await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &DbSubnetGroup,
        id: &str,
    ) -> Result<Option<DbSubnetGroupState>, ProviderError> {
        let told = self.subnet_group(id).await?;
        told.map(|told| state(told, "DescribeDBSubnetGroups")).transpose()
    }

    async fn delete(
        &self,
        _: &Cx,
        _: &DbSubnetGroup,
        state: &DbSubnetGroupState,
    ) -> Result<(), ProviderError> {
        let call = self.rds.delete_db_subnet_group().db_subnet_group_name(&state.name);
        call.send().await.call(RDS, "DeleteDBSubnetGroup").gone().map(drop)
    }
}

impl Aws {
    async fn look_at_subnet_group(&self, object: &Recorded<DbSubnetGroup>) -> Look<DbSubnetGroup> {
        let Recorded { cx, spec, state: before } = object;
        let tags = async { self.rds_tags(&before.arn).await.gone() };
        let (Some(told), tags) = try_join(self.subnet_group(&before.name), tags).await? else {
            return Ok(None);
        };
        let mut drifts = Drifts::new();
        let actual = told.subnets().iter().filter_map(|subnet| subnet.subnet_identifier());
        let actual: BTreeSet<_> = actual.map(str::to_owned).collect();
        if actual != subnets(cx, spec)?.into_iter().collect() {
            drifts.note("subnets", actual);
        }
        let description = told.db_subnet_group_description.clone();
        drifts.field("description", &spec.description, description);
        TagSet::wanted(cx, &spec.tags).compare(&tags.unwrap_or_default(), &mut drifts);
        Ok(Some(Observed::ready(state(told, "DescribeDBSubnetGroups")?).drifted(drifts)))
    }

    async fn subnet_group(&self, name: &str) -> Result<Option<Told>, ProviderError> {
        let call = self.rds.describe_db_subnet_groups().db_subnet_group_name(name);
        let answer = call.send().await.call(RDS, "DescribeDBSubnetGroups").gone()?;
        Ok(answer.and_then(|answer| answer.db_subnet_groups.unwrap_or_default().pop()))
    }
}

fn subnets(cx: &Cx, spec: &DbSubnetGroup) -> Result<Vec<String>, ProviderError> {
    spec.subnets.iter().map(|subnet| Ok(cx.state_of(subnet)?.id)).collect()
}

fn state(told: Told, operation: &'static str) -> Result<DbSubnetGroupState, ProviderError> {
    Ok(DbSubnetGroupState {
        name: told.db_subnet_group_name.told(RDS, operation, "the group's name")?,
        arn: told.db_subnet_group_arn.told(RDS, operation, "the group's ARN")?,
    })
}
