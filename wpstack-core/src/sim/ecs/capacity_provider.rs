//! Capacity providers.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Due, ServiceStatus, TAGGING, parameter};
use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider, Recorded};
use crate::resource::ecs::{self as spec, CapacityProviderState};
use crate::sim::Sim;
use crate::sim::call::{Looked, only};
use crate::sim::tagged::is_mine;
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};
use crate::value::Percent;

/// A capacity provider with managed scaling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapacityProvider {
    /// `arn:aws:ecs:…:capacity-provider/…`
    pub arn: String,
    /// The ARN of the auto-scaling group.
    pub group: String,
    /// How full the instances should be.
    pub target: Percent,
    /// Whether it is being deleted.
    pub is_deleting: bool,
    /// How many times in a row fewer instances would have been enough.
    pub idle: u32,
}

impl World {
    /// `CreateCapacityProvider`. Returns the ARN.
    ///
    /// # Errors
    /// `InvalidParameterException` for a name that is taken or begins as AWS's own do, and for an auto-scaling group that
    /// is not there, cannot have an instance, or has a provider; `LimitExceededException`.
    pub fn create_capacity_provider(
        &mut self,
        name: &str,
        group: &str,
        target: Percent,
        tags: TagMap,
    ) -> Result<String, Refusal> {
        let lower = name.to_ascii_lowercase();
        if ["aws", "ecs", "fargate"].iter().any(|prefix| lower.starts_with(prefix)) {
            let message = "The specified capacity provider name is invalid. Up to 255 characters are allowed, \
                           including letters, numbers, underscores, and hyphens. The name cannot be prefixed with \
                           \"aws\", \"ecs\", or \"fargate\".";
            return Err(parameter(message));
        }
        let providers = &self.ecs.capacity_providers;
        if providers.contains_key(name) {
            let message = "The specified capacity provider already exists. To change the configuration of an existing \
                           capacity provider, update the capacity provider.";
            return Err(parameter(message));
        }
        if providers.values().any(|other| other.group == group) {
            let message = "The specified Auto Scaling group ARN is already being used by another capacity provider. \
                           Specify a unique Auto Scaling group ARN and try again.";
            return Err(parameter(message));
        }
        let mut groups = self.autoscaling.groups.values();
        let Some(_) = groups.find(|it| it.arn == group && !it.is_deleting && it.max > 0) else {
            let message = "The specified Auto Scaling group does not exist, or its maximum size is not greater than zero.";
            return Err(parameter(message));
        };
        if providers.len() >= self.quotas.capacity_providers {
            let message = "The limit for capacity providers was exceeded.";
            return Err(Refusal::new("LimitExceededException", message));
        }
        let arn = self.arn("ecs", &format!("capacity-provider/{name}"));
        let provider = CapacityProvider {
            arn: arn.clone(),
            group: group.to_owned(),
            target,
            is_deleting: false,
            idle: 0,
        };
        self.ecs.capacity_providers.insert(name.to_owned(), provider);
        self.tags.insert(arn.clone(), tags);
        let marks = self.tags.entry(group.to_owned()).or_default();
        marks.insert("AmazonECSManaged".to_owned(), String::new());
        self.scale_later(name);
        Ok(arn)
    }

    /// `DescribeCapacityProviders`, of one.
    #[must_use]
    pub fn capacity_provider(&self, name: &str) -> Option<&CapacityProvider> {
        self.ecs.capacity_providers.get(name)
    }

    /// `UpdateCapacityProvider`.
    ///
    /// # Errors
    /// `InvalidParameterException` when it is not there.
    pub fn update_capacity_provider(&mut self, name: &str, target: Percent) -> Result<(), Refusal> {
        let provider = self.ecs.capacity_providers.get_mut(name).ok_or_else(not_found)?;
        provider.target = target;
        Ok(())
    }

    /// `DeleteCapacityProvider`. It goes after a moment.
    ///
    /// # Errors
    /// `InvalidParameterException` when it is not there, or a cluster or service uses it.
    pub fn delete_capacity_provider(&mut self, name: &str) -> Result<(), Refusal> {
        let provider = self.ecs.capacity_providers.get_mut(name).ok_or_else(not_found)?;
        let clusters = self.ecs.clusters.values();
        let mut clusters = clusters.filter(|cluster| cluster.is_active);
        let services = self.ecs.services.values();
        let mut services = services.filter(|service| service.status != ServiceStatus::Inactive);
        if clusters.any(|cluster| cluster.providers.contains(name))
            || services.any(|service| service.capacity.iter().any(|it| it == name))
        {
            let message = "The specified capacity provider is in use and cannot be removed.";
            return Err(parameter(message));
        }
        if !provider.is_deleting {
            provider.is_deleting = true;
            let pause = self.chance.between(Duration::from_secs(3), Duration::from_secs(10));
            self.schedule(pause, Due::ProviderGone { name: name.to_owned() }.into());
        }
        Ok(())
    }

