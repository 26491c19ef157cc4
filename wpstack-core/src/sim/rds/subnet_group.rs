//! Subnet groups.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider};
use crate::resource::rds::{self as spec, DbSubnetGroupState};
use crate::sim::Sim;
use crate::sim::tagged::{Tagging, is_mine};
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};

/// A subnet group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbSubnetGroup {
    /// `arn:aws:rds:…:subgrp:…`
    pub arn: String,
    /// What it is for.
    pub description: String,
    /// The network that its subnets are in.
    pub vpc: String,
    /// `subnet-…`
    pub subnets: BTreeSet<String>,
}

const NOT_FOUND: &str = "DBSubnetGroupNotFoundFault";

const TAGGING: Tagging = Tagging {
    service: "rds",
    list: "ListTagsForResource",
    add: "AddTagsToResource",
    remove: "RemoveTagsFromResource",
    not_found: NOT_FOUND,
};

impl World {
    /// `CreateDBSubnetGroup`. Returns its ARN.
    ///
    /// # Errors
    /// `DBSubnetGroupAlreadyExists`; `InvalidSubnet` for subnets that are not there or not in one network;
    /// `DBSubnetGroupDoesNotCoverEnoughAZs` unless they are in two zones; `DBSubnetGroupQuotaExceeded`.
    pub fn create_db_subnet_group(
        &mut self,
        name: &str,
        description: &str,
        subnets: BTreeSet<String>,
        tags: TagMap,
    ) -> Result<String, Refusal> {
        if self.rds.subnet_groups.contains_key(name) {
            let message = format!("The DB subnet group '{name}' already exists.");
            return Err(Refusal::new("DBSubnetGroupAlreadyExists", message));
        }
        if self.rds.subnet_groups.len() >= self.quotas.db_subnet_groups {
            let message = "The request would exceed your quota of DB subnet groups.";
            return Err(Refusal::new("DBSubnetGroupQuotaExceeded", message));
        }
        let vpc = self.check_db_subnets(&subnets)?;
        let arn = self.arn("rds", &format!("subgrp:{name}"));
        self.tags.insert(arn.clone(), tags);
        let (arn_, description) = (arn.clone(), description.to_owned());
        let group = DbSubnetGroup { arn: arn_, description, vpc, subnets };
        self.rds.subnet_groups.insert(name.to_owned(), group);
        Ok(arn)
    }

    /// The network of the subnets.
    fn check_db_subnets(&self, subnets: &BTreeSet<String>) -> Result<String, Refusal> {
        let all = &self.ec2.subnets;
        let known: Option<Vec<_>> = subnets.iter().map(|id| all.get(id)).collect();
        let Some((Some(first), known)) = known.map(|known| (known.first().copied(), known)) else {
            let message = format!("Some input subnets in :{subnets:?} are invalid.");
            return Err(Refusal::new("InvalidSubnet", message));
        };
        if known.iter().any(|subnet| subnet.vpc != first.vpc) {
            let message = "The DB subnet group has subnets of more than one VPC.";
            return Err(Refusal::new("InvalidSubnet", message));
        }
        let zones: BTreeSet<_> = known.iter().map(|subnet| subnet.zone.as_str()).collect();
        if zones.len() < 2 {
            let message = format!(
                "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: \
                 {}. Add subnets to cover at least 2 AZs.",
                zones.into_iter().collect::<String>()
            );
            return Err(Refusal::new("DBSubnetGroupDoesNotCoverEnoughAZs", message));
        }
        Ok(first.vpc.clone())
    }

    /// `DescribeDBSubnetGroups`, of one.
    ///
    /// # Errors
    /// `DBSubnetGroupNotFoundFault`.
    pub fn db_subnet_group(&self, name: &str) -> Result<&DbSubnetGroup, Refusal> {
        self.rds.subnet_groups.get(name).ok_or_else(|| {
            Refusal::new(NOT_FOUND, format!("DB subnet group '{name}' does not exist."))
        })
    }

    /// `ModifyDBSubnetGroup`.
    ///
    /// # Errors
    /// `DBSubnetGroupNotFoundFault`; `SubnetAlreadyInUse` when an instance is in a subnet that is to leave; for the new
    /// subnets as [`World::create_db_subnet_group`].
    pub fn modify_db_subnet_group(
        &mut self,
        name: &str,
        description: &str,
        subnets: BTreeSet<String>,
    ) -> Result<(), Refusal> {
        let group = self.db_subnet_group(name)?;
        let instances = self.rds.instances.values().filter(|it| it.subnet_group == name);
        let interfaces = instances.flat_map(|instance| &instance.interfaces);
        let used = interfaces.filter_map(|id| self.ec2.interfaces.get(id)).map(|it| &it.subnet);
        if let Some(used) = used.into_iter().find(|subnet| !subnets.contains(*subnet)) {
            let message = format!("The DB subnet {used} is already in use.");
            return Err(Refusal::new("SubnetAlreadyInUse", message));
        }
        if self.check_db_subnets(&subnets)? != group.vpc {
            let message = "The new Subnets are not in the same Vpc as the existing subnet group";
            return Err(Refusal::new("InvalidSubnet", message));
        }
        if let Some(group) = self.rds.subnet_groups.get_mut(name) {
            description.clone_into(&mut group.description);
            group.subnets = subnets;
        }
        Ok(())
    }

