//! What EC2 refuses, and who reaches whom.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::trial::{ALL, Trial, counted, network, shown};
use crate::provider::{Consent, Context, Cx, Provider};
use crate::resource::ec2::{Direction, LaunchTemplate, LaunchTemplateState, MachineImage};
use crate::sim::ec2::{Endpoint, Remote, Rule};
use crate::sim::{Refusal, Sim, TagMap, World};
use crate::value::{Cidr, Port, Tags, Traffic, UserData};

/// A world where everything is visible at once.
fn world(edit: impl FnOnce(&mut World)) {
    Sim::new(1).tamper(edit);
}

fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Refusal>, code: &str) {
    assert_eq!(result.unwrap_err().code, code);
}

#[test]
fn addresses_are_checked() {
    world(|world| {
        refused(world.create_vpc(cidr("10.0.0.0/8"), TagMap::new()), "InvalidVpc.Range");
        let vpc = world.create_vpc(cidr("10.0.0.0/16"), TagMap::new()).unwrap();
        let mut subnet = |block, zone: &str| {
            world.ec2.hidden.clear();
            world.create_subnet(&vpc, cidr(block), &zone.parse().unwrap(), TagMap::new())
        };
        refused(subnet("10.1.0.0/24", "eu-west-1a"), "InvalidSubnet.Range");
        refused(subnet("10.0.0.0/29", "eu-west-1a"), "InvalidSubnet.Range");
        refused(subnet("10.0.0.0/24", "us-east-1a"), "InvalidParameterValue");
        subnet("10.0.0.0/24", "eu-west-1a").unwrap();
        refused(subnet("10.0.0.0/25", "eu-west-1b"), "InvalidSubnet.Conflict");
        subnet("10.0.1.0/24", "eu-west-1b").unwrap();
    });
}

#[test]
fn quotas_are_kept() {
    world(|world| {
        for _ in 0..5 {
            world.create_vpc(cidr("10.0.0.0/16"), TagMap::new()).unwrap();
            world.create_internet_gateway(TagMap::new()).unwrap();
        }
        refused(world.create_vpc(cidr("10.0.0.0/16"), TagMap::new()), "VpcLimitExceeded");
        let gateway = world.create_internet_gateway(TagMap::new());
        refused(gateway, "InternetGatewayLimitExceeded");
        world.ec2.hidden.clear();
        let vpc = world.ec2.vpcs.keys().next().unwrap().clone();
        let group = world.create_security_group(&vpc, "web", "web", TagMap::new()).unwrap();
        world.ec2.hidden.clear();
        let rule = |port| Rule {
            group: group.clone(),
            direction: Direction::Ingress,
            remote: Remote::Cidr(Cidr::ANYWHERE),
            traffic: Traffic::tcp(port),
            description: String::new(),
        };
        for port in 1..=60 {
            world.authorize(rule(port), TagMap::new()).unwrap();
        }
        refused(world.authorize(rule(60), TagMap::new()), "InvalidPermission.Duplicate");
        let over = world.authorize(rule(61), TagMap::new());
        refused(over, "RulesPerSecurityGroupLimitExceeded");
        let again = world.create_security_group(&vpc, "web", "other", TagMap::new());
        refused(again, "InvalidGroup.Duplicate");
    });
}

