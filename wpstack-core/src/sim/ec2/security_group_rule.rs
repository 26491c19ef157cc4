//! Rules of security groups.

use std::net::Ipv4Addr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::security_group;
use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider, Recorded};
use crate::resource::ec2::{self as spec, Direction, Peer, SecurityGroupRuleState};
use crate::sim::Sim;
use crate::sim::call::{Looked, only};
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};
use crate::value::{Cidr, Port, Traffic};

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The group it belongs to: `sg-…`
    pub group: String,
    /// Which way.
    pub direction: Direction,
    /// The other end.
    pub remote: Remote,
    /// Protocol and ports.
    pub traffic: Traffic,
    /// What it is for.
    pub description: String,
}

/// The other end of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remote {
    /// Addresses.
    Cidr(Cidr),
    /// Members of a group: `sg-…`
    Group(String),
}

const NOT_FOUND: &str = "InvalidSecurityGroupRuleId.NotFound";

impl Rule {
    /// Whether the rule is what AWS gives to a new group.
    pub(super) fn is_allow_all_out(&self) -> bool {
        self.direction == Direction::Egress
            && self.remote == Remote::Cidr(Cidr::ANYWHERE)
            && self.traffic == Traffic::All
    }

    /// Whether TCP to `port` passes, the other end being at `address` and in `groups`.
    pub(super) fn admits(&self, address: Ipv4Addr, groups: &[String], port: Port) -> bool {
        let fits = match &self.remote {
            Remote::Cidr(cidr) => cidr.has(address),
            Remote::Group(group) => groups.contains(group),
        };
        fits && self.traffic.admits_tcp(port)
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.group, self.direction, &self.remote, self.traffic)
            == (&other.group, other.direction, &other.remote, other.traffic)
    }
}

impl World {
    /// `AuthorizeSecurityGroupIngress` and `AuthorizeSecurityGroupEgress`.
    ///
    /// # Errors
    /// `InvalidGroup.NotFound`; `InvalidPermission.Duplicate`; `RulesPerSecurityGroupLimitExceeded`.
    pub fn authorize(&mut self, rule: Rule, tags: TagMap) -> Result<String, Refusal> {
        let ec2 = &self.ec2;
        let group = ec2.seen(&ec2.groups, &rule.group, security_group::NOT_FOUND)?;
        if let Remote::Group(other) = &rule.remote
            && ec2.seen(&ec2.groups, other, security_group::NOT_FOUND)?.vpc != group.vpc
        {
            return Err(super::not_found(security_group::NOT_FOUND, other));
        }
        if ec2.rules.values().any(|other| other.is_same(&rule)) {
            let message = "the specified rule already exists";
            return Err(Refusal::new("InvalidPermission.Duplicate", message));
        }
        let others = ec2
            .rules
            .values()
            .filter(|other| other.group == rule.group && other.direction == rule.direction);
        if others.count() >= self.quotas.rules_per_group {
            let message = "The maximum number of rules per security group has been reached.";
            return Err(Refusal::new("RulesPerSecurityGroupLimitExceeded", message));
        }
        let id = self.ec2_new("sgr", tags);
        self.ec2.rules.insert(id.clone(), rule);
        Ok(id)
    }

    /// `UpdateSecurityGroupRuleDescriptionsIngress` and `…Egress`.
    ///
    /// # Errors
    /// `InvalidSecurityGroupRuleId.NotFound`.
    pub fn describe_rule(&mut self, id: &str, description: &str) -> Result<(), Refusal> {
        self.ec2.seen(&self.ec2.rules, id, NOT_FOUND)?;
        if let Some(rule) = self.ec2.rules.get_mut(id) {
            description.clone_into(&mut rule.description);
        }
        Ok(())
    }

    /// `RevokeSecurityGroupIngress` and `RevokeSecurityGroupEgress`.
    ///
    /// # Errors
    /// `InvalidSecurityGroupRuleId.NotFound`.
    pub fn revoke(&mut self, id: &str) -> Result<(), Refusal> {
        let removed = self.ec2.rules.remove(id);
        self.ec2.forget(id);
        removed.map(drop).ok_or_else(|| super::not_found(NOT_FOUND, id))
    }
}

fn resolved(cx: &Cx, spec: &spec::SecurityGroupRule) -> Result<Rule, ProviderError> {
    Ok(Rule {
        group: cx.state_of(&spec.group)?.id,
        direction: spec.direction,
        remote: match &spec.peer {
            Peer::Cidr(cidr) => Remote::Cidr(*cidr),
            Peer::Group(group) => Remote::Group(cx.state_of(group)?.id),
        },
        traffic: spec.traffic,
        description: spec.description.clone(),
    })
}

