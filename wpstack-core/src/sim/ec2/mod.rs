//! Amazon EC2: the network and what stands in it.

mod instance;
mod interface;
mod internet_gateway;
mod launch_template;
mod reach;
mod route_table;
mod security_group;
mod security_group_rule;
mod subnet;
mod tagging;
mod vpc;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(super) use instance::no_profile;
pub use instance::{Instance, InstanceState};
pub use interface::Interface;
pub use internet_gateway::InternetGateway;
pub use launch_template::{LaunchTemplate, TemplateData};
pub use reach::{Broken, Endpoint};
pub use route_table::RouteTable;
pub use security_group::SecurityGroup;
pub use security_group_rule::{Remote, Rule};
pub use subnet::Subnet;
pub use vpc::Vpc;

use super::tags::{TagMap, is_of};
use super::world::{self, Inventory, Refusal, World, list};
use crate::provider::Cx;

/// Everything of EC2, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ec2 {
    /// `vpc-…`
    pub vpcs: BTreeMap<String, Vpc>,
    /// `subnet-…`
    pub subnets: BTreeMap<String, Subnet>,
    /// `sg-…`, default groups included.
    pub groups: BTreeMap<String, SecurityGroup>,
    /// `sgr-…`
    pub rules: BTreeMap<String, Rule>,
    /// `rtb-…`, main tables included.
    pub route_tables: BTreeMap<String, RouteTable>,
    /// `igw-…`
    pub internet_gateways: BTreeMap<String, InternetGateway>,
    /// `lt-…`
    pub launch_templates: BTreeMap<String, LaunchTemplate>,
    /// `i-…`
    pub instances: BTreeMap<String, Instance>,
    /// `eni-…`
    pub interfaces: BTreeMap<String, Interface>,
    /// The tags of everything above.
    pub tags: BTreeMap<String, TagMap>,
    /// What has been made a moment ago and is not visible to other calls yet.
    pub hidden: BTreeSet<String>,
}

/// Something of EC2 that happens by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// A fresh object becomes visible to all calls.
    Appear {
        /// The object.
        id: String,
    },
    /// An instance has booted.
    InstanceRuns {
        /// The instance.
        id: String,
    },
    /// An instance that was shut down goes.
    InstanceGone {
        /// The instance.
        id: String,
    },
    /// A network interface, whose owner is gone, goes.
    InterfaceGone {
        /// The interface.
        id: String,
    },
}

impl From<Due> for world::Due {
    fn from(due: Due) -> Self {
        Self::Ec2(due)
    }
}

impl World {
    /// What falls due.
    pub(super) fn ec2_due(&mut self, due: Due) {
        match due {
            Due::Appear { id } => {
                self.ec2.hidden.remove(&id);
            }
            Due::InstanceRuns { id } => self.instance_runs(&id),
            Due::InstanceGone { id } => self.instance_gone(&id),
            Due::InterfaceGone { id } => {
                self.ec2.interfaces.remove(&id);
            }
        }
    }

    /// The id of a new object, with its tags. Now and then, EC2 answers for a moment as if it were not there.
    /// <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>
    pub(super) fn ec2_new(&mut self, prefix: &str, tags: TagMap) -> String {
        const ONE_IN: u64 = 20;
        let (least, most) = (Duration::from_millis(200), Duration::from_millis(1200));
        let id = self.id(prefix);
        self.ec2.tags.insert(id.clone(), tags);
        if self.chance.one_in(ONE_IN) {
            let pause = self.chance.between(least, most);
            self.ec2.hidden.insert(id.clone());
            self.schedule(pause, Due::Appear { id: id.clone() }.into());
        }
        id
    }
}

impl Ec2 {
    /// An object, if calls can see it already.
    ///
    /// # Errors
    /// `code`, as when it does not exist.
    pub(super) fn seen<'a, T>(
        &self,
        objects: &'a BTreeMap<String, T>,
        id: &str,
        code: &str,
    ) -> Result<&'a T, Refusal> {
        let object = objects.get(id).filter(|_| !self.hidden.contains(id));
        object.ok_or_else(|| not_found(code, id))
    }

    /// The object of that kind that is the one of the call, by its tags.
    pub(super) fn owned(&self, prefix: &str, cx: &Cx) -> Option<&str> {
        let mut owned = self.tags.iter().filter(|(id, tags)| {
            let kind = id.rsplit_once('-').map(|(kind, _)| kind);
            kind == Some(prefix) && is_of(tags, cx) && !self.hidden.contains(*id)
        });
        owned.next().map(|(id, _)| id.as_str())
    }

    /// The tags of an object.
    pub(super) fn tags_of(&self, id: &str) -> TagMap {
        self.tags.get(id).cloned().unwrap_or_default()
    }

    fn forget(&mut self, id: &str) {
        self.tags.remove(id);
        self.hidden.remove(id);
    }

    pub(super) fn inventory(&self, into: &mut Inventory) {
        fn all<T: Serialize>(
            ec2: &Ec2,
            into: &mut Inventory,
            type_name: &str,
            objects: &BTreeMap<String, T>,
        ) {
            for (id, object) in objects {
                list(into, type_name, id, object, &ec2.tags_of(id));
            }
        }
        all(self, into, "ec2.vpc", &self.vpcs);
        all(self, into, "ec2.subnet", &self.subnets);
        all(self, into, "ec2.security-group", &self.groups);
        all(self, into, "ec2.security-group-rule", &self.rules);
        all(self, into, "ec2.route-table", &self.route_tables);
        all(self, into, "ec2.internet-gateway", &self.internet_gateways);
        all(self, into, "ec2.launch-template", &self.launch_templates);
        all(self, into, "ec2.instance", &self.instances);
        // What AWS itself puts into a network of ours has no tags, and is in our way.
        for (id, interface) in &self.interfaces {
            list(into, "ec2.network-interface", id, interface, &self.tags_of(&interface.vpc));
        }
    }
}

fn not_found(code: &str, id: &str) -> Refusal {
    let what = code.strip_prefix("Invalid").and_then(|code| code.strip_suffix(".NotFound"));
    let what = what.map_or("object", |what| what.strip_suffix("ID").unwrap_or(what));
    Refusal::new(code, format!("The {what} ID '{id}' does not exist"))
}

fn in_use(message: impl Into<String>) -> Refusal {
    Refusal::new("DependencyViolation", message)
}
