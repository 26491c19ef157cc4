//! Subnets.

use std::net::Ipv4Addr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Ec2, in_use, vpc};
use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider, Recorded};
use crate::resource::ec2::{self as spec, SubnetState};
use crate::sim::Sim;
use crate::sim::call::{Looked, only};
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};
use crate::value::{AvailabilityZone, Cidr};

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// `vpc-…`
    pub vpc: String,
    /// Its addresses.
    pub cidr: Cidr,
    /// Where it is.
    pub zone: AvailabilityZone,
    /// Whether what is started in it gets a public address.
    pub public_addresses: bool,
}

pub(super) const NOT_FOUND: &str = "InvalidSubnetID.NotFound";

/// The zones of every simulated region.
const ZONES: [char; 3] = ['a', 'b', 'c'];

impl World {
    /// `CreateSubnet`.
    ///
    /// # Errors
    /// `InvalidVpcID.NotFound`; `InvalidSubnet.Range` unless it is a /16 to a /28 inside the VPC;
    /// `InvalidSubnet.Conflict` where it overlaps another; `InvalidParameterValue` for a zone that the region does not
    /// have; `SubnetLimitExceeded`.
    pub fn create_subnet(
        &mut self,
        vpc: &str,
        cidr: Cidr,
        zone: &AvailabilityZone,
        tags: TagMap,
    ) -> Result<String, Refusal> {
        let ec2 = &self.ec2;
        let network = ec2.seen(&ec2.vpcs, vpc, vpc::NOT_FOUND)?;
        if !(16..=28).contains(&cidr.prefix()) || !network.cidr.contains(&cidr) {
            return Err(Refusal::new(
                "InvalidSubnet.Range",
                format!("The CIDR '{cidr}' is invalid."),
            ));
        }
        self.check_zone(zone)?;
        let others = ec2.subnets.values().filter(|subnet| subnet.vpc == vpc);
        if others.clone().any(|subnet| subnet.cidr.overlaps(&cidr)) {
            let message = format!("The CIDR '{cidr}' conflicts with another subnet");
            return Err(Refusal::new("InvalidSubnet.Conflict", message));
        }
        if others.count() >= self.quotas.subnets_per_vpc {
            let message = "The maximum number of subnets has been reached.";
            return Err(Refusal::new("SubnetLimitExceeded", message));
        }
        let id = self.ec2_new("subnet", tags);
        let (vpc, zone) = (vpc.to_owned(), zone.clone());
        self.ec2.subnets.insert(id.clone(), Subnet { vpc, cidr, zone, public_addresses: false });
        Ok(id)
    }

    fn check_zone(&self, zone: &AvailabilityZone) -> Result<(), Refusal> {
        let zones: Vec<_> =
            ZONES.iter().filter_map(|letter| self.region.zone(*letter).ok()).collect();
        if zones.contains(zone) {
            return Ok(());
        }
        let zones: Vec<_> = zones.iter().map(AvailabilityZone::as_str).collect();
        let message = format!(
            "Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in the \
             following availability zones: {}.",
            zones.join(", ")
        );
        Err(Refusal::new("InvalidParameterValue", message))
    }

    /// `ModifySubnetAttribute` with `MapPublicIpOnLaunch`.
    ///
    /// # Errors
    /// `InvalidSubnetID.NotFound`.
    pub fn map_public_addresses(&mut self, id: &str, on: bool) -> Result<(), Refusal> {
        self.ec2.seen(&self.ec2.subnets, id, NOT_FOUND)?;
        if let Some(subnet) = self.ec2.subnets.get_mut(id) {
            subnet.public_addresses = on;
        }
        Ok(())
    }

    /// `DeleteSubnet`. Associations with route tables go with it.
    ///
    /// # Errors
    /// `DependencyViolation` while a network interface is in it; `InvalidSubnetID.NotFound`.
    pub fn delete_subnet(&mut self, id: &str) -> Result<(), Refusal> {
        if !self.ec2.subnets.contains_key(id) {
            return Err(super::not_found(NOT_FOUND, id));
        }
        if self.ec2.interfaces.values().any(|interface| interface.subnet == id) {
            let message = format!("The subnet '{id}' has dependencies and cannot be deleted.");
            return Err(in_use(message));
        }
        self.ec2.subnets.remove(id);
        for table in self.ec2.route_tables.values_mut() {
            table.associations.retain(|_, subnet| subnet != id);
        }
        self.ec2.forget(id);
        Ok(())
    }
}

