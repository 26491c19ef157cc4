//! Listeners.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::TAGGING;
use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider};
use crate::resource::elb::{self as spec, ListenerState};
use crate::sim::Sim;
use crate::sim::tags::{CompareTags, TagMap, is_of, owned};
use crate::sim::world::{Refusal, World};
use crate::value::Port;

/// A listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// The ARN of its load balancer.
    pub load_balancer: String,
    /// The port.
    pub port: Port,
    /// The ARN of the target group that requests go to.
    pub target_group: String,
}

impl World {
    /// `CreateListener`. Returns the ARN, also of one that is there with the same settings.
    ///
    /// # Errors
    /// `LoadBalancerNotFound`; `TargetGroupNotFound`; `DuplicateListener` for a port that is taken; `TooManyListeners`;
    /// `TargetGroupAssociationLimit` for a target group of another load balancer; `InvalidConfigurationRequest` for one
    /// in another VPC.
    pub fn create_listener(&mut self, listener: Listener, tags: TagMap) -> Result<String, Refusal> {
        let load_balancer = self.load_balancer(&listener.load_balancer)?;
        let resource = load_balancer.name.clone();
        let vpc = &load_balancer.vpc;
        if self.target_group(&listener.target_group)?.vpc != *vpc {
            let message = "The target group and the load balancer are in different VPCs";
            return Err(Refusal::new("InvalidConfigurationRequest", message));
        }
        let mut others = self.elb.listeners.iter();
        if let Some((arn, _)) = others.find(|(_, other)| **other == listener) {
            return Ok(arn.clone());
        }
        self.check_listener("", &listener)?;
        let others = self.elb.listeners.values();
        let others = others.filter(|other| other.load_balancer == listener.load_balancer);
        if others.count() >= self.quotas.listeners_per_load_balancer {
            let message = "The maximum number of listeners has been reached";
            return Err(Refusal::new("TooManyListeners", message));
        }
        let id = listener.load_balancer.rsplit('/').next().unwrap_or_default();
        let arn = self.elb_arn(&format!("listener/app/{resource}/{id}"));
        self.elb.listeners.insert(arn.clone(), listener);
        self.tags.insert(arn.clone(), tags);
        Ok(arn)
    }

    /// Whether the other listeners leave room for this one.
    fn check_listener(&self, arn: &str, listener: &Listener) -> Result<(), Refusal> {
        let mut others = self.elb.listeners.iter().filter(|(other, _)| *other != arn);
        let Listener { load_balancer, port, target_group } = listener;
        if others.clone().any(|(_, it)| it.load_balancer == *load_balancer && it.port == *port) {
            let message = format!(
                "A listener already exists on this port for this load balancer '{load_balancer}'"
            );
            return Err(Refusal::new("DuplicateListener", message));
        }
        if others
            .any(|(_, it)| it.target_group == *target_group && it.load_balancer != *load_balancer)
        {
            let message = format!(
                "The following target groups cannot be associated with more than one load balancer: {target_group}"
            );
            return Err(Refusal::new("TargetGroupAssociationLimit", message));
        }
        Ok(())
    }

    /// `DescribeListeners`, of one, by ARN.
    ///
    /// # Errors
    /// `ListenerNotFound`.
    pub fn listener(&self, arn: &str) -> Result<&Listener, Refusal> {
        self.elb.listeners.get(arn).ok_or_else(|| not_found(arn))
    }

    /// `ModifyListener`.
    ///
    /// # Errors
    /// `ListenerNotFound`, and as [`World::create_listener`].
    pub fn modify_listener(
        &mut self,
        arn: &str,
        port: Port,
        target_group: &str,
    ) -> Result<(), Refusal> {
        let load_balancer = self.listener(arn)?.load_balancer.clone();
        self.target_group(target_group)?;
        let listener = Listener { load_balancer, port, target_group: target_group.to_owned() };
        self.check_listener(arn, &listener)?;
        self.elb.listeners.insert(arn.to_owned(), listener);
        Ok(())
    }

