//! `elb.target-group`

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, ProtocolEnum, TargetGroup as Told, TargetGroupAttribute, TargetTypeEnum,
};
use futures::future::{try_join_all, try_join3};
use wpstack_core::resource::elb::{HealthCheck, TargetGroup, TargetGroupState};
use wpstack_core::value::{Port, Seconds};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::{Attributes, ELB, TagsOf, attribute, by_arn, end};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, look, parsed, read_one, when};
use crate::tags::TagSet;

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
const DEREGISTRATION_DELAY: &str = "deregistration_delay.timeout_seconds";
/// What AWS begins with.
const DEFAULT_DEREGISTRATION_DELAY: Seconds = Seconds(300);

#[async_trait]
impl Provider<TargetGroup> for Aws {
    async fn find(
        &self,
        cx: &Cx,
        spec: &TargetGroup,
    ) -> Result<Option<TargetGroupState>, ProviderError> {
        let name = spec.name.generation(cx.generation());
        let call = self.elb.describe_target_groups().names(name.as_str());
        let answer = call.send().await.call(ELB, "DescribeTargetGroups").gone()?;
        let told = answer.and_then(|answer| answer.target_groups.unwrap_or_default().pop());
        let Some(told) = told else { return Ok(None) };
        let state = state(&told, "DescribeTargetGroups")?;
        let what = format!("a target group `{name}`");
        let tags = self.elb_tags_of(&state.arn).await?;
        tags.claim(cx, ELB, "DescribeTargetGroups", &what)?;
        Ok(Some(state))
    }

    async fn create(&self, cx: &Cx, spec: &TargetGroup) -> Result<TargetGroupState, ProviderError> {
        let check = &spec.health_check;
        let call = self
            .elb
            .create_target_group()
            .name(spec.name.generation(cx.generation()).as_str())
            .protocol(ProtocolEnum::Http)
            .port(spec.port.number().into())
            .vpc_id(cx.state_of(&spec.vpc)?.id)
            .target_type(TargetTypeEnum::Instance)
            .health_check_protocol(ProtocolEnum::Http)
            .health_check_path(check.path.as_str())
            .health_check_interval_seconds(seconds(check.interval))
            .health_check_timeout_seconds(seconds(check.timeout))
            .healthy_threshold_count(count(check.healthy))
            .unhealthy_threshold_count(count(check.unhealthy))
            .matcher(matcher(check))
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(ELB, "CreateTargetGroup")?;
        let told = answer.target_groups.unwrap_or_default().pop();
        state(&told.told(ELB, "CreateTargetGroup", "the target group")?, "CreateTargetGroup")
    }

    async fn configure(
        &self,
        _: &Cx,
        spec: &TargetGroup,
        state: &TargetGroupState,
    ) -> Result<TargetGroupState, ProviderError> {
        let differs = spec.deregistration_delay != DEFAULT_DEREGISTRATION_DELAY;
        when(differs, self.set_deregistration_delay(spec, state)).await?;
        Ok(state.clone())
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &TargetGroup,
        state: &TargetGroupState,
    ) -> Look<TargetGroup> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<TargetGroup>]) -> Vec<Look<TargetGroup>> {
        let arns: Vec<_> = objects.iter().map(|object| object.state.arn.clone()).collect();
        let told = try_join3(
            by_arn(arns.clone(), |arns| self.target_groups(arns)),
            self.elb_tags(arns.clone()),
            self.target_group_attributes(&arns),
        )
        .await;
        let (told, tags, attributes) = match told {
            Ok((told, tags, attributes)) => (Ok(told), tags, attributes),
            Err(error) => (Err(error), HashMap::new(), HashMap::new()),
        };
        let observe = |object: &_, told: &_| observe(object, told, &tags, &attributes);
        look(objects, told, |told| end(told.target_group_arn()), observe)
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &TargetGroup,
        state: &TargetGroupState,
        changed: &[String],
    ) -> Result<TargetGroupState, ProviderError> {
        let delay = self.set_deregistration_delay(spec, state);
        let tags = self.retag_elb(cx, &state.arn, &spec.tags);
        try_join3(
            when(has(changed, "health_check"), self.set_health_check(spec, state)),
            when(has(changed, "deregistration_delay"), delay),
            when(has(changed, "tags"), tags),
        )
        .await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &TargetGroup,
        id: &str,
    ) -> Result<Option<TargetGroupState>, ProviderError> {
        let call = self.elb.describe_target_groups();
        let call = match id.starts_with("arn:") {
            true => call.target_group_arns(id),
            false => call.names(id),
        };
        let answer = call.send().await.call(ELB, "DescribeTargetGroups").gone()?;
        let told = answer.and_then(|answer| answer.target_groups.unwrap_or_default().pop());
        told.map(|told| state(&told, "DescribeTargetGroups")).transpose()
    }

    async fn delete(
        &self,
        _: &Cx,
        _: &TargetGroup,
        state: &TargetGroupState,
    ) -> Result<(), ProviderError> {
        let call = self.elb.delete_target_group().target_group_arn(&state.arn);
        call.send().await.call(ELB, "DeleteTargetGroup").gone().map(drop)
    }
}

