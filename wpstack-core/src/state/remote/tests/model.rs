//! Many clients, each with its own wrong clock, that fall asleep for longer than their lease, over a network that
//! delays and loses: whatever happens, what was acknowledged is there, and who was fenced off writes nothing.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use futures::future::{join, join_all};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::net::{Chance, Fates, Net, World};
use super::*;
use crate::address::{Address, ObjectId};
use crate::state::{Fact, Mutation};

const LEASE: Duration = Duration::from_secs(2);

/// One client: a process on a machine.
#[derive(Clone, Debug)]
struct Client {
    starts_ms: u64,
    /// Of its clock, in percent of true time.
    speed: u32,
    ahead: i64,
    patience_s: u64,
    /// When it sleeps, and for how long, in milliseconds.
    pauses: Vec<(u64, u64)>,
    /// What it does under one lock after another.
    tenures: Vec<Vec<Act>>,
}

#[derive(Clone, Debug)]
enum Act {
    /// Hands over so many transitions at once and waits for them.
    Append(u8),
    Think(u64),
    Compact,
}

#[derive(Clone, Debug)]
struct Scenario {
    seed: u64,
    faults_per_thousand: u64,
    room: usize,
    clients: Vec<Client>,
}

fn scenarios() -> impl Strategy<Value = Scenario> {
    let act = prop_oneof![
        4 => (1..6u8).prop_map(Act::Append),
        3 => (0..4000u64).prop_map(Act::Think),
        1 => Just(Act::Compact),
    ];
    let tenures = proptest::collection::vec(proptest::collection::vec(act, 1..8), 1..4);
    let pauses = proptest::collection::vec((0..30_000u64, 100..9_000u64), 0..4);
    let client = (0..8_000u64, 60..160u32, -500..500i64, 0..12u64, pauses, tenures).prop_map(
        |(starts_ms, speed, ahead, patience_s, pauses, tenures)| Client {
            starts_ms,
            speed,
            ahead,
            patience_s,
            pauses,
            tenures,
        },
    );
    let clients = proptest::collection::vec(client, 2..6);
    let faults = prop_oneof![Just(0), Just(60), Just(250)];
    (any::<u64>(), faults, prop_oneof![Just(0), Just(900)], clients).prop_map(
        |(seed, faults_per_thousand, room, clients)| Scenario {
            seed,
            faults_per_thousand,
            room,
            clients,
        },
    )
}

/// Everything that was acknowledged, by serial.
type Acknowledged = Arc<Mutex<BTreeMap<u64, ObjectId>>>;

/// What a scenario came to.
#[derive(Debug, Default)]
struct Tally {
    acknowledged: usize,
    takeovers: usize,
    fenced: usize,
    faults: usize,
}

async fn play(scenario: Scenario) -> Result<Tally, String> {
    let chance = Chance::of(scenario.seed);
    let faults_per_thousand = scenario.faults_per_thousand;
    let world = World::new(Fates::Drawn { chance, faults_per_thousand });
    let acknowledged = Acknowledged::default();
    let clients = scenario.clients.into_iter().enumerate().map(|(at, client)| {
        let run = format!("c{at}");
        world.seen.lock().unwrap().speeds.insert(run.clone(), client.speed);
        let clock = Arc::new(Skewed::true_to(client.speed, client.ahead));
        let settings =
            Settings { run, lease: LEASE, patience: Duration::from_secs(client.patience_s) };
        let net = Arc::new(Net(Arc::clone(&world)));
        let mut context = Context::new(net, clock, settings, STACK);
        context.room = scenario.room;
        let work = live(context, client.tenures, Arc::clone(&acknowledged));
        let starts = Instant::now() + Duration::from_millis(client.starts_ms);
        async move {
            sleep_until(starts).await;
            asleep_at(client.pauses, work).await
        }
    });
    let lives = join_all(clients).await;
    // What is still under way arrives.
    sleep_until(Instant::now() + Duration::from_secs(120)).await;
    let mut tally = Tally::default();
    for life in lives {
        tally.fenced += life?;
    }
    let calm = Arc::new(world.objects.clone());
    let context = Context::new(calm, Arc::new(Skewed::true_to(100, 0)), settings(), STACK);
    let expected = acknowledged.lock().unwrap().clone();
    check(&context, &expected).await?;
    let seen = world.seen.lock().unwrap();
    if let Some(violation) = seen.violations.first() {
        return Err(violation.clone());
    }
    tally.acknowledged = acknowledged.lock().unwrap().len();
    (tally.takeovers, tally.faults) = (seen.takeovers, seen.faults);
    Ok(tally)
}

/// Whether everything acknowledged can be read, where and as it was acknowledged.
async fn check(context: &Context, expected: &BTreeMap<u64, ObjectId>) -> Result<Document, String> {
    let found = load::load(context).await.map_err(|error| format!("unreadable: {error}"))?;
    let document = found.unwrap_or_else(|| Document::new(STACK, "none"));
    for (serial, object) in expected {
        let born = document.objects.get(object).map(|record| record.born);
        if born != Some(*serial) {
            return Err(format!("{object} was acknowledged as {serial} and is there as {born:?}"));
        }
    }
    Ok(document)
}

