//! `ec2.internet-gateway`

use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, InternetGateway as Told, ResourceType};
use wpstack_core::resource::ec2::{InternetGateway, InternetGatewayState};
use wpstack_core::{Cx, Drifts, ErrorKind, Gone, Observed, Provider, ProviderError, Recorded};

use super::{EC2, by_id, filter, owned, tagged};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, look, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<InternetGateway> for Aws {
    async fn find(
        &self,
        cx: &Cx,
        spec: &InternetGateway,
    ) -> Result<Option<InternetGatewayState>, ProviderError> {
        let found = self.internet_gateways(owned(cx)).await?;
        found.first().map(|told| state(cx, spec, told, "DescribeInternetGateways")).transpose()
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &InternetGateway,
    ) -> Result<InternetGatewayState, ProviderError> {
        let tags = tagged(ResourceType::InternetGateway, cx, &spec.tags);
        let call = self.ec2.create_internet_gateway().tag_specifications(tags);
        let answer = call.send().await.call(EC2, "CreateInternetGateway")?;
        let told = answer.internet_gateway.told(EC2, "CreateInternetGateway", "the gateway")?;
        state(cx, spec, &told, "CreateInternetGateway")
    }

    async fn configure(
        &self,
        _: &Cx,
        _: &InternetGateway,
        state: &InternetGatewayState,
    ) -> Result<InternetGatewayState, ProviderError> {
        let InternetGatewayState { id, vpc_id } = state;
        let call = self.ec2.attach_internet_gateway().internet_gateway_id(id).vpc_id(vpc_id);
        match call.send().await.call(EC2, "AttachInternetGateway") {
            Ok(_) => Ok(state.clone()),
            // An earlier attempt has attached it: to the network that is meant?
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                let filters = vec![filter("internet-gateway-id", vec![id.clone()])];
                let told = self.internet_gateways(filters).await?;
                match told.iter().find_map(network) {
                    Some(attached) if attached == vpc_id => Ok(state.clone()),
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &InternetGateway,
        state: &InternetGatewayState,
    ) -> Look<InternetGateway> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<InternetGateway>]) -> Vec<Look<InternetGateway>> {
        let ask = |filters| self.internet_gateways(filters);
        let told = by_id("internet-gateway-id", objects, ask).await;
        look(objects, told, Told::internet_gateway_id, observe)
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &InternetGateway,
        state: &InternetGatewayState,
        changed: &[String],
    ) -> Result<InternetGatewayState, ProviderError> {
        when(has(changed, "tags"), self.retag(cx, &state.id, &spec.tags)).await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        spec: &InternetGateway,
        id: &str,
    ) -> Result<Option<InternetGatewayState>, ProviderError> {
        Ok(Some(InternetGatewayState { id: id.to_owned(), vpc_id: cx.state_of(&spec.vpc)?.id }))
    }

    async fn delete(
        &self,
        _: &Cx,
        _: &InternetGateway,
        state: &InternetGatewayState,
    ) -> Result<(), ProviderError> {
        let InternetGatewayState { id, vpc_id } = state;
        let call = self.ec2.detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc_id);
        call.send().await.call(EC2, "DetachInternetGateway").gone()?;
        let call = self.ec2.delete_internet_gateway().internet_gateway_id(id);
        call.send().await.call(EC2, "DeleteInternetGateway").gone().map(drop)
    }
}

impl Aws {
    async fn internet_gateways(&self, filters: Vec<Filter>) -> Result<Vec<Told>, ProviderError> {
        let call = self.ec2.describe_internet_gateways().set_filters(Some(filters));
        let gateways: Result<_, _> = call.into_paginator().items().send().collect().await;
        gateways.call(EC2, "DescribeInternetGateways")
    }
}

/// The network that a gateway is attached to. AWS lists at most one.
fn network(told: &Told) -> Option<&str> {
    told.attachments().first()?.vpc_id()
}

fn state(
    cx: &Cx,
    spec: &InternetGateway,
    told: &Told,
    operation: &'static str,
) -> Result<InternetGatewayState, ProviderError> {
    let id = told.internet_gateway_id.clone().told(EC2, operation, "the gateway's id")?;
    Ok(InternetGatewayState { id, vpc_id: cx.state_of(&spec.vpc)?.id })
}

fn observe(
    object: &Recorded<InternetGateway>,
    told: &Told,
) -> Result<Observed<InternetGatewayState>, ProviderError> {
    let Recorded { cx, spec, state } = object;
    let mut drifts = Drifts::new();
    // A gateway that is attached to nothing lists nothing.
    drifts.reference("vpc", &state.vpc_id, Some(network(told).unwrap_or_default()));
    TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(told.tags()), &mut drifts);
    Ok(Observed::ready(state.clone()).drifted(drifts))
}
