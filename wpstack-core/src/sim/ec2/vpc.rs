//! VPCs.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Remote, RouteTable, SecurityGroup, in_use};
use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider, Recorded};
use crate::resource::ec2::{self as spec, Direction, VpcState};
use crate::sim::Sim;
use crate::sim::call::{Looked, only};
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};
use crate::value::Cidr;

/// A VPC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vpc {
    /// Its addresses.
    pub cidr: Cidr,
    /// Whether the resolver answers in it.
    pub dns_support: bool,
    /// Whether instances get public host names.
    pub dns_hostnames: bool,
    /// The route table of subnets that are associated with none. It goes with the VPC.
    pub main_table: String,
    /// The group that is called `default`. It goes with the VPC.
    pub default_group: String,
}

pub(super) const NOT_FOUND: &str = "InvalidVpcID.NotFound";

impl World {
    /// `CreateVpc`. Makes the VPC's default security group and main route table, too.
    ///
    /// # Errors
    /// `InvalidVpc.Range` unless it is a /16 to a /28; `VpcLimitExceeded`.
    pub fn create_vpc(&mut self, cidr: Cidr, tags: TagMap) -> Result<String, Refusal> {
        if !(16..=28).contains(&cidr.prefix()) {
            let message = format!("The CIDR '{cidr}' is invalid.");
            return Err(Refusal::new("InvalidVpc.Range", message));
        }
        if self.ec2.vpcs.len() >= self.quotas.vpcs {
            let message = "The maximum number of VPCs has been reached.";
            return Err(Refusal::new("VpcLimitExceeded", message));
        }
        let id = self.ec2_new("vpc", tags);
        let main_table = self.id("rtb");
        self.ec2.route_tables.insert(main_table.clone(), RouteTable::new(&id));
        let default_group = self.id("sg");
        let group = SecurityGroup {
            vpc: id.clone(),
            name: "default".to_owned(),
            description: "default VPC security group".to_owned(),
        };
        self.ec2.groups.insert(default_group.clone(), group);
        self.allow(&default_group, Direction::Egress, Remote::Cidr(Cidr::ANYWHERE));
        self.allow(&default_group, Direction::Ingress, Remote::Group(default_group.clone()));
        let (dns_support, dns_hostnames) = (true, false);
        let vpc = Vpc { cidr, dns_support, dns_hostnames, main_table, default_group };
        self.ec2.vpcs.insert(id.clone(), vpc);
        Ok(id)
    }

    /// `ModifyVpcAttribute`.
    ///
    /// # Errors
    /// `InvalidVpcID.NotFound`.
    pub fn modify_vpc(&mut self, id: &str, change: impl FnOnce(&mut Vpc)) -> Result<(), Refusal> {
        self.ec2.seen(&self.ec2.vpcs, id, NOT_FOUND)?;
        self.ec2.vpcs.get_mut(id).map(change);
        Ok(())
    }

    /// `DeleteVpc`. The main route table and the default security group go with it.
    ///
    /// # Errors
    /// `DependencyViolation` while anything else is in it; `InvalidVpcID.NotFound`.
    pub fn delete_vpc(&mut self, id: &str) -> Result<(), Refusal> {
        let ec2 = &self.ec2;
        let vpc = ec2.vpcs.get(id).ok_or_else(|| super::not_found(NOT_FOUND, id))?.clone();
        let holds = ec2.subnets.values().any(|subnet| subnet.vpc == id)
            || ec2.groups.iter().any(|(group, it)| it.vpc == id && *group != vpc.default_group)
            || ec2.route_tables.iter().any(|(table, it)| it.vpc == id && *table != vpc.main_table)
            || ec2.internet_gateways.values().any(|gateway| gateway.vpc.as_deref() == Some(id))
            || ec2.interfaces.values().any(|interface| interface.vpc == id);
        if holds {
            let message = format!("The vpc '{id}' has dependencies and cannot be deleted.");
            return Err(in_use(message));
        }
        self.ec2.vpcs.remove(id);
        self.ec2.route_tables.remove(&vpc.main_table);
        self.drop_group(&vpc.default_group);
        self.ec2.forget(id);
        Ok(())
    }
}