    /// `DeleteListener`.
    ///
    /// # Errors
    /// `ListenerNotFound`.
    pub fn delete_listener(&mut self, arn: &str) -> Result<(), Refusal> {
        self.tags.remove(arn);
        self.elb.listeners.remove(arn).map(drop).ok_or_else(|| not_found(arn))
    }
}

fn not_found(arn: &str) -> Refusal {
    Refusal::new("ListenerNotFound", format!("One or more listeners not found: {arn}"))
}

#[async_trait]
impl Provider<spec::Listener> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::Listener,
    ) -> Result<Option<ListenerState>, ProviderError> {
        let load_balancer = cx.state_of(&spec.load_balancer)?.arn;
        let listeners = self.call(cx, "elb", "DescribeListeners", |world| {
            world.load_balancer(&load_balancer)?;
            let all = world.elb.listeners.iter();
            let its = all.filter(|(_, it)| it.load_balancer == load_balancer);
            Ok(its.map(|(arn, _)| arn.clone()).collect::<Vec<_>>())
        });
        let Some(arns) = listeners.await.gone()? else {
            return Ok(None);
        };
        if arns.is_empty() {
            return Ok(None);
        }
        self.call(cx, "elb", "DescribeTags", |world| {
            let mine = arns.into_iter().find(|arn| is_of(&world.tags_of(arn), cx));
            Ok(mine.map(|arn| ListenerState { arn }))
        })
        .await
    }

    async fn create(&self, cx: &Cx, spec: &spec::Listener) -> Result<ListenerState, ProviderError> {
        let listener = Listener {
            load_balancer: cx.state_of(&spec.load_balancer)?.arn,
            port: spec.port,
            target_group: cx.state_of(&spec.target_group)?.arn,
        };
        self.call(cx, "elb", "CreateListener", |world| {
            let arn = world.create_listener(listener, owned(cx, &spec.tags))?;
            Ok(ListenerState { arn })
        })
        .await
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::Listener,
        state: &ListenerState,
    ) -> Result<Option<Observed<ListenerState>>, ProviderError> {
        let seen =
            self.call(cx, "elb", "DescribeListeners", |world| world.listener(&state.arn).cloned());
        let Some(seen) = seen.await.gone()? else {
            return Ok(None);
        };
        let Some(tags) = self.list_tags(cx, TAGGING, &state.arn).await.gone()? else {
            return Ok(None);
        };
        let load_balancer = cx.state_of(&spec.load_balancer)?.arn;
        let target_group = cx.state_of(&spec.target_group)?.arn;
        let mut drift = Drifts::new();
        drift
            .reference("load_balancer", &load_balancer, Some(&seen.load_balancer))
            .field("port", &spec.port, Some(seen.port))
            .reference("target_group", &target_group, Some(&seen.target_group))
            .tags(cx, &spec.tags, &tags);
        Ok(Some(Observed::ready(state.clone()).drifted(drift)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::Listener,
        state: &ListenerState,
        changed: &[String],
    ) -> Result<ListenerState, ProviderError> {
        let target_group = cx.state_of(&spec.target_group)?.arn;
        if changed.iter().any(|field| field != "tags") {
            self.call(cx, "elb", "ModifyListener", |world| {
                world.modify_listener(&state.arn, spec.port, &target_group)
            })
            .await?;
        }
        if changed.iter().any(|field| field == "tags") {
            self.retag(cx, TAGGING, &state.arn, &spec.tags).await?;
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &spec::Listener,
        id: &str,
    ) -> Result<Option<ListenerState>, ProviderError> {
        Ok(Some(ListenerState { arn: id.to_owned() }))
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::Listener,
        state: &ListenerState,
    ) -> Result<(), ProviderError> {
        let deleted =
            self.call(cx, "elb", "DeleteListener", |world| world.delete_listener(&state.arn));
        deleted.await.gone().map(drop)
    }
}
