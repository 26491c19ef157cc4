//! What becomes of each resource of a system that Terraform built.

use std::collections::BTreeMap;

use serde::Serialize;

use super::draft::{Draft, zone};
use super::file::{Resource, State};
use super::rules;
use super::system::System;
use crate::address::Address;
use crate::apply::{ImportError, Imported, Session};
use crate::registry::revive;
use crate::resource::ec2::Subnet;
use crate::stack::Stack;
use crate::value::StackName;
use crate::wordpress::{ComposeError, Config, stack};

/// What becomes of a system that Terraform built.
#[derive(Clone, Debug)]
pub struct ImportPlan {
    /// The configuration under which what is taken fits, so that nothing of it has to be replaced.
    pub config: Config,
    /// What becomes of each resource, in the order of the state.
    pub entries: Vec<Entry>,
    /// What a person should know of the configuration.
    pub notes: Vec<String>,
}

/// A resource of Terraform's, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// As `terraform state list` shows it; a rule inside a security group with what it lets through.
    pub resource: String,
    /// What becomes of it.
    #[serde(flatten)]
    pub fate: Fate,
}

/// What becomes of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is taken into the state.
    Taken {
        /// The address that it stands at from then on.
        address: Address,
        /// What AWS calls it.
        id: String,
    },
    /// It is a part of something that is taken.
    Part {
        /// The address of that.
        of: Address,
    },
    /// It stays with Terraform.
    Left {
        /// Why, and what takes its place.
        why: String,
    },
}

/// How an attempt to take a resource ended.
#[derive(Debug)]
pub struct Taken {
    /// The address.
    pub address: Address,
    /// What AWS calls the object.
    pub id: String,
    /// What was taken, or why not.
    pub outcome: Result<Imported, ImportError>,
}

impl ImportPlan {
    /// What becomes of each resource of `state` in a stack of that name.
    ///
    /// # Errors
    /// When the name makes no stack.
    pub fn new(state: &State, name: StackName) -> Result<Self, ComposeError> {
        let system = System::of(state);
        let Draft { config, notes, .. } = Draft::new(&system, name);
        let stack = stack(&config)?;
        let places = Places::of(&system, &stack);
        let mut entries: Vec<_> = state
            .resources
            .iter()
            .filter(|resource| !places.has_rules_of(resource))
            .map(|resource| Entry { resource: resource.name.clone(), fate: places.fate(resource) })
            .collect();
        entries.extend(rules::entries(&system, &stack, &places.groups));
        Ok(Self { config, entries, notes })
    }

    /// What is taken, in the order of the state: where it stands from then on, and what AWS calls it.
    pub fn taken(&self) -> impl Iterator<Item = (&Address, &str)> {
        self.entries.iter().filter_map(|entry| match &entry.fate {
            Fate::Taken { address, id } => Some((address, id.as_str())),
            Fate::Part { .. } | Fate::Left { .. } => None,
        })
    }

    /// Takes into the state all that can be taken, each after what it refers to. May be repeated: what is recorded stays
    /// as it is and is reported so.
    ///
    /// `stack` is that of the configuration as it is by now, which need not be the one that was drawn up here.
    pub async fn take(&self, session: &Session, stack: &Stack) -> Vec<Taken> {
        let ids: BTreeMap<_, _> = self.taken().collect();
        let mut done = Vec::new();
        for node in stack.nodes() {
            let address = &node.address;
            if let Some(id) = ids.get(address) {
                let outcome = session.import(stack, address, id).await;
                done.push(Taken { address: address.clone(), id: (*id).to_owned(), outcome });
            }
        }
        done
    }
}

/// Where in the stack the parts of the system stand.
struct Places {
    by_name: BTreeMap<String, Fate>,
    /// The security groups that are taken, with their ids.
    groups: Vec<(Address, String)>,
}

impl Places {
    fn of(system: &System<'_>, stack: &Stack) -> Self {
        let mut places = Self { by_name: BTreeMap::new(), groups: Vec::new() };
        let parts = [
            (system.vpc, "ec2.vpc:main"),
            (system.gateway, "ec2.internet-gateway:main"),
            (system.routes, "ec2.route-table:public"),
            (system.balancer_group, "ec2.security-group:load-balancer"),
            (system.instance_group, "ec2.security-group:instances"),
            (system.database_group, "ec2.security-group:database"),
            (system.load_balancer, "elb.load-balancer:main"),
            (system.target_group, "elb.target-group:wordpress"),
            (system.listener, "elb.listener:http"),
            (system.repository, "ecr.repository:wordpress"),
            (system.log_group, "logs.group:wordpress"),
            (system.subnet_group, "rds.subnet-group:main"),
            (system.database, "rds.instance:main"),
        ];
        for (resource, address) in parts {
            if let Some(resource) = resource
                && let Ok(address) = address.parse::<Address>()
                && stack.get(&address).is_some()
            {
                places.take(resource, address);
            }
        }
        for subnet in &system.subnets {
            places.subnet(subnet, stack);
        }
        places.parts_of_the_table(system);
        places
    }

