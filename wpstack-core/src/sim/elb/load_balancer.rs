//! Load balancers.

mod provider;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Due, invalid};
use crate::sim::ec2;
use crate::sim::tags::TagMap;
use crate::sim::world::{Refusal, World};
use crate::value::Seconds;

/// A load balancer that faces the internet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// Its name, unique in the region.
    pub name: String,
    /// `vpc-…`
    pub vpc: String,
    /// `subnet-…`, each with a network interface of it.
    pub subnets: BTreeSet<String>,
    /// `sg-…`
    pub groups: BTreeSet<String>,
    /// Where it is reached.
    pub dns_name: String,
    /// Whether it serves.
    pub status: LoadBalancerStatus,
    /// How long a connection may say nothing.
    pub idle_timeout: Seconds,
    /// Whether it cannot be deleted.
    pub deletion_protection: bool,
    /// Whether malformed headers are taken off requests.
    pub drop_invalid_headers: bool,
}

/// Whether a load balancer serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoadBalancerStatus {
    /// Not yet.
    Provisioning,
    /// It does.
    Active,
}

type Ids = BTreeSet<String>;

impl World {
    /// `CreateLoadBalancer`. Returns the ARN, also of one that is there with the same settings. It takes two to three
    /// minutes until it serves.
    ///
    /// # Errors
    /// `DuplicateLoadBalancerName`; `SubnetNotFound`; `ValidationError` and `InvalidConfigurationRequest` unless the
    /// subnets are in two zones or more of one VPC, each in its own; `InvalidSubnet` when they are too small or their VPC
    /// has no internet gateway; `InvalidSecurityGroup`; `TooManyLoadBalancers`.
    pub fn create_load_balancer(
        &mut self,
        name: &str,
        subnets: &Ids,
        groups: &Ids,
        tags: TagMap,
    ) -> Result<String, Refusal> {
        if let Some((arn, there)) = self.load_balancer_named(name) {
            if there.subnets == *subnets && there.groups == *groups {
                return Ok(arn.to_owned());
            }
            let message = format!(
                "A load balancer with the same name '{name}' exists, but with different settings"
            );
            return Err(Refusal::new("DuplicateLoadBalancerName", message));
        }
        if self.elb.load_balancers.len() >= self.quotas.load_balancers {
            let message = "The maximum number of load balancers has been reached";
            return Err(Refusal::new("TooManyLoadBalancers", message));
        }
        let vpc = self.check_lb_subnets(subnets)?;
        self.check_lb_groups(&vpc, groups)?;
        let arn = self.elb_arn(&format!("loadbalancer/app/{name}"));
        for subnet in subnets {
            self.attach_lb(&arn, subnet, groups)?;
        }
        let number = self.chance.draw() % 10_000_000_000;
        let load_balancer = LoadBalancer {
            name: name.to_owned(),
            vpc,
            subnets: subnets.clone(),
            groups: groups.clone(),
            dns_name: format!("{name}-{number}.{}.elb.amazonaws.com", self.region),
            status: LoadBalancerStatus::Provisioning,
            idle_timeout: Seconds(60),
            deletion_protection: false,
            drop_invalid_headers: false,
        };
        self.elb.load_balancers.insert(arn.clone(), load_balancer);
        self.tags.insert(arn.clone(), tags);
        // Terraform's logs have 121 to 192 s with a median of 162 s: the sum of two draws, so that the middle is likely.
        let half = (Duration::from_secs(60), Duration::from_secs(95));
        let after = self.chance.between(half.0, half.1) + self.chance.between(half.0, half.1);
        self.schedule(after, Due::Provisioned { arn: arn.clone() }.into());
        Ok(arn)
    }

    /// The VPC of the subnets, if a load balancer can stand in them.
    fn check_lb_subnets(&self, subnets: &Ids) -> Result<String, Refusal> {
        let ec2 = &self.ec2;
        let mut found = Vec::new();
        for id in subnets {
            let subnet = ec2.subnets.get(id).filter(|_| !ec2.hidden.contains(id));
            found.push((id, subnet.ok_or_else(|| no_subnet(id))?));
        }
        let zones: BTreeSet<_> = found.iter().map(|(_, subnet)| &subnet.zone).collect();
        if zones.len() < found.len() {
            let message = "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
            return Err(Refusal::new("InvalidConfigurationRequest", message));
        }
        let (Some((_, first)), true) = (found.first(), zones.len() >= 2) else {
            let message =
                "At least two subnets in two different Availability Zones must be specified";
            return Err(invalid(message));
        };
        for (id, subnet) in &found {
            if subnet.vpc != first.vpc {
                let message = "All subnets must belong to the same VPC";
                return Err(Refusal::new("InvalidConfigurationRequest", message));
            }
            if subnet.cidr.prefix() > 27 {
                let message = format!(
                    "Not enough IP space available in {id}. ELB requires at least 8 free IP addresses in each subnet."
                );
                return Err(Refusal::new("InvalidSubnet", message));
            }
        }
        let vpc = &first.vpc;
        if !ec2.internet_gateways.values().any(|gateway| gateway.vpc.as_ref() == Some(vpc)) {
            let message = format!("VPC {vpc} has no internet gateway");
            return Err(Refusal::new("InvalidSubnet", message));
        }
        Ok(vpc.clone())
    }

