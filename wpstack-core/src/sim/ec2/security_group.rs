//! Security groups.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Remote, Rule, in_use, vpc};
use crate::failure::{ErrorKind, Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider, Recorded};
use crate::resource::ec2::{self as spec, Direction, SecurityGroupState};
use crate::sim::Sim;
use crate::sim::call::{Looked, only};
use crate::sim::tagged::owner_of;
use crate::sim::tags::{CompareTags, TagMap, is_ours, owned};
use crate::sim::world::{Refusal, World};
use crate::value::{Cidr, Traffic};

/// A security group. Its rules are in [`Ec2::rules`](super::Ec2::rules).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// `vpc-…`
    pub vpc: String,
    /// Its name, unique in the VPC.
    pub name: String,
    /// What it is for.
    pub description: String,
}

pub(super) const NOT_FOUND: &str = "InvalidGroup.NotFound";

impl World {
    /// `CreateSecurityGroup`. The new group lets everything out.
    ///
    /// # Errors
    /// `InvalidVpcID.NotFound`; `InvalidGroup.Duplicate`; `SecurityGroupLimitExceeded`.
    pub fn create_security_group(
        &mut self,
        vpc: &str,
        name: &str,
        description: &str,
        tags: TagMap,
    ) -> Result<String, Refusal> {
        let ec2 = &self.ec2;
        ec2.seen(&ec2.vpcs, vpc, vpc::NOT_FOUND)?;
        if self.group_named(vpc, name).is_some() {
            let message = format!("The security group '{name}' already exists for VPC '{vpc}'");
            return Err(Refusal::new("InvalidGroup.Duplicate", message));
        }
        if ec2.groups.len() >= self.quotas.security_groups {
            let message = "The maximum number of security groups has been reached.";
            return Err(Refusal::new("SecurityGroupLimitExceeded", message));
        }
        let id = self.ec2_new("sg", tags);
        let (vpc, name, description) = (vpc.to_owned(), name.to_owned(), description.to_owned());
        self.ec2.groups.insert(id.clone(), SecurityGroup { vpc, name, description });
        self.allow(&id, Direction::Egress, Remote::Cidr(Cidr::ANYWHERE));
        Ok(id)
    }

    /// `DeleteSecurityGroup`. Its own rules go with it.
    ///
    /// # Errors
    /// `InvalidGroup.NotFound`; `CannotDelete` for a VPC's default group; `DependencyViolation` while a network
    /// interface is in it or a rule of another group names it.
    pub fn delete_security_group(&mut self, id: &str) -> Result<(), Refusal> {
        let ec2 = &self.ec2;
        if !ec2.groups.contains_key(id) {
            return Err(super::not_found(NOT_FOUND, id));
        }
        if ec2.vpcs.values().any(|vpc| vpc.default_group == id) {
            let message = format!(
                "the specified group: \"{id}\" name: \"default\" cannot be deleted by a user"
            );
            return Err(Refusal::new("CannotDelete", message));
        }
        let named = |rule: &Rule| rule.group != id && rule.remote == Remote::Group(id.to_owned());
        if ec2.interfaces.values().any(|interface| interface.groups.iter().any(|it| it == id))
            || ec2.rules.values().any(named)
        {
            return Err(in_use(format!("resource {id} has a dependent object")));
        }
        self.drop_group(id);
        Ok(())
    }

    /// Takes the rule away that lets everything out of a new group.
    pub(in crate::sim) fn revoke_allow_all_out(&mut self, id: &str) {
        let rules = self.ec2.rules.iter().filter(|(rule, it)| {
            it.group == id && it.is_allow_all_out() && !is_ours(&self.ec2.tags_of(rule))
        });
        let rules: Vec<_> = rules.map(|(rule, _)| rule.clone()).collect();
        for rule in rules {
            self.ec2.rules.remove(&rule);
            self.ec2.forget(&rule);
        }
    }

    /// Gives a new group a rule that AWS itself makes, for everything.
    pub(super) fn allow(&mut self, group: &str, direction: Direction, remote: Remote) {
        let id = self.id("sgr");
        let (group, description) = (group.to_owned(), String::new());
        let rule = Rule { group, direction, remote, traffic: Traffic::All, description };
        self.ec2.rules.insert(id, rule);
    }

    /// Removes a group with its rules.
    pub(super) fn drop_group(&mut self, id: &str) {
        self.ec2.groups.remove(id);
        self.ec2.forget(id);
        let rules = self.ec2.rules.extract_if(.., |_, rule| rule.group == id);
        let rules: Vec<_> = rules.map(|(rule, _)| rule).collect();
        rules.iter().for_each(|rule| self.ec2.forget(rule));
    }