    fn take(&mut self, resource: &Resource, address: Address) {
        // Newer providers have another id for databases, by which nobody can ask for them.
        let id = resource.attributes().text("identifier").unwrap_or_else(|| resource.id());
        if id.is_empty() {
            return;
        }
        if resource.kind == "aws_security_group" {
            self.groups.push((address.clone(), id.clone()));
        }
        self.by_name.insert(resource.name.clone(), Fate::Taken { address, id });
    }

    /// A subnet stands at the address of its zone, if that is to have just its addresses.
    fn subnet(&mut self, subnet: &Resource, stack: &Stack) {
        let (zone, cidr) = (zone(subnet), subnet.attributes().text("cidr_block"));
        let mut public = stack.nodes().iter().filter_map(|node| {
            let spec: Subnet = revive(&node.spec).ok()?;
            (spec.public_addresses && Some(&spec.zone) == zone.as_ref()).then_some((node, spec))
        });
        let fate = match public.next() {
            Some((node, spec)) if Some(spec.cidr.to_string()) == cidr => {
                return self.take(subnet, node.address.clone());
            }
            Some((node, spec)) => {
                let why = format!("`{}` is to have the addresses {}", node.address, spec.cidr);
                Fate::Left { why: format!("{why}, which no configuration can change") }
            }
            None => Fate::Left { why: "the stack has no subnet in its zone".to_owned() },
        };
        self.by_name.insert(subnet.name.clone(), fate);
    }

    fn parts_of_the_table(&mut self, system: &System<'_>) {
        let Some(table) = system.routes else { return };
        let Some(Fate::Taken { address, .. }) = self.by_name.get(&table.name).cloned() else {
            return;
        };
        let parts = ["aws_route", "aws_route_table_association"];
        for part in parts.into_iter().flat_map(|kind| system.all(kind)) {
            if part.attributes().text("route_table_id") == Some(table.id()) {
                self.by_name.insert(part.name.clone(), Fate::Part { of: address.clone() });
            }
        }
    }

    /// Whether the resource is told of rule by rule.
    fn has_rules_of(&self, resource: &Resource) -> bool {
        let group = resource.attributes().text("security_group_id");
        resource.kind == "aws_security_group_rule"
            && self.groups.iter().any(|(_, id)| Some(id) == group.as_ref())
    }

    fn fate(&self, resource: &Resource) -> Fate {
        let known = self.by_name.get(&resource.name).cloned();
        known.unwrap_or_else(|| Fate::Left { why: why_left(&resource.kind).to_owned() })
    }
}

/// Why a resource of that type stays with Terraform.
fn why_left(kind: &str) -> &'static str {
    match kind {
        "aws_launch_configuration" => {
            "AWS takes no new ones: a launch template is made, for new instances"
        }
        "aws_launch_template" => "its instances join the old cluster: a new one is made",
        "aws_autoscaling_group" => {
            "its instances are of the old cluster: a new group is made beside it"
        }
        "aws_ecs_cluster" => "it holds nothing but what runs in it: a new one is made beside it",
        "aws_ecs_service" | "aws_ecs_task_definition" => {
            "what it runs has its password in the open and belongs to the old cluster: a new one is made beside it"
        }
        "aws_iam_role"
        | "aws_iam_instance_profile"
        | "aws_iam_role_policy"
        | "aws_iam_role_policy_attachment" => "the new instances and tasks get roles of their own",
        "aws_vpc"
        | "aws_internet_gateway"
        | "aws_subnet"
        | "aws_route_table"
        | "aws_route"
        | "aws_route_table_association"
        | "aws_security_group"
        | "aws_security_group_rule"
        | "aws_lb"
        | "aws_alb"
        | "aws_lb_target_group"
        | "aws_alb_target_group"
        | "aws_lb_listener"
        | "aws_alb_listener"
        | "aws_ecr_repository"
        | "aws_cloudwatch_log_group"
        | "aws_db_subnet_group"
        | "aws_db_instance" => {
            "nothing says that it is the one of the stack: if it is, import it by its address and id"
        }
        _ => "the stack has nothing of its kind",
    }
}
