//! Log groups.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider};
use crate::resource::logs::{self as spec, LogGroupState};
use crate::sim::Sim;
use crate::sim::tagged::{Tagging, is_mine};
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};
use crate::value::RetentionDays;

/// A log group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGroup {
    /// `arn:aws:logs:…:log-group:…`
    pub arn: String,
    /// How long lines are kept; `None` for ever.
    pub retention: Option<RetentionDays>,
}

const TAGGING: Tagging = Tagging {
    service: "logs",
    list: "ListTagsForResource",
    add: "TagResource",
    remove: "UntagResource",
    not_found: "ResourceNotFoundException",
};

impl World {
    /// `CreateLogGroup`. Its lines are kept for ever. Returns its ARN.
    ///
    /// # Errors
    /// `ResourceAlreadyExistsException`; `LimitExceededException`.
    pub fn create_log_group(&mut self, name: &str, tags: TagMap) -> Result<String, Refusal> {
        if self.logs.groups.contains_key(name) {
            let message = "The specified log group already exists";
            return Err(Refusal::new("ResourceAlreadyExistsException", message));
        }
        if self.logs.groups.len() >= self.quotas.log_groups {
            return Err(Refusal::new("LimitExceededException", "Resource limit exceeded."));
        }
        let arn = self.arn("logs", &format!("log-group:{name}"));
        self.tags.insert(arn.clone(), tags);
        let group = LogGroup { arn: arn.clone(), retention: None };
        self.logs.groups.insert(name.to_owned(), group);
        Ok(arn)
    }

    /// `DescribeLogGroups`, of the one that has just this name. `None` when there is none.
    #[must_use]
    pub fn log_group(&self, name: &str) -> Option<&LogGroup> {
        self.logs.groups.get(name)
    }

    /// `PutRetentionPolicy`.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub fn put_retention_policy(
        &mut self,
        name: &str,
        retention: RetentionDays,
    ) -> Result<(), Refusal> {
        let group = self.logs.groups.get_mut(name).ok_or_else(no_group)?;
        group.retention = Some(retention);
        Ok(())
    }

    /// `DeleteLogGroup`. Its lines go with it.
    ///
    /// # Errors
    /// `ResourceNotFoundException`.
    pub fn delete_log_group(&mut self, name: &str) -> Result<(), Refusal> {
        let group = self.logs.groups.remove(name).ok_or_else(no_group)?;
        self.tags.remove(&group.arn);
        Ok(())
    }
}

fn no_group() -> Refusal {
    Refusal::new("ResourceNotFoundException", "The specified log group does not exist.")
}

impl Sim {
    async fn describe_log_group(
        &self,
        cx: &Cx,
        name: &str,
    ) -> Result<Option<LogGroup>, ProviderError> {
        let found =
            self.call(cx, "logs", "DescribeLogGroups", |world| Ok(world.log_group(name).cloned()));
        found.await
    }

    async fn put_retention(
        &self,
        cx: &Cx,
        spec: &spec::LogGroup,
        name: &str,
    ) -> Result<(), ProviderError> {
        self.call(cx, "logs", "PutRetentionPolicy", |world| {
            world.put_retention_policy(name, spec.retention)
        })
        .await
    }
}

#[async_trait]
impl Provider<spec::LogGroup> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::LogGroup,
    ) -> Result<Option<LogGroupState>, ProviderError> {
        let name = spec.name.to_string();
        let Some(LogGroup { arn, .. }) = self.describe_log_group(cx, &name).await? else {
            return Ok(None);
        };
        let Some(tags) = self.list_tags(cx, TAGGING, &arn).await.gone()? else {
            return Ok(None);
        };
        let what = format!("the log group `{name}`");
        let mine = is_mine(cx, "logs", "ListTagsForResource", &what, &tags)?;
        Ok(mine.then_some(LogGroupState { name, arn }))
    }

    async fn create(&self, cx: &Cx, spec: &spec::LogGroup) -> Result<LogGroupState, ProviderError> {
        let name = spec.name.to_string();
        self.call(cx, "logs", "CreateLogGroup", |world| {
            let arn = world.create_log_group(&name, owned(cx, &spec.tags))?;
            Ok(LogGroupState { name: name.clone(), arn })
        })
        .await
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &spec::LogGroup,
        state: &LogGroupState,
    ) -> Result<LogGroupState, ProviderError> {
        self.put_retention(cx, spec, &state.name).await?;
        Ok(state.clone())
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::LogGroup,
        state: &LogGroupState,
    ) -> Result<Option<Observed<LogGroupState>>, ProviderError> {
        let Some(group) = self.describe_log_group(cx, &state.name).await? else {
            return Ok(None);
        };
        let Some(tags) = self.list_tags(cx, TAGGING, &state.arn).await.gone()? else {
            return Ok(None);
        };
        let mut drift = Drifts::new();
        drift
            .field("retention", &Some(spec.retention), Some(group.retention))
            .tags(cx, &spec.tags, &tags);
        Ok(Some(Observed::ready(state.clone()).drifted(drift)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::LogGroup,
        state: &LogGroupState,
        changed: &[String],
    ) -> Result<LogGroupState, ProviderError> {
        for field in changed {
            match field.as_str() {
                "retention" => self.put_retention(cx, spec, &state.name).await?,
                _ => self.retag(cx, TAGGING, &state.arn, &spec.tags).await?,
            }
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        _: &spec::LogGroup,
        id: &str,
    ) -> Result<Option<LogGroupState>, ProviderError> {
        let found = self.describe_log_group(cx, id).await?;
        Ok(found.map(|LogGroup { arn, .. }| LogGroupState { name: id.to_owned(), arn }))
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::LogGroup,
        state: &LogGroupState,
    ) -> Result<(), ProviderError> {
        let deleted =
            self.call(cx, "logs", "DeleteLogGroup", |world| world.delete_log_group(&state.name));
        deleted.await.gone().map(drop)
    }
}
