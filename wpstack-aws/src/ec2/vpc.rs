//! `ec2.vpc`

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, Filter, ResourceType, Vpc as Told, VpcAttributeName,
};
use futures::future::{join, try_join, try_join_all};
use wpstack_core::resource::ec2::{Vpc, VpcState};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::{EC2, by_id, owned, tagged};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, look, parsed, read_one, when, with};
use crate::tags::TagSet;

#[async_trait]
impl Provider<Vpc> for Aws {
    async fn find(&self, cx: &Cx, _: &Vpc) -> Result<Option<VpcState>, ProviderError> {
        let found = self.vpcs(owned(cx)).await?;
        found.first().map(|vpc| state(vpc, "DescribeVpcs")).transpose()
    }

    async fn create(&self, cx: &Cx, spec: &Vpc) -> Result<VpcState, ProviderError> {
        let call = self
            .ec2
            .create_vpc()
            .cidr_block(spec.cidr.to_string())
            .tag_specifications(tagged(ResourceType::Vpc, cx, &spec.tags));
        let answer = call.send().await.call(EC2, "CreateVpc")?;
        state(&answer.vpc.told(EC2, "CreateVpc", "the VPC")?, "CreateVpc")
    }

    /// AWS begins with DNS support on and host names off.
    async fn configure(
        &self,
        _: &Cx,
        spec: &Vpc,
        state: &VpcState,
    ) -> Result<VpcState, ProviderError> {
        let support = (!spec.dns_support).then_some(false);
        let hostnames = spec.dns_hostnames.then_some(true);
        self.set_dns(state, Dns { support, hostnames }).await?;
        Ok(state.clone())
    }

    async fn read(&self, cx: &Cx, spec: &Vpc, state: &VpcState) -> Look<Vpc> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<Vpc>]) -> Vec<Look<Vpc>> {
        let described = by_id("vpc-id", objects, |filters| self.vpcs(filters));
        // AWS tells one switch of one VPC per call.
        let dns = try_join_all(objects.iter().map(|object| self.dns(&object.state.id)));
        let told = with(described, dns, Told::vpc_id).await;
        look(objects, told, |(vpc, _)| vpc.vpc_id(), observe)
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &Vpc,
        state: &VpcState,
        changed: &[String],
    ) -> Result<VpcState, ProviderError> {
        let support = has(changed, "dns_support").then_some(spec.dns_support);
        let hostnames = has(changed, "dns_hostnames").then_some(spec.dns_hostnames);
        let dns = self.set_dns(state, Dns { support, hostnames });
        let tags = when(has(changed, "tags"), self.retag(cx, &state.id, &spec.tags));
        try_join(dns, tags).await?;
        Ok(state.clone())
    }

    async fn identify(&self, _: &Cx, _: &Vpc, id: &str) -> Result<Option<VpcState>, ProviderError> {
        Ok(Some(VpcState { id: id.to_owned() }))
    }

    async fn delete(&self, _: &Cx, _: &Vpc, state: &VpcState) -> Result<(), ProviderError> {
        let call = self.ec2.delete_vpc().vpc_id(&state.id);
        call.send().await.call(EC2, "DeleteVpc").gone().map(drop)
    }
}

impl Aws {
    async fn vpcs(&self, filters: Vec<Filter>) -> Result<Vec<Told>, ProviderError> {
        let pages = self.ec2.describe_vpcs().set_filters(Some(filters)).into_paginator();
        let vpcs: Result<_, _> = pages.items().send().collect().await;
        vpcs.call(EC2, "DescribeVpcs")
    }

    /// How DNS is set in a VPC, behind its id.
    async fn dns(&self, id: &str) -> Result<Option<(String, Dns)>, ProviderError> {
        let ask = |attribute| self.ec2.describe_vpc_attribute().vpc_id(id).attribute(attribute);
        let support = ask(VpcAttributeName::EnableDnsSupport).send();
        let hostnames = ask(VpcAttributeName::EnableDnsHostnames).send();
        let (support, hostnames) = join(support, hostnames).await;
        let support = support.call(EC2, "DescribeVpcAttribute").gone()?;
        let hostnames = hostnames.call(EC2, "DescribeVpcAttribute").gone()?;
        let (Some(support), Some(hostnames)) = (support, hostnames) else {
            return Ok(None);
        };
        let is_on = |attribute: Option<AttributeBooleanValue>| attribute?.value;
        let support = is_on(support.enable_dns_support);
        let hostnames = is_on(hostnames.enable_dns_hostnames);
        Ok(Some((id.to_owned(), Dns { support, hostnames })))
    }

    async fn set_dns(&self, vpc: &VpcState, dns: Dns) -> Result<(), ProviderError> {
        let set = || self.ec2.modify_vpc_attribute().vpc_id(&vpc.id);
        let support = set().set_enable_dns_support(dns.support.map(switch));
        let hostnames = set().set_enable_dns_hostnames(dns.hostnames.map(switch));
        let mut calls = [(dns.support, support), (dns.hostnames, hostnames)];
        // Host names need DNS support: on after it, off before it.
        if dns.hostnames == Some(false) {
            calls.reverse();
        }
        for (_, call) in calls.into_iter().filter(|(value, _)| value.is_some()) {
            call.send().await.call(EC2, "ModifyVpcAttribute")?;
        }
        Ok(())
    }
}

/// The switches of DNS: as AWS tells them, or as they are to be set. `None` leaves one alone.
#[derive(Clone, Copy, Debug, Default)]
struct Dns {
    support: Option<bool>,
    hostnames: Option<bool>,
}

fn switch(on: bool) -> AttributeBooleanValue {
    AttributeBooleanValue::builder().value(on).build()
}

fn state(told: &Told, operation: &'static str) -> Result<VpcState, ProviderError> {
    Ok(VpcState { id: told.vpc_id.clone().told(EC2, operation, "the VPC's id")? })
}

fn observe(
    object: &Recorded<Vpc>,
    (told, dns): &(Told, Option<Dns>),
) -> Result<Observed<VpcState>, ProviderError> {
    let Recorded { cx, spec, state } = object;
    let Dns { support, hostnames } = dns.unwrap_or_default();
    let mut drifts = Drifts::new();
    drifts
        .field("cidr", &spec.cidr, parsed(told.cidr_block()))
        .field("dns_support", &spec.dns_support, support)
        .field("dns_hostnames", &spec.dns_hostnames, hostnames);
    TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(told.tags()), &mut drifts);
    Ok(Observed::ready(state.clone()).drifted(drifts))
}
