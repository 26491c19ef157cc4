//! Target groups.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::future::try_join;
use serde::{Deserialize, Serialize};

use super::{TAGGING, Target, invalid};
use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider};
use crate::resource::elb::{self as spec, HealthCheck, TargetGroupState};
use crate::sim::Sim;
use crate::sim::tagged::is_mine;
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};
use crate::value::{Port, Seconds};

/// A target group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Its name, unique in the region.
    pub name: String,
    /// `vpc-…`
    pub vpc: String,
    /// The port of targets that are registered without one.
    pub port: Port,
    /// When a target counts as healthy.
    pub health_check: HealthCheck,
    /// How long a target that leaves may finish its requests.
    pub deregistration_delay: Seconds,
    /// The targets, by instance and port.
    #[serde(default)]
    pub targets: BTreeMap<String, Target>,
}

impl World {
    /// `CreateTargetGroup`. Returns the ARN, also of one that is there with the same settings.
    ///
    /// # Errors
    /// `DuplicateTargetGroupName`; `ValidationError` when the VPC does not exist, or the health check takes as long as
    /// its interval; `TooManyTargetGroups`.
    pub fn create_target_group(
        &mut self,
        name: &str,
        vpc: &str,
        port: Port,
        health_check: HealthCheck,
        tags: TagMap,
    ) -> Result<String, Refusal> {
        if let Some((arn, there)) = self.target_group_named(name) {
            if (there.vpc.as_str(), there.port, &there.health_check) == (vpc, port, &health_check) {
                return Ok(arn.to_owned());
            }
            let message = format!(
                "A target group with the same name '{name}' exists, but with different settings"
            );
            return Err(Refusal::new("DuplicateTargetGroupName", message));
        }
        if !self.ec2.vpcs.contains_key(vpc) {
            return Err(invalid(format!("The VPC ID '{vpc}' is not found")));
        }
        check_health_check(&health_check)?;
        if self.elb.target_groups.len() >= self.quotas.target_groups {
            let message = "The maximum number of target groups has been reached";
            return Err(Refusal::new("TooManyTargetGroups", message));
        }
        let arn = self.elb_arn(&format!("targetgroup/{name}"));
        let group = TargetGroup {
            name: name.to_owned(),
            vpc: vpc.to_owned(),
            port,
            health_check,
            deregistration_delay: Seconds(300),
            targets: BTreeMap::new(),
        };
        self.elb.target_groups.insert(arn.clone(), group);
        self.tags.insert(arn.clone(), tags);
        Ok(arn)
    }

    /// `DescribeTargetGroups`, of one, by ARN.
    ///
    /// # Errors
    /// `TargetGroupNotFound`.
    pub fn target_group(&self, arn: &str) -> Result<&TargetGroup, Refusal> {
        self.elb.target_groups.get(arn).ok_or_else(|| not_found(arn))
    }

    fn target_group_named(&self, name: &str) -> Option<(&str, &TargetGroup)> {
        let mut all = self.elb.target_groups.iter();
        all.find(|(_, it)| it.name == name).map(|(arn, it)| (arn.as_str(), it))
    }

    /// The ARN of the load balancer that forwards to the group.
    #[must_use]
    pub fn load_balancer_of(&self, target_group: &str) -> Option<&str> {
        let mut listeners = self.elb.listeners.values();
        let listener = listeners.find(|listener| listener.target_group == target_group)?;
        Some(&listener.load_balancer)
    }

    /// `ModifyTargetGroup`.
    ///
    /// # Errors
    /// `TargetGroupNotFound`; `ValidationError` when the check takes as long as its interval.
    pub fn modify_target_group(
        &mut self,
        arn: &str,
        health_check: &HealthCheck,
    ) -> Result<(), Refusal> {
        self.target_group(arn)?;
        check_health_check(health_check)?;
        self.change_target_group(arn, |it| it.health_check = health_check.clone())
    }

    /// `ModifyTargetGroupAttributes`.
    ///
    /// # Errors
    /// `TargetGroupNotFound`.
    pub fn change_target_group(
        &mut self,
        arn: &str,
        change: impl FnOnce(&mut TargetGroup),
    ) -> Result<(), Refusal> {
        self.elb.target_groups.get_mut(arn).map(change).ok_or_else(|| not_found(arn))
    }

    /// `DeleteTargetGroup`. One that is not there is deleted without complaint.
    ///
    /// # Errors
    /// `ResourceInUse` while a listener forwards to it.
    pub fn delete_target_group(&mut self, arn: &str) -> Result<(), Refusal> {
        if self.load_balancer_of(arn).is_some() {
            let message =
                format!("Target group '{arn}' is currently in use by a listener or a rule");
            return Err(Refusal::new("ResourceInUse", message));
        }
        self.elb.target_groups.remove(arn);
        self.tags.remove(arn);
        Ok(())
    }
}

