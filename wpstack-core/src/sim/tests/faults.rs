//! What goes wrong on the way.

use std::time::Duration;

use super::trial::{ALL, Trial, counted, network, shown};
use crate::event::What;
use crate::time::{Clock, between};

#[tokio::test]
async fn a_throttled_call_is_repeated() {
    let trial = Trial::new(1);
    trial.sim.faults("create ec2.subnet:b: throttle x2").unwrap();
    let summary = trial.apply(&network("10.11.0.0/16")).await;
    assert!(summary.is_complete(), "{summary:#?}");
    let retries = trial.events().into_iter().filter_map(|event| match event.what {
        What::StepRetrying { attempt, error, .. } => Some(format!("{attempt}: {error}")),
        _ => None,
    });
    let expected = "ec2 CreateSubnet failed with RequestLimitExceeded: Request limit exceeded.";
    assert_eq!(retries.collect::<Vec<_>>(), [format!("1: {expected}"), format!("2: {expected}")]);
    assert!(trial.sim.faults_left().is_empty());
}

#[tokio::test]
async fn what_a_lost_answer_made_is_adopted() {
    for seed in 0..100 {
        let trial = Trial::new(seed);
        trial.sim.faults("CreateVpc: lost\nCreateSubnet #2: lost x2\nAuthorize*: lost").unwrap();
        let stack = network("10.11.0.0/16");
        let summary = trial.apply(&stack).await;
        assert!(summary.is_complete(), "seed {seed}: {summary:#?}");
        assert_eq!(counted(&trial.sim.inventory()), ALL, "seed {seed}");
        assert_eq!(shown(&trial.plan(&stack).await), "", "seed {seed}");
    }
}

#[tokio::test]
async fn a_used_up_quota_stops_its_dependents_only() {
    let trial = Trial::new(5);
    trial.sim.tamper(|world| world.quotas.subnets_per_vpc = 2);
    let summary = trial.apply(&network("10.11.0.0/16")).await;
    let failed: Vec<_> = summary.failures.iter().map(|it| it.object.to_string()).collect();
    let skipped: Vec<_> = summary.skipped.iter().map(|it| it.object.to_string()).collect();
    assert_eq!((failed.len(), skipped), (1, vec!["ec2.route-table:public".to_owned()]));
    assert!(summary.failures[0].error.contains("SubnetLimitExceeded"), "{summary:#?}");
    assert_eq!(summary.created, 12);
    trial.sim.tamper(|world| world.quotas.subnets_per_vpc = 3);
    assert!(trial.apply(&network("10.11.0.0/16")).await.is_complete());
    trial.destroy().await;
    assert_eq!(counted(&trial.sim.inventory()), "");
}

#[tokio::test]
async fn an_interrupted_run_does_not_wait_for_answers_that_are_long_in_coming() {
    let trial = Trial::new(7);
    trial.sim.faults("create ec2.subnet:b: delay 60s").unwrap();
    let stack = network("10.11.0.0/16");
    let is_another =
        |what: &What| matches!(what, What::StepExists { id, .. } if id.starts_with("subnet-"));
    let began = trial.sim.clock().now();
    let stopped = trial.apply_until(&stack, is_another).await;
    assert!(stopped.interrupted, "{stopped:#?}");
    let asked = trial.events().into_iter().find(|it| matches!(it.what, What::Interrupted)).unwrap();
    let waited = between(asked.at, trial.sim.clock().now());
    assert_eq!(waited, Duration::from_secs(4), "of {:?}", between(began, asked.at));
    // The subnet was made, and is found.
    assert!(trial.apply(&stack).await.is_complete());
    assert_eq!(counted(&trial.sim.inventory()), ALL);
    assert_eq!(shown(&trial.plan(&stack).await), "");
}
