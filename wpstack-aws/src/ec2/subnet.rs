//! `ec2.subnet`

use async_trait::async_trait;
use aws_sdk_ec2::types::{AttributeBooleanValue, Filter, ResourceType, Subnet as Told};
use futures::future::try_join;
use wpstack_core::resource::ec2::{Subnet, SubnetState};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::{EC2, by_id, owned, tagged};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, look, parsed, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<Subnet> for Aws {
    async fn find(&self, cx: &Cx, _: &Subnet) -> Result<Option<SubnetState>, ProviderError> {
        let found = self.subnets(owned(cx)).await?;
        found.first().map(|subnet| state(subnet, "DescribeSubnets")).transpose()
    }

    async fn create(&self, cx: &Cx, spec: &Subnet) -> Result<SubnetState, ProviderError> {
        let call = self
            .ec2
            .create_subnet()
            .vpc_id(cx.state_of(&spec.vpc)?.id)
            .cidr_block(spec.cidr.to_string())
            .availability_zone(spec.zone.as_str())
            .tag_specifications(tagged(ResourceType::Subnet, cx, &spec.tags));
        let answer = call.send().await.call(EC2, "CreateSubnet")?;
        state(&answer.subnet.told(EC2, "CreateSubnet", "the subnet")?, "CreateSubnet")
    }

    /// AWS begins without public addresses.
    async fn configure(
        &self,
        _: &Cx,
        spec: &Subnet,
        state: &SubnetState,
    ) -> Result<SubnetState, ProviderError> {
        when(spec.public_addresses, self.set_public_addresses(spec, state)).await?;
        Ok(state.clone())
    }

    async fn read(&self, cx: &Cx, spec: &Subnet, state: &SubnetState) -> Look<Subnet> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<Subnet>]) -> Vec<Look<Subnet>> {
        let told = by_id("subnet-id", objects, |filters| self.subnets(filters)).await;
        look(objects, told, Told::subnet_id, observe)
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &Subnet,
        state: &SubnetState,
        changed: &[String],
    ) -> Result<SubnetState, ProviderError> {
        let addresses = self.set_public_addresses(spec, state);
        let tags = self.retag(cx, &state.id, &spec.tags);
        try_join(
            when(has(changed, "public_addresses"), addresses),
            when(has(changed, "tags"), tags),
        )
        .await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &Subnet,
        id: &str,
    ) -> Result<Option<SubnetState>, ProviderError> {
        Ok(Some(SubnetState { id: id.to_owned() }))
    }

    async fn delete(&self, _: &Cx, _: &Subnet, state: &SubnetState) -> Result<(), ProviderError> {
        let call = self.ec2.delete_subnet().subnet_id(&state.id);
        call.send().await.call(EC2, "DeleteSubnet").gone().map(drop)
    }
}

impl Aws {
    async fn subnets(&self, filters: Vec<Filter>) -> Result<Vec<Told>, ProviderError> {
        let pages = self.ec2.describe_subnets().set_filters(Some(filters)).into_paginator();
        let subnets: Result<_, _> = pages.items().send().collect().await;
        subnets.call(EC2, "DescribeSubnets")
    }

    async fn set_public_addresses(
        &self,
        spec: &Subnet,
        state: &SubnetState,
    ) -> Result<(), ProviderError> {
        let public = AttributeBooleanValue::builder().value(spec.public_addresses).build();
        let call = self.ec2.modify_subnet_attribute().subnet_id(&state.id);
        let call = call.map_public_ip_on_launch(public);
        call.send().await.call(EC2, "ModifySubnetAttribute").map(drop)
    }
}

fn state(told: &Told, operation: &'static str) -> Result<SubnetState, ProviderError> {
    Ok(SubnetState { id: told.subnet_id.clone().told(EC2, operation, "the subnet's id")? })
}

fn observe(object: &Recorded<Subnet>, told: &Told) -> Result<Observed<SubnetState>, ProviderError> {
    let Recorded { cx, spec, state } = object;
    let mut drifts = Drifts::new();
    drifts
        .reference("vpc", &cx.state_of(&spec.vpc)?.id, told.vpc_id())
        .field("cidr", &spec.cidr, parsed(told.cidr_block()))
        .field("zone", &spec.zone, parsed(told.availability_zone()))
        .field("public_addresses", &spec.public_addresses, told.map_public_ip_on_launch());
    TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(told.tags()), &mut drifts);
    Ok(Observed::ready(state.clone()).drifted(drifts))
}