    /// `DeleteDBSubnetGroup`.
    ///
    /// # Errors
    /// `DBSubnetGroupNotFoundFault`; `InvalidDBSubnetGroupStateFault` while an instance, even one that is being deleted,
    /// is in it.
    pub fn delete_db_subnet_group(&mut self, name: &str) -> Result<(), Refusal> {
        let arn = self.db_subnet_group(name)?.arn.clone();
        let mut instances = self.rds.instances.iter();
        if let Some((user, _)) = instances.find(|(_, instance)| instance.subnet_group == name) {
            let message = format!(
                "Cannot delete the subnet group '{name}' because at least one database instance: {user} is still \
                 using it."
            );
            return Err(Refusal::new("InvalidDBSubnetGroupStateFault", message));
        }
        self.rds.subnet_groups.remove(name);
        self.tags.remove(&arn);
        Ok(())
    }
}

fn subnets(cx: &Cx, spec: &spec::DbSubnetGroup) -> Result<BTreeSet<String>, ProviderError> {
    spec.subnets.iter().map(|subnet| Ok(cx.state_of(subnet)?.id)).collect()
}

impl Sim {
    async fn describe_subnet_group(
        &self,
        cx: &Cx,
        name: &str,
    ) -> Result<Option<DbSubnetGroup>, ProviderError> {
        let found = self.call(cx, "rds", "DescribeDBSubnetGroups", |world| {
            world.db_subnet_group(name).cloned()
        });
        found.await.gone()
    }
}

#[async_trait]
impl Provider<spec::DbSubnetGroup> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::DbSubnetGroup,
    ) -> Result<Option<DbSubnetGroupState>, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let Some(DbSubnetGroup { arn, .. }) = self.describe_subnet_group(cx, &name).await? else {
            return Ok(None);
        };
        let Some(tags) = self.list_tags(cx, TAGGING, &arn).await.gone()? else {
            return Ok(None);
        };
        let what = format!("the DB subnet group `{name}`");
        let mine = is_mine(cx, "rds", "ListTagsForResource", &what, &tags)?;
        Ok(mine.then_some(DbSubnetGroupState { name, arn }))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::DbSubnetGroup,
    ) -> Result<DbSubnetGroupState, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let subnets = subnets(cx, spec)?;
        self.call(cx, "rds", "CreateDBSubnetGroup", |world| {
            let tags = owned(cx, &spec.tags);
            let arn = world.create_db_subnet_group(&name, &spec.description, subnets, tags)?;
            Ok(DbSubnetGroupState { name: name.clone(), arn })
        })
        .await
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::DbSubnetGroup,
        state: &DbSubnetGroupState,
    ) -> Result<Option<Observed<DbSubnetGroupState>>, ProviderError> {
        let Some(group) = self.describe_subnet_group(cx, &state.name).await? else {
            return Ok(None);
        };
        let Some(tags) = self.list_tags(cx, TAGGING, &state.arn).await.gone()? else {
            return Ok(None);
        };
        let mut drift = Drifts::new();
        drift
            .field("description", &spec.description, Some(group.description))
            .tags(cx, &spec.tags, &tags);
        if group.subnets != subnets(cx, spec)? {
            drift.note("subnets", group.subnets);
        }
        Ok(Some(Observed::ready(state.clone()).drifted(drift)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::DbSubnetGroup,
        state: &DbSubnetGroupState,
        changed: &[String],
    ) -> Result<DbSubnetGroupState, ProviderError> {
        if changed.iter().any(|field| field != "tags") {
            let subnets = subnets(cx, spec)?;
            self.call(cx, "rds", "ModifyDBSubnetGroup", |world| {
                world.modify_db_subnet_group(&state.name, &spec.description, subnets)
            })
            .await?;
        }
        if changed.iter().any(|field| field == "tags") {
            self.retag(cx, TAGGING, &state.arn, &spec.tags).await?;
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        _: &spec::DbSubnetGroup,
        id: &str,
    ) -> Result<Option<DbSubnetGroupState>, ProviderError> {
        let found = self.describe_subnet_group(cx, id).await?;
        Ok(found.map(|DbSubnetGroup { arn, .. }| DbSubnetGroupState { name: id.to_owned(), arn }))
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::DbSubnetGroup,
        state: &DbSubnetGroupState,
    ) -> Result<(), ProviderError> {
        let deleted = self.call(cx, "rds", "DeleteDBSubnetGroup", |world| {
            world.delete_db_subnet_group(&state.name)
        });
        deleted.await.gone().map(drop)
    }
}