fn check_health_check(check: &HealthCheck) -> Result<(), Refusal> {
    if check.timeout < check.interval {
        return Ok(());
    }
    let (timeout, interval) = (check.timeout.0, check.interval.0);
    Err(invalid(format!(
        "Health check timeout '{timeout}' must be smaller than the interval '{interval}'"
    )))
}

fn not_found(arn: &str) -> Refusal {
    Refusal::new("TargetGroupNotFound", format!("One or more target groups not found: {arn}"))
}

impl Sim {
    async fn modify_delay(&self, cx: &Cx, arn: &str, delay: Seconds) -> Result<(), ProviderError> {
        self.call(cx, "elb", "ModifyTargetGroupAttributes", |world| {
            world.change_target_group(arn, |it| it.deregistration_delay = delay)
        })
        .await
    }
}

#[async_trait]
impl Provider<spec::TargetGroup> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::TargetGroup,
    ) -> Result<Option<TargetGroupState>, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let found = self.call(cx, "elb", "DescribeTargetGroups", |world| {
            Ok(world.target_group_named(&name).map(|(arn, _)| arn.to_owned()))
        });
        let Some(arn) = found.await? else {
            return Ok(None);
        };
        let Some(tags) = self.list_tags(cx, TAGGING, &arn).await.gone()? else {
            return Ok(None);
        };
        let mine =
            is_mine(cx, "elb", "DescribeTags", &format!("the target group `{name}`"), &tags)?;
        Ok(mine.then_some(TargetGroupState { arn }))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::TargetGroup,
    ) -> Result<TargetGroupState, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let vpc = cx.state_of(&spec.vpc)?.id;
        self.call(cx, "elb", "CreateTargetGroup", |world| {
            let (check, tags) = (spec.health_check.clone(), owned(cx, &spec.tags));
            let arn = world.create_target_group(&name, &vpc, spec.port, check, tags)?;
            Ok(TargetGroupState { arn })
        })
        .await
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &spec::TargetGroup,
        state: &TargetGroupState,
    ) -> Result<TargetGroupState, ProviderError> {
        self.modify_delay(cx, &state.arn, spec.deregistration_delay).await?;
        Ok(state.clone())
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::TargetGroup,
        state: &TargetGroupState,
    ) -> Result<Option<Observed<TargetGroupState>>, ProviderError> {
        let arn = &state.arn;
        let group =
            self.call(cx, "elb", "DescribeTargetGroups", |world| world.target_group(arn).cloned());
        let delay = self.call(cx, "elb", "DescribeTargetGroupAttributes", |world| {
            Ok(world.target_group(arn)?.deregistration_delay)
        });
        let both = try_join(group, try_join(delay, self.list_tags(cx, TAGGING, arn)));
        let Some((group, (delay, tags))) = both.await.gone()? else {
            return Ok(None);
        };
        let mut drift = Drifts::new();
        drift
            .reference("vpc", &cx.state_of(&spec.vpc)?.id, Some(&group.vpc))
            .field("port", &spec.port, Some(group.port))
            .field("health_check", &spec.health_check, Some(group.health_check))
            .field("deregistration_delay", &spec.deregistration_delay, Some(delay))
            .tags(cx, &spec.tags, &tags);
        Ok(Some(Observed::ready(state.clone()).drifted(drift)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::TargetGroup,
        state: &TargetGroupState,
        changed: &[String],
    ) -> Result<TargetGroupState, ProviderError> {
        let arn = &state.arn;
        for field in changed {
            match field.as_str() {
                "health_check" => {
                    self.call(cx, "elb", "ModifyTargetGroup", |world| {
                        world.modify_target_group(arn, &spec.health_check)
                    })
                    .await?;
                }
                "deregistration_delay" => {
                    self.modify_delay(cx, arn, spec.deregistration_delay).await?;
                }
                _ => self.retag(cx, TAGGING, arn, &spec.tags).await?,
            }
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        _: &spec::TargetGroup,
        id: &str,
    ) -> Result<Option<TargetGroupState>, ProviderError> {
        self.call(cx, "elb", "DescribeTargetGroups", |world| {
            let mut all = world.elb.target_groups.iter();
            let found = all.find(|(arn, it)| *arn == id || it.name == id);
            Ok(found.map(|(arn, _)| TargetGroupState { arn: arn.clone() }))
        })
        .await
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::TargetGroup,
        state: &TargetGroupState,
    ) -> Result<(), ProviderError> {
        let deleted = self
            .call(cx, "elb", "DeleteTargetGroup", |world| world.delete_target_group(&state.arn));
        deleted.await.gone().map(drop)
    }
}
