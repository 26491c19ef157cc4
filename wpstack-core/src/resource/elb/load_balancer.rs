//! `elb.load-balancer`

use serde::{Deserialize, Serialize};

use crate::resource::ec2::{InternetGateway, SecurityGroup, Subnet};
use crate::resource::{Expected, Field, Resource, Settles};
use crate::stack::{Ready, Ref};
use crate::value::{LoadBalancerName, Seconds, Tags};

/// An application load balancer that faces the internet.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// Its name, unique in account and region.
    pub name: LoadBalancerName,
    /// Where it has its addresses: subnets of at least two zones.
    pub subnets: Vec<Ref<Subnet>>,
    /// Its security groups.
    pub groups: Vec<Ref<SecurityGroup>>,
    /// The way to the internet, without which AWS refuses one that faces it.
    pub gateway: Ready<InternetGateway>,
    /// How long a connection may say nothing: 1 to 4,000 seconds.
    pub idle_timeout: Seconds,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Whether requests with malformed headers lose them.
    pub drop_invalid_headers: bool,
    /// Further tags.
    pub tags: Tags,
}

/// What ELB tells of a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadBalancerState {
    /// Its ARN.
    pub arn: String,
    /// Where it is reached.
    pub dns_name: String,
    /// The Route 53 zone of that name, for alias records.
    pub zone_id: String,
}

impl Resource for LoadBalancer {
    const TYPE: &'static str = "elb.load-balancer";
    const FIELDS: &'static [Field] = crate::fields!(LoadBalancer {
        name: Replace(Outage),
        subnets: Update(NoInterruption),
        groups: Update(NoInterruption),
        gateway: Order,
        idle_timeout: Update(NoInterruption),
        deletion_protection: Update(NoInterruption),
        drop_invalid_headers: Update(NoInterruption),
        tags: Update(NoInterruption),
    });
    const SETTLES: Settles = Settles::Later;
    const EXPECTED: Expected = Expected::seconds(160, 10);

    type State = LoadBalancerState;

    fn id(state: &LoadBalancerState) -> String {
        state.dns_name.clone()
    }

    /// The name carries the generation.
    fn protection(&self, _: &LoadBalancerState) -> Option<&'static str> {
        self.deletion_protection.then_some("its deletion protection is on")
    }

    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
