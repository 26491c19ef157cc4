//! Many stacks in one account at once: AWS's rate limits are kept to, and used.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::apply::{Options, Summary};
use crate::event::{Events, What};
use crate::failure::ErrorKind;
use crate::rate::figures::is_read;
use crate::sim::bucket::bucket;
use crate::sim::{CallRecord, Sim};
use crate::state::{Holder, MemoryStore};
use crate::time::{Clock, between, drive};
use crate::wordpress::{self, Config};

/// How many stacks are made at once.
const MANY: usize = 50;

/// What came of some stacks.
struct Crowd {
    took: Duration,
    summaries: Vec<Summary>,
    /// How many calls AWS refused for their rate.
    refused: usize,
    calls: Vec<CallRecord>,
}

async fn apply(sim: &Sim, number: usize, refused: &Arc<AtomicUsize>) -> Summary {
    let (engine, name) = (sim.engine(), format!("blog{number}"));
    let config = Config::new(name.parse().unwrap(), "eu-west-1".parse().unwrap());
    let stack = wordpress::stack(&config).unwrap();
    let since = engine.clock().now();
    let holder = Holder { who: "a test".to_owned(), pid: 1, doing: "applying".to_owned(), since };
    let (store, lineage) = (Arc::new(MemoryStore::default()), format!("lineage{number}"));
    let session = engine.open(store, &name, &holder, &lineage).await.unwrap();
    let plan = session.plan(&stack, &session.look().await.unwrap()).unwrap();
    let refused = Arc::clone(refused);
    let events = Events::to(move |event| {
        if let What::StepRetrying { kind: ErrorKind::Throttled, .. } = event.what {
            refused.fetch_add(1, Ordering::Relaxed);
        }
    });
    let options = Options { seed: number as u64, ..Options::default() };
    session.apply(&stack, &plan, &options, &events, &CancellationToken::new()).await.unwrap()
}

async fn crowd(count: usize) -> Crowd {
    let sim = Sim::new(5);
    sim.tamper(|world| {
        let (quotas, many) = (&mut world.quotas, 2 * MANY);
        quotas.vcpus = 10_000;
        (quotas.vpcs, quotas.internet_gateways, quotas.load_balancers) = (many, many, many);
        (quotas.db_instances, quotas.db_subnet_groups) = (many, many);
        quotas.db_parameter_groups = many;
    });
    let (clock, refused) = (sim.clock(), Arc::default());
    let began = clock.now();
    let applies = join_all((0..count).map(|number| apply(&sim, number, &refused)));
    let summaries = drive(clock.as_ref(), applies).await;
    let took = between(began, clock.now());
    Crowd { took, summaries, refused: refused.load(Ordering::Relaxed), calls: sim.calls() }
}

/// The least time that `count` stacks can take, of which one alone makes these calls: for no class of changes can the
/// last one go before its bucket has had a token for it, and behind it comes what comes behind it in one stack. Of looks
/// there may be fewer.
fn limit(alone: &Crowd, count: usize) -> Duration {
    let first = alone.calls.first().unwrap().at;
    let mut classes: BTreeMap<_, (u64, Duration)> = BTreeMap::new();
    for call in alone.calls.iter().filter(|call| !is_read(&call.operation)) {
        let (number, last) = classes.entry(bucket(&call.service, &call.operation)).or_default();
        (*number, *last) = (*number + 1, between(first, call.at));
    }
    let bounds = classes.iter().map(|((_, figures), (number, last))| {
        let waiting = (number * count as u64).saturating_sub(figures.tokens) * 1_000_000;
        Duration::from_millis(waiting / figures.refill) + alone.took - *last
    });
    bounds.max().unwrap().max(alone.took)
}

#[tokio::test]
async fn many_stacks_finish_about_as_soon_as_the_rate_limits_allow() {
    let (alone, together) = (crowd(1).await, crowd(MANY).await);
    let failures: Vec<_> = together.summaries.iter().flat_map(|it| &it.failures).collect();
    assert!(failures.is_empty(), "{failures:#?}");
    assert_eq!(alone.refused, 0);
    let (took, limit) = (together.took.as_secs_f64(), limit(&alone, MANY).as_secs_f64());
    let refused = together.refused;
    assert!(took <= 1.3 * limit, "{took:.0} s, where {limit:.0} s are enough");
    // Buckets whose size AWS does not publish are found by being refused.
    assert!(refused < together.calls.len() / 30, "{refused} of {}", together.calls.len());
}
