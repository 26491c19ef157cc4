//! Network interfaces: the ends through which everything else is in the network.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Due, security_group, subnet};
use crate::sim::world::{Refusal, World};

/// A network interface. Load balancers, databases and instances each have some.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// `vpc-…`
    pub vpc: String,
    /// `subnet-…`
    pub subnet: String,
    /// `sg-…`
    pub groups: Vec<String>,
    /// What it belongs to: `i-…`, or the ARN of a load balancer or database.
    pub owner: String,
    /// Its address in the subnet.
    pub address: Ipv4Addr,
    /// Whether a public address is mapped to it.
    pub is_public: bool,
    /// Whether its owner is gone. It stays in the way for a while.
    pub is_leaving: bool,
}

impl World {
    /// Puts a network interface of `owner` into a subnet, and returns its id. Without groups it gets the VPC's default
    /// one.
    ///
    /// # Errors
    /// `InvalidSubnetID.NotFound`; `InvalidGroup.NotFound`; `InvalidParameterCombination` for groups of another VPC;
    /// `SecurityGroupsPerInterfaceLimitExceeded`; `NetworkInterfaceLimitExceeded`;
    /// `InsufficientFreeAddressesInSubnet`.
    pub fn attach_eni(
        &mut self,
        owner: &str,
        subnet: &str,
        groups: &[String],
        is_public: bool,
    ) -> Result<String, Refusal> {
        let ec2 = &self.ec2;
        let vpc = ec2.seen(&ec2.subnets, subnet, subnet::NOT_FOUND)?.vpc.clone();
        for group in groups {
            if ec2.seen(&ec2.groups, group, security_group::NOT_FOUND)?.vpc != vpc {
                let message = "The security group and the subnet belong to different networks.";
                return Err(Refusal::new("InvalidParameter", message));
            }
        }
        if groups.len() > self.quotas.groups_per_interface {
            let message = "The maximum number of security groups per interface has been reached.";
            return Err(Refusal::new("SecurityGroupsPerInterfaceLimitExceeded", message));
        }
        if ec2.interfaces.len() >= self.quotas.interfaces {
            let message = "The maximum number of network interfaces has been reached.";
            return Err(Refusal::new("NetworkInterfaceLimitExceeded", message));
        }
        let Some(address) = ec2.free_address(subnet) else {
            let message = format!("There are not enough free addresses in subnet '{subnet}'.");
            return Err(Refusal::new("InsufficientFreeAddressesInSubnet", message));
        };
        let id = self.id("eni");
        let mut groups = groups.to_vec();
        if groups.is_empty() {
            groups.extend(self.ec2.vpcs.get(&vpc).map(|vpc| vpc.default_group.clone()));
        }
        let interface = Interface {
            vpc,
            subnet: subnet.to_owned(),
            groups,
            owner: owner.to_owned(),
            address,
            is_public,
            is_leaving: false,
        };
        self.ec2.interfaces.insert(id.clone(), interface);
        Ok(id)
    }

    /// Gives other groups to every network interface of `owner`.
    ///
    /// # Errors
    /// `InvalidGroup.NotFound`.
    pub fn regroup_enis(&mut self, owner: &str, groups: &[String]) -> Result<(), Refusal> {
        for group in groups {
            self.ec2.seen(&self.ec2.groups, group, security_group::NOT_FOUND)?;
        }
        for interface in self.ec2.interfaces.values_mut().filter(|it| it.owner == owner) {
            interface.groups = groups.to_vec();
        }
        Ok(())
    }

    /// Lets every network interface of `owner` go after `linger`. Until then it is in the way of its subnet, its groups
    /// and, if it is public, of the internet gateway.
    pub fn release_enis(&mut self, owner: &str, linger: Duration) {
        let mut leaving = Vec::new();
        for (id, interface) in &mut self.ec2.interfaces {
            if interface.owner == owner && !interface.is_leaving {
                interface.is_leaving = true;
                leaving.push(id.clone());
            }
        }
        for id in leaving {
            if linger.is_zero() {
                self.ec2.interfaces.remove(&id);
            } else {
                self.schedule(linger, Due::InterfaceGone { id }.into());
            }
        }
    }
}
