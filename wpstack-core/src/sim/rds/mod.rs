//! Amazon Relational Database Service: MySQL instances and what they refer to.

mod engine;
mod instance;
mod life;
mod modify;
mod network;
mod parameter_group;
mod provider;
mod restore;
mod snapshot;
mod subnet_group;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use instance::{DbInstance, NewDbInstance, Pending, Status};
pub use modify::Modification;
pub use parameter_group::DbParameterGroup;
pub use snapshot::{DbSnapshot, Restoration};
pub use subnet_group::DbSubnetGroup;

use super::world::{self, Inventory, World, list};

/// Everything of RDS, by name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rds {
    /// The instances.
    pub instances: BTreeMap<String, DbInstance>,
    /// The subnet groups.
    pub subnet_groups: BTreeMap<String, DbSubnetGroup>,
    /// The parameter groups.
    pub parameter_groups: BTreeMap<String, DbParameterGroup>,
    /// The snapshots that stay when their instance goes.
    pub snapshots: BTreeMap<String, DbSnapshot>,
}

/// Something of RDS that happens by itself. Instances are named by their resource id, which is never used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// A new instance gets its network interfaces.
    Connect {
        /// The instance.
        instance: String,
    },
    /// What an instance is doing comes to its end, unless it has begun something else.
    Next {
        /// The instance.
        instance: String,
        /// Counts what it has begun.
        stage: u32,
    },
}

impl From<Due> for world::Due {
    fn from(due: Due) -> Self {
        Self::Rds(due)
    }
}

impl World {
    pub(super) fn rds_inventory(&self, into: &mut Inventory) {
        let Rds { instances, subnet_groups, parameter_groups, snapshots } = &self.rds;
        for (name, instance) in instances {
            list(into, "rds.instance", name, instance, &self.tags_of(&instance.arn));
        }
        for (name, group) in subnet_groups {
            list(into, "rds.subnet-group", name, group, &self.tags_of(&group.arn));
        }
        for (name, group) in parameter_groups {
            list(into, "rds.parameter-group", name, group, &self.tags_of(&group.arn));
        }
        for (name, snapshot) in snapshots {
            list(into, "rds.snapshot", name, snapshot, &self.tags_of(&snapshot.arn));
        }
    }
}
