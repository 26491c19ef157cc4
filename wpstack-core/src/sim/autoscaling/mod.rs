//! Amazon EC2 Auto Scaling.

mod fit;
mod group;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use fit::{Activity, Lifecycle};
pub use group::{AutoScalingGroup, GroupChange};

use super::tagged::Tagging;
use super::world::{self, Inventory, Refusal, World, list};

/// Everything of Auto Scaling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AutoScaling {
    /// The groups, by name.
    pub groups: BTreeMap<String, AutoScalingGroup>,
}

/// Something of Auto Scaling that happens by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// A group compares what it has with what it wants.
    Fit {
        /// Its name.
        group: String,
    },
}

impl From<Due> for world::Due {
    fn from(due: Due) -> Self {
        Self::AutoScaling(due)
    }
}

const TAGGING: Tagging = Tagging {
    service: "autoscaling",
    list: "DescribeTags",
    add: "CreateOrUpdateTags",
    remove: "DeleteTags",
    not_found: "ValidationError",
};

impl World {
    /// What falls due.
    pub(super) fn autoscaling_due(&mut self, due: &Due) {
        let Due::Fit { group } = due;
        self.fit_group(group);
    }

    pub(super) fn autoscaling_inventory(&self, into: &mut Inventory) {
        for (name, group) in &self.autoscaling.groups {
            list(into, "autoscaling.group", name, group, &self.tags_of(&group.arn));
        }
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationError", message)
}
