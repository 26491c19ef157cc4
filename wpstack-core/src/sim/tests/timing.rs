//! How long an apply takes, against what the simulated AWS really needed.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use jiff::Timestamp;

use super::trial::Trial;
use crate::event::What;
use crate::plan::Plan;
use crate::sim::World;
use crate::sim::autoscaling::Lifecycle;
use crate::sim::ecs::Rollout;
use crate::sim::elb::LoadBalancerStatus;
use crate::sim::rds::Status;
use crate::stack::graph::Times;
use crate::time::{Clock, between, drive};
use crate::wordpress::{self, Config};

/// What AWS works on for a while, if it is done: the moment, that is, and not when somebody asks.
fn done(world: &World) -> Vec<&'static str> {
    let in_service = |lifecycle: &&Lifecycle| **lifecycle == Lifecycle::InService;
    let load_balancer = world.elb.load_balancers.values().next();
    let database = world.rds.instances.values().next();
    let group = world.autoscaling.groups.values().next();
    let cluster = world.ecs.clusters.values().next();
    let service = world.ecs.services.values().next();
    let facts = [
        (
            "elb.load-balancer:main",
            load_balancer.is_some_and(|it| it.status == LoadBalancerStatus::Active),
        ),
        ("rds.instance:main", database.is_some_and(|it| it.status == Status::Available)),
        (
            "autoscaling.group:instances",
            group.is_some_and(|it| {
                it.members.values().filter(in_service).count() == it.desired as usize
            }),
        ),
        (
            "ecs.cluster-capacity-providers:main",
            cluster.is_some_and(|it| !it.providers.is_empty() && !it.is_updating),
        ),
        (
            "ecs.service:wordpress",
            service
                .and_then(|it| it.primary())
                .is_some_and(|primary| primary.rollout == Rollout::Completed),
        ),
    ];
    facts.into_iter().filter(|(_, is_done)| *is_done).map(|(object, _)| object).collect()
}

/// The longest chain of what AWS needed for each step, beginning where the engine began it.
fn longest_chain(trial: &Trial, plan: &Plan, seen: &BTreeMap<&str, Timestamp>) -> Duration {
    let (mut started, mut exists, mut ready) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for event in trial.events() {
        match event.what {
            What::StepStarted { step } => drop(started.insert(step, event.at)),
            What::StepExists { step, .. } => drop(exists.insert(step, event.at)),
            What::StepDone { step, .. } => drop(ready.insert(step, event.at)),
            _ => {}
        }
    }
    let times = |step: usize| {
        let address = plan.steps[step].object.address.to_string();
        let ready = seen.get(address.as_str()).copied().unwrap_or(ready[&step]);
        Times {
            exists: between(started[&step], exists[&step]),
            ready: between(started[&step], ready),
        }
    };
    plan.dag().unwrap().critical_path_by(times).length
}

#[tokio::test]
async fn an_apply_takes_as_long_as_its_longest_chain() {
    let mut ratios = Vec::new();
    for seed in 0..10 {
        let trial = Trial::new(seed);
        let config = Config::new("blog".parse().unwrap(), "eu-west-1".parse().unwrap());
        let stack = wordpress::stack(&config).unwrap();
        let plan = trial.plan(&stack).await;
        let clock = trial.sim.clock();
        let mut seen = BTreeMap::new();
        let watch = async {
            loop {
                for object in trial.sim.tamper(|world| done(world)) {
                    seen.entry(object).or_insert_with(|| clock.now());
                }
                clock.sleep(Duration::from_millis(100)).await;
            }
        };
        let both = async {
            match select(pin!(trial.apply_plan(&stack, &plan)), pin!(watch)).await {
                Either::Left((summary, _)) => summary,
                Either::Right((never, _)) => never,
            }
        };
        let summary = drive(clock.as_ref(), both).await;
        assert!(summary.is_complete(), "seed {seed}: {summary:#?}");
        let chain = longest_chain(&trial, &plan, &seen);
        ratios.push(summary.elapsed.as_secs_f64() / chain.as_secs_f64());
    }
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    let worst = ratios.iter().copied().fold(0.0, f64::max);
    // All that the engine adds is the time until it looks: at most a fortieth of how long it has waited.
    assert!((1.0..1.02).contains(&mean), "{mean}: {ratios:?}");
    assert!(worst < 1.03, "{worst}: {ratios:?}");
}
