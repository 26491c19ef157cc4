//! Groups.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Activity, Lifecycle, TAGGING, invalid};
use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider, Recorded};
use crate::resource::autoscaling::{self as spec, AutoScalingGroupState};
use crate::resource::ec2::LaunchTemplateState;
use crate::sim::Sim;
use crate::sim::call::{Looked, only};
use crate::sim::ec2::no_profile;
use crate::sim::tagged::is_mine;
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};
use crate::value::Seconds;

/// A group of instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoScalingGroup {
    /// `arn:aws:autoscaling:…:autoScalingGroup:…:autoScalingGroupName/…`
    pub arn: String,
    /// `lt-…`
    pub template: String,
    /// The version of the template by which instances are started.
    pub version: i64,
    /// `subnet-…`
    pub subnets: BTreeSet<String>,
    /// The fewest instances.
    pub min: u32,
    /// How many it keeps up.
    pub desired: u32,
    /// The most instances.
    pub max: u32,
    /// How long a fresh instance is not judged.
    pub health_grace: Seconds,
    /// Its instances, by id.
    pub members: BTreeMap<String, Lifecycle>,
    /// What it did, the newest last.
    pub activities: Vec<Activity>,
    /// Whether it replaces the instances that were started by another version.
    pub is_refreshing: bool,
    /// Whether it is being deleted.
    pub is_deleting: bool,
}

/// What a group is told to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupChange {
    /// `lt-…`, and the version.
    pub template: (String, i64),
    /// `subnet-…`
    pub subnets: BTreeSet<String>,
    /// The fewest instances.
    pub min: u32,
    /// How many it is to keep up; `None` leaves the number as it is, within the bounds.
    pub desired: Option<u32>,
    /// The most instances.
    pub max: u32,
    /// How long a fresh instance is not judged.
    pub health_grace: Seconds,
}

impl World {
    /// `CreateAutoScalingGroup`. AWS does not tell its ARN.
    ///
    /// # Errors
    /// `AlreadyExists`; `LimitExceeded`; `ValidationError` for bounds out of order, and for a launch template, instance
    /// profile or subnet that is not there.
    pub fn create_auto_scaling_group(
        &mut self,
        name: &str,
        wanted: GroupChange,
        tags: TagMap,
    ) -> Result<(), Refusal> {
        if self.autoscaling.groups.contains_key(name) {
            let message = format!(
                "AutoScalingGroup by this name already exists - A group with the name {name} already exists"
            );
            return Err(Refusal::new("AlreadyExists", message));
        }
        if self.autoscaling.groups.len() >= self.quotas.auto_scaling_groups {
            let message = "You have already reached your limit of auto scaling groups";
            return Err(Refusal::new("LimitExceeded", message));
        }
        self.check_group(&wanted)?;
        let id = self.chance.draw();
        let resource = format!("autoScalingGroup:{id:016x}:autoScalingGroupName/{name}");
        let arn = self.arn("autoscaling", &resource);
        let GroupChange { template: (template, version), subnets, min, desired, max, health_grace } =
            wanted;
        let group = AutoScalingGroup {
            arn: arn.clone(),
            template,
            version,
            subnets,
            min,
            desired: desired.unwrap_or(min),
            max,
            health_grace,
            members: BTreeMap::new(),
            activities: Vec::new(),
            is_refreshing: false,
            is_deleting: false,
        };
        self.autoscaling.groups.insert(name.to_owned(), group);
        self.tags.insert(arn, tags);
        self.fit_soon(name);
        Ok(())
    }

    fn check_group(&self, wanted: &GroupChange) -> Result<(), Refusal> {
        let GroupChange { template: (template, version), subnets, min, desired, max, .. } = wanted;
        if min > max {
            let message = format!("Min bound, {min}, is greater than max bound, {max}");
            return Err(invalid(message));
        }
        if let Some(desired) = desired
            && !(min..=max).contains(&desired)
        {
            let message = format!(
                "Desired capacity:{desired} must be between the specified min size:{min} and max size:{max}"
            );
            return Err(invalid(message));
        }
        if subnets.is_empty() {
            return Err(invalid("At least one Availability Zone or VPC Subnet is required."));
        }
        if let Some(subnet) = subnets.iter().find(|id| !self.ec2.subnets.contains_key(*id)) {
            return Err(invalid(format!("The subnet ID '{subnet}' does not exist")));
        }
        let must = "You must use a valid fully-formed launch template.";
        let data = self.ec2.launch_templates.get(template).and_then(|it| it.versions.get(version));
        let Some(data) = data else {
            let message = format!(
                "{must} The specified launch template, with template ID {template}, does not exist."
            );
            return Err(invalid(message));
        };
        if self.iam.visible_profile(&data.profile, self.now).is_none() {
            return Err(invalid(format!("{must} {}", no_profile(&data.profile))));
        }
        Ok(())
    }

