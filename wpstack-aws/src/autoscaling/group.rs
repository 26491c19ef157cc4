//! `autoscaling.group`

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_autoscaling::types::builders::TagBuilder;
use aws_sdk_autoscaling::types::{
    AutoScalingGroup as Told, LaunchTemplateSpecification, LifecycleState, RefreshPreferences,
    RefreshStrategy, ScalingActivityStatusCode, Tag,
};
use futures::future::{try_join, try_join_all};
use wpstack_core::resource::autoscaling::{AutoScalingGroup, AutoScalingGroupState};
use wpstack_core::resource::ec2::LaunchTemplateState;
use wpstack_core::value::{Seconds, Tags};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{self, Look, has, look, read_one, when};
use crate::tags::TagSet;

/// The service's name in errors.
const AUTOSCALING: &str = "autoscaling";
const DESCRIBE: &str = "DescribeAutoScalingGroups";

#[async_trait]
impl Provider<AutoScalingGroup> for Aws {
    async fn find(
        &self,
        cx: &Cx,
        spec: &AutoScalingGroup,
    ) -> Result<Option<AutoScalingGroupState>, ProviderError> {
        let name = name(cx, spec);
        let what = format!("the Auto Scaling group `{name}`");
        let found = self.auto_scaling_groups(vec![name]).await?;
        let Some(told) = found.first() else { return Ok(None) };
        tags(told).claim(cx, AUTOSCALING, DESCRIBE, &what)?;
        state(told).map(Some)
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &AutoScalingGroup,
    ) -> Result<AutoScalingGroupState, ProviderError> {
        let name = name(cx, spec);
        let tags = TagSet::wanted(cx, &spec.tags);
        let call = self
            .autoscaling
            .create_auto_scaling_group()
            .auto_scaling_group_name(&name)
            .launch_template(template(&cx.state_of(&spec.template)?))
            .vpc_zone_identifier(zones(&subnets(cx, spec)?))
            .min_size(size(spec.min))
            .desired_capacity(size(spec.desired))
            .max_size(size(spec.max))
            .health_check_type("EC2")
            .health_check_grace_period(size(spec.health_grace.0))
            .set_tags(Some(tags_of(&name, &tags)));
        call.send().await.call(AUTOSCALING, "CreateAutoScalingGroup")?;
        Ok(AutoScalingGroupState { name, arn: String::new() })
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &AutoScalingGroup,
        state: &AutoScalingGroupState,
    ) -> Look<AutoScalingGroup> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(
        &self,
        objects: &[Recorded<AutoScalingGroup>],
    ) -> Vec<Look<AutoScalingGroup>> {
        let names = objects.iter().map(|object| object.state.name.clone()).collect();
        let told = self.with_failures(names).await;
        look(objects, told, |(group, _)| group.auto_scaling_group_name(), observe)
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &AutoScalingGroup,
        state: &AutoScalingGroupState,
        changed: &[String],
    ) -> Result<AutoScalingGroupState, ProviderError> {
        let settings = self.update_settings(cx, spec, state, changed);
        let tags = self.retag_group(cx, state, &spec.tags);
        let only_tags = changed.iter().all(|field| field == "tags");
        try_join(when(!only_tags, settings), when(has(changed, "tags"), tags)).await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &AutoScalingGroup,
        id: &str,
    ) -> Result<Option<AutoScalingGroupState>, ProviderError> {
        self.auto_scaling_groups(vec![id.to_owned()]).await?.first().map(state).transpose()
    }

    /// With its instances, whatever they do: what they serve is taken from them before.
    async fn delete(
        &self,
        _: &Cx,
        _: &AutoScalingGroup,
        state: &AutoScalingGroupState,
    ) -> Result<(), ProviderError> {
        let call = self.autoscaling.delete_auto_scaling_group().force_delete(true);
        let answer = call.auto_scaling_group_name(&state.name).send().await;
        answer.call(AUTOSCALING, "DeleteAutoScalingGroup").gone().map(drop)
    }
}

