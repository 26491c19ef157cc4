//! Parameter groups.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::engine;
use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider};
use crate::resource::rds::{self as spec, DbParameterGroupState};
use crate::sim::Sim;
use crate::sim::tagged::{Tagging, is_mine};
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};

/// A parameter group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbParameterGroup {
    /// `arn:aws:rds:…:pg:…`
    pub arn: String,
    /// `mysql8.4`
    pub family: String,
    /// What it is for.
    pub description: String,
    /// The parameters that somebody set.
    pub parameters: BTreeMap<String, String>,
}

const NOT_FOUND: &str = "DBParameterGroupNotFound";

/// The most parameters that one call changes.
const MOST_AT_ONCE: usize = 20;

/// The common ones of the parameters that take effect only at a restart.
const STATIC: &[&str] = &[
    "back_log",
    "default_authentication_plugin",
    "ft_min_word_len",
    "gtid-mode",
    "innodb_autoinc_lock_mode",
    "innodb_ft_min_token_size",
    "innodb_log_file_size",
    "innodb_page_cleaners",
    "innodb_purge_threads",
    "innodb_read_io_threads",
    "innodb_write_io_threads",
    "lower_case_table_names",
    "performance_schema",
    "skip_name_resolve",
    "table_open_cache_instances",
];

const TAGGING: Tagging = Tagging {
    service: "rds",
    list: "ListTagsForResource",
    add: "AddTagsToResource",
    remove: "RemoveTagsFromResource",
    not_found: NOT_FOUND,
};

