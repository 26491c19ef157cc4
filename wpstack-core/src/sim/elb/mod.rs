//! Elastic Load Balancing, version 2: load balancers, their listeners, and the target groups behind them.

mod listener;
mod load_balancer;
mod target;
mod target_group;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use listener::Listener;
pub use load_balancer::{LoadBalancer, LoadBalancerStatus};
pub use target::{Health, Target};
pub use target_group::TargetGroup;

use super::tagged::Tagging;
use super::world::{self, Inventory, Refusal, World, list};

/// Everything of ELB, by ARN.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Elb {
    /// The load balancers.
    pub load_balancers: BTreeMap<String, LoadBalancer>,
    /// The listeners of all load balancers.
    pub listeners: BTreeMap<String, Listener>,
    /// The target groups.
    pub target_groups: BTreeMap<String, TargetGroup>,
}

/// Something of ELB that happens by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// A load balancer has its machines.
    Provisioned {
        /// Its ARN.
        arn: String,
    },
    /// It is time to ask a target how it is.
    Check {
        /// The ARN of its group.
        group: String,
        /// The target: its instance and port.
        target: String,
    },
    /// A target that leaves has had the time to finish.
    Drained {
        /// The ARN of its group.
        group: String,
        /// The target: its instance and port.
        target: String,
    },
}

impl From<Due> for world::Due {
    fn from(due: Due) -> Self {
        Self::Elb(due)
    }
}

const TAGGING: Tagging = Tagging {
    service: "elb",
    list: "DescribeTags",
    add: "AddTags",
    remove: "RemoveTags",
    not_found: "LoadBalancerNotFound",
};

impl World {
    /// What falls due.
    pub(super) fn elb_due(&mut self, due: Due) {
        match due {
            Due::Provisioned { arn } => self.load_balancer_provisioned(&arn),
            Due::Check { group, target } => self.check_target(&group, &target),
            Due::Drained { group, target } => self.target_drained(&group, &target),
        }
    }

    pub(super) fn elb_inventory(&self, into: &mut Inventory) {
        let Elb { load_balancers, listeners, target_groups } = &self.elb;
        for (arn, load_balancer) in load_balancers {
            list(into, "elb.load-balancer", arn, load_balancer, &self.tags_of(arn));
        }
        for (arn, listener) in listeners {
            list(into, "elb.listener", arn, listener, &self.tags_of(arn));
        }
        for (arn, group) in target_groups {
            list(into, "elb.target-group", arn, group, &self.tags_of(arn));
        }
    }

    /// An ARN of ELB, which ends in an id.
    fn elb_arn(&mut self, resource: &str) -> String {
        let id = self.chance.draw();
        self.arn("elasticloadbalancing", &format!("{resource}/{id:016x}"))
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationError", message)
}
