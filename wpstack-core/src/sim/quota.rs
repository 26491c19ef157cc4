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
    /// Internet gateways per region.
    pub internet_gateways: usize,
    /// Route tables per VPC.
    pub route_tables_per_vpc: usize,
    /// Routes per route table.
    pub routes_per_table: usize,
    /// Launch templates per region.
    pub launch_templates: usize,
    /// vCPUs of running instances per region.
    pub vcpus: usize,
    /// Auto-scaling groups per region.
    pub auto_scaling_groups: usize,
    /// Capacity providers.
    pub capacity_providers: usize,
    /// Security groups per region.
    pub security_groups: usize,
    /// Rules per security group, in each direction.
    pub rules_per_group: usize,
    /// Security groups per network interface.
    pub groups_per_interface: usize,
    /// Network interfaces per region.
    pub interfaces: usize,
    /// Load balancers per region.
    pub load_balancers: usize,
    /// Listeners per load balancer.
    pub listeners_per_load_balancer: usize,
    /// Target groups per region.
    pub target_groups: usize,
    /// Roles.
    pub roles: usize,
    /// Managed policies per role.
    pub policies_per_role: usize,
    /// Instance profiles.
    pub instance_profiles: usize,
    /// Repositories per region.
    pub repositories: usize,
    /// Log groups per region.
    pub log_groups: usize,
    /// Secrets per region.
    pub secrets: usize,
    /// DB instances per region.
    pub db_instances: usize,
    /// DB subnet groups per region.
    pub db_subnet_groups: usize,
    /// DB parameter groups per region.
    pub db_parameter_groups: usize,
    /// Manual DB snapshots per region.
    pub db_snapshots: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            vpcs: 5,
            subnets_per_vpc: 200,
            internet_gateways: 5,
            route_tables_per_vpc: 200,
            routes_per_table: 50,
            launch_templates: 5000,
            vcpus: 32,
            auto_scaling_groups: 500,
            capacity_providers: 100,
            security_groups: 2500,
            rules_per_group: 60,
            groups_per_interface: 5,
            interfaces: 5000,
            load_balancers: 50,
            listeners_per_load_balancer: 50,
            target_groups: 3000,
            roles: 1000,
            policies_per_role: 10,
            instance_profiles: 1000,
            repositories: 100_000,
            log_groups: 1_000_000,
            secrets: 500_000,
            db_instances: 40,
            db_subnet_groups: 50,
            db_parameter_groups: 50,
            db_snapshots: 100,
        }
    }
}