    fn group_named(&self, vpc: &str, name: &str) -> Option<&str> {
        let mut groups = self.ec2.groups.iter();
        let found = groups.find(|(_, group)| group.vpc == vpc && group.name == name);
        found.map(|(id, _)| id.as_str())
    }
}

/// The name of this generation.
fn physical_name(cx: &Cx, spec: &spec::SecurityGroup) -> String {
    spec.name.generation(cx.generation()).to_string()
}

#[async_trait]
impl Provider<spec::SecurityGroup> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::SecurityGroup,
    ) -> Result<Option<SecurityGroupState>, ProviderError> {
        let (vpc, name) = (cx.state_of(&spec.vpc)?.id, physical_name(cx, spec));
        let (found, foreign) = self
            .call(cx, "ec2", "DescribeSecurityGroups", |world| {
                let found = world.ec2.owned("sg", cx).map(str::to_owned);
                let named = world.group_named(&vpc, &name);
                let foreign = named.filter(|id| !world.ec2.hidden.contains(*id));
                let foreign = foreign.map(|id| world.ec2.tags_of(id));
                Ok((found, foreign))
            })
            .await?;
        match (found, foreign) {
            (Some(id), _) => Ok(Some(SecurityGroupState { id, as_given: true })),
            (None, None) => Ok(None),
            (None, Some(tags)) => {
                let owner = owner_of(&tags);
                let message =
                    format!("the security group `{name}` is there and belongs to {owner}");
                let kind = ErrorKind::AlreadyExists;
                Err(ProviderError::new(kind, "ec2", "DescribeSecurityGroups", message))
            }
        }
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::SecurityGroup,
    ) -> Result<SecurityGroupState, ProviderError> {
        let (vpc, name) = (cx.state_of(&spec.vpc)?.id, physical_name(cx, spec));
        self.call(cx, "ec2", "CreateSecurityGroup", |world| {
            let tags = owned(cx, &spec.tags);
            let id = world.create_security_group(&vpc, &name, &spec.description, tags)?;
            Ok(SecurityGroupState { id, as_given: true })
        })
        .await
    }

    async fn configure(
        &self,
        cx: &Cx,
        _: &spec::SecurityGroup,
        state: &SecurityGroupState,
    ) -> Result<SecurityGroupState, ProviderError> {
        if !state.as_given {
            return Ok(state.clone());
        }
        self.call(cx, "ec2", "RevokeSecurityGroupEgress", |world| {
            world.ec2.seen(&world.ec2.groups, &state.id, NOT_FOUND)?;
            world.revoke_allow_all_out(&state.id);
            Ok(SecurityGroupState { as_given: false, ..state.clone() })
        })
        .await
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::SecurityGroup,
        state: &SecurityGroupState,
    ) -> Result<Option<Observed<SecurityGroupState>>, ProviderError> {
        let (cx, spec, state) = (cx.clone(), spec.clone(), state.clone());
        only::<spec::SecurityGroup>(self.read_many(&[Recorded { cx, spec, state }]).await)
    }

    async fn read_many(
        &self,
        objects: &[Recorded<spec::SecurityGroup>],
    ) -> Vec<Looked<spec::SecurityGroup>> {
        self.call_about(objects, "ec2", "DescribeSecurityGroups", |world, recorded| {
            let Recorded { cx, spec, state } = recorded;
            let Ok(group) = world.ec2.seen(&world.ec2.groups, &state.id, NOT_FOUND) else {
                return Ok(None);
            };
            let mut drift = Drifts::new();
            drift.reference("vpc", &cx.state_of(&spec.vpc)?.id, Some(&group.vpc)).tags(
                cx,
                &spec.tags,
                &world.ec2.tags_of(&state.id),
            );
            Ok(Some(Observed::ready(state.clone()).drifted(drift)))
        })
        .await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::SecurityGroup,
        state: &SecurityGroupState,
        _: &[String],
    ) -> Result<SecurityGroupState, ProviderError> {
        self.ec2_retag(cx, &state.id, &spec.tags).await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &spec::SecurityGroup,
        id: &str,
    ) -> Result<Option<SecurityGroupState>, ProviderError> {
        Ok(Some(SecurityGroupState { id: id.to_owned(), as_given: false }))
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::SecurityGroup,
        state: &SecurityGroupState,
    ) -> Result<(), ProviderError> {
        let deleted = self
            .call(cx, "ec2", "DeleteSecurityGroup", |world| world.delete_security_group(&state.id))
            .await;
        deleted.gone().map(drop)
    }
}