impl Sim {
    async fn modify_vpc(
        &self,
        cx: &Cx,
        state: &VpcState,
        change: impl Fn(&mut Vpc),
    ) -> Result<(), ProviderError> {
        self.call(cx, "ec2", "ModifyVpcAttribute", |world| world.modify_vpc(&state.id, change))
            .await
    }
}

#[async_trait]
impl Provider<spec::Vpc> for Sim {
    async fn find(&self, cx: &Cx, _: &spec::Vpc) -> Result<Option<VpcState>, ProviderError> {
        self.call(cx, "ec2", "DescribeVpcs", |world| {
            Ok(world.ec2.owned("vpc", cx).map(|id| VpcState { id: id.to_owned() }))
        })
        .await
    }

    async fn create(&self, cx: &Cx, spec: &spec::Vpc) -> Result<VpcState, ProviderError> {
        self.call(cx, "ec2", "CreateVpc", |world| {
            let id = world.create_vpc(spec.cidr, owned(cx, &spec.tags))?;
            Ok(VpcState { id })
        })
        .await
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &spec::Vpc,
        state: &VpcState,
    ) -> Result<VpcState, ProviderError> {
        // A new VPC has DNS support on and host names off.
        if !spec.dns_support {
            self.modify_vpc(cx, state, |vpc| vpc.dns_support = false).await?;
        }
        if spec.dns_hostnames {
            self.modify_vpc(cx, state, |vpc| vpc.dns_hostnames = true).await?;
        }
        Ok(state.clone())
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::Vpc,
        state: &VpcState,
    ) -> Result<Option<Observed<VpcState>>, ProviderError> {
        let (cx, spec, state) = (cx.clone(), spec.clone(), state.clone());
        only::<spec::Vpc>(self.read_many(&[Recorded { cx, spec, state }]).await)
    }

    async fn read_many(&self, objects: &[Recorded<spec::Vpc>]) -> Vec<Looked<spec::Vpc>> {
        self.call_about(objects, "ec2", "DescribeVpcs", |world, Recorded { cx, spec, state }| {
            let Ok(vpc) = world.ec2.seen(&world.ec2.vpcs, &state.id, NOT_FOUND) else {
                return Ok(None);
            };
            let mut drift = Drifts::new();
            drift
                .field("cidr", &spec.cidr, Some(vpc.cidr))
                .field("dns_support", &spec.dns_support, Some(vpc.dns_support))
                .field("dns_hostnames", &spec.dns_hostnames, Some(vpc.dns_hostnames))
                .tags(cx, &spec.tags, &world.ec2.tags_of(&state.id));
            Ok(Some(Observed::ready(state.clone()).drifted(drift)))
        })
        .await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::Vpc,
        state: &VpcState,
        changed: &[String],
    ) -> Result<VpcState, ProviderError> {
        for field in changed {
            match field.as_str() {
                "dns_support" => {
                    self.modify_vpc(cx, state, |vpc| vpc.dns_support = spec.dns_support).await?;
                }
                "dns_hostnames" => {
                    self.modify_vpc(cx, state, |vpc| vpc.dns_hostnames = spec.dns_hostnames)
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
        _: &spec::Vpc,
        id: &str,
    ) -> Result<Option<VpcState>, ProviderError> {
        Ok(Some(VpcState { id: id.to_owned() }))
    }

    async fn delete(&self, cx: &Cx, _: &spec::Vpc, state: &VpcState) -> Result<(), ProviderError> {
        let deleted = self.call(cx, "ec2", "DeleteVpc", |world| world.delete_vpc(&state.id)).await;
        deleted.gone().map(drop)
    }
}
