//! Amazon EC2: the network.

mod security_group;
mod security_group_rule;
mod subnet;
mod vpc;

pub use security_group::{SecurityGroup, SecurityGroupState};
pub use security_group_rule::{Direction, Peer, SecurityGroupRule, SecurityGroupRuleState};
pub use subnet::{Subnet, SubnetState};
pub use vpc::{Vpc, VpcState};