    fn check_lb_groups(&self, vpc: &str, groups: &Ids) -> Result<(), Refusal> {
        let ec2 = &self.ec2;
        let is_bad = |id: &&String| {
            let group = ec2.groups.get(*id).filter(|_| !ec2.hidden.contains(*id));
            group.is_none_or(|group| group.vpc != vpc)
        };
        match groups.iter().find(is_bad) {
            None => Ok(()),
            Some(id) => {
                let message = format!("The security group '{id}' does not exist");
                Err(Refusal::new("InvalidSecurityGroup", message))
            }
        }
    }

    fn attach_lb(&mut self, arn: &str, subnet: &str, groups: &Ids) -> Result<(), Refusal> {
        let groups: Vec<_> = groups.iter().cloned().collect();
        match self.attach_eni(arn, subnet, &groups, true) {
            Ok(_) => Ok(()),
            Err(refusal) => {
                self.release_enis(arn, Duration::ZERO);
                Err(Refusal::new("InvalidSubnet", refusal.message))
            }
        }
    }

    pub(super) fn load_balancer_provisioned(&mut self, arn: &str) {
        if let Some(load_balancer) = self.elb.load_balancers.get_mut(arn) {
            load_balancer.status = LoadBalancerStatus::Active;
        }
    }

    /// `DescribeLoadBalancers`, of one, by ARN.
    ///
    /// # Errors
    /// `LoadBalancerNotFound`.
    pub fn load_balancer(&self, arn: &str) -> Result<&LoadBalancer, Refusal> {
        self.elb.load_balancers.get(arn).ok_or_else(|| not_found(arn))
    }

    fn load_balancer_named(&self, name: &str) -> Option<(&str, &LoadBalancer)> {
        let mut all = self.elb.load_balancers.iter();
        all.find(|(_, it)| it.name == name).map(|(arn, it)| (arn.as_str(), it))
    }

    /// `ModifyLoadBalancerAttributes`.
    ///
    /// # Errors
    /// `LoadBalancerNotFound`.
    pub fn modify_load_balancer(
        &mut self,
        arn: &str,
        change: impl FnOnce(&mut LoadBalancer),
    ) -> Result<(), Refusal> {
        self.elb.load_balancers.get_mut(arn).map(change).ok_or_else(|| not_found(arn))
    }

    /// `SetSubnets`.
    ///
    /// # Errors
    /// `LoadBalancerNotFound`, and as [`World::create_load_balancer`] for the subnets.
    pub fn set_subnets(&mut self, arn: &str, subnets: &Ids) -> Result<(), Refusal> {
        let LoadBalancer { subnets: old, groups, .. } = self.load_balancer(arn)?.clone();
        self.check_lb_subnets(subnets)?;
        for subnet in subnets.difference(&old) {
            self.attach_lb(arn, subnet, &groups)?;
        }
        let linger = self.chance.between(Duration::from_secs(10), Duration::from_secs(60));
        let interfaces = self.ec2.interfaces.iter_mut();
        let left = interfaces.filter(|(_, it)| it.owner == arn && !subnets.contains(&it.subnet));
        let mut leaving = Vec::new();
        for (id, interface) in left {
            interface.is_leaving = true;
            leaving.push(id.clone());
        }
        for id in leaving {
            self.schedule(linger, ec2::Due::InterfaceGone { id }.into());
        }
        self.modify_load_balancer(arn, |it| it.subnets.clone_from(subnets))
    }

    /// `SetSecurityGroups`.
    ///
    /// # Errors
    /// `LoadBalancerNotFound`; `InvalidSecurityGroup`.
    pub fn set_security_groups(&mut self, arn: &str, groups: &Ids) -> Result<(), Refusal> {
        let vpc = self.load_balancer(arn)?.vpc.clone();
        self.check_lb_groups(&vpc, groups)?;
        self.regroup_enis(arn, &groups.iter().cloned().collect::<Vec<_>>())?;
        self.modify_load_balancer(arn, |it| it.groups.clone_from(groups))
    }

    /// `DeleteLoadBalancer`. Its listeners go with it; its network interfaces stay in the way for a while. One that is
    /// not there is deleted without complaint.
    ///
    /// # Errors
    /// `OperationNotPermitted` while it is protected.
    pub fn delete_load_balancer(&mut self, arn: &str) -> Result<(), Refusal> {
        match self.elb.load_balancers.get(arn) {
            None => return Ok(()),
            Some(protected) if protected.deletion_protection => {
                let message = format!(
                    "Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
                );
                return Err(Refusal::new("OperationNotPermitted", message));
            }
            Some(_) => {}
        }
        self.elb.load_balancers.remove(arn);
        self.tags.remove(arn);
        let listeners = &mut self.elb.listeners;
        for (listener, _) in listeners.extract_if(.., |_, it| it.load_balancer == arn) {
            self.tags.remove(&listener);
        }
        // https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/208
        let linger = self.chance.between(Duration::from_secs(15), Duration::from_secs(75));
        self.release_enis(arn, linger);
        Ok(())
    }
}

fn not_found(arn: &str) -> Refusal {
    let message = format!("Load balancers '[{arn}]' not found");
    Refusal::new("LoadBalancerNotFound", message)
}

fn no_subnet(id: &str) -> Refusal {
    Refusal::new("SubnetNotFound", format!("The subnet ID '{id}' does not exist"))
}
