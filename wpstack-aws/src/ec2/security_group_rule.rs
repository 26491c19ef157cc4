//! `ec2.security-group-rule`

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    Filter, IpPermission, IpRange, ResourceType, SecurityGroupRule as Told, UserIdGroupPair,
};
use futures::future::try_join;
use wpstack_core::resource::ec2::{Direction, Peer, SecurityGroupRule, SecurityGroupRuleState};
use wpstack_core::value::Traffic;
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::{EC2, by_id, filter, tagged};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, look, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<SecurityGroupRule> for Aws {
    /// By what it lets through: a group has one rule of a kind. That holds for rules without tags as well, and for
    /// answers that do not tell what was made.
    async fn find(
        &self,
        cx: &Cx,
        spec: &SecurityGroupRule,
    ) -> Result<Option<SecurityGroupRuleState>, ProviderError> {
        let group = cx.state_of(&spec.group)?.id;
        let rules = self.rules(vec![filter("group-id", vec![group])]).await?;
        let wanted = Wanted::of(cx, spec)?;
        let Some(rule) = rules.iter().find(|rule| wanted.is_met_by(rule)) else {
            return Ok(None);
        };
        let tags = TagSet::actual(rule.tags());
        if tags.are_marked() {
            tags.claim(cx, EC2, "DescribeSecurityGroupRules", "a rule of the same meaning")?;
        }
        state(rule, "DescribeSecurityGroupRules").map(Some)
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &SecurityGroupRule,
    ) -> Result<SecurityGroupRuleState, ProviderError> {
        let group = cx.state_of(&spec.group)?.id;
        let permission = permission(cx, spec)?;
        let tags = tagged(ResourceType::SecurityGroupRule, cx, &spec.tags);
        let (rules, operation) = match spec.direction {
            Direction::Ingress => {
                let call = self.ec2.authorize_security_group_ingress().group_id(group);
                let call = call.ip_permissions(permission).tag_specifications(tags);
                let answer = call.send().await.call(EC2, "AuthorizeSecurityGroupIngress")?;
                (answer.security_group_rules, "AuthorizeSecurityGroupIngress")
            }
            Direction::Egress => {
                let call = self.ec2.authorize_security_group_egress().group_id(group);
                let call = call.ip_permissions(permission).tag_specifications(tags);
                let answer = call.send().await.call(EC2, "AuthorizeSecurityGroupEgress")?;
                (answer.security_group_rules, "AuthorizeSecurityGroupEgress")
            }
        };
        match rules.unwrap_or_default().first() {
            Some(rule) => state(rule, operation),
            None => self.find(cx, spec).await?.told(EC2, operation, "the rule"),
        }
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &SecurityGroupRule,
        state: &SecurityGroupRuleState,
    ) -> Look<SecurityGroupRule> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(
        &self,
        objects: &[Recorded<SecurityGroupRule>],
    ) -> Vec<Look<SecurityGroupRule>> {
        let told = by_id("security-group-rule-id", objects, |filters| self.rules(filters)).await;
        look(objects, told, Told::security_group_rule_id, observe)
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &SecurityGroupRule,
        state: &SecurityGroupRuleState,
        changed: &[String],
    ) -> Result<SecurityGroupRuleState, ProviderError> {
        let description = self.describe_rule(cx, spec, state);
        let tags = self.retag(cx, &state.id, &spec.tags);
        try_join(when(has(changed, "description"), description), when(has(changed, "tags"), tags))
            .await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        spec: &SecurityGroupRule,
        id: &str,
    ) -> Result<Option<SecurityGroupRuleState>, ProviderError> {
        // By the id of the rule, or by that of its group and by what it lets through.
        let by_group = id.starts_with("sg-");
        let name = if by_group { "group-id" } else { "security-group-rule-id" };
        let rules = self.rules(vec![filter(name, vec![id.to_owned()])]).await.gone()?;
        let wanted = Wanted::of(cx, spec)?;
        let mut rules = rules.iter().flatten();
        let rule = rules.find(|rule| !by_group || wanted.is_met_by(rule));
        rule.map(|rule| state(rule, "DescribeSecurityGroupRules")).transpose()
    }

    async fn delete(
        &self,
        _: &Cx,
        _: &SecurityGroupRule,
        state: &SecurityGroupRuleState,
    ) -> Result<(), ProviderError> {
        let SecurityGroupRuleState { id, group_id, direction } = state;
        let revoked = match direction {
            Direction::Ingress => {
                let call = self.ec2.revoke_security_group_ingress().group_id(group_id);
                let answer = call.security_group_rule_ids(id).send().await;
                answer.call(EC2, "RevokeSecurityGroupIngress").map(drop)
            }
            Direction::Egress => {
                let call = self.ec2.revoke_security_group_egress().group_id(group_id);
                let answer = call.security_group_rule_ids(id).send().await;
                answer.call(EC2, "RevokeSecurityGroupEgress").map(drop)
            }
        };
        revoked.gone().map(drop)
    }
}

