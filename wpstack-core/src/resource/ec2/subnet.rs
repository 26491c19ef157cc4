//! `ec2.subnet`

use serde::{Deserialize, Serialize};

use super::Vpc;
use crate::resource::{Expected, Field, Resource};
use crate::stack::Ref;
use crate::value::{AvailabilityZone, Cidr, Tags};

/// A part of a VPC in one zone. <https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subnet {
    /// The network it is a part of.
    pub vpc: Ref<Vpc>,
    /// Its addresses, inside those of the VPC.
    pub cidr: Cidr,
    /// The zone it is in.
    pub zone: AvailabilityZone,
    /// Whether instances started in it get a public address.
    pub public_addresses: bool,
    /// Further tags.
    pub tags: Tags,
}

impl Subnet {
    /// A subnet whose instances get public addresses.
    #[must_use]
    pub fn new(vpc: &Ref<Vpc>, cidr: Cidr, zone: AvailabilityZone) -> Self {
        Self { vpc: vpc.clone(), cidr, zone, public_addresses: true, tags: Tags::default() }
    }
}

/// What EC2 tells of a subnet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetState {
    /// `subnet-…`
    pub id: String,
}

impl Resource for Subnet {
    const TYPE: &'static str = "ec2.subnet";
    const FIELDS: &'static [Field] = crate::fields!(Subnet {
        vpc: Replace(Outage),
        cidr: Replace(Outage),
        zone: Replace(Outage),
        public_addresses: Update(NoInterruption),
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(1, 1);

    type State = SubnetState;

    fn id(state: &SubnetState) -> String {
        state.id.clone()
    }

    /// Two subnets of one VPC cannot share addresses. When the VPC is replaced too, the new one is elsewhere, but the
    /// specs cannot tell: both name the same VPC.
    fn coexists(old: &Self, new: &Self) -> bool {
        !old.cidr.overlaps(&new.cidr)
    }
}
