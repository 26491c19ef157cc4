//! A network from its first apply to nothing.

use std::time::Duration;

use super::trial::{ALL, Trial, counted, network, shown};
use crate::plan::Verb;

#[tokio::test]
async fn a_network_comes_stays_and_goes() {
    let trial = Trial::new(1);
    let stack = network("10.11.0.0/16");
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(summary.created, stack.len());
    assert_eq!(counted(&trial.sim.inventory()), ALL);

    let plan = trial.plan(&stack).await;
    assert_eq!(shown(&plan), "");
    assert_eq!(plan.count(|verb| verb == Verb::Keep), stack.len());

    let summary = trial.destroy().await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(summary.deleted, stack.len());
    assert_eq!(counted(&trial.sim.inventory()), "");
    assert_eq!(trial.sim.tamper(|world| world.ec2.clone()), crate::sim::ec2::Ec2::default());
}

#[tokio::test]
async fn what_is_changed_outside_is_seen_and_set_right() {
    let trial = Trial::new(2);
    let stack = network("10.11.0.0/16");
    assert!(trial.apply(&stack).await.is_complete());
    trial.sim.tamper(|world| {
        for vpc in world.ec2.vpcs.values_mut() {
            vpc.dns_hostnames = false;
        }
        let lost = world.ec2.rules.iter().find(|(_, rule)| rule.description == "alb-in");
        let lost = lost.map(|(id, _)| id.clone()).unwrap();
        world.revoke(&lost).unwrap();
        for tags in world.ec2.tags.values_mut().take(1) {
            tags.insert("who".to_owned(), "somebody".to_owned());
        }
    });
    insta::assert_snapshot!(shown(&trial.plan(&stack).await));
    assert!(trial.apply(&stack).await.is_complete());
    assert_eq!(shown(&trial.plan(&stack).await), "");
    assert_eq!(counted(&trial.sim.inventory()), ALL);
}

#[tokio::test]
async fn another_address_block_replaces_the_whole_network() {
    let trial = Trial::new(3);
    assert!(trial.apply(&network("10.11.0.0/16")).await.is_complete());
    let stack = network("10.12.0.0/16");
    insta::assert_snapshot!(shown(&trial.plan(&stack).await));
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(shown(&trial.plan(&stack).await), "");
    assert_eq!(counted(&trial.sim.inventory()), ALL);
    trial.destroy().await;
    assert_eq!(counted(&trial.sim.inventory()), "");
}

#[tokio::test]
async fn a_group_goes_once_its_interfaces_are_gone() {
    let trial = Trial::new(4);
    assert!(trial.apply(&network("10.11.0.0/16")).await.is_complete());
    trial.sim.tamper(|world| {
        let subnet = world.ec2.subnets.keys().next().unwrap().clone();
        let group = world.ec2.groups.iter().find(|(_, group)| group.name == "blog-alb");
        let group = group.map(|(id, _)| id.clone()).unwrap();
        world.attach_eni("lb", &subnet, &[group], true).unwrap();
        world.release_enis("lb", Duration::from_secs(90));
    });
    let before = trial.seconds();
    let summary = trial.destroy().await;
    assert!(summary.is_complete(), "{summary:#?}");
    let took = trial.seconds() - before;
    assert!((90.0..110.0).contains(&took), "{took}");
    assert!(trial.changes().contains(&"DeleteSecurityGroup !DependencyViolation".to_owned()));
    assert_eq!(counted(&trial.sim.inventory()), "");
}