impl World {
    /// `CreateDBParameterGroup`. Returns its ARN.
    ///
    /// # Errors
    /// `DBParameterGroupAlreadyExists`; `InvalidParameterValue` for a family that there is not;
    /// `DBParameterGroupQuotaExceeded`.
    pub fn create_db_parameter_group(
        &mut self,
        name: &str,
        family: &str,
        description: &str,
        tags: TagMap,
    ) -> Result<String, Refusal> {
        if self.rds.parameter_groups.contains_key(name) {
            let message = format!("Parameter group {name} already exists");
            return Err(Refusal::new("DBParameterGroupAlreadyExists", message));
        }
        if !engine::is_family(family) {
            let message =
                format!("ParameterGroupFamily {family} is not a valid parameter group family");
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        if self.rds.parameter_groups.len() >= self.quotas.db_parameter_groups {
            let message = "The request would exceed your quota of DB parameter groups.";
            return Err(Refusal::new("DBParameterGroupQuotaExceeded", message));
        }
        let arn = self.arn("rds", &format!("pg:{name}"));
        self.tags.insert(arn.clone(), tags);
        let group = DbParameterGroup {
            arn: arn.clone(),
            family: family.to_owned(),
            description: description.to_owned(),
            parameters: BTreeMap::new(),
        };
        self.rds.parameter_groups.insert(name.to_owned(), group);
        Ok(arn)
    }

    /// `DescribeDBParameterGroups`, of one.
    ///
    /// # Errors
    /// `DBParameterGroupNotFound`.
    pub fn db_parameter_group(&self, name: &str) -> Result<&DbParameterGroup, Refusal> {
        self.rds.parameter_groups.get(name).ok_or_else(|| no_group(name))
    }

    /// `ModifyDBParameterGroup`, and for those without a value `ResetDBParameterGroup`. Instances have to be restarted
    /// before a static parameter takes effect.
    ///
    /// # Errors
    /// `DBParameterGroupNotFound`; `InvalidParameterValue` for more than 20 at once.
    pub fn modify_db_parameter_group(
        &mut self,
        name: &str,
        parameters: &[(String, Option<String>)],
    ) -> Result<(), Refusal> {
        let group = self.rds.parameter_groups.get_mut(name).ok_or_else(|| no_group(name))?;
        if parameters.len() > MOST_AT_ONCE {
            let message = "A maximum of 20 parameters can be modified in a single request.";
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        for (parameter, value) in parameters {
            match value {
                Some(value) => drop(group.parameters.insert(parameter.clone(), value.clone())),
                None => drop(group.parameters.remove(parameter)),
            }
        }
        if parameters.iter().any(|(parameter, _)| STATIC.contains(&parameter.as_str())) {
            let users = self.rds.instances.values_mut();
            users
                .filter(|instance| instance.parameter_group == name)
                .for_each(|instance| instance.needs_restart = true);
        }
        Ok(())
    }

    /// `DeleteDBParameterGroup`.
    ///
    /// # Errors
    /// `DBParameterGroupNotFound`; `InvalidDBParameterGroupState` while an instance, even one that is being deleted, has
    /// it.
    pub fn delete_db_parameter_group(&mut self, name: &str) -> Result<(), Refusal> {
        let arn = self.db_parameter_group(name)?.arn.clone();
        if self.rds.instances.values().any(|instance| instance.parameter_group == name) {
            let message = format!(
                "One or more database instances are still members of this parameter group {name}, so the group \
                 cannot be deleted"
            );
            return Err(Refusal::new("InvalidDBParameterGroupState", message));
        }
        self.rds.parameter_groups.remove(name);
        self.tags.remove(&arn);
        Ok(())
    }
}

fn no_group(name: &str) -> Refusal {
    Refusal::new(NOT_FOUND, format!("DBParameterGroup not found: {name}"))
}

impl Sim {
    async fn describe_parameter_group(
        &self,
        cx: &Cx,
        name: &str,
    ) -> Result<Option<DbParameterGroup>, ProviderError> {
        let found = self.call(cx, "rds", "DescribeDBParameterGroups", |world| {
            world.db_parameter_group(name).cloned()
        });
        found.await.gone()
    }

    /// The parameters that somebody set.
    async fn describe_parameters(
        &self,
        cx: &Cx,
        name: &str,
    ) -> Result<Option<BTreeMap<String, String>>, ProviderError> {
        let found = self.call(cx, "rds", "DescribeDBParameters", |world| {
            Ok(world.db_parameter_group(name)?.parameters.clone())
        });
        found.await.gone()
    }

    /// Sets those of the wanted parameters that are not set so, and resets those that are over.
    async fn set_parameters(
        &self,
        cx: &Cx,
        name: &str,
        old: &BTreeMap<String, String>,
        new: &BTreeMap<String, String>,
    ) -> Result<(), ProviderError> {
        let set = new.iter().filter(|(key, value)| old.get(*key) != Some(*value));
        let set: Vec<_> = set.map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
        let over = old.keys().filter(|key| !new.contains_key(*key));
        let over: Vec<_> = over.map(|key| (key.clone(), None)).collect();
        for (operation, all) in [("ModifyDBParameterGroup", set), ("ResetDBParameterGroup", over)] {
            for some in all.chunks(MOST_AT_ONCE) {
                let change = |world: &mut World| world.modify_db_parameter_group(name, some);
                self.call(cx, "rds", operation, change).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Provider<spec::DbParameterGroup> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::DbParameterGroup,
    ) -> Result<Option<DbParameterGroupState>, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let Some(DbParameterGroup { arn, .. }) = self.describe_parameter_group(cx, &name).await?
        else {
            return Ok(None);
        };
        let Some(tags) = self.list_tags(cx, TAGGING, &arn).await.gone()? else {
            return Ok(None);
        };
        let what = format!("the DB parameter group `{name}`");
        let mine = is_mine(cx, "rds", "ListTagsForResource", &what, &tags)?;
        Ok(mine.then_some(DbParameterGroupState { name, arn }))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::DbParameterGroup,
    ) -> Result<DbParameterGroupState, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        self.call(cx, "rds", "CreateDBParameterGroup", |world| {
            let (family, tags) = (spec.version.family(), owned(cx, &spec.tags));
            let arn = world.create_db_parameter_group(&name, &family, &spec.description, tags)?;
            Ok(DbParameterGroupState { name: name.clone(), arn })
        })
        .await
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &spec::DbParameterGroup,
        state: &DbParameterGroupState,
    ) -> Result<DbParameterGroupState, ProviderError> {
        self.set_parameters(cx, &state.name, &BTreeMap::new(), &spec.parameters).await?;
        Ok(state.clone())
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::DbParameterGroup,
        state: &DbParameterGroupState,
    ) -> Result<Option<Observed<DbParameterGroupState>>, ProviderError> {
        if self.describe_parameter_group(cx, &state.name).await?.is_none() {
            return Ok(None);
        }
        let Some(parameters) = self.describe_parameters(cx, &state.name).await? else {
            return Ok(None);
        };
        let Some(tags) = self.list_tags(cx, TAGGING, &state.arn).await.gone()? else {
            return Ok(None);
        };
        let mut drift = Drifts::new();
        drift.field("parameters", &spec.parameters, Some(parameters)).tags(cx, &spec.tags, &tags);
        Ok(Some(Observed::ready(state.clone()).drifted(drift)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::DbParameterGroup,
        state: &DbParameterGroupState,
        changed: &[String],
    ) -> Result<DbParameterGroupState, ProviderError> {
        for field in changed {
            match field.as_str() {
                "parameters" => {
                    let old = self.describe_parameters(cx, &state.name).await?.unwrap_or_default();
                    self.set_parameters(cx, &state.name, &old, &spec.parameters).await?;
                }
                _ => self.retag(cx, TAGGING, &state.arn, &spec.tags).await?,
            }
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        _: &spec::DbParameterGroup,
        id: &str,
    ) -> Result<Option<DbParameterGroupState>, ProviderError> {
        let found = self.describe_parameter_group(cx, id).await?;
        Ok(found
            .map(|DbParameterGroup { arn, .. }| DbParameterGroupState { name: id.to_owned(), arn }))
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::DbParameterGroup,
        state: &DbParameterGroupState,
    ) -> Result<(), ProviderError> {
        let deleted = self.call(cx, "rds", "DeleteDBParameterGroup", |world| {
            world.delete_db_parameter_group(&state.name)
        });
        deleted.await.gone().map(drop)
    }
}