/// A client's life. Answers how often it was fenced off; `Err` when it saw what must not be.
async fn live(
    context: Context,
    tenures: Vec<Vec<Act>>,
    acknowledged: Acknowledged,
) -> Result<usize, String> {
    let holder = conformance::holder();
    let mut fenced = 0;
    for (at, acts) in tenures.into_iter().enumerate() {
        let Ok((desk, work)) =
            tenure::begin(&context, &holder, Manners::Wait, &CancellationToken::new()).await
        else {
            context.clock.sleep(Duration::from_millis(700)).await;
            continue;
        };
        let ((), outcome) = join(work, act(&context, desk, at, acts, &acknowledged)).await;
        match outcome {
            Ok(()) => {}
            Err(End::Refused(StoreError::TakenOver { .. })) => fenced += 1,
            Err(End::Refused(_)) => {}
            Err(End::Wrong(what)) => return Err(what),
        }
    }
    Ok(fenced)
}

enum End {
    /// The store refused. What was acknowledged before stands.
    Refused(StoreError),
    /// Something that must not be.
    Wrong(String),
}

async fn act(
    context: &Context,
    desk: Desk,
    tenure: usize,
    acts: Vec<Act>,
    acknowledged: &Acknowledged,
) -> Result<(), End> {
    let known = acknowledged.lock().unwrap().clone();
    let mut document = match load::load(context).await.map_err(End::Refused)? {
        Some(_) => match check(context, &known).await {
            Ok(document) => document,
            Err(what) if what.starts_with("unreadable") => return Ok(()),
            Err(what) => return Err(End::Wrong(what)),
        },
        None => {
            let document = Document::new(STACK, "lineage");
            desk.create(&document).await.map_err(End::Refused)?;
            document
        }
    };
    let mut made = 0;
    for act in acts {
        match act {
            Act::Think(ms) => context.clock.sleep(Duration::from_millis(ms)).await,
            Act::Compact => desk.compact(&document).await.map_err(End::Refused)?,
            Act::Append(count) => {
                let mut waiting = Vec::new();
                for _ in 0..count {
                    made += 1;
                    let name = format!("{}-{tenure}-{made}", context.settings.run);
                    let object = ObjectId::new(Address::new("ec2.vpc", &name).unwrap(), 1);
                    let transition = intended(document.serial + 1, object.clone());
                    document.take(&transition).unwrap();
                    waiting.push((transition.serial, object, desk.append(transition)));
                }
                for (serial, object, durable) in waiting {
                    durable.await.map_err(End::Refused)?;
                    let before = acknowledged.lock().unwrap().insert(serial, object);
                    if let Some(before) = before {
                        return Err(End::Wrong(format!("{serial} was given to {before} before")));
                    }
                }
            }
        }
    }
    Ok(())
}

fn intended(serial: u64, object: ObjectId) -> Transition {
    let fact = Fact::CreateIntended { schema: 1, spec: json!({"n": serial}), edges: Vec::new() };
    let at = jiff::Timestamp::UNIX_EPOCH;
    Transition { serial, at, change: Mutation::Object { object, fact } }
}

/// Runs `work` like a process that is stopped and continued: nothing of it happens meanwhile.
async fn asleep_at<F: Future>(pauses: Vec<(u64, u64)>, work: F) -> F::Output {
    let (began, mut work, mut nap) = (Instant::now(), pin!(work), None);
    let ends_at = |now: Instant| {
        let ends = pauses.iter().map(|(at, length)| {
            let at = began + Duration::from_millis(*at);
            (at, at + Duration::from_millis(*length))
        });
        ends.filter(|(at, end)| *at <= now && now < *end).map(|(_, end)| end).max()
    };
    std::future::poll_fn(|context| {
        while let Some(end) = ends_at(Instant::now()) {
            let nap = nap.insert(Box::pin(sleep_until(end)));
            if nap.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
        work.as_mut().poll(context)
    })
    .await
}

#[test]
fn nobody_who_was_fenced_off_writes_and_nothing_acknowledged_is_lost() {
    let mut runner =
        TestRunner::new(Config { cases: 96, failure_persistence: None, ..Config::default() });
    let total = Mutex::new(Tally::default());
    let outcome = runner.run(&scenarios(), |scenario| {
        let tally = in_virtual_time(play(scenario)).map_err(TestCaseError::fail)?;
        let mut total = total.lock().unwrap();
        total.acknowledged += tally.acknowledged;
        total.takeovers += tally.takeovers;
        total.fenced += tally.fenced;
        total.faults += tally.faults;
        Ok(())
    });
    outcome.unwrap();
    // Or else the scenarios would show nothing.
    let Tally { acknowledged, takeovers, fenced, faults } = total.into_inner().unwrap();
    let enough = acknowledged > 800 && takeovers > 12 && fenced > 2 && faults > 300;
    assert!(enough, "{acknowledged} {takeovers} {fenced} {faults}");
}