impl Aws {
    async fn auto_scaling_groups(&self, names: Vec<String>) -> Result<Vec<Told>, ProviderError> {
        let call = self.autoscaling.describe_auto_scaling_groups();
        let call = call.set_auto_scaling_group_names(Some(names)).into_paginator();
        let groups: Result<_, _> = call.items().send().collect().await;
        groups.call(AUTOSCALING, DESCRIBE)
    }

    /// The groups, and why those that lack instances could not start the last one that failed.
    async fn with_failures(
        &self,
        names: Vec<String>,
    ) -> Result<Vec<(Told, Option<String>)>, ProviderError> {
        let groups = self.auto_scaling_groups(names).await?;
        let groups = groups.into_iter().map(async |group| {
            let failure = if lacks_instances(&group) { self.failure(&group).await? } else { None };
            Ok((group, failure))
        });
        try_join_all(groups).await
    }

    /// Why the last attempt of the group to start or stop an instance failed, if it did.
    async fn failure(&self, group: &Told) -> Result<Option<String>, ProviderError> {
        let call = self.autoscaling.describe_scaling_activities().max_records(1);
        let call = call.set_auto_scaling_group_name(group.auto_scaling_group_name.clone());
        let answer = call.send().await.call(AUTOSCALING, "DescribeScalingActivities")?;
        let last = answer.activities.unwrap_or_default().into_iter().next();
        let failed = last.filter(|it| it.status_code() == Some(&ScalingActivityStatusCode::Failed));
        Ok(failed.and_then(|activity| activity.status_message))
    }

    async fn update_settings(
        &self,
        cx: &Cx,
        spec: &AutoScalingGroup,
        state: &AutoScalingGroupState,
        changed: &[String],
    ) -> Result<(), ProviderError> {
        let when = |field, value: u32| has(changed, field).then(|| size(value));
        let new_template = has(changed, "template");
        let wanted = cx.state_of(&spec.template)?;
        let zones = zones(&subnets(cx, spec)?);
        let call = self
            .autoscaling
            .update_auto_scaling_group()
            .auto_scaling_group_name(&state.name)
            .set_launch_template(new_template.then(|| template(&wanted)))
            .set_vpc_zone_identifier(has(changed, "subnets").then_some(zones))
            .set_min_size(when("min", spec.min))
            .set_desired_capacity(when("desired", spec.desired))
            .set_max_size(when("max", spec.max))
            .set_health_check_grace_period(when("health_grace", spec.health_grace.0));
        call.send().await.call(AUTOSCALING, "UpdateAutoScalingGroup")?;
        // Instances in subnets that are no longer wanted, Auto Scaling replaces by itself.
        provide::when(new_template, self.refresh_instances(state)).await
    }

    /// Has the group replace its instances, some at a time.
    /// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html>
    async fn refresh_instances(&self, state: &AutoScalingGroupState) -> Result<(), ProviderError> {
        // First the new instance, then the end of an old one.
        let preferences =
            RefreshPreferences::builder().min_healthy_percentage(100).max_healthy_percentage(150);
        let call = self
            .autoscaling
            .start_instance_refresh()
            .auto_scaling_group_name(&state.name)
            .strategy(RefreshStrategy::Rolling)
            .preferences(preferences.skip_matching(true).build());
        call.send().await.call(AUTOSCALING, "StartInstanceRefresh").map(drop)
    }

    async fn retag_group(
        &self,
        cx: &Cx,
        state: &AutoScalingGroupState,
        configured: &Tags,
    ) -> Result<(), ProviderError> {
        let name = &state.name;
        let told = self.auto_scaling_groups(vec![name.clone()]).await?;
        let actual = told.first().map(tags).unwrap_or_default();
        let changes = TagSet::wanted(cx, configured).changes(&actual);
        let set = tags_of(name, &changes.set);
        let unset: Vec<_> = changes.unset.iter().map(|key| tag(name).key(key).build()).collect();
        let setting = self.autoscaling.create_or_update_tags().set_tags(Some(set.clone()));
        let setting =
            async { setting.send().await.call(AUTOSCALING, "CreateOrUpdateTags").map(drop) };
        let unsetting = self.autoscaling.delete_tags().set_tags(Some(unset.clone()));
        let unsetting = async { unsetting.send().await.call(AUTOSCALING, "DeleteTags").map(drop) };
        try_join(when(!set.is_empty(), setting), when(!unset.is_empty(), unsetting)).await?;
        Ok(())
    }
}

