//! How an instance is in the network.

use std::collections::BTreeSet;

use super::engine::combination;
use super::{DbInstance, Status};
use crate::sim::world::{Refusal, World};

impl World {
    /// The groups that an instance in the network is to be in: those asked for, or else the network's default group.
    pub(super) fn check_db_groups(
        &self,
        vpc: &str,
        groups: &[String],
    ) -> Result<Vec<String>, Refusal> {
        for id in groups {
            let Some(group) = self.ec2.groups.get(id) else {
                let message = format!("Invalid security group , groupId= {id}, groupName=.");
                return Err(Refusal::new("InvalidParameterValue", message));
            };
            if group.vpc != vpc {
                return Err(combination(format!(
                    "The DB instance and EC2 security group are in different VPCs. The DB instance is in {vpc} and the \
                     EC2 security group is in {}",
                    group.vpc
                )));
            }
        }
        if groups.is_empty() {
            let vpc = self.ec2.vpcs.get(vpc);
            return Ok(vpc.map(|vpc| vpc.default_group.clone()).into_iter().collect());
        }
        Ok(groups.to_vec())
    }

    /// Gives the instance as many network interfaces as it has hosts, each in another zone. One that cannot have them
    /// ends in `incompatible-network`.
    pub(super) fn connect_db_instance(&mut self, identifier: &str) {
        let Ok(instance) = self.db_instance(identifier).cloned() else {
            return;
        };
        let wanted = if instance.multi_az { 2 } else { 1 };
        let mut interfaces = instance.interfaces.clone();
        for over in interfaces.split_off(wanted.min(interfaces.len())) {
            self.ec2.interfaces.remove(&over);
        }
        for subnet in self.subnets_for(&instance, &interfaces) {
            if interfaces.len() == wanted {
                break;
            }
            let attached = self.attach_eni(&instance.arn, &subnet, &instance.groups, false);
            interfaces.extend(attached);
        }
        if let Ok(instance) = self.db_instance_mut(identifier) {
            if interfaces.len() < wanted {
                instance.status = Status::IncompatibleNetwork;
                instance.stage += 1;
            }
            instance.interfaces = interfaces;
        }
    }

    /// One subnet of each zone that the instance is not in yet, beginning anywhere.
    fn subnets_for(&mut self, instance: &DbInstance, interfaces: &[String]) -> Vec<String> {
        let begin = self.chance.draw();
        let Ok(group) = self.db_subnet_group(&instance.subnet_group) else {
            return Vec::new();
        };
        let zone = |subnet: &String| self.ec2.subnets.get(subnet).map(|it| it.zone.clone());
        let taken = interfaces.iter().filter_map(|id| self.ec2.interfaces.get(id));
        let mut zones: BTreeSet<_> = taken.filter_map(|it| zone(&it.subnet)).collect();
        let count = group.subnets.len();
        let first = begin.checked_rem(count as u64).unwrap_or_default() as usize;
        let subnets = group.subnets.iter().cycle().skip(first).take(count);
        let fresh = subnets.filter(|subnet| zone(subnet).is_some_and(|zone| zones.insert(zone)));
        fresh.cloned().collect()
    }

    /// Puts the instance's network interfaces into other groups.
    pub(super) fn regroup_db_instance(&mut self, instance: &DbInstance, groups: &[String]) {
        for interface in &instance.interfaces {
            if let Some(interface) = self.ec2.interfaces.get_mut(interface) {
                interface.groups = groups.to_vec();
            }
        }
    }
}