impl Ec2 {
    /// The lowest address of a subnet that nothing has. AWS keeps the first four and the last for itself.
    pub(super) fn free_address(&self, subnet: &str) -> Option<Ipv4Addr> {
        let cidr = self.subnets.get(subnet)?.cidr;
        let first = u32::from(cidr.network());
        let count = u32::try_from(cidr.addresses()).ok()?;
        let mut addresses = (first + 4..first + count - 1).map(Ipv4Addr::from);
        let taken = |address: &Ipv4Addr| {
            self.interfaces.values().any(|it| it.subnet == subnet && it.address == *address)
        };
        addresses.find(|address| !taken(address))
    }
}

#[async_trait]
impl Provider<spec::Subnet> for Sim {
    async fn find(&self, cx: &Cx, _: &spec::Subnet) -> Result<Option<SubnetState>, ProviderError> {
        self.call(cx, "ec2", "DescribeSubnets", |world| {
            Ok(world.ec2.owned("subnet", cx).map(|id| SubnetState { id: id.to_owned() }))
        })
        .await
    }

    async fn create(&self, cx: &Cx, spec: &spec::Subnet) -> Result<SubnetState, ProviderError> {
        let vpc = cx.state_of(&spec.vpc)?.id;
        self.call(cx, "ec2", "CreateSubnet", |world| {
            let tags = owned(cx, &spec.tags);
            let id = world.create_subnet(&vpc, spec.cidr, &spec.zone, tags)?;
            Ok(SubnetState { id })
        })
        .await
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &spec::Subnet,
        state: &SubnetState,
    ) -> Result<SubnetState, ProviderError> {
        if spec.public_addresses {
            self.call(cx, "ec2", "ModifySubnetAttribute", |world| {
                world.map_public_addresses(&state.id, true)
            })
            .await?;
        }
        Ok(state.clone())
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::Subnet,
        state: &SubnetState,
    ) -> Result<Option<Observed<SubnetState>>, ProviderError> {
        let (cx, spec, state) = (cx.clone(), spec.clone(), state.clone());
        only::<spec::Subnet>(self.read_many(&[Recorded { cx, spec, state }]).await)
    }

    async fn read_many(&self, objects: &[Recorded<spec::Subnet>]) -> Vec<Looked<spec::Subnet>> {
        self.call_about(objects, "ec2", "DescribeSubnets", |world, Recorded { cx, spec, state }| {
            let Ok(subnet) = world.ec2.seen(&world.ec2.subnets, &state.id, NOT_FOUND) else {
                return Ok(None);
            };
            let mut drift = Drifts::new();
            drift
                .reference("vpc", &cx.state_of(&spec.vpc)?.id, Some(&subnet.vpc))
                .field("cidr", &spec.cidr, Some(subnet.cidr))
                .field("zone", &spec.zone, Some(subnet.zone.clone()))
                .field("public_addresses", &spec.public_addresses, Some(subnet.public_addresses))
                .tags(cx, &spec.tags, &world.ec2.tags_of(&state.id));
            Ok(Some(Observed::ready(state.clone()).drifted(drift)))
        })
        .await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::Subnet,
        state: &SubnetState,
        changed: &[String],
    ) -> Result<SubnetState, ProviderError> {
        for field in changed {
            match field.as_str() {
                "public_addresses" => {
                    self.call(cx, "ec2", "ModifySubnetAttribute", |world| {
                        world.map_public_addresses(&state.id, spec.public_addresses)
                    })
                    .await?;
                }
                _ => self.ec2_retag(cx, &state.id, &spec.tags).await?,
            }
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &spec::Subnet,
        id: &str,
    ) -> Result<Option<SubnetState>, ProviderError> {
        Ok(Some(SubnetState { id: id.to_owned() }))
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::Subnet,
        state: &SubnetState,
    ) -> Result<(), ProviderError> {
        let deleted =
            self.call(cx, "ec2", "DeleteSubnet", |world| world.delete_subnet(&state.id)).await;
        deleted.gone().map(drop)
    }
}