    /// `DescribeAutoScalingGroups`, of one.
    #[must_use]
    pub fn auto_scaling_group(&self, name: &str) -> Option<&AutoScalingGroup> {
        self.autoscaling.groups.get(name)
    }

    /// `UpdateAutoScalingGroup`.
    ///
    /// # Errors
    /// `ValidationError` when there is no such group, and as [`World::create_auto_scaling_group`];
    /// `ScalingActivityInProgress` while it is being deleted.
    pub fn update_auto_scaling_group(
        &mut self,
        name: &str,
        wanted: GroupChange,
    ) -> Result<(), Refusal> {
        self.check_group(&wanted)?;
        self.change_group(name, |group| {
            let GroupChange { template, subnets, min, desired, max, health_grace } = wanted;
            (group.template, group.version) = template;
            (group.subnets, group.min, group.max) = (subnets, min, max);
            group.desired = desired.unwrap_or_else(|| group.desired.clamp(min, max));
            group.health_grace = health_grace;
        })
    }

    /// `UpdateAutoScalingGroup`, of the numbers alone.
    ///
    /// # Errors
    /// `ValidationError` when there is no such group; `ScalingActivityInProgress` while it is being deleted.
    pub fn change_group(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut AutoScalingGroup),
    ) -> Result<(), Refusal> {
        let group = self.autoscaling.groups.get_mut(name).ok_or_else(|| not_found(name))?;
        if group.is_deleting {
            let message = format!("AutoScalingGroup {name} is pending delete");
            return Err(Refusal::new("ScalingActivityInProgress", message));
        }
        change(group);
        self.fit_soon(name);
        Ok(())
    }

    /// `StartInstanceRefresh`: one after the other, the instances that were started by another version are replaced, a
    /// new one coming before an old one goes.
    ///
    /// # Errors
    /// `ValidationError` when there is no such group; `InstanceRefreshInProgress`; `ScalingActivityInProgress` while it
    /// is being deleted.
    pub fn start_instance_refresh(&mut self, name: &str) -> Result<(), Refusal> {
        if self.auto_scaling_group(name).is_some_and(|group| group.is_refreshing) {
            let message = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.";
            return Err(Refusal::new("InstanceRefreshInProgress", message));
        }
        self.change_group(name, |group| group.is_refreshing = true)
    }

    /// `DeleteAutoScalingGroup`. With `force` its instances are terminated, and it goes with the last of them.
    ///
    /// # Errors
    /// `ValidationError` when there is no such group; `ResourceInUse` while it has instances, unless `force`;
    /// `ScalingActivityInProgress` while it is about to have some.
    pub fn delete_auto_scaling_group(&mut self, name: &str, force: bool) -> Result<(), Refusal> {
        let group = self.autoscaling.groups.get_mut(name).ok_or_else(|| not_found(name))?;
        if !force && !group.members.is_empty() {
            let message = "You cannot delete an AutoScalingGroup while there are instances or pending Spot \
                           instance request(s) still in the group.";
            return Err(Refusal::new("ResourceInUse", message));
        }
        if !force && group.desired > 0 {
            let message = "You cannot delete an AutoScalingGroup while there are scaling activities in progress for \
                           that group.";
            return Err(Refusal::new("ScalingActivityInProgress", message));
        }
        group.is_deleting = true;
        self.fit_soon(name);
        Ok(())
    }
}

impl AutoScalingGroup {
    /// What keeps the group from having as many instances in service as it wants; `None` when nothing does.
    fn missing(&self) -> Option<String> {
        if self.is_deleting {
            return Some("Delete in progress".to_owned());
        }
        let in_service = self.members.values().filter(|it| **it == Lifecycle::InService).count();
        if in_service >= self.desired as usize {
            return None;
        }
        let last = self.activities.last().and_then(|activity| activity.failure.as_ref());
        let why = last.map(|failure| format!(": {failure}")).unwrap_or_default();
        Some(format!("{in_service} of {} instances in service{why}", self.desired))
    }
}

fn not_found(name: &str) -> Refusal {
    invalid(format!("AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"))
}

fn resolved(cx: &Cx, spec: &spec::AutoScalingGroup) -> Result<GroupChange, ProviderError> {
    let LaunchTemplateState { id, version } = cx.state_of(&spec.template)?;
    let subnets = spec.subnets.iter().map(|subnet| Ok(cx.state_of(subnet)?.id));
    Ok(GroupChange {
        template: (id, version),
        subnets: subnets.collect::<Result<_, ProviderError>>()?,
        min: spec.min,
        desired: Some(spec.desired),
        max: spec.max,
        health_grace: spec.health_grace,
    })
}

