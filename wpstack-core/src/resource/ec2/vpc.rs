//! `ec2.vpc`

use serde::{Deserialize, Serialize};

use crate::resource::{Expected, Field, Resource};
use crate::value::{Cidr, Tags};

/// A virtual network. <https://docs.aws.amazon.com/vpc/latest/userguide/what-is-amazon-vpc.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vpc {
    /// Its addresses: a /16 to a /28.
    pub cidr: Cidr,
    /// Whether the Amazon resolver answers in it. EFS, RDS and ECS endpoints need it.
    pub dns_support: bool,
    /// Whether instances get public host names.
    pub dns_hostnames: bool,
    /// Further tags.
    pub tags: Tags,
}

impl Vpc {
    /// A VPC with DNS on.
    #[must_use]
    pub fn new(cidr: Cidr) -> Self {
        Self { cidr, dns_support: true, dns_hostnames: true, tags: Tags::default() }
    }
}

/// What EC2 tells of a VPC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcState {
    /// `vpc-…`
    pub id: String,
}

impl Resource for Vpc {
    const TYPE: &'static str = "ec2.vpc";
    const FIELDS: &'static [Field] = crate::fields!(Vpc {
        cidr: Replace(Outage),
        dns_support: Update(NoInterruption),
        dns_hostnames: Update(NoInterruption),
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(1, 1);

    type State = VpcState;

    fn id(state: &VpcState) -> String {
        state.id.clone()
    }

    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
