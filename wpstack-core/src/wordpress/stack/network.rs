//! The network: public subnets for what faces the internet, private ones for the database, and the chain of security
//! groups from the internet to it.

use super::ComposeError;
use crate::resource::ec2::{
    Direction, Hop, InternetGateway, Peer, Route, RouteTable, SecurityGroup, SecurityGroupRule,
    Subnet, Vpc,
};
use crate::stack::{Ready, Ref, Stack};
use crate::value::{AvailabilityZone, Cidr, SecurityGroupName, Tags, Traffic};
use crate::wordpress::Config;

pub(super) struct Network {
    pub(super) vpc: Ref<Vpc>,
    pub(super) gateway: Ref<InternetGateway>,
    pub(super) routes: Ref<RouteTable>,
    pub(super) public: Vec<Ref<Subnet>>,
    pub(super) private: Vec<Ref<Subnet>>,
    pub(super) groups: Groups,
    /// The rules that an instance needs to reach AWS.
    pub(super) way_out: Vec<Ready<SecurityGroupRule>>,
}

pub(super) struct Groups {
    pub(super) load_balancer: Ref<SecurityGroup>,
    pub(super) instances: Ref<SecurityGroup>,
    pub(super) database: Ref<SecurityGroup>,
}

/// Docker gives containers a host port from this range.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html>
const DYNAMIC_PORTS: Traffic = Traffic::tcp_range(32768..=65535);

pub(super) fn network(stack: &mut Stack, config: &Config) -> Result<Network, ComposeError> {
    let tags = || config.tags.clone();
    let vpc = Vpc { tags: tags(), ..Vpc::new(config.network.cidr) };
    let vpc = stack.add("main", vpc)?;
    let gateway = InternetGateway { vpc: vpc.clone(), tags: tags() };
    let gateway = stack.add("main", gateway)?;
    let (public, private) = subnets(stack, config, &vpc)?;
    let via = Hop::InternetGateway(gateway.ready());
    let routes = RouteTable {
        vpc: vpc.clone(),
        routes: vec![Route { destination: Cidr::ANYWHERE, via }],
        subnets: public.clone(),
        tags: tags(),
    };
    let routes = stack.add("public", routes)?;
    let groups = groups(stack, config, &vpc)?;
    let way_out = rules(stack, &groups, &config.tags)?;
    Ok(Network { vpc, gateway, routes, public, private, groups, way_out })
}

type Subnets = Vec<Ref<Subnet>>;

/// One public and one private subnet for each zone.
fn subnets(
    stack: &mut Stack,
    config: &Config,
    vpc: &Ref<Vpc>,
) -> Result<(Subnets, Subnets), ComposeError> {
    let mut add = |role: &str, zone: &AvailabilityZone, cidr, public_addresses| {
        let subnet = Subnet::new(vpc, cidr, zone.clone());
        let subnet = Subnet { public_addresses, tags: config.tags.clone(), ..subnet };
        stack.add(&format!("{role}-{}", letter(zone.as_str())), subnet)
    };
    let (mut public, mut private) = (Vec::new(), Vec::new());
    for subnets in config.network.subnets() {
        public.push(add("public", &subnets.zone, subnets.public, true)?);
        if !config.database.in_public_subnets {
            private.push(add("private", &subnets.zone, subnets.database, false)?);
        }
    }
    Ok((public, private))
}

/// The part of a zone's name that tells it from the region's others.
fn letter(zone: &str) -> &str {
    zone.rsplit('-')
        .next()
        .map_or(zone, |last| last.trim_start_matches(|c: char| c.is_ascii_digit()))
}

fn groups(stack: &mut Stack, config: &Config, vpc: &Ref<Vpc>) -> Result<Groups, ComposeError> {
    let mut add = |name: &str, description: &str| {
        let group = SecurityGroup {
            vpc: vpc.clone(),
            name: SecurityGroupName::join(&[config.name.as_str(), name])?,
            description: description.to_owned(),
            tags: config.tags.clone(),
        };
        Ok::<_, ComposeError>(stack.add(name, group)?)
    };
    Ok(Groups {
        load_balancer: add("load-balancer", "The load balancer: HTTP from anywhere")?,
        instances: add("instances", "The instances of the cluster: tasks from the load balancer")?,
        database: add("database", "The database: MySQL from the instances")?,
    })
}

/// The chain from the internet to the database. Returns what lets the instances out.
fn rules(
    stack: &mut Stack,
    groups: &Groups,
    tags: &Tags,
) -> Result<Vec<Ready<SecurityGroupRule>>, ComposeError> {
    use Direction::{Egress, Ingress};
    let Groups { load_balancer, instances, database } = groups;
    let anywhere = || Peer::Cidr(Cidr::ANYWHERE);
    let group = |group: &Ref<SecurityGroup>| Peer::Group(group.clone());
    let http = Traffic::tcp(80);
    let mysql = Traffic::tcp(3306);
    let all = Traffic::all();
    let rules = [
        ("load-balancer-from-internet", load_balancer, Ingress, anywhere(), http, "visitors"),
        (
            "load-balancer-to-instances",
            load_balancer,
            Egress,
            group(instances),
            DYNAMIC_PORTS,
            "tasks",
        ),
        (
            "instances-from-load-balancer",
            instances,
            Ingress,
            group(load_balancer),
            DYNAMIC_PORTS,
            "tasks",
        ),
        ("instances-to-internet", instances, Egress, anywhere(), all, "AWS, images, updates"),
        ("instances-to-database", instances, Egress, group(database), mysql, "MySQL"),
        ("database-from-instances", database, Ingress, group(instances), mysql, "MySQL"),
    ];
    let mut way_out = Vec::new();
    for (name, group, direction, peer, traffic, description) in rules {
        let (group, description) = (group.ready(), description.to_owned());
        let tags = tags.clone();
        let rule = SecurityGroupRule { group, direction, peer, traffic, description, tags };
        let rule = stack.add(name, rule)?;
        if name == "instances-to-internet" {
            way_out.push(rule.ready());
        }
    }
    Ok(way_out)
}
