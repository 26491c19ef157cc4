//! What load balancers need, refuse and leave behind.

use std::collections::BTreeSet;
use std::time::Duration;

use super::trial::{Trial, counted, shown};
use crate::event::What;
use crate::provider::Consent;
use crate::resource::ec2::{InternetGateway, SecurityGroup, Subnet, Vpc};
use crate::resource::elb::{HealthCheck, Listener, LoadBalancer, TargetGroup};
use crate::sim::elb::{self, LoadBalancerStatus};
use crate::sim::{Refusal, Sim, TagMap, World};
use crate::stack::Stack;
use crate::value::{Port, Seconds, Tags};

fn check() -> HealthCheck {
    HealthCheck {
        path: "/".parse().unwrap(),
        codes: "200".parse().unwrap(),
        interval: Seconds(30),
        timeout: Seconds(5),
        healthy: 2,
        unhealthy: 3,
    }
}

/// What a visitor reaches, without anything behind it.
fn edge(protection: bool) -> Stack {
    let mut stack = Stack::new("blog".parse().unwrap());
    let tags = Tags::default();
    let vpc = stack.add("main", Vpc::new("10.11.0.0/16".parse().unwrap())).unwrap();
    let gateway = InternetGateway { vpc: vpc.clone(), tags: tags.clone() };
    let gateway = stack.add("main", gateway).unwrap();
    let subnets = ["a", "b"].map(|zone| {
        let cidr = if zone == "a" { "10.11.0.0/24" } else { "10.11.1.0/24" };
        let zone_name = format!("eu-west-1{zone}").parse().unwrap();
        let subnet = Subnet::new(&vpc, cidr.parse().unwrap(), zone_name);
        stack.add(zone, subnet).unwrap()
    });
    let group = SecurityGroup {
        vpc: vpc.clone(),
        name: "blog-alb".parse().unwrap(),
        description: "visitors".to_owned(),
        tags: tags.clone(),
    };
    let group = stack.add("alb", group).unwrap();
    let load_balancer = LoadBalancer {
        name: "blog".parse().unwrap(),
        subnets: subnets.to_vec(),
        groups: vec![group],
        gateway: gateway.ready(),
        idle_timeout: Seconds(60),
        deletion_protection: protection,
        drop_invalid_headers: true,
        tags: tags.clone(),
    };
    let load_balancer = stack.add("main", load_balancer).unwrap();
    let target_group = TargetGroup {
        name: "blog".parse().unwrap(),
        vpc,
        port: Port::HTTP,
        health_check: check(),
        deregistration_delay: Seconds(60),
        tags: tags.clone(),
    };
    let target_group = stack.add("web", target_group).unwrap();
    let listener = Listener { load_balancer, port: Port::HTTP, target_group, tags };
    stack.add("http", listener).unwrap();
    stack
}

#[tokio::test]
async fn an_edge_comes_stays_and_goes() {
    let trial = Trial::new(1);
    let stack = edge(false);
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete(), "{summary:#?}");
    let took = summary.elapsed.as_secs();
    assert!((120..200).contains(&took), "{took}");
    // The listener waits for the load balancer to exist only.
    let listener_done = trial.events().into_iter().find_map(|event| match event.what {
        What::StepDone { id: Some(id), .. } if id.starts_with("listener/") => Some(event.at),
        _ => None,
    });
    let early = trial.events()[0].at + Duration::from_secs(10);
    assert!(listener_done.unwrap() < early, "{listener_done:?}");
    assert_eq!(shown(&trial.plan(&stack).await), "");

    let destroyed = trial.destroy().await;
    assert!(destroyed.is_complete(), "{destroyed:#?}");
    let changes = trial.changes();
    assert!(
        changes.contains(&"DetachInternetGateway !DependencyViolation".to_owned()),
        "{changes:?}"
    );
    assert_eq!(counted(&trial.sim.inventory()), "");
    assert_eq!(trial.sim.tamper(|world| world.elb.clone()), elb::Elb::default());
}

#[tokio::test]
async fn what_is_changed_outside_is_seen_and_set_right() {
    let trial = Trial::new(2);
    let stack = edge(false);
    assert!(trial.apply(&stack).await.is_complete());
    trial.sim.tamper(|world| {
        for load_balancer in world.elb.load_balancers.values_mut() {
            load_balancer.idle_timeout = Seconds(10);
        }
        for listener in world.elb.listeners.values_mut() {
            listener.port = Port::HTTPS;
        }
        for group in world.elb.target_groups.values_mut() {
            group.deregistration_delay = Seconds(300);
            group.health_check.healthy = 5;
        }
    });
    insta::assert_snapshot!(shown(&trial.plan(&stack).await));
    assert!(trial.apply(&stack).await.is_complete());
    assert_eq!(shown(&trial.plan(&stack).await), "");
}

