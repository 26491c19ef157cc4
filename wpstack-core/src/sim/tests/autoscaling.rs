//! What groups of instances do by themselves, and what they refuse.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::resource::ec2::MachineImage;
use crate::sim::autoscaling::{AutoScalingGroup, GroupChange, Lifecycle};
use crate::sim::ec2::TemplateData;
use crate::sim::{Refusal, Sim, TagMap, World};
use crate::value::{Gibibytes, Seconds, ServicePrincipal, TrustPolicy};

/// What a group needs: three subnets, and a launch template with its profile, long visible.
fn wanted(world: &mut World) -> GroupChange {
    let vpc = world.create_vpc("10.0.0.0/16".parse().unwrap(), TagMap::new()).unwrap();
    world.ec2.hidden.clear();
    let subnets = ["a", "b", "c"].into_iter().enumerate().map(|(at, zone)| {
        let cidr = format!("10.0.{at}.0/24").parse().unwrap();
        let zone = format!("eu-west-1{zone}").parse().unwrap();
        let id = world.create_subnet(&vpc, cidr, &zone, TagMap::new()).unwrap();
        world.ec2.hidden.clear();
        id
    });
    let subnets: BTreeSet<_> = subnets.collect();
    let group = world.create_security_group(&vpc, "web", "web", TagMap::new()).unwrap();
    world.ec2.hidden.clear();
    let trust = TrustPolicy::service(&ServicePrincipal::EC2).to_json();
    world.create_role("instance", &trust, TagMap::new()).unwrap();
    world.create_instance_profile("instance", TagMap::new()).unwrap();
    world.add_role_to_instance_profile("instance", "instance").unwrap();
    let data = TemplateData {
        image: MachineImage::EcsAmazonLinux2023,
        instance_type: "t3.small".parse().unwrap(),
        profile: "instance".to_owned(),
        groups: vec![group],
        public_address: true,
        volume: Gibibytes(30),
        user_data: "#!/bin/sh\n".to_owned(),
        tags: TagMap::new(),
    };
    let template = world.create_launch_template("t", "instance", data, TagMap::new()).unwrap();
    let template = (template, 1);
    let health_grace = Seconds(300);
    GroupChange { template, subnets, min: 1, desired: Some(2), max: 3, health_grace }
}

fn pass(world: &mut World, seconds: u64) {
    let later = world.now + Duration::from_secs(seconds);
    world.catch_up(later);
}

fn group(world: &World) -> &AutoScalingGroup {
    world.auto_scaling_group("web").unwrap()
}

fn in_service(world: &World) -> usize {
    group(world).members.values().filter(|it| **it == Lifecycle::InService).count()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Refusal>, code: &str, message: &str) {
    let refusal = result.unwrap_err();
    assert_eq!(refusal.code, code);
    assert!(refusal.message.contains(message), "{}", refusal.message);
}

#[test]
fn a_group_checks_what_it_is_told() {
    Sim::new(1).tamper(|world| {
        let wanted = wanted(world);
        let mut create = |change: fn(&mut GroupChange)| {
            let mut wanted = wanted.clone();
            change(&mut wanted);
            world.create_auto_scaling_group("web", wanted, TagMap::new())
        };
        let invalid = "ValidationError";
        refused(create(|_| ()), invalid, "Invalid IAM Instance Profile name");
        refused(create(|it| it.min = 9), invalid, "greater than max");
        refused(create(|it| it.desired = Some(9)), invalid, "must be between");
        refused(
            create(|it| it.subnets = BTreeSet::from(["subnet-0".into()])),
            invalid,
            "does not exist",
        );
        refused(create(|it| it.template.0 = "lt-0".to_owned()), invalid, "launch template");
        refused(create(|it| it.template.1 = 2), invalid, "launch template");
        pass(world, 60);
        world.create_auto_scaling_group("web", wanted.clone(), TagMap::new()).unwrap();
        let again = world.create_auto_scaling_group("web", wanted, TagMap::new());
        refused(again, "AlreadyExists", "web");
    });
}

#[test]
fn a_group_keeps_its_instances_up() {
    Sim::new(2).tamper(|world| {
        let wanted = wanted(world);
        pass(world, 60);
        world.create_auto_scaling_group("web", wanted.clone(), TagMap::new()).unwrap();
        pass(world, 20);
        assert_eq!((group(world).members.len(), in_service(world)), (2, 0));
        pass(world, 40);
        assert_eq!(in_service(world), 2);
        let zones: BTreeSet<_> =
            world.ec2.interfaces.values().map(|it| it.subnet.clone()).collect();
        assert_eq!(zones.len(), 2, "each in its own zone");
        assert!(world.ec2.interfaces.values().all(|it| it.is_public));

        let lost = group(world).members.keys().next().unwrap().clone();
        world.terminate_instance(&lost).unwrap();
        pass(world, 150);
        assert_eq!(in_service(world), 2);
        assert!(!group(world).members.contains_key(&lost));

        let more = GroupChange { min: 3, desired: None, ..wanted };
        world.update_auto_scaling_group("web", more).unwrap();
        pass(world, 60);
        assert_eq!(in_service(world), 3);
        let zones: BTreeSet<_> =
            world.ec2.interfaces.values().map(|it| it.subnet.clone()).collect();
        assert_eq!(zones.len(), 3);
    });
}

#[test]
fn a_launch_that_fails_is_told_and_repeated() {
    let sim = Sim::new(3);
    sim.faults("RunInstances: InsufficientInstanceCapacity \"no t3.small in eu-west-1a\" x2")
        .unwrap();
    sim.tamper(|world| {
        let wanted = wanted(world);
        pass(world, 60);
        world.create_auto_scaling_group("web", wanted, TagMap::new()).unwrap();
        pass(world, 10);
        let activity = group(world).activities.last().unwrap();
        let failure = activity.failure.as_deref().unwrap();
        let expected =
            "InsufficientInstanceCapacity: no t3.small in eu-west-1a. Launching EC2 instance failed.";
        assert_eq!(failure, expected);
        pass(world, 200);
        assert_eq!(in_service(world), 2);
        world.quotas.vcpus = 4;
        world.change_group("web", |group| group.desired = 3).unwrap();
        pass(world, 10);
        let failure = group(world).activities.last().unwrap().failure.clone().unwrap();
        assert!(failure.starts_with("VcpuLimitExceeded"), "{failure}");
    });
}

#[test]
fn a_group_goes_with_its_last_instance() {
    Sim::new(4).tamper(|world| {
        let wanted = wanted(world);
        pass(world, 60);
        world.create_auto_scaling_group("web", wanted, TagMap::new()).unwrap();
        refused(world.delete_auto_scaling_group("web", false), "ScalingActivityInProgress", "");
        pass(world, 60);
        refused(world.delete_auto_scaling_group("web", false), "ResourceInUse", "instances");
        let in_the_way: Vec<_> = world.ec2.interfaces.values().cloned().collect();
        world.delete_auto_scaling_group("web", true).unwrap();
        pass(world, 20);
        assert!(group(world).is_deleting);
        for interface in &in_the_way {
            refused(world.delete_subnet(&interface.subnet), "DependencyViolation", "");
            refused(world.delete_security_group(&interface.groups[0]), "DependencyViolation", "");
        }
        pass(world, 100);
        assert!(world.auto_scaling_group("web").is_none());
        assert!(world.ec2.instances.is_empty() && world.ec2.interfaces.is_empty());
        refused(world.delete_auto_scaling_group("web", true), "ValidationError", "not found");
    });
}
