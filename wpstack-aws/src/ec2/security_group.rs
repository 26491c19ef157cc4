//! `ec2.security-group`

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    Filter, IpPermission, IpRange, ResourceType, SecurityGroup as Told,
    SecurityGroupRule as ToldRule,
};
use futures::future::try_join;
use wpstack_core::resource::ec2::{SecurityGroup, SecurityGroupState};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::{EC2, by_id, filter, owned, tagged};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, look, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<SecurityGroup> for Aws {
    async fn find(
        &self,
        cx: &Cx,
        spec: &SecurityGroup,
    ) -> Result<Option<SecurityGroupState>, ProviderError> {
        const DESCRIBE: &str = "DescribeSecurityGroups";
        if let Some(group) = self.security_groups(owned(cx)).await?.into_iter().next() {
            return state(group.group_id, DESCRIBE).map(Some);
        }
        let name = spec.name.generation(cx.generation());
        let vpc = filter("vpc-id", vec![cx.state_of(&spec.vpc)?.id]);
        let named = filter("group-name", vec![name.to_string()]);
        let Some(group) = self.security_groups(vec![vpc, named]).await?.into_iter().next() else {
            return Ok(None);
        };
        let what = format!("a security group `{name}`");
        TagSet::actual(group.tags()).claim(cx, EC2, DESCRIBE, &what)?;
        state(group.group_id, DESCRIBE).map(Some)
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &SecurityGroup,
    ) -> Result<SecurityGroupState, ProviderError> {
        let call = self
            .ec2
            .create_security_group()
            .vpc_id(cx.state_of(&spec.vpc)?.id)
            .group_name(spec.name.generation(cx.generation()).as_str())
            .description(&spec.description)
            .tag_specifications(tagged(ResourceType::SecurityGroup, cx, &spec.tags));
        let answer = call.send().await.call(EC2, "CreateSecurityGroup")?;
        state(answer.group_id, "CreateSecurityGroup")
    }

    /// AWS begins with a rule that lets everything out, and with one for IPv6 where the network has such addresses.
    async fn configure(
        &self,
        _: &Cx,
        _: &SecurityGroup,
        state: &SecurityGroupState,
    ) -> Result<SecurityGroupState, ProviderError> {
        if !state.as_given {
            return Ok(state.clone());
        }
        try_join(self.revoke_given(&state.id), self.revoke_given_ipv6(&state.id)).await?;
        Ok(SecurityGroupState { as_given: false, ..state.clone() })
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &SecurityGroup,
        state: &SecurityGroupState,
    ) -> Look<SecurityGroup> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<SecurityGroup>]) -> Vec<Look<SecurityGroup>> {
        let told = by_id("group-id", objects, |filters| self.security_groups(filters)).await;
        look(objects, told, Told::group_id, observe)
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &SecurityGroup,
        state: &SecurityGroupState,
        changed: &[String],
    ) -> Result<SecurityGroupState, ProviderError> {
        when(has(changed, "tags"), self.retag(cx, &state.id, &spec.tags)).await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &SecurityGroup,
        id: &str,
    ) -> Result<Option<SecurityGroupState>, ProviderError> {
        Ok(Some(SecurityGroupState { id: id.to_owned(), as_given: false }))
    }

    async fn delete(
        &self,
        _: &Cx,
        _: &SecurityGroup,
        state: &SecurityGroupState,
    ) -> Result<(), ProviderError> {
        let call = self.ec2.delete_security_group().group_id(&state.id);
        call.send().await.call(EC2, "DeleteSecurityGroup").gone().map(drop)
    }
}

impl Aws {
    async fn security_groups(&self, filters: Vec<Filter>) -> Result<Vec<Told>, ProviderError> {
        let pages = self.ec2.describe_security_groups().set_filters(Some(filters)).into_paginator();
        let groups: Result<_, _> = pages.items().send().collect().await;
        groups.call(EC2, "DescribeSecurityGroups")
    }

    async fn revoke_given(&self, group: &str) -> Result<(), ProviderError> {
        let everything = IpPermission::builder().ip_protocol("-1");
        let anywhere = IpRange::builder().cidr_ip("0.0.0.0/0").build();
        let call = self.ec2.revoke_security_group_egress().group_id(group);
        let call = call.ip_permissions(everything.ip_ranges(anywhere).build());
        match call.send().await.call(EC2, "RevokeSecurityGroupEgress") {
            // An attempt that was cut off has taken it. Of a group that is not visible yet AWS says otherwise.
            Err(error) if error.code.as_deref() == Some("InvalidPermission.NotFound") => Ok(()),
            revoked => revoked.map(drop),
        }
    }

    async fn revoke_given_ipv6(&self, group: &str) -> Result<(), ProviderError> {
        let rules = self.rules(vec![filter("group-id", vec![group.to_owned()])]).await?;
        let given = rules.into_iter().filter(is_given_ipv6);
        let ids: Vec<_> = given.filter_map(|rule| rule.security_group_rule_id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let call = self.ec2.revoke_security_group_egress().group_id(group);
        let call = call.set_security_group_rule_ids(Some(ids));
        call.send().await.call(EC2, "RevokeSecurityGroupEgress").gone().map(drop)
    }
}

/// Whether AWS gave the rule. Rules of ours have tags from their first moment, so that one of the same meaning is told
/// apart.
fn is_given_ipv6(rule: &ToldRule) -> bool {
    rule.is_egress() == Some(true)
        && rule.ip_protocol() == Some("-1")
        && (rule.cidr_ipv4(), rule.cidr_ipv6()) == (None, Some("::/0"))
        && rule.tags().is_empty()
}

/// What a fresh group is.
fn state(id: Option<String>, operation: &'static str) -> Result<SecurityGroupState, ProviderError> {
    Ok(SecurityGroupState { id: id.told(EC2, operation, "the group's id")?, as_given: true })
}

fn observe(
    object: &Recorded<SecurityGroup>,
    told: &Told,
) -> Result<Observed<SecurityGroupState>, ProviderError> {
    let Recorded { cx, spec, state } = object;
    let mut drifts = Drifts::new();
    drifts.reference("vpc", &cx.state_of(&spec.vpc)?.id, told.vpc_id());
    TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(told.tags()), &mut drifts);
    Ok(Observed::ready(state.clone()).drifted(drifts))
}