fn name(cx: &Cx, spec: &AutoScalingGroup) -> String {
    spec.name.generation(cx.generation()).to_string()
}

fn template(state: &LaunchTemplateState) -> LaunchTemplateSpecification {
    LaunchTemplateSpecification::builder()
        .launch_template_id(&state.id)
        .version(state.version.to_string())
        .build()
}

fn subnets(cx: &Cx, spec: &AutoScalingGroup) -> Result<BTreeSet<String>, ProviderError> {
    spec.subnets.iter().map(|subnet| Ok(cx.state_of(subnet)?.id)).collect()
}

/// Subnets as Auto Scaling takes them, and as it tells them.
fn zones(subnets: &BTreeSet<String>) -> String {
    subnets.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

fn size(number: u32) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

/// The begin of a tag of the group, for its instances as well.
fn tag(group: &str) -> TagBuilder {
    let tag = Tag::builder().resource_type("auto-scaling-group").resource_id(group);
    tag.propagate_at_launch(true)
}

fn tags_of(group: &str, tags: &TagSet) -> Vec<Tag> {
    tags.iter().map(|(key, value)| tag(group).key(key).value(value).build()).collect()
}

fn tags(told: &Told) -> TagSet {
    told.tags().iter().filter_map(|tag| Some((tag.key()?, tag.value()?))).collect()
}

fn state(told: &Told) -> Result<AutoScalingGroupState, ProviderError> {
    Ok(AutoScalingGroupState {
        name: told.auto_scaling_group_name.clone().told(
            AUTOSCALING,
            DESCRIBE,
            "the group's name",
        )?,
        arn: told.auto_scaling_group_arn.clone().told(AUTOSCALING, DESCRIBE, "the group's ARN")?,
    })
}

fn in_service(told: &Told) -> usize {
    let is = |state: Option<&LifecycleState>| state == Some(&LifecycleState::InService);
    told.instances().iter().filter(|instance| is(instance.lifecycle_state())).count()
}

fn desired(told: &Told) -> usize {
    told.desired_capacity().and_then(|desired| desired.try_into().ok()).unwrap_or_default()
}

fn lacks_instances(told: &Told) -> bool {
    in_service(told) < desired(told)
}

fn observe(
    object: &Recorded<AutoScalingGroup>,
    (told, failure): &(Told, Option<String>),
) -> Result<Observed<AutoScalingGroupState>, ProviderError> {
    let Recorded { cx, spec, .. } = object;
    let state = state(told)?;
    let observed = match told.status() {
        // Only a group that is being deleted has a status.
        Some(status) => Observed::settling(state, status),
        None if lacks_instances(told) => {
            Observed::settling(state, progress(told, failure.as_deref()))
        }
        None => Observed::ready(state),
    };
    let number = |told: Option<i32>| told.and_then(|told| u32::try_from(told).ok());
    let told_template = told
        .launch_template()
        .and_then(|it| Some((it.launch_template_id()?.to_owned(), it.version()?.to_owned())));
    let wanted = cx.state_of(&spec.template)?;
    let told_subnets = told.vpc_zone_identifier();
    let told_subnets = told_subnets.map(|it| it.split(',').map(str::to_owned).collect());
    let mut drifts = Drifts::new();
    drifts
        .field("template", &(wanted.id, wanted.version.to_string()), told_template)
        .field("subnets", &subnets(cx, spec)?, told_subnets)
        .field("min", &spec.min, number(told.min_size()))
        .field("max", &spec.max, number(told.max_size()))
        .field(
            "health_grace",
            &spec.health_grace,
            number(told.health_check_grace_period()).map(Seconds),
        );
    TagSet::wanted(cx, &spec.tags).compare(&tags(told), &mut drifts);
    Ok(observed.drifted(drifts))
}

/// How far the group has come with its instances, and what keeps it.
fn progress(told: &Told, failure: Option<&str>) -> String {
    let progress = format!("{} of {} instances in service", in_service(told), desired(told));
    match failure {
        Some(failure) => format!("{progress}; the last attempt failed: {failure}"),
        None => progress,
    }
}
