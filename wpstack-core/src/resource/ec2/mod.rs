//! Amazon EC2: the network, and how instances start.

mod internet_gateway;
mod launch_template;
mod route_table;
mod security_group;
mod security_group_rule;
mod subnet;
mod vpc;

pub use internet_gateway::{InternetGateway, InternetGatewayState};
pub use launch_template::{LaunchTemplate, LaunchTemplateState, MachineImage};
pub use route_table::{Hop, Route, RouteTable, RouteTableState};
pub use security_group::{SecurityGroup, SecurityGroupState};
pub use security_group_rule::{Direction, Peer, SecurityGroupRule, SecurityGroupRuleState};
pub use subnet::{Subnet, SubnetState};
pub use vpc::{Vpc, VpcState};