#[tokio::test]
async fn a_protected_one_goes_on_consent_only() {
    let mut trial = Trial::new(3);
    assert!(trial.apply(&edge(true)).await.is_complete());
    let refused = trial.refusal(&Trial::nothing()).await;
    assert_eq!(refused, "`elb.load-balancer:main` is protected: its deletion protection is on");
    trial.consent = Consent::to_lose(["elb.load-balancer:main".parse().unwrap()]);
    assert!(trial.destroy().await.is_complete());
    assert_eq!(counted(&trial.sim.inventory()), "");
}

#[tokio::test]
async fn what_a_lost_answer_made_is_adopted() {
    for seed in 0..20 {
        let trial = Trial::new(seed);
        trial
            .sim
            .faults("CreateLoadBalancer: lost\nCreateListener: lost\nCreateTargetGroup: lost")
            .unwrap();
        let stack = edge(false);
        let summary = trial.apply(&stack).await;
        assert!(summary.is_complete(), "seed {seed}: {summary:#?}");
        let counted = counted(&trial.sim.inventory());
        assert!(
            counted.contains("elb.listener 1, elb.load-balancer 1, elb.target-group 1"),
            "{counted}"
        );
        assert_eq!(shown(&trial.plan(&stack).await), "");
    }
}

/// A VPC of its own with a gateway, two subnets and a group.
fn place(world: &mut World) -> (String, BTreeSet<String>, BTreeSet<String>) {
    let vpc = world.create_vpc("10.0.0.0/16".parse().unwrap(), TagMap::new()).unwrap();
    world.ec2.hidden.clear();
    let gateway = world.create_internet_gateway(TagMap::new()).unwrap();
    let subnets = ["a", "b"].map(|zone| subnet(world, &vpc, zone, if zone == "a" { 0 } else { 1 }));
    let group = world.create_security_group(&vpc, "web", "web", TagMap::new()).unwrap();
    world.ec2.hidden.clear();
    world.attach_internet_gateway(&gateway, &vpc).unwrap();
    (vpc, subnets.into(), BTreeSet::from([group]))
}

fn subnet(world: &mut World, vpc: &str, zone: &str, block: u8) -> String {
    let cidr = format!("10.0.{block}.0/24").parse().unwrap();
    let zone = format!("eu-west-1{zone}").parse().unwrap();
    let id = world.create_subnet(vpc, cidr, &zone, TagMap::new()).unwrap();
    world.ec2.hidden.clear();
    id
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Refusal>, code: &str) {
    assert_eq!(result.unwrap_err().code, code);
}

#[test]
fn a_load_balancer_needs_two_zones_a_gateway_and_its_name() {
    Sim::new(1).tamper(|world| {
        let (vpc, subnets, groups) = place(world);
        let tags = TagMap::new;
        let first: BTreeSet<_> = subnets.iter().take(1).cloned().collect();
        refused(world.create_load_balancer("a", &first, &groups, tags()), "ValidationError");
        let same_zone = subnet(world, &vpc, "a", 7);
        let three: BTreeSet<_> = subnets.iter().cloned().chain([same_zone]).collect();
        let refusal = world.create_load_balancer("a", &three, &groups, tags());
        refused(refusal, "InvalidConfigurationRequest");
        let unknown = BTreeSet::from(["subnet-0".to_owned(), first.first().unwrap().clone()]);
        refused(world.create_load_balancer("a", &unknown, &groups, tags()), "SubnetNotFound");
        let stranger = BTreeSet::from(["sg-0".to_owned()]);
        let refusal = world.create_load_balancer("a", &subnets, &stranger, tags());
        refused(refusal, "InvalidSecurityGroup");

        let gateway = world.ec2.internet_gateways.keys().next().unwrap().clone();
        world.detach_internet_gateway(&gateway, &vpc).unwrap();
        let refusal = world.create_load_balancer("a", &subnets, &groups, tags()).unwrap_err();
        assert_eq!(refusal.code, "InvalidSubnet");
        assert_eq!(refusal.message, format!("VPC {vpc} has no internet gateway"));
        world.attach_internet_gateway(&gateway, &vpc).unwrap();

        let arn = world.create_load_balancer("a", &subnets, &groups, tags()).unwrap();
        assert_eq!(world.create_load_balancer("a", &subnets, &groups, tags()), Ok(arn.clone()));
        let other = world.create_load_balancer("a", &subnets, &BTreeSet::new(), tags());
        refused(other, "DuplicateLoadBalancerName");
        world.quotas.load_balancers = 1;
        let over = world.create_load_balancer("b", &subnets, &groups, tags());
        refused(over, "TooManyLoadBalancers");

        for subnet in &subnets {
            refused(world.delete_subnet(subnet), "DependencyViolation");
        }
        for group in &groups {
            refused(world.delete_security_group(group), "DependencyViolation");
        }
        refused(world.detach_internet_gateway(&gateway, &vpc), "DependencyViolation");
        world.modify_load_balancer(&arn, |it| it.deletion_protection = true).unwrap();
        refused(world.delete_load_balancer(&arn), "OperationNotPermitted");
        world.modify_load_balancer(&arn, |it| it.deletion_protection = false).unwrap();
        world.delete_load_balancer(&arn).unwrap();
        world.delete_load_balancer(&arn).unwrap();
        refused(world.detach_internet_gateway(&gateway, &vpc), "DependencyViolation");
        let later = world.now + Duration::from_secs(80);
        world.catch_up(later);
        world.detach_internet_gateway(&gateway, &vpc).unwrap();
    });
}

