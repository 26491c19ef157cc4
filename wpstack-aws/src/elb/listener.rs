//! `elb.listener`

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, Listener as Told, ProtocolEnum,
};
use futures::future::try_join;
use wpstack_core::resource::elb::{Listener, ListenerState};
use wpstack_core::value::Port;
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::{ELB, TagsOf, by_arn, end};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, look, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<Listener> for Aws {
    /// A load balancer has at most one listener on a port.
    async fn find(&self, cx: &Cx, spec: &Listener) -> Result<Option<ListenerState>, ProviderError> {
        let load_balancer = cx.state_of(&spec.load_balancer)?;
        let pages = self.elb.describe_listeners().load_balancer_arn(&load_balancer.arn);
        let told: Result<Vec<_>, _> = pages.into_paginator().items().send().collect().await;
        let told = told.call(ELB, "DescribeListeners").gone()?.unwrap_or_default();
        let told = told.iter().find(|told| port(told) == Some(spec.port));
        let Some(told) = told else { return Ok(None) };
        let state = state(told, "DescribeListeners")?;
        let what = format!("a listener on port {} of `{}`", spec.port, load_balancer.dns_name);
        let tags = self.elb_tags_of(&state.arn).await?;
        tags.claim(cx, ELB, "DescribeListeners", &what)?;
        Ok(Some(state))
    }

    async fn create(&self, cx: &Cx, spec: &Listener) -> Result<ListenerState, ProviderError> {
        let call = self
            .elb
            .create_listener()
            .load_balancer_arn(cx.state_of(&spec.load_balancer)?.arn)
            .protocol(ProtocolEnum::Http)
            .port(spec.port.number().into())
            .default_actions(forward(cx, spec)?)
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(ELB, "CreateListener")?;
        let told = answer.listeners.unwrap_or_default().pop();
        state(&told.told(ELB, "CreateListener", "the listener")?, "CreateListener")
    }

    async fn read(&self, cx: &Cx, spec: &Listener, state: &ListenerState) -> Look<Listener> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<Listener>]) -> Vec<Look<Listener>> {
        let arns: Vec<_> = objects.iter().map(|object| object.state.arn.clone()).collect();
        let listeners = by_arn(arns.clone(), |arns| self.listeners(arns));
        let told = try_join(listeners, self.elb_tags(arns)).await;
        let (told, tags) = match told {
            Ok((told, tags)) => (Ok(told), tags),
            Err(error) => (Err(error), HashMap::new()),
        };
        let observe = |object: &_, told: &_| observe(object, told, &tags);
        look(objects, told, |told| end(told.listener_arn()), observe)
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &Listener,
        state: &ListenerState,
        changed: &[String],
    ) -> Result<ListenerState, ProviderError> {
        let to_port = has(changed, "port").then(|| spec.port.number().into());
        let to_group = has(changed, "target_group").then(|| forward(cx, spec)).transpose()?;
        let modifies = to_port.is_some() || to_group.is_some();
        let call = self.elb.modify_listener().listener_arn(&state.arn).set_port(to_port);
        let call = call.set_default_actions(to_group.map(|action| vec![action]));
        let modify = async { call.send().await.call(ELB, "ModifyListener").map(drop) };
        let tags = self.retag_elb(cx, &state.arn, &spec.tags);
        try_join(when(modifies, modify), when(has(changed, "tags"), tags)).await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &Listener,
        id: &str,
    ) -> Result<Option<ListenerState>, ProviderError> {
        Ok(Some(ListenerState { arn: id.to_owned() }))
    }

    async fn delete(
        &self,
        _: &Cx,
        _: &Listener,
        state: &ListenerState,
    ) -> Result<(), ProviderError> {
        let call = self.elb.delete_listener().listener_arn(&state.arn);
        call.send().await.call(ELB, "DeleteListener").gone().map(drop)
    }
}

impl Aws {
    async fn listeners(&self, arns: Vec<String>) -> Result<Vec<Told>, ProviderError> {
        let call = self.elb.describe_listeners().set_listener_arns(Some(arns));
        let answer = call.send().await.call(ELB, "DescribeListeners")?;
        Ok(answer.listeners.unwrap_or_default())
    }
}

fn forward(cx: &Cx, spec: &Listener) -> Result<Action, ProviderError> {
    let group = cx.state_of(&spec.target_group)?.arn;
    Ok(Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(group).build())
}

fn port(told: &Told) -> Option<Port> {
    Port::new(u16::try_from(told.port?).ok()?).ok()
}

fn state(told: &Told, operation: &'static str) -> Result<ListenerState, ProviderError> {
    let arn = told.listener_arn.clone();
    Ok(ListenerState { arn: arn.told(ELB, operation, "the listener's ARN")? })
}

fn observe(
    object: &Recorded<Listener>,
    told: &Told,
    tags: &TagsOf,
) -> Result<Observed<ListenerState>, ProviderError> {
    let Recorded { cx, spec, state } = object;
    let mut drifts = Drifts::new();
    drifts
        .reference(
            "load_balancer",
            &cx.state_of(&spec.load_balancer)?.arn,
            told.load_balancer_arn(),
        )
        .field("port", &spec.port, port(told))
        .reference("target_group", &cx.state_of(&spec.target_group)?.arn, target(told));
    if let Some(tags) = tags.get(&state.arn) {
        TagSet::wanted(cx, &spec.tags).compare(tags, &mut drifts);
    }
    Ok(Observed::ready(state.clone()).drifted(drifts))
}

/// Where requests go: a target group's ARN, or in AWS's word what else is done with them.
fn target(told: &Told) -> Option<&str> {
    let action = told.default_actions().first()?;
    let group = action.target_group_arn().or_else(|| {
        let groups = action.forward_config()?.target_groups();
        // Several share the requests: none of them is the target.
        let [only] = groups else { return None };
        only.target_group_arn()
    });
    group.or_else(|| action.r#type().map(ActionTypeEnum::as_str))
}
