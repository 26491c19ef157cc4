//! What the account may have of each thing.

use serde::{Deserialize, Serialize};

/// AWS's default quotas. <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quotas {
    /// VPCs per region.
    pub vpcs: usize,
    /// Subnets per VPC.
    pub subnets_per_vpc: usize,
    /// Security groups per region.
    pub security_groups: usize,
    /// Rules per security group, in each direction.
    pub rules_per_group: usize,
    /// Security groups per network interface.
    pub groups_per_interface: usize,
    /// Network interfaces per region.
    pub interfaces: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            vpcs: 5,
            subnets_per_vpc: 200,
            security_groups: 2500,
            rules_per_group: 60,
            groups_per_interface: 5,
            interfaces: 5000,
        }
    }
}