fn state(id: String, rule: &Rule) -> SecurityGroupRuleState {
    SecurityGroupRuleState { id, group_id: rule.group.clone(), direction: rule.direction }
}

fn by_way(direction: Direction, ingress: &'static str, egress: &'static str) -> &'static str {
    match direction {
        Direction::Ingress => ingress,
        Direction::Egress => egress,
    }
}

#[async_trait]
impl Provider<spec::SecurityGroupRule> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        _: &spec::SecurityGroupRule,
    ) -> Result<Option<SecurityGroupRuleState>, ProviderError> {
        self.call(cx, "ec2", "DescribeSecurityGroupRules", |world| {
            let id = world.ec2.owned("sgr", cx);
            let found = id.and_then(|id| Some((id, world.ec2.rules.get(id)?)));
            Ok(found.map(|(id, rule)| state(id.to_owned(), rule)))
        })
        .await
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::SecurityGroupRule,
    ) -> Result<SecurityGroupRuleState, ProviderError> {
        let rule = resolved(cx, spec)?;
        let operation =
            by_way(spec.direction, "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress");
        self.call(cx, "ec2", operation, |world| {
            let id = world.authorize(rule.clone(), owned(cx, &spec.tags))?;
            Ok(state(id, &rule))
        })
        .await
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::SecurityGroupRule,
        state: &SecurityGroupRuleState,
    ) -> Result<Option<Observed<SecurityGroupRuleState>>, ProviderError> {
        let (cx, spec, state) = (cx.clone(), spec.clone(), state.clone());
        only::<spec::SecurityGroupRule>(self.read_many(&[Recorded { cx, spec, state }]).await)
    }

    async fn read_many(
        &self,
        objects: &[Recorded<spec::SecurityGroupRule>],
    ) -> Vec<Looked<spec::SecurityGroupRule>> {
        self.call_about(objects, "ec2", "DescribeSecurityGroupRules", |world, recorded| {
            let Recorded { cx, spec, state } = recorded;
            let Ok(rule) = world.ec2.seen(&world.ec2.rules, &state.id, NOT_FOUND) else {
                return Ok(None);
            };
            let recorded = resolved(cx, spec)?;
            let mut drift = Drifts::new();
            drift
                .reference("group", &recorded.group, Some(&rule.group))
                .field("direction", &spec.direction, Some(rule.direction))
                .field("peer", &recorded.remote, Some(rule.remote.clone()))
                .field("traffic", &spec.traffic, Some(rule.traffic))
                .field("description", &spec.description, Some(rule.description.clone()))
                .tags(cx, &spec.tags, &world.ec2.tags_of(&state.id));
            Ok(Some(Observed::ready(state.clone()).drifted(drift)))
        })
        .await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::SecurityGroupRule,
        state: &SecurityGroupRuleState,
        changed: &[String],
    ) -> Result<SecurityGroupRuleState, ProviderError> {
        for field in changed {
            match field.as_str() {
                "description" => {
                    let operation = by_way(
                        spec.direction,
                        "UpdateSecurityGroupRuleDescriptionsIngress",
                        "UpdateSecurityGroupRuleDescriptionsEgress",
                    );
                    self.call(cx, "ec2", operation, |world| {
                        world.describe_rule(&state.id, &spec.description)
                    })
                    .await?;
                }
                _ => self.ec2_retag(cx, &state.id, &spec.tags).await?,
            }
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        spec: &spec::SecurityGroupRule,
        id: &str,
    ) -> Result<Option<SecurityGroupRuleState>, ProviderError> {
        let wanted = Rule { description: String::new(), ..resolved(cx, spec)? };
        self.call(cx, "ec2", "DescribeSecurityGroupRules", |world| {
            let mut rules = world.ec2.rules.iter();
            let found = rules.find(|(rule_id, rule)| {
                *rule_id == id || (id == rule.group && rule.is_same(&wanted))
            });
            Ok(found.map(|(id, rule)| state(id.clone(), rule)))
        })
        .await
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::SecurityGroupRule,
        state: &SecurityGroupRuleState,
    ) -> Result<(), ProviderError> {
        let operation =
            by_way(state.direction, "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress");
        self.call(cx, "ec2", operation, |world| world.revoke(&state.id)).await.gone().map(drop)
    }
}