#[test]
fn nothing_goes_while_something_needs_it() {
    world(|world| {
        let vpc = world.create_vpc(cidr("10.0.0.0/16"), TagMap::new()).unwrap();
        world.ec2.hidden.clear();
        let zone = "eu-west-1a".parse().unwrap();
        let subnet = world.create_subnet(&vpc, cidr("10.0.0.0/24"), &zone, TagMap::new()).unwrap();
        let one = world.create_security_group(&vpc, "one", "", TagMap::new()).unwrap();
        let other = world.create_security_group(&vpc, "other", "", TagMap::new()).unwrap();
        let gateway = world.create_internet_gateway(TagMap::new()).unwrap();
        let table = world.create_route_table(&vpc, TagMap::new()).unwrap();
        world.ec2.hidden.clear();
        refused(world.create_route(&table, Cidr::ANYWHERE, &gateway), "InvalidParameterValue");
        world.attach_internet_gateway(&gateway, &vpc).unwrap();
        let twice = world.attach_internet_gateway(&gateway, &vpc);
        refused(twice, "Resource.AlreadyAssociated");
        world.create_route(&table, Cidr::ANYWHERE, &gateway).unwrap();
        let association = world.associate_route_table(&table, &subnet).unwrap();
        let twice = world.associate_route_table(&table, &subnet);
        refused(twice, "Resource.AlreadyAssociated");
        let rule = Rule {
            group: one.clone(),
            direction: Direction::Ingress,
            remote: Remote::Group(other.clone()),
            traffic: Traffic::All,
            description: String::new(),
        };
        let rule = world.authorize(rule, TagMap::new()).unwrap();
        world.attach_eni("lb", &subnet, std::slice::from_ref(&one), true).unwrap();

        refused(world.delete_vpc(&vpc), "DependencyViolation");
        refused(world.delete_subnet(&subnet), "DependencyViolation");
        refused(world.delete_security_group(&one), "DependencyViolation");
        refused(world.delete_security_group(&other), "DependencyViolation");
        let default = world.ec2.vpcs[&vpc].default_group.clone();
        refused(world.delete_security_group(&default), "CannotDelete");
        refused(world.delete_route_table(&table), "DependencyViolation");
        let main = world.ec2.vpcs[&vpc].main_table.clone();
        refused(world.delete_route_table(&main), "DependencyViolation");
        refused(world.delete_internet_gateway(&gateway), "DependencyViolation");
        refused(world.detach_internet_gateway(&gateway, &vpc), "DependencyViolation");

        world.release_enis("lb", Duration::ZERO);
        world.revoke(&rule).unwrap();
        world.delete_security_group(&one).unwrap();
        world.delete_security_group(&other).unwrap();
        world.detach_internet_gateway(&gateway, &vpc).unwrap();
        refused(world.detach_internet_gateway(&gateway, &vpc), "Gateway.NotAttached");
        world.delete_internet_gateway(&gateway).unwrap();
        world.disassociate_route_table(&association).unwrap();
        world.delete_route_table(&table).unwrap();
        world.delete_subnet(&subnet).unwrap();
        world.delete_vpc(&vpc).unwrap();
        refused(world.delete_vpc(&vpc), "InvalidVpcID.NotFound");
    });
}

#[tokio::test]
async fn connections_come_about_where_rules_and_routes_let_them() {
    let trial = Trial::new(1);
    assert!(trial.apply(&network("10.11.0.0/16")).await.is_complete());
    trial.sim.tamper(|world| {
        world.ec2.hidden.clear();
        let subnet = world.ec2.subnets.keys().next().unwrap().clone();
        let [alb, ecs, rds] = ["alb", "ecs", "rds"].map(|name| {
            let name = format!("blog-{name}");
            let group = world.ec2.groups.iter().find(|(_, group)| group.name == name).unwrap();
            let group = group.0.clone();
            world.attach_eni(&name, &subnet, &[group], !name.ends_with("rds")).unwrap()
        });
        let reach = |world: &World, from: &str, to: &str, port: u16| {
            let end = |name| match name {
                "alb" => Endpoint::Interface(&alb),
                "ecs" => Endpoint::Interface(&ecs),
                "rds" => Endpoint::Interface(&rds),
                _ => Endpoint::INTERNET,
            };
            let reached = world.ec2.reachable(end(from), end(to), Port::new(port).unwrap());
            reached.map_or_else(|broken| format!("{broken:?}"), |()| "yes".to_owned())
        };
        #[track_caller]
        fn check(answer: &str, begins: &str) {
            assert!(answer.starts_with(begins), "{answer}");
        }
        check(&reach(world, "all", "alb", 80), "yes");
        check(&reach(world, "all", "alb", 443), "NotLetIn");
        check(&reach(world, "all", "ecs", 32768), "NotLetIn");
        check(&reach(world, "all", "rds", 3306), "NoPublicAddress");
        check(&reach(world, "alb", "ecs", 40000), "yes");
        check(&reach(world, "alb", "ecs", 80), "NotLetOut");
        check(&reach(world, "alb", "rds", 3306), "NotLetOut");
        check(&reach(world, "ecs", "rds", 3306), "yes");
        check(&reach(world, "rds", "ecs", 40000), "NotLetOut");
        check(&reach(world, "ecs", "all", 443), "yes");
        check(&reach(world, "all", "all", 443), "NoCommonNetwork");
        for gateway in world.ec2.internet_gateways.values_mut() {
            gateway.vpc = None;
        }
        check(&reach(world, "ecs", "all", 443), "BlackHole");
        for table in world.ec2.route_tables.values_mut() {
            table.associations.clear();
        }
        check(&reach(world, "all", "alb", 80), "NoRoute");
        check(&reach(world, "ecs", "rds", 3306), "yes");
    });
}

