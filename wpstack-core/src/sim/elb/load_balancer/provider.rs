//! The load balancer as the engine sees it.

use async_trait::async_trait;
use futures::future::try_join;

use super::super::TAGGING;
use super::{Ids, LoadBalancer, LoadBalancerStatus};
use crate::failure::{ErrorKind, Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider};
use crate::resource::elb::{self as spec, LoadBalancerState};
use crate::sim::Sim;
use crate::sim::tagged::is_mine;
use crate::sim::tags::{CompareTags, owned};
use crate::sim::world::World;

/// The Route 53 zone of the load balancers of `eu-west-1`; every simulated region has it.
const ZONE: &str = "Z32O12XQLNTSW2";

/// What the references of a spec resolve to.
struct Resolved {
    subnets: Ids,
    groups: Ids,
}

impl Resolved {
    fn of(cx: &Cx, spec: &spec::LoadBalancer) -> Result<Self, ProviderError> {
        let subnets = spec.subnets.iter().map(|subnet| Ok(cx.state_of(subnet)?.id));
        let groups = spec.groups.iter().map(|group| Ok(cx.state_of(group)?.id));
        Ok(Self {
            subnets: subnets.collect::<Result<_, ProviderError>>()?,
            groups: groups.collect::<Result<_, ProviderError>>()?,
        })
    }
}

fn state(arn: &str, load_balancer: &LoadBalancer) -> LoadBalancerState {
    LoadBalancerState {
        arn: arn.to_owned(),
        dns_name: load_balancer.dns_name.clone(),
        zone_id: ZONE.to_owned(),
    }
}

impl Sim {
    async fn describe_load_balancer(
        &self,
        cx: &Cx,
        arn: &str,
    ) -> Result<Option<LoadBalancer>, ProviderError> {
        let found = self
            .call(cx, "elb", "DescribeLoadBalancers", |world| world.load_balancer(arn).cloned());
        found.await.gone()
    }

    async fn modify_attributes(
        &self,
        cx: &Cx,
        spec: &spec::LoadBalancer,
        arn: &str,
    ) -> Result<(), ProviderError> {
        self.call(cx, "elb", "ModifyLoadBalancerAttributes", |world| {
            world.modify_load_balancer(arn, |it| {
                it.idle_timeout = spec.idle_timeout;
                it.deletion_protection = spec.deletion_protection;
                it.drop_invalid_headers = spec.drop_invalid_headers;
            })
        })
        .await
    }
}

#[async_trait]
impl Provider<spec::LoadBalancer> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::LoadBalancer,
    ) -> Result<Option<LoadBalancerState>, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let found = self.call(cx, "elb", "DescribeLoadBalancers", |world| {
            Ok(world.load_balancer_named(&name).map(|(arn, it)| state(arn, it)))
        });
        let Some(state) = found.await? else {
            return Ok(None);
        };
        let Some(tags) = self.list_tags(cx, TAGGING, &state.arn).await.gone()? else {
            return Ok(None);
        };
        let mine =
            is_mine(cx, "elb", "DescribeTags", &format!("the load balancer `{name}`"), &tags)?;
        Ok(mine.then_some(state))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::LoadBalancer,
    ) -> Result<LoadBalancerState, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let Resolved { subnets, groups } = Resolved::of(cx, spec)?;
        self.call(cx, "elb", "CreateLoadBalancer", |world| {
            let tags = owned(cx, &spec.tags);
            let arn = world.create_load_balancer(&name, &subnets, &groups, tags)?;
            Ok(state(&arn, world.load_balancer(&arn)?))
        })
        .await
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &spec::LoadBalancer,
        state: &LoadBalancerState,
    ) -> Result<LoadBalancerState, ProviderError> {
        self.modify_attributes(cx, spec, &state.arn).await?;
        Ok(state.clone())
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::LoadBalancer,
        recorded: &LoadBalancerState,
    ) -> Result<Option<Observed<LoadBalancerState>>, ProviderError> {
        let Some(seen) = self.describe_load_balancer(cx, &recorded.arn).await? else {
            return Ok(None);
        };
        let state = state(&recorded.arn, &seen);
        if seen.status == LoadBalancerStatus::Provisioning {
            return Ok(Some(Observed::settling(state, "provisioning")));
        }
        let attributes = self.call(cx, "elb", "DescribeLoadBalancerAttributes", |world| {
            world.load_balancer(&recorded.arn).cloned()
        });
        let both = try_join(attributes, self.list_tags(cx, TAGGING, &recorded.arn));
        let Some((attributes, tags)) = both.await.gone()? else {
            return Ok(None);
        };
        let resolved = Resolved::of(cx, spec)?;
        let mut drift = Drifts::new();
        drift
            .field("subnets", &resolved.subnets, Some(seen.subnets))
            .field("groups", &resolved.groups, Some(seen.groups))
            .field("idle_timeout", &spec.idle_timeout, Some(attributes.idle_timeout))
            .field(
                "deletion_protection",
                &spec.deletion_protection,
                Some(attributes.deletion_protection),
            )
            .field(
                "drop_invalid_headers",
                &spec.drop_invalid_headers,
                Some(attributes.drop_invalid_headers),
            )
            .tags(cx, &spec.tags, &tags);
        Ok(Some(Observed::ready(state).drifted(drift)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::LoadBalancer,
        state: &LoadBalancerState,
        changed: &[String],
    ) -> Result<LoadBalancerState, ProviderError> {
        let arn = &state.arn;
        let Resolved { subnets, groups } = Resolved::of(cx, spec)?;
        let is_changed = |field: &str| changed.iter().any(|it| it == field);
        if is_changed("subnets") {
            self.call(cx, "elb", "SetSubnets", |world| world.set_subnets(arn, &subnets)).await?;
        }
        if is_changed("groups") {
            let set = |world: &mut World| world.set_security_groups(arn, &groups);
            self.call(cx, "elb", "SetSecurityGroups", set).await?;
        }
        if ["idle_timeout", "deletion_protection", "drop_invalid_headers"]
            .into_iter()
            .any(is_changed)
        {
            self.modify_attributes(cx, spec, arn).await?;
        }
        if is_changed("tags") {
            self.retag(cx, TAGGING, arn, &spec.tags).await?;
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        _: &spec::LoadBalancer,
        id: &str,
    ) -> Result<Option<LoadBalancerState>, ProviderError> {
        self.call(cx, "elb", "DescribeLoadBalancers", |world| {
            let mut all = world.elb.load_balancers.iter();
            let found =
                all.find(|(arn, it)| [arn, &it.name, &it.dns_name].contains(&&id.to_owned()));
            Ok(found.map(|(arn, it)| state(arn, it)))
        })
        .await
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::LoadBalancer,
        state: &LoadBalancerState,
    ) -> Result<(), ProviderError> {
        let arn = &state.arn;
        let delete =
            || self.call(cx, "elb", "DeleteLoadBalancer", |world| world.delete_load_balancer(arn));
        match delete().await {
            Err(error) if error.kind == ErrorKind::Protected && cx.may_lose_data() => {
                self.call(cx, "elb", "ModifyLoadBalancerAttributes", |world| {
                    world.modify_load_balancer(arn, |it| it.deletion_protection = false)
                })
                .await?;
                delete().await
            }
            deleted => deleted,
        }
    }
}
