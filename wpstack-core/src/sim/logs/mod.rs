//! Amazon CloudWatch Logs.

mod group;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use group::LogGroup;

use super::world::{Inventory, World, list};

/// Everything of CloudWatch Logs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Logs {
    /// The log groups, by name.
    pub groups: BTreeMap<String, LogGroup>,
}

impl World {
    pub(super) fn logs_inventory(&self, into: &mut Inventory) {
        for (name, group) in &self.logs.groups {
            list(into, "logs.group", name, group, &self.tags_of(&group.arn));
        }
    }
}