fn look(
    world: &World,
    Recorded { cx, spec, state }: &Recorded<spec::AutoScalingGroup>,
) -> Looked<spec::AutoScalingGroup> {
    let Some(group) = world.auto_scaling_group(&state.name) else {
        return Ok(None);
    };
    let state = AutoScalingGroupState { name: state.name.clone(), arn: group.arn.clone() };
    let recorded = resolved(cx, spec)?;
    let mut drift = Drifts::new();
    // Not the desired number: managed scaling owns it.
    drift
        .field("subnets", &recorded.subnets, Some(group.subnets.clone()))
        .field("min", &spec.min, Some(group.min))
        .field("max", &spec.max, Some(group.max))
        .field("health_grace", &spec.health_grace, Some(group.health_grace))
        .tags(cx, &spec.tags, &world.tags_of(&group.arn));
    let (template, version) = &recorded.template;
    if (template, version) != (&group.template, &group.version) {
        drift.note("template", json!({ "id": group.template, "version": group.version }));
    }
    let observed = match group.missing() {
        Some(phase) => Observed::settling(state, phase),
        None => Observed::ready(state),
    };
    Ok(Some(observed.drifted(drift)))
}

impl Sim {
    /// The ARN of a group, asked for unless an earlier look told it.
    pub(in crate::sim) async fn group_arn(
        &self,
        cx: &Cx,
        state: &AutoScalingGroupState,
    ) -> Result<String, ProviderError> {
        if !state.arn.is_empty() {
            return Ok(state.arn.clone());
        }
        self.call(cx, "autoscaling", "DescribeAutoScalingGroups", |world| {
            let group = world.auto_scaling_group(&state.name);
            Ok(group.ok_or_else(|| not_found(&state.name))?.arn.clone())
        })
        .await
    }
}

#[async_trait]
impl Provider<spec::AutoScalingGroup> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::AutoScalingGroup,
    ) -> Result<Option<AutoScalingGroupState>, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let found = self.call(cx, "autoscaling", "DescribeAutoScalingGroups", |world| {
            let group = world.auto_scaling_group(&name).filter(|group| !group.is_deleting);
            Ok(group.map(|group| (group.arn.clone(), world.tags_of(&group.arn))))
        });
        let Some((arn, tags)) = found.await? else {
            return Ok(None);
        };
        let what = format!("the auto-scaling group `{name}`");
        let mine = is_mine(cx, "autoscaling", "DescribeAutoScalingGroups", &what, &tags)?;
        Ok(mine.then_some(AutoScalingGroupState { name, arn }))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::AutoScalingGroup,
    ) -> Result<AutoScalingGroupState, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let wanted = resolved(cx, spec)?;
        self.call(cx, "autoscaling", "CreateAutoScalingGroup", |world| {
            world.create_auto_scaling_group(&name, wanted, owned(cx, &spec.tags))
        })
        .await?;
        Ok(AutoScalingGroupState { name, arn: String::new() })
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::AutoScalingGroup,
        state: &AutoScalingGroupState,
    ) -> Result<Option<Observed<AutoScalingGroupState>>, ProviderError> {
        let (cx, spec, state) = (cx.clone(), spec.clone(), state.clone());
        only::<spec::AutoScalingGroup>(self.read_many(&[Recorded { cx, spec, state }]).await)
    }

    async fn read_many(
        &self,
        objects: &[Recorded<spec::AutoScalingGroup>],
    ) -> Vec<Looked<spec::AutoScalingGroup>> {
        self.call_about(objects, "autoscaling", "DescribeAutoScalingGroups", look).await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::AutoScalingGroup,
        state: &AutoScalingGroupState,
        changed: &[String],
    ) -> Result<AutoScalingGroupState, ProviderError> {
        let is_changed = |field: &str| changed.iter().any(|it| it == field);
        if changed.iter().any(|field| field != "tags") {
            let resolved = resolved(cx, spec)?;
            let desired = resolved.desired.filter(|_| is_changed("desired"));
            self.call(cx, "autoscaling", "UpdateAutoScalingGroup", |world| {
                world.update_auto_scaling_group(&state.name, GroupChange { desired, ..resolved })
            })
            .await?;
        }
        if is_changed("template") {
            let refresh = |world: &mut World| world.start_instance_refresh(&state.name);
            self.call(cx, "autoscaling", "StartInstanceRefresh", refresh).await?;
        }
        if is_changed("tags") {
            let arn = self.group_arn(cx, state).await?;
            self.retag(cx, TAGGING, &arn, &spec.tags).await?;
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        _: &spec::AutoScalingGroup,
        id: &str,
    ) -> Result<Option<AutoScalingGroupState>, ProviderError> {
        self.call(cx, "autoscaling", "DescribeAutoScalingGroups", |world| {
            let group = world.auto_scaling_group(id).filter(|group| !group.is_deleting);
            let arn = group.map(|group| group.arn.clone());
            Ok(arn.map(|arn| AutoScalingGroupState { name: id.to_owned(), arn }))
        })
        .await
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::AutoScalingGroup,
        state: &AutoScalingGroupState,
    ) -> Result<(), ProviderError> {
        let name = &state.name;
        let deleted = self.call(cx, "autoscaling", "DeleteAutoScalingGroup", |world| {
            world.delete_auto_scaling_group(name, true)
        });
        deleted.await.gone().map(drop)
    }
}
