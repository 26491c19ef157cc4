//! The system in a state: which resource plays which part, by what refers to what. Terraform's names say nothing.

use std::collections::BTreeSet;

use super::attributes::Attributes;
use super::file::{Resource, State};

/// The parts of the system, each where there is just one that can play it.
pub(super) struct System<'a> {
    state: &'a State,
    pub(super) vpc: Option<&'a Resource>,
    pub(super) gateway: Option<&'a Resource>,
    /// Where the load balancer is, by their addresses.
    pub(super) subnets: Vec<&'a Resource>,
    pub(super) routes: Option<&'a Resource>,
    pub(super) load_balancer: Option<&'a Resource>,
    pub(super) target_group: Option<&'a Resource>,
    pub(super) listener: Option<&'a Resource>,
    pub(super) repository: Option<&'a Resource>,
    pub(super) log_group: Option<&'a Resource>,
    pub(super) database: Option<&'a Resource>,
    pub(super) subnet_group: Option<&'a Resource>,
    pub(super) balancer_group: Option<&'a Resource>,
    pub(super) instance_group: Option<&'a Resource>,
    pub(super) database_group: Option<&'a Resource>,
    pub(super) scaling: Option<&'a Resource>,
    pub(super) launch: Option<&'a Resource>,
    pub(super) service: Option<&'a Resource>,
    pub(super) task: Option<&'a Resource>,
}

impl<'a> System<'a> {
    pub(super) fn of(state: &'a State) -> Self {
        let only = |kinds: &[&str]| only(of_kinds(state, kinds));
        let database = only(&["aws_db_instance"]);
        let listener = only(&["aws_lb_listener", "aws_alb_listener"]);
        let load_balancer = only(&["aws_lb", "aws_alb"]);
        let launch = only(&["aws_launch_configuration"]).or_else(|| only(&["aws_launch_template"]));
        let named = |kind: &str, id: Option<String>| by_id(state, kind, &id?);
        let first = |from: Option<&'a Resource>, lists: &[&str]| {
            let attributes = from?.attributes();
            let ids: Vec<_> = lists.iter().flat_map(|list| attributes.texts(list)).collect();
            match &ids[..] {
                [id] => by_id(state, "aws_security_group", id),
                _ => None,
            }
        };
        let vpc = only(&["aws_vpc"]);
        let mut subnets: Vec<_> = load_balancer.map_or_else(Vec::new, |load_balancer| {
            let ids = load_balancer.attributes().texts("subnets");
            ids.iter().filter_map(|id| by_id(state, "aws_subnet", id)).collect()
        });
        subnets.sort_by_key(|subnet| address(subnet));
        let from = |resource: Option<&'a Resource>, path: &str| resource?.attributes().text(path);
        Self {
            state,
            vpc,
            gateway: only(&["aws_internet_gateway"]),
            routes: routes(state, &subnets),
            subnets,
            load_balancer,
            target_group: only(&["aws_lb_target_group", "aws_alb_target_group"]),
            listener,
            repository: only(&["aws_ecr_repository"]),
            log_group: only(&["aws_cloudwatch_log_group"]),
            database,
            subnet_group: named("aws_db_subnet_group", from(database, "db_subnet_group_name")),
            balancer_group: first(load_balancer, &["security_groups"]),
            instance_group: first(launch, &["security_groups", "vpc_security_group_ids"]),
            database_group: first(database, &["vpc_security_group_ids"]),
            scaling: only(&["aws_autoscaling_group"]),
            launch,
            service: only(&["aws_ecs_service"]),
            task: only(&["aws_ecs_task_definition"]),
        }
    }

    pub(super) fn all(&self, kind: &str) -> impl Iterator<Item = &'a Resource> {
        of_kinds(self.state, &[kind]).into_iter()
    }

    /// Whether the database is where the load balancer is.
    pub(super) fn database_is_public(&self) -> bool {
        let Some(group) = self.subnet_group else { return false };
        let public: BTreeSet<_> = self.subnets.iter().map(|subnet| subnet.id()).collect();
        group.attributes().texts("subnet_ids").iter().any(|subnet| public.contains(subnet))
    }

    /// The definition of the one container.
    pub(super) fn container(&self) -> Option<serde_json::Value> {
        let text = self.task?.attributes().text("container_definitions")?;
        let containers: Vec<serde_json::Value> = serde_json::from_str(&text).ok()?;
        containers.into_iter().next()
    }

    /// A variable of the container's environment.
    pub(super) fn variable(container: &serde_json::Value, name: &str) -> Option<String> {
        let variables = Attributes(container).blocks("environment");
        let mut values = variables.into_iter();
        values.find(|it| it.text("name").as_deref() == Some(name))?.text("value")
    }
}

fn of_kinds<'a>(state: &'a State, kinds: &[&str]) -> Vec<&'a Resource> {
    state.resources.iter().filter(|resource| kinds.contains(&&*resource.kind)).collect()
}

fn only<T: Copy>(found: Vec<T>) -> Option<T> {
    match found[..] {
        [one] => Some(one),
        _ => None,
    }
}

fn by_id<'a>(state: &'a State, kind: &str, id: &str) -> Option<&'a Resource> {
    state.resources.iter().find(|resource| resource.kind == kind && resource.id() == id)
}

/// The table of the public subnets.
fn routes<'a>(state: &'a State, subnets: &[&Resource]) -> Option<&'a Resource> {
    let ids: BTreeSet<_> = subnets.iter().map(|subnet| subnet.id()).collect();
    let associations = of_kinds(state, &["aws_route_table_association"]);
    let tables = associations.iter().filter_map(|association| {
        let attributes = association.attributes();
        let is_theirs = ids.contains(&attributes.text("subnet_id")?);
        is_theirs.then(|| attributes.text("route_table_id")).flatten()
    });
    let tables: BTreeSet<_> = tables.collect();
    let id = only(tables.iter().collect())?;
    by_id(state, "aws_route_table", id)
}

/// A subnet's place in the network.
pub(super) fn address(subnet: &Resource) -> Option<std::net::Ipv4Addr> {
    let cidr: crate::value::Cidr = subnet.attributes().text("cidr_block")?.parse().ok()?;
    Some(cidr.network())
}
