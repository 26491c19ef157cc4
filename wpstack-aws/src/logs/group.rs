//! `logs.group`

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::LogGroup as Told;
use futures::future::{join_all, try_join};
use wpstack_core::resource::logs::{LogGroup, LogGroupState};
use wpstack_core::value::{Days, RetentionDays};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::LOGS;
use crate::Aws;
use crate::call::Call;
use crate::provide::{Look, has, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<LogGroup> for Aws {
    async fn find(&self, cx: &Cx, spec: &LogGroup) -> Result<Option<LogGroupState>, ProviderError> {
        let Some(told) = self.log_group(spec.name.as_str()).await? else { return Ok(None) };
        let state = state(&told, spec.name.as_str());
        let tags = self.log_group_tags(&state.arn).await?.unwrap_or_default();
        tags.claim(cx, LOGS, "DescribeLogGroups", &format!("a log group `{}`", spec.name))?;
        Ok(Some(state))
    }

    /// AWS answers with nothing; the name is the group's identity.
    async fn create(&self, cx: &Cx, spec: &LogGroup) -> Result<LogGroupState, ProviderError> {
        let tags = TagSet::wanted(cx, &spec.tags);
        let tags = tags.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let call = self.logs.create_log_group().log_group_name(spec.name.as_str());
        call.set_tags(Some(tags)).send().await.call(LOGS, "CreateLogGroup")?;
        Ok(LogGroupState { name: spec.name.to_string(), arn: String::new() })
    }

    async fn configure(
        &self,
        _: &Cx,
        spec: &LogGroup,
        before: &LogGroupState,
    ) -> Result<LogGroupState, ProviderError> {
        let (told, ()) = try_join(self.log_group(&before.name), self.retain(spec, before)).await?;
        Ok(told.map_or_else(|| before.clone(), |told| state(&told, &before.name)))
    }

    async fn read(&self, cx: &Cx, spec: &LogGroup, state: &LogGroupState) -> Look<LogGroup> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<LogGroup>]) -> Vec<Look<LogGroup>> {
        join_all(objects.iter().map(|object| self.look_at_log_group(object))).await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &LogGroup,
        state: &LogGroupState,
        changed: &[String],
    ) -> Result<LogGroupState, ProviderError> {
        let retention = when(has(changed, "retention"), self.retain(spec, state));
        let tags = when(has(changed, "tags"), self.retag_log_group(cx, spec, state));
        try_join(retention, tags).await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &LogGroup,
        id: &str,
    ) -> Result<Option<LogGroupState>, ProviderError> {
        Ok(self.log_group(id).await?.map(|told| state(&told, id)))
    }

    async fn delete(
        &self,
        _: &Cx,
        _: &LogGroup,
        state: &LogGroupState,
    ) -> Result<(), ProviderError> {
        let call = self.logs.delete_log_group().log_group_name(&state.name);
        call.send().await.call(LOGS, "DeleteLogGroup").gone().map(drop)
    }
}

impl Aws {
    async fn look_at_log_group(&self, object: &Recorded<LogGroup>) -> Look<LogGroup> {
        let Recorded { cx, spec, state: before } = object;
        let tags = async {
            if before.arn.is_empty() { Ok(None) } else { self.log_group_tags(&before.arn).await }
        };
        let (told, tags) = try_join(self.log_group(&before.name), tags).await?;
        let Some(told) = told else { return Ok(None) };
        let mut drifts = Drifts::new();
        drifts.field("retention", &spec.retention, told.retention_in_days.and_then(retention));
        if let Some(tags) = tags {
            TagSet::wanted(cx, &spec.tags).compare(&tags, &mut drifts);
        }
        if told.retention_in_days.is_none() {
            drifts.note("retention", "for ever");
        }
        Ok(Some(Observed::ready(state(&told, &before.name)).drifted(drifts)))
    }

    /// The group of exactly that name. AWS searches by prefix.
    async fn log_group(&self, name: &str) -> Result<Option<Told>, ProviderError> {
        let pages = self.logs.describe_log_groups().log_group_name_prefix(name).into_paginator();
        let groups: Result<Vec<_>, _> = pages.items().send().collect().await;
        let groups = groups.call(LOGS, "DescribeLogGroups")?;
        Ok(groups.into_iter().find(|group| group.log_group_name() == Some(name)))
    }

    async fn log_group_tags(&self, arn: &str) -> Result<Option<TagSet>, ProviderError> {
        let call = self.logs.list_tags_for_resource().resource_arn(arn);
        let answer = call.send().await.call(LOGS, "ListTagsForResource").gone()?;
        let tags: Option<HashMap<_, _>> = answer.map(|answer| answer.tags.unwrap_or_default());
        Ok(tags.map(|tags| tags.iter().map(|(key, value)| (&**key, &**value)).collect()))
    }

    async fn retain(&self, spec: &LogGroup, state: &LogGroupState) -> Result<(), ProviderError> {
        let days = i32::try_from(spec.retention.days().0).unwrap_or(i32::MAX);
        let call = self.logs.put_retention_policy().log_group_name(&state.name);
        call.retention_in_days(days).send().await.call(LOGS, "PutRetentionPolicy").map(drop)
    }

    async fn retag_log_group(
        &self,
        cx: &Cx,
        spec: &LogGroup,
        state: &LogGroupState,
    ) -> Result<(), ProviderError> {
        let actual = self.log_group_tags(&state.arn).await?.unwrap_or_default();
        let changes = TagSet::wanted(cx, &spec.tags).changes(&actual);
        let set: HashMap<_, _> =
            changes.set.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let setting = self.logs.tag_resource().resource_arn(&state.arn);
        let (is_set, is_unset) = (!set.is_empty(), !changes.unset.is_empty());
        let setting =
            async { setting.set_tags(Some(set)).send().await.call(LOGS, "TagResource").map(drop) };
        let unsetting = self.logs.untag_resource().resource_arn(&state.arn);
        let unsetting = async {
            let call = unsetting.set_tag_keys(Some(changes.unset));
            call.send().await.call(LOGS, "UntagResource").map(drop)
        };
        try_join(when(is_set, setting), when(is_unset, unsetting)).await?;
        Ok(())
    }
}

/// The state of a told group. AWS appends `:*` to the ARN, which the tagging calls refuse.
fn state(told: &Told, name: &str) -> LogGroupState {
    let arn = told.log_group_arn().or(told.arn()).unwrap_or_default();
    LogGroupState { name: name.to_owned(), arn: arn.trim_end_matches(":*").to_owned() }
}

fn retention(days: i32) -> Option<RetentionDays> {
    RetentionDays::try_from(Days(u32::try_from(days).ok()?)).ok()
}
