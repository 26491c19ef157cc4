//! `rds.parameter-group`

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_rds::types::{ApplyMethod, DbParameterGroup as Told, Parameter};
use futures::future::{join_all, try_join, try_join3};
use wpstack_core::resource::rds::{DbParameterGroup, DbParameterGroupState};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::RDS;
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, read_one, when};
use crate::tags::TagSet;

/// The parameters that somebody set.
type Parameters = BTreeMap<String, String>;

#[async_trait]
impl Provider<DbParameterGroup> for Aws {
    async fn find(
        &self,
        cx: &Cx,
        spec: &DbParameterGroup,
    ) -> Result<Option<DbParameterGroupState>, ProviderError> {
        let name = spec.name.generation(cx.generation());
        let Some(told) = self.parameter_group(name.as_str()).await? else { return Ok(None) };
        let state = state(told, "DescribeDBParameterGroups")?;
        let what = format!("a parameter group `{name}`");
        self.rds_tags(&state.arn).await?.claim(cx, RDS, "DescribeDBParameterGroups", &what)?;
        Ok(Some(state))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &DbParameterGroup,
    ) -> Result<DbParameterGroupState, ProviderError> {
        let call = self
            .rds
            .create_db_parameter_group()
            .db_parameter_group_name(spec.name.generation(cx.generation()).as_str())
            .db_parameter_group_family(spec.version.family())
            .description(&spec.description)
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(RDS, "CreateDBParameterGroup")?;
        let told = answer.db_parameter_group.told(RDS, "CreateDBParameterGroup", "the group")?;
        state(told, "CreateDBParameterGroup")
    }

    async fn configure(
        &self,
        _: &Cx,
        spec: &DbParameterGroup,
        state: &DbParameterGroupState,
    ) -> Result<DbParameterGroupState, ProviderError> {
        self.set_parameters(state, &spec.parameters).await?;
        Ok(state.clone())
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &DbParameterGroup,
        state: &DbParameterGroupState,
    ) -> Look<DbParameterGroup> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(
        &self,
        objects: &[Recorded<DbParameterGroup>],
    ) -> Vec<Look<DbParameterGroup>> {
        join_all(objects.iter().map(|object| self.look_at_parameter_group(object))).await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &DbParameterGroup,
        state: &DbParameterGroupState,
        changed: &[String],
    ) -> Result<DbParameterGroupState, ProviderError> {
        try_join(
            when(has(changed, "parameters"), self.change_parameters(spec, state)),
            when(has(changed, "tags"), self.retag_rds(cx, &state.arn, &spec.tags)),
        )
        .await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &DbParameterGroup,
        id: &str,
    ) -> Result<Option<DbParameterGroupState>, ProviderError> {
        let told = self.parameter_group(id).await?;
        told.map(|told| state(told, "DescribeDBParameterGroups")).transpose()
    }

    async fn delete(
        &self,
        _: &Cx,
        _: &DbParameterGroup,
        state: &DbParameterGroupState,
    ) -> Result<(), ProviderError> {
        let call = self.rds.delete_db_parameter_group().db_parameter_group_name(&state.name);
        call.send().await.call(RDS, "DeleteDBParameterGroup").gone().map(drop)
    }
}

impl Aws {
    async fn look_at_parameter_group(
        &self,
        object: &Recorded<DbParameterGroup>,
    ) -> Look<DbParameterGroup> {
        let Recorded { cx, spec, state: before } = object;
        let tags = async { self.rds_tags(&before.arn).await.gone() };
        let (group, parameters) =
            (self.parameter_group(&before.name), self.parameters(&before.name));
        let (Some(told), Some(parameters), tags) = try_join3(group, parameters, tags).await? else {
            return Ok(None);
        };
        let mut drifts = Drifts::new();
        drifts.field("parameters", &spec.parameters, Some(parameters));
        TagSet::wanted(cx, &spec.tags).compare(&tags.unwrap_or_default(), &mut drifts);
        Ok(Some(Observed::ready(state(told, "DescribeDBParameterGroups")?).drifted(drifts)))
    }

    async fn parameter_group(&self, name: &str) -> Result<Option<Told>, ProviderError> {
        let call = self.rds.describe_db_parameter_groups().db_parameter_group_name(name);
        let answer = call.send().await.call(RDS, "DescribeDBParameterGroups").gone()?;
        Ok(answer.and_then(|answer| answer.db_parameter_groups.unwrap_or_default().pop()))
    }

    async fn parameters(&self, name: &str) -> Result<Option<Parameters>, ProviderError> {
        let call = self.rds.describe_db_parameters().db_parameter_group_name(name).source("user");
        let told: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
        let told = told.call(RDS, "DescribeDBParameters").gone()?;
        let pair = |it: Parameter| Some((it.parameter_name?, it.parameter_value?));
        Ok(told.map(|told| told.into_iter().filter_map(pair).collect()))
    }

    async fn change_parameters(
        &self,
        spec: &DbParameterGroup,
        state: &DbParameterGroupState,
    ) -> Result<(), ProviderError> {
        let actual = self.parameters(&state.name).await?.unwrap_or_default();
        let mut unset = actual;
        unset.retain(|name, _| !spec.parameters.contains_key(name));
        if !unset.is_empty() {
            let call = self.rds.reset_db_parameter_group().db_parameter_group_name(&state.name);
            let call = call.set_parameters(Some(listed(&unset)));
            call.send().await.call(RDS, "ResetDBParameterGroup")?;
        }
        self.set_parameters(state, &spec.parameters).await
    }

    async fn set_parameters(
        &self,
        state: &DbParameterGroupState,
        parameters: &Parameters,
    ) -> Result<(), ProviderError> {
        let listed = listed(parameters);
        // AWS takes at most twenty in one call.
        for some in listed.chunks(20) {
            let call = self.rds.modify_db_parameter_group().db_parameter_group_name(&state.name);
            let call = call.set_parameters(Some(some.to_vec()));
            call.send().await.call(RDS, "ModifyDBParameterGroup")?;
        }
        Ok(())
    }
}

/// The parameters as RDS takes them. All may wait for the next restart; for dynamic ones of a fresh group that makes
/// no difference, and for static ones nothing else is allowed.
fn listed(parameters: &Parameters) -> Vec<Parameter> {
    let parameter = |(name, value): (&String, &String)| {
        let parameter = Parameter::builder().parameter_name(name).parameter_value(value);
        parameter.apply_method(ApplyMethod::PendingReboot).build()
    };
    parameters.iter().map(parameter).collect()
}

fn state(told: Told, operation: &'static str) -> Result<DbParameterGroupState, ProviderError> {
    Ok(DbParameterGroupState {
        name: told.db_parameter_group_name.told(RDS, operation, "the group's name")?,
        arn: told.db_parameter_group_arn.told(RDS, operation, "the group's ARN")?,
    })
}