impl Aws {
    async fn target_groups(&self, arns: Vec<String>) -> Result<Vec<Told>, ProviderError> {
        let call = self.elb.describe_target_groups().set_target_group_arns(Some(arns));
        let answer = call.send().await.call(ELB, "DescribeTargetGroups")?;
        Ok(answer.target_groups.unwrap_or_default())
    }

    /// The attributes of those that exist, by ARN. AWS tells those of one per call.
    async fn target_group_attributes(
        &self,
        arns: &[String],
    ) -> Result<HashMap<String, Attributes>, ProviderError> {
        let calls = arns.iter().map(async |arn| {
            let call = self.elb.describe_target_group_attributes().target_group_arn(arn);
            let answer = call.send().await.call(ELB, "DescribeTargetGroupAttributes").gone()?;
            let told = answer.and_then(|answer| answer.attributes).unwrap_or_default();
            let pairs = told.into_iter().filter_map(|it| Some((it.key?, it.value?)));
            Ok::<_, ProviderError>((arn.clone(), pairs.collect()))
        });
        Ok(try_join_all(calls).await?.into_iter().collect())
    }

    async fn set_health_check(
        &self,
        spec: &TargetGroup,
        state: &TargetGroupState,
    ) -> Result<(), ProviderError> {
        let check = &spec.health_check;
        let call = self
            .elb
            .modify_target_group()
            .target_group_arn(&state.arn)
            .health_check_path(check.path.as_str())
            .health_check_interval_seconds(seconds(check.interval))
            .health_check_timeout_seconds(seconds(check.timeout))
            .healthy_threshold_count(count(check.healthy))
            .unhealthy_threshold_count(count(check.unhealthy))
            .matcher(matcher(check));
        call.send().await.call(ELB, "ModifyTargetGroup").map(drop)
    }

    async fn set_deregistration_delay(
        &self,
        spec: &TargetGroup,
        state: &TargetGroupState,
    ) -> Result<(), ProviderError> {
        let delay = spec.deregistration_delay.0.to_string();
        let delay = TargetGroupAttribute::builder().key(DEREGISTRATION_DELAY).value(delay).build();
        let call = self.elb.modify_target_group_attributes().target_group_arn(&state.arn);
        let call = call.attributes(delay);
        call.send().await.call(ELB, "ModifyTargetGroupAttributes").map(drop)
    }
}

fn matcher(check: &HealthCheck) -> Matcher {
    Matcher::builder().http_code(check.codes.to_string()).build()
}

fn seconds(time: Seconds) -> i32 {
    count(time.0)
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn state(told: &Told, operation: &'static str) -> Result<TargetGroupState, ProviderError> {
    let arn = told.target_group_arn.clone();
    Ok(TargetGroupState { arn: arn.told(ELB, operation, "the target group's ARN")? })
}

fn observe(
    object: &Recorded<TargetGroup>,
    told: &Told,
    tags: &TagsOf,
    attributes: &HashMap<String, Attributes>,
) -> Result<Observed<TargetGroupState>, ProviderError> {
    let Recorded { cx, spec, state } = object;
    let port = told.port.and_then(|port| Port::new(u16::try_from(port).ok()?).ok());
    let check = health_check(told, &spec.health_check);
    let mut drifts = Drifts::new();
    drifts
        .reference("vpc", &cx.state_of(&spec.vpc)?.id, told.vpc_id())
        .field("port", &spec.port, port)
        .field("health_check", &spec.health_check, Some(check));
    if let Some(told) = attributes.get(&state.arn) {
        let delay = attribute(told, DEREGISTRATION_DELAY).map(Seconds);
        drifts.field("deregistration_delay", &spec.deregistration_delay, delay);
    }
    if let Some(tags) = tags.get(&state.arn) {
        TagSet::wanted(cx, &spec.tags).compare(tags, &mut drifts);
    }
    Ok(Observed::ready(state.clone()).drifted(drifts))
}

/// The check as AWS tells it; what it does not tell is taken to be as wanted.
fn health_check(told: &Told, wanted: &HealthCheck) -> HealthCheck {
    let number = |told: Option<i32>| told.and_then(|number| u32::try_from(number).ok());
    let codes = told.matcher().and_then(|matcher| matcher.http_code());
    HealthCheck {
        path: parsed(told.health_check_path()).unwrap_or_else(|| wanted.path.clone()),
        codes: parsed(codes).unwrap_or_else(|| wanted.codes.clone()),
        interval: number(told.health_check_interval_seconds).map_or(wanted.interval, Seconds),
        timeout: number(told.health_check_timeout_seconds).map_or(wanted.timeout, Seconds),
        healthy: number(told.healthy_threshold_count).unwrap_or(wanted.healthy),
        unhealthy: number(told.unhealthy_threshold_count).unwrap_or(wanted.unhealthy),
    }
}