    pub(super) fn capacity_provider_gone(&mut self, name: &str) {
        if let Some(provider) = self.ecs.capacity_providers.remove(name) {
            self.tags.remove(&provider.arn);
        }
    }
}

fn not_found() -> Refusal {
    parameter("The specified capacity provider was not found.")
}

fn look(
    world: &World,
    Recorded { cx, spec, state }: &Recorded<spec::CapacityProvider>,
) -> Looked<spec::CapacityProvider> {
    let Some(provider) = world.capacity_provider(&state.name) else {
        return Ok(None);
    };
    if provider.is_deleting {
        return Ok(Some(Observed::settling(state.clone(), "DELETE_IN_PROGRESS")));
    }
    let mut drift = Drifts::new();
    drift.field("target", &spec.target, Some(provider.target)).tags(
        cx,
        &spec.tags,
        &world.tags_of(&state.arn),
    );
    // The state of a fresh group may lack its ARN, which ends in the name.
    let group = provider.group.split_once("autoScalingGroupName/").map(|(_, name)| name);
    drift.reference("group", &cx.state_of(&spec.group)?.name, group);
    Ok(Some(Observed::ready(state.clone()).drifted(drift)))
}

#[async_trait]
impl Provider<spec::CapacityProvider> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::CapacityProvider,
    ) -> Result<Option<CapacityProviderState>, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let found = self.call(cx, "ecs", "DescribeCapacityProviders", |world| {
            let provider = world.capacity_provider(&name).filter(|provider| !provider.is_deleting);
            Ok(provider.map(|provider| (provider.arn.clone(), world.tags_of(&provider.arn))))
        });
        let Some((arn, tags)) = found.await? else {
            return Ok(None);
        };
        let what = format!("the capacity provider `{name}`");
        let mine = is_mine(cx, "ecs", "DescribeCapacityProviders", &what, &tags)?;
        Ok(mine.then_some(CapacityProviderState { name, arn }))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::CapacityProvider,
    ) -> Result<CapacityProviderState, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let group = self.group_arn(cx, &cx.state_of(&spec.group)?).await?;
        self.call(cx, "ecs", "CreateCapacityProvider", |world| {
            let tags = owned(cx, &spec.tags);
            let arn = world.create_capacity_provider(&name, &group, spec.target, tags)?;
            Ok(CapacityProviderState { name: name.clone(), arn })
        })
        .await
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::CapacityProvider,
        state: &CapacityProviderState,
    ) -> Result<Option<Observed<CapacityProviderState>>, ProviderError> {
        let (cx, spec, state) = (cx.clone(), spec.clone(), state.clone());
        only::<spec::CapacityProvider>(self.read_many(&[Recorded { cx, spec, state }]).await)
    }

    async fn read_many(
        &self,
        objects: &[Recorded<spec::CapacityProvider>],
    ) -> Vec<Looked<spec::CapacityProvider>> {
        self.call_about(objects, "ecs", "DescribeCapacityProviders", look).await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::CapacityProvider,
        state: &CapacityProviderState,
        changed: &[String],
    ) -> Result<CapacityProviderState, ProviderError> {
        for field in changed {
            match field.as_str() {
                "target" => {
                    self.call(cx, "ecs", "UpdateCapacityProvider", |world| {
                        world.update_capacity_provider(&state.name, spec.target)
                    })
                    .await?;
                }
                _ => self.retag(cx, TAGGING, &state.arn, &spec.tags).await?,
            }
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        _: &spec::CapacityProvider,
        id: &str,
    ) -> Result<Option<CapacityProviderState>, ProviderError> {
        self.call(cx, "ecs", "DescribeCapacityProviders", |world| {
            let provider = world.capacity_provider(id).filter(|provider| !provider.is_deleting);
            let arn = provider.map(|provider| provider.arn.clone());
            Ok(arn.map(|arn| CapacityProviderState { name: id.to_owned(), arn }))
        })
        .await
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::CapacityProvider,
        state: &CapacityProviderState,
    ) -> Result<(), ProviderError> {
        let deleted = self.call(cx, "ecs", "DeleteCapacityProvider", |world| {
            match world.capacity_provider(&state.name) {
                Some(_) => world.delete_capacity_provider(&state.name),
                // ECS keeps the record for a while and answers with it.
                None => Ok(()),
            }
        });
        deleted.await.gone().map(drop)
    }
}
