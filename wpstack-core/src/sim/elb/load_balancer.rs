//! Load balancers.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::try_join;
use serde::{Deserialize, Serialize};

use super::{Due, TAGGING, invalid};
use crate::failure::{ErrorKind, Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider};
use crate::resource::elb::{self as spec, LoadBalancerState};
use crate::sim::Sim;
use crate::sim::ec2;
use crate::sim::tagged::is_mine;
use crate::sim::tags::{TagMap, further, owned, wanted};
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

/// The Route 53 zone of the load balancers of `eu-west-1`; every simulated region has it.
const ZONE: &str = "Z32O12XQLNTSW2";

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
            .field("tags", &wanted(&spec.tags), Some(further(&tags)));
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
            Err(error) if error.kind == ErrorKind::Protected && cx.consent().remove_protection => {
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