#[tokio::test]
async fn routes_changed_outside_are_set_right() {
    let trial = Trial::new(6);
    let stack = network("10.11.0.0/16");
    assert!(trial.apply(&stack).await.is_complete());
    trial.sim.tamper(|world| {
        world.ec2.hidden.clear();
        let (vpc, main) = world
            .ec2
            .vpcs
            .iter()
            .map(|(id, vpc)| (id.clone(), vpc.main_table.clone()))
            .next()
            .unwrap();
        let gateway = world.ec2.internet_gateways.keys().next().unwrap().clone();
        let table = world.ec2.route_tables.keys().find(|id| **id != main).unwrap().clone();
        let mut associations = world.ec2.route_tables[&table].associations.clone().into_iter();
        let (one, other) = (associations.next().unwrap().0, associations.next().unwrap().0);
        world.disassociate_route_table(&one).unwrap();
        let foreign = world.create_route_table(&vpc, TagMap::new()).unwrap();
        world.ec2.hidden.clear();
        world.replace_association(&other, &foreign).unwrap();
        world.delete_route(&table, Cidr::ANYWHERE).unwrap();
        world.create_route(&table, cidr("192.0.2.0/24"), &gateway).unwrap();
    });
    let plan = trial.plan(&stack).await;
    let fields: Vec<_> = plan.actions.iter().flat_map(|action| &action.changes).collect();
    let fields: Vec<_> = fields.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(fields, ["routes", "subnets"]);
    assert!(trial.apply(&stack).await.is_complete());
    assert_eq!(shown(&trial.plan(&stack).await), "");
    assert_eq!(counted(&trial.sim.inventory()), ALL);
}

#[tokio::test]
async fn a_change_of_a_launch_template_makes_a_version() {
    let sim = Sim::new(9);
    let profile: crate::Ref<crate::resource::iam::InstanceProfile> =
        serde_json::from_value(serde_json::json!({ "$ref": "iam.instance-profile:ecs" })).unwrap();
    let state = serde_json::json!({ "name": "blog-ecs", "arn": "arn", "role": "blog-ecs" });
    let cx = Cx::new(Context {
        stack: "blog".to_owned(),
        lineage: "l".to_owned(),
        object: "ec2.launch-template:ecs".parse().unwrap(),
        born: 1,
        dependencies: BTreeMap::from([(profile.address().clone(), state)]),
        clock: Arc::clone(&sim.clock()) as _,
        successor: None,
        consent: Consent::default(),
    });
    let mut spec = LaunchTemplate {
        name: "blog-ecs".parse().unwrap(),
        image: MachineImage::EcsAmazonLinux2023,
        instance_type: "t3.small".parse().unwrap(),
        profile,
        groups: Vec::new(),
        public_address: true,
        volume: "30".parse().unwrap(),
        user_data: UserData::ecs_agent(&"blog".parse().unwrap(), &[]),
        tags: Tags::default(),
    };
    let work = async {
        let made = sim.create(&cx, &spec).await.unwrap();
        assert_eq!(sim.create(&cx, &spec).await.unwrap(), made, "the token makes it one");
        sim.tamper(|world| world.ec2.hidden.clear());
        spec.instance_type = "t3.medium".parse().unwrap();
        let observed = sim.read(&cx, &spec, &made).await.unwrap().unwrap();
        let fields: Vec<_> = observed.drift.iter().map(|drift| drift.field.as_str()).collect();
        assert_eq!(fields, ["instance_type"]);
        let changed = ["instance_type".to_owned()];
        let second = sim.update(&cx, &spec, &made, &changed).await.unwrap();
        assert_eq!(second, LaunchTemplateState { version: 2, ..made.clone() });
        // As after a lost answer: the same change again is the same version.
        assert_eq!(sim.update(&cx, &spec, &made, &changed).await.unwrap(), second);
        let observed = sim.read(&cx, &spec, &made).await.unwrap().unwrap();
        assert_eq!((observed.state, observed.drift), (second.clone(), Vec::new()));
        assert_eq!(sim.find(&cx, &spec).await.unwrap(), Some(second.clone()));
        sim.delete(&cx, &spec, &second).await.unwrap();
        sim.delete(&cx, &spec, &second).await.unwrap();
    };
    crate::time::drive(sim.clock().as_ref(), work).await;
    assert_eq!(counted(&sim.inventory()), "");
}