#[test]
fn a_load_balancer_serves_after_two_to_three_minutes() {
    for seed in 0..50 {
        Sim::new(seed).tamper(|world| {
            let (_, subnets, groups) = place(world);
            let arn = world.create_load_balancer("a", &subnets, &groups, TagMap::new()).unwrap();
            let began = world.now;
            let mut after = |seconds| {
                world.catch_up(began + Duration::from_secs(seconds));
                world.load_balancer(&arn).unwrap().status
            };
            assert_eq!(after(119), LoadBalancerStatus::Provisioning);
            assert_eq!(after(191), LoadBalancerStatus::Active);
        });
    }
}

#[test]
fn a_port_and_a_target_group_are_taken_once() {
    Sim::new(1).tamper(|world| {
        let (vpc, subnets, groups) = place(world);
        let tags = TagMap::new;
        let one = world.create_load_balancer("a", &subnets, &groups, tags()).unwrap();
        let two = world.create_load_balancer("b", &subnets, &groups, tags()).unwrap();
        let web = world.create_target_group("web", &vpc, Port::HTTP, check(), tags()).unwrap();
        let same = world.create_target_group("web", &vpc, Port::HTTP, check(), tags());
        assert_eq!(same.as_ref(), Ok(&web));
        let other = world.create_target_group("web", &vpc, Port::HTTPS, check(), tags());
        refused(other, "DuplicateTargetGroupName");
        let slow = HealthCheck { timeout: Seconds(30), ..check() };
        let slow = world.create_target_group("slow", &vpc, Port::HTTP, slow, tags());
        refused(slow, "ValidationError");
        let nowhere = world.create_target_group("x", "vpc-0", Port::HTTP, check(), tags());
        refused(nowhere, "ValidationError");

        let listener = |load_balancer: &str, port, target_group: &str| elb::Listener {
            load_balancer: load_balancer.to_owned(),
            port,
            target_group: target_group.to_owned(),
        };
        let http = world.create_listener(listener(&one, Port::HTTP, &web), tags()).unwrap();
        let same = world.create_listener(listener(&one, Port::HTTP, &web), tags());
        assert_eq!(same.as_ref(), Ok(&http));
        let api = world.create_target_group("api", &vpc, Port::HTTP, check(), tags()).unwrap();
        let taken = world.create_listener(listener(&one, Port::HTTP, &api), tags());
        refused(taken, "DuplicateListener");
        let shared = world.create_listener(listener(&two, Port::HTTP, &web), tags());
        refused(shared, "TargetGroupAssociationLimit");
        let nowhere = world.create_listener(listener("arn:x", Port::HTTP, &web), tags());
        refused(nowhere, "LoadBalancerNotFound");
        let nothing = world.create_listener(listener(&two, Port::HTTP, "arn:x"), tags());
        refused(nothing, "TargetGroupNotFound");

        refused(world.delete_target_group(&web), "ResourceInUse");
        world.modify_listener(&http, Port::HTTP, &api).unwrap();
        world.delete_target_group(&web).unwrap();
        world.delete_load_balancer(&one).unwrap();
        refused(world.delete_listener(&http), "ListenerNotFound");
        world.delete_target_group(&api).unwrap();
    });
}
