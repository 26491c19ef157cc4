//! Runs that fail half-way, and the way back.

use super::trial::{Trial, counted, shown};
use crate::provider::Consent;
use crate::stack::Stack;
use crate::state::Document;
use crate::wordpress::{self, Config};

fn config() -> Config {
    Config::new("blog".parse().unwrap(), "eu-west-1".parse().unwrap())
}

/// Applies, fails, and undoes what that did. Returns what was known before.
async fn fails_and_goes_back(trial: &mut Trial, stack: &Stack, faults: &str) -> Document {
    let before = trial.open().await.document();
    trial.sim.faults(faults).unwrap();
    let summary = trial.apply(stack).await;
    assert!(!summary.failures.is_empty(), "{summary:#?}");
    let back = trial.open().await.undo(stack, &before).unwrap();
    let plan = trial.plan(&back).await;
    let made = plan.actions.iter().map(|action| action.object.address.clone());
    trial.consent = Consent::to_lose(made.filter(|address| before.current(address).is_none()));
    let summary = trial.apply_plan(&back, &plan).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(shown(&trial.plan(&back).await), "", "it has got there");
    before
}

#[tokio::test]
async fn a_first_apply_leaves_the_database_and_what_it_stands_on() {
    let (mut trial, stack) = (Trial::new(1), wordpress::stack(&config()).unwrap());
    fails_and_goes_back(&mut trial, &stack, "CreateService: AccessDeniedException").await;
    let left = "ec2.network-interface 1, ec2.security-group 1, ec2.subnet 3, ec2.vpc 1, rds.instance 1, \
                rds.parameter-group 1, rds.subnet-group 1, secretsmanager.secret 1";
    assert_eq!(counted(&trial.sim.inventory()), left);
}

#[tokio::test]
async fn an_update_is_taken_back_field_by_field() {
    let mut trial = Trial::new(2);
    let stack = wordpress::stack(&config()).unwrap();
    assert!(trial.apply(&stack).await.is_complete());
    let mut changed = config();
    changed.tags.insert("team", "blog").unwrap();
    changed.logs.retention = "90 days".parse().unwrap();
    changed.load_balancer.idle_timeout = "100s".parse().unwrap();
    let changed = wordpress::stack(&changed).unwrap();
    let fault = "ModifyTargetGroup: AccessDenied\nupdate elb.load-balancer:main: AccessDenied";
    fails_and_goes_back(&mut trial, &changed, fault).await;
    // All is as it was, but for what holds data, which nobody touches on the way back.
    let left = "Update rds.instance:main [tags: {\"team\":\"blog\"} -> {}, configured]\n";
    assert_eq!(shown(&trial.plan(&stack).await), left);
}

#[tokio::test]
async fn what_was_replaced_comes_back() {
    let mut trial = Trial::new(3);
    let stack = wordpress::stack(&config()).unwrap();
    assert!(trial.apply(&stack).await.is_complete());
    let mut changed = config();
    changed.service.memory = "640 MiB".parse().unwrap();
    let changed = wordpress::stack(&changed).unwrap();
    fails_and_goes_back(&mut trial, &changed, "UpdateService: AccessDeniedException").await;
    assert_eq!(shown(&trial.plan(&stack).await), "", "all is as it was");
}
