//! Internet gateways.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{in_use, not_found, vpc};
use crate::failure::{ErrorKind, Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider, Recorded};
use crate::resource::ec2::{self as spec, InternetGatewayState};
use crate::sim::Sim;
use crate::sim::call::{Looked, only};
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};

/// An internet gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InternetGateway {
    /// The VPC that it is attached to: `vpc-…`
    pub vpc: Option<String>,
}

pub(super) const NOT_FOUND: &str = "InvalidInternetGatewayID.NotFound";

impl World {
    /// `CreateInternetGateway`.
    ///
    /// # Errors
    /// `InternetGatewayLimitExceeded`.
    pub fn create_internet_gateway(&mut self, tags: TagMap) -> Result<String, Refusal> {
        if self.ec2.internet_gateways.len() >= self.quotas.internet_gateways {
            let message = "The maximum number of internet gateways has been reached.";
            return Err(Refusal::new("InternetGatewayLimitExceeded", message));
        }
        let id = self.ec2_new("igw", tags);
        self.ec2.internet_gateways.insert(id.clone(), InternetGateway { vpc: None });
        Ok(id)
    }

    /// `AttachInternetGateway`.
    ///
    /// # Errors
    /// `InvalidInternetGatewayID.NotFound`; `InvalidVpcID.NotFound`; `Resource.AlreadyAssociated` when it is attached;
    /// `InvalidParameterValue` when the VPC has another.
    pub fn attach_internet_gateway(&mut self, id: &str, vpc: &str) -> Result<(), Refusal> {
        let ec2 = &self.ec2;
        let gateway = ec2.seen(&ec2.internet_gateways, id, NOT_FOUND)?;
        ec2.seen(&ec2.vpcs, vpc, vpc::NOT_FOUND)?;
        if let Some(network) = &gateway.vpc {
            let message = format!("resource {id} is already attached to network {network}");
            return Err(Refusal::new("Resource.AlreadyAssociated", message));
        }
        if ec2.internet_gateways.values().any(|other| other.vpc.as_deref() == Some(vpc)) {
            let message = format!("Network {vpc} already has an internet gateway attached");
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        if let Some(gateway) = self.ec2.internet_gateways.get_mut(id) {
            gateway.vpc = Some(vpc.to_owned());
        }
        Ok(())
    }

    /// `DetachInternetGateway`.
    ///
    /// # Errors
    /// `InvalidInternetGatewayID.NotFound`; `Gateway.NotAttached`; `DependencyViolation` while anything in the VPC has a
    /// public address.
    pub fn detach_internet_gateway(&mut self, id: &str, vpc: &str) -> Result<(), Refusal> {
        let gateway = self.ec2.internet_gateways.get_mut(id);
        let gateway = gateway.ok_or_else(|| not_found(NOT_FOUND, id))?;
        if gateway.vpc.as_deref() != Some(vpc) {
            let message = format!("resource {id} is not attached to network {vpc}");
            return Err(Refusal::new("Gateway.NotAttached", message));
        }
        let mut interfaces = self.ec2.interfaces.values();
        if interfaces.any(|interface| interface.vpc == vpc && interface.is_public) {
            return Err(in_use(format!(
                "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before \
                 detaching the gateway."
            )));
        }
        gateway.vpc = None;
        Ok(())
    }

    /// `DeleteInternetGateway`. Routes that lead to it stay and lead nowhere.
    ///
    /// # Errors
    /// `InvalidInternetGatewayID.NotFound`; `DependencyViolation` while it is attached.
    pub fn delete_internet_gateway(&mut self, id: &str) -> Result<(), Refusal> {
        let gateway = self.ec2.internet_gateways.get(id);
        if gateway.ok_or_else(|| not_found(NOT_FOUND, id))?.vpc.is_some() {
            let message =
                format!("The internetGateway '{id}' has dependencies and cannot be deleted.");
            return Err(in_use(message));
        }
        self.ec2.internet_gateways.remove(id);
        self.ec2.forget(id);
        Ok(())
    }
}

#[async_trait]
impl Provider<spec::InternetGateway> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::InternetGateway,
    ) -> Result<Option<InternetGatewayState>, ProviderError> {
        let vpc_id = cx.state_of(&spec.vpc)?.id;
        self.call(cx, "ec2", "DescribeInternetGateways", |world| {
            let id = world.ec2.owned("igw", cx).map(str::to_owned);
            Ok(id.map(|id| InternetGatewayState { id, vpc_id }))
        })
        .await
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::InternetGateway,
    ) -> Result<InternetGatewayState, ProviderError> {
        let vpc_id = cx.state_of(&spec.vpc)?.id;
        self.call(cx, "ec2", "CreateInternetGateway", |world| {
            let id = world.create_internet_gateway(owned(cx, &spec.tags))?;
            Ok(InternetGatewayState { id, vpc_id })
        })
        .await
    }

    async fn configure(
        &self,
        cx: &Cx,
        _: &spec::InternetGateway,
        state: &InternetGatewayState,
    ) -> Result<InternetGatewayState, ProviderError> {
        let InternetGatewayState { id, vpc_id } = state;
        let attached = self
            .call(cx, "ec2", "AttachInternetGateway", |world| {
                world.attach_internet_gateway(id, vpc_id)
            })
            .await;
        match attached {
            Ok(()) => Ok(state.clone()),
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                // An earlier call may have attached it, to just this network.
                let actual = self
                    .call(cx, "ec2", "DescribeInternetGateways", |world| {
                        let gateway = world.ec2.internet_gateways.get(id);
                        Ok(gateway.and_then(|gateway| gateway.vpc.clone()))
                    })
                    .await?;
                if actual.as_ref() == Some(vpc_id) { Ok(state.clone()) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::InternetGateway,
        state: &InternetGatewayState,
    ) -> Result<Option<Observed<InternetGatewayState>>, ProviderError> {
        let (cx, spec, state) = (cx.clone(), spec.clone(), state.clone());
        only::<spec::InternetGateway>(self.read_many(&[Recorded { cx, spec, state }]).await)
    }

    async fn read_many(
        &self,
        objects: &[Recorded<spec::InternetGateway>],
    ) -> Vec<Looked<spec::InternetGateway>> {
        self.call_about(objects, "ec2", "DescribeInternetGateways", |world, recorded| {
            let Recorded { cx, spec, state } = recorded;
            let gateways = &world.ec2.internet_gateways;
            let Ok(gateway) = world.ec2.seen(gateways, &state.id, NOT_FOUND) else {
                return Ok(None);
            };
            let mut drift = Drifts::new();
            let attached = gateway.vpc.as_deref().unwrap_or("none");
            drift.reference("vpc", &cx.state_of(&spec.vpc)?.id, Some(attached)).tags(
                cx,
                &spec.tags,
                &world.ec2.tags_of(&state.id),
            );
            Ok(Some(Observed::ready(state.clone()).drifted(drift)))
        })
        .await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::InternetGateway,
        state: &InternetGatewayState,
        _: &[String],
    ) -> Result<InternetGatewayState, ProviderError> {
        self.ec2_retag(cx, &state.id, &spec.tags).await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        spec: &spec::InternetGateway,
        id: &str,
    ) -> Result<Option<InternetGatewayState>, ProviderError> {
        Ok(Some(InternetGatewayState { id: id.to_owned(), vpc_id: cx.state_of(&spec.vpc)?.id }))
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::InternetGateway,
        state: &InternetGatewayState,
    ) -> Result<(), ProviderError> {
        let InternetGatewayState { id, vpc_id } = state;
        self.call(cx, "ec2", "DetachInternetGateway", |world| {
            world.detach_internet_gateway(id, vpc_id)
        })
        .await
        .gone()?;
        let delete = |world: &mut World| world.delete_internet_gateway(id);
        self.call(cx, "ec2", "DeleteInternetGateway", delete).await.gone().map(drop)
    }
}