impl Aws {
    pub(super) async fn rules(&self, filters: Vec<Filter>) -> Result<Vec<Told>, ProviderError> {
        let call = self.ec2.describe_security_group_rules().set_filters(Some(filters));
        let rules: Result<_, _> = call.into_paginator().items().send().collect().await;
        rules.call(EC2, "DescribeSecurityGroupRules")
    }

    async fn describe_rule(
        &self,
        cx: &Cx,
        spec: &SecurityGroupRule,
        state: &SecurityGroupRuleState,
    ) -> Result<(), ProviderError> {
        let SecurityGroupRuleState { group_id, direction, .. } = state;
        let permission = permission(cx, spec)?;
        match direction {
            Direction::Ingress => {
                let call = self.ec2.update_security_group_rule_descriptions_ingress();
                let answer = call.group_id(group_id).ip_permissions(permission).send().await;
                answer.call(EC2, "UpdateSecurityGroupRuleDescriptionsIngress").map(drop)
            }
            Direction::Egress => {
                let call = self.ec2.update_security_group_rule_descriptions_egress();
                let answer = call.group_id(group_id).ip_permissions(permission).send().await;
                answer.call(EC2, "UpdateSecurityGroupRuleDescriptionsEgress").map(drop)
            }
        }
    }
}

/// What is let through, as EC2 takes it.
fn permission(cx: &Cx, spec: &SecurityGroupRule) -> Result<IpPermission, ProviderError> {
    let (first, last) = match (spec.traffic, spec.traffic.ports()) {
        (_, Some(ports)) => {
            (Some(ports.first().number().into()), Some(ports.last().number().into()))
        }
        // All types and codes of ICMP.
        (Traffic::Icmp, None) => (Some(-1), Some(-1)),
        (_, None) => (None, None),
    };
    let permission = IpPermission::builder()
        .ip_protocol(spec.traffic.protocol().api_name())
        .set_from_port(first)
        .set_to_port(last);
    let description = Some(spec.description.clone()).filter(|text| !text.is_empty());
    let permission = match &spec.peer {
        Peer::Cidr(cidr) => {
            let range = IpRange::builder().cidr_ip(cidr.to_string()).set_description(description);
            permission.ip_ranges(range.build())
        }
        Peer::Group(group) => {
            let pair = UserIdGroupPair::builder().group_id(cx.state_of(group)?.id);
            permission.user_id_group_pairs(pair.set_description(description).build())
        }
    };
    Ok(permission.build())
}

/// What a rule is to let through, in the words in which EC2 tells it.
struct Wanted {
    direction: Direction,
    peer: String,
    traffic: Traffic,
}

impl Wanted {
    fn of(cx: &Cx, spec: &SecurityGroupRule) -> Result<Self, ProviderError> {
        let peer = match &spec.peer {
            Peer::Cidr(cidr) => cidr.to_string(),
            Peer::Group(group) => cx.state_of(group)?.id,
        };
        Ok(Self { direction: spec.direction, peer, traffic: spec.traffic })
    }

    fn is_met_by(&self, told: &Told) -> bool {
        direction(told) == Some(self.direction)
            && peer(told) == Some(self.peer.as_str())
            && traffic(told).as_deref() == Some(self.traffic.to_string().as_str())
    }
}

fn direction(told: &Told) -> Option<Direction> {
    let egress = told.is_egress()?;
    Some(if egress { Direction::Egress } else { Direction::Ingress })
}

fn peer(told: &Told) -> Option<&str> {
    let group = || told.referenced_group_info()?.group_id();
    let cidr = told.cidr_ipv4().or_else(|| told.cidr_ipv6());
    cidr.or_else(group).or_else(|| told.prefix_list_id())
}

/// Protocol and ports, written as [`Traffic`] is.
fn traffic(told: &Told) -> Option<String> {
    let protocol = told.ip_protocol()?;
    Some(match (protocol, told.from_port(), told.to_port()) {
        ("-1", ..) => Traffic::All.to_string(),
        (protocol, None | Some(-1), None | Some(-1)) => protocol.to_owned(),
        (protocol, first, last) if first == last => format!("{protocol} {}", last?),
        (protocol, first, last) => format!("{protocol} {}-{}", first?, last?),
    })
}

fn state(told: &Told, operation: &'static str) -> Result<SecurityGroupRuleState, ProviderError> {
    Ok(SecurityGroupRuleState {
        id: told.security_group_rule_id.clone().told(EC2, operation, "the rule's id")?,
        group_id: told.group_id.clone().told(EC2, operation, "the rule's group")?,
        direction: direction(told).told(EC2, operation, "the rule's direction")?,
    })
}

fn observe(
    object: &Recorded<SecurityGroupRule>,
    told: &Told,
) -> Result<Observed<SecurityGroupRuleState>, ProviderError> {
    let Recorded { cx, spec, state } = object;
    let wanted = Wanted::of(cx, spec)?;
    let mut drifts = Drifts::new();
    drifts
        .reference("group", &cx.state_of(&spec.group)?.id, told.group_id())
        .reference("peer", &wanted.peer, peer(told))
        .field("traffic", &wanted.traffic.to_string(), traffic(told))
        .field("description", &spec.description, told.description.clone());
    TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(told.tags()), &mut drifts);
    Ok(Observed::ready(state.clone()).drifted(drifts))
}
