//! States and plans in which anything may stand, as after damage or by malice: they are refused, or lead to failures that
//! are told. Nothing panics, and nothing goes on for ever.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use wpstack_core::apply::{ApplyError, Engine, Options, Session, Summary};
use wpstack_core::event::{self, Events};
use wpstack_core::plan::Plan;
use wpstack_core::sim::Sim;
use wpstack_core::state::{Document, Holder, MemoryStore};
use wpstack_core::time::{self, Clock, between};
use wpstack_core::wordpress::{self, Config};
use wpstack_core::{Consent, Stack};

/// More than the longest that an engine is patient, some times over, in simulated time.
const PATIENCE: Duration = Duration::from_secs(48 * 3600);

/// A stack that stands, and what would change it.
struct Scene {
    world: Value,
    document: Value,
    plan: Value,
}

fn config() -> Config {
    Config::new("blog".parse().unwrap(), "eu-west-1".parse().unwrap())
}

/// The stack after some changes: one is updated, one replaced, one goes, one is new.
fn changed() -> Stack {
    let mut config = config();
    config.database.name = "other".parse().unwrap();
    config.instances.max += 1;
    config.load_balancer.idle_timeout = "90s".parse().unwrap();
    wordpress::stack(&config).unwrap()
}

async fn open(engine: &Engine, store: MemoryStore) -> Option<Session> {
    let since = engine.clock().now();
    let holder = Holder { who: "a test".to_owned(), pid: 1, doing: "a test".to_owned(), since };
    engine.open(Arc::new(store), "blog", &holder, "lineage").await.ok()
}

async fn plan(session: &Session, stack: &Stack) -> Option<Plan> {
    session.plan(stack, &session.look().await.ok()?).ok()
}

async fn apply(session: &Session, stack: &Stack, plan: &Plan) -> Result<Summary, ApplyError> {
    // The changed stack replaces the database; without consent everything would be refused for that.
    let consent = Consent::to_lose(["rds.instance:main".parse().unwrap()]);
    let options = Options { consent, ..Options::default() };
    let (events, cancel) = (Events::ignored(), CancellationToken::new());
    session.apply(stack, plan, &options, &events, &cancel).await
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(future)
}

fn scene() -> &'static Scene {
    static SCENE: OnceLock<Scene> = OnceLock::new();
    SCENE.get_or_init(|| {
        block_on(async {
            let (sim, store) = (Sim::new(3), MemoryStore::default());
            let engine = sim.engine();
            let made = async {
                let session = open(&engine, store.clone()).await.unwrap();
                let stack = wordpress::stack(&config()).unwrap();
                let first = plan(&session, &stack).await.unwrap();
                assert!(apply(&session, &stack, &first).await.unwrap().is_complete());
                assert!(plan(&session, &stack).await.unwrap().is_empty());
                (session.document(), plan(&session, &changed()).await.unwrap())
            };
            let (document, plan) = time::drive(engine.clock().as_ref(), made).await;
            assert!(plan.steps.len() > 3, "{plan:#?}");
            Scene { world: sim.save().unwrap(), document: json!(document), plan: json!(plan) }
        })
    })
}

/// What becomes of a value in a document.
#[derive(Clone, Debug)]
enum Change {
    /// This stands in its place.
    To(Value),
    /// What stands elsewhere stands here as well.
    Copy(usize),
    /// It is left out.
    Gone,
}

fn change() -> impl Strategy<Value = Change> {
    let values = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_u64..60).prop_map(Value::from),
        "[a-z0-9.:#/-]{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("x".repeat(5000))),
        Just(json!("ec2.vpc:main")),
        Just(json!("rds.instance:main#2")),
        Just(json!({ "$ref": "ecs.service:web" })),
        Just(json!([])),
        Just(json!({})),
    ];
    prop_oneof![
        2 => values.prop_map(Change::To),
        2 => any::<usize>().prop_map(Change::Copy),
        1 => Just(Change::Gone),
    ]
}

/// The paths of all values below, as JSON pointers.
fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(at, item)| paths(item, &format!("{path}/{at}"), found));
        }
        Value::Object(members) => {
            let members = members.iter();
            members.for_each(|(key, it)| paths(it, &format!("{path}/{}", escaped(key)), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn altered(whole: &Value, changes: &[(usize, Change)]) -> Value {
    let mut altered = whole.clone();
    for (at, change) in changes {
        let mut places = Vec::new();
        paths(&altered, "", &mut places);
        let place = &places[at % places.len()];
        match change {
            Change::To(value) => *altered.pointer_mut(place).unwrap() = value.clone(),
            Change::Copy(from) => {
                let other = altered.pointer(&places[from % places.len()]).unwrap().clone();
                *altered.pointer_mut(place).unwrap() = other;
            }
            Change::Gone => {
                if let Some((parent, key)) = place.rsplit_once('/')
                    && let Some(Value::Object(members)) = altered.pointer_mut(parent)
                {
                    members.shift_remove(&key.replace("~1", "/").replace("~0", "~"));
                }
            }
        }
    }
    altered
}

/// Lets a run come to its end, whatever it is.
fn survive(sim: &Sim, run: impl Future<Output = ()>) {
    let clock = sim.clock();
    let began = clock.now();
    block_on(time::drive(clock.as_ref(), run));
    let took = between(began, clock.now());
    assert!(took < PATIENCE, "it took {took:?}");
}

fn changes() -> impl Strategy<Value = Vec<(usize, Change)>> {
    prop::collection::vec((any::<usize>(), change()), 1..4)
}

/// Otherwise what is altered would be refused for another reason.
#[test]
fn what_nobody_altered_is_carried_out() {
    let scene = scene();
    let sim = Sim::load(&scene.world).unwrap();
    let engine = sim.engine();
    survive(&sim, async {
        let document = serde_json::from_value(scene.document.clone()).unwrap();
        let session = open(&engine, MemoryStore::holding(document)).await.unwrap();
        let wanted = serde_json::from_value(scene.plan.clone()).unwrap();
        let summary = apply(&session, &changed(), &wanted).await.unwrap();
        assert!(summary.is_complete(), "{summary:#?}");
    });
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_state_is_refused_or_worked_on(changes in changes()) {
        let scene = scene();
        let document = altered(&scene.document, &changes);
        if let Ok(document) = serde_json::from_value::<Document>(document) {
            let sim = Sim::load(&scene.world).unwrap();
            let engine = sim.engine();
            survive(&sim, async {
                let Some(session) = open(&engine, MemoryStore::holding(document)).await else { return };
                let stack = changed();
                if let Some(plan) = plan(&session, &stack).await {
                    drop(apply(&session, &stack, &plan).await);
                }
            });
        }
    }

    #[test]
    fn any_plan_is_refused_or_carried_out(changes in changes()) {
        let scene = scene();
        if let Ok(plan) = serde_json::from_value::<Plan>(altered(&scene.plan, &changes)) {
            let document = serde_json::from_value(scene.document.clone()).unwrap();
            let sim = Sim::load(&scene.world).unwrap();
            let engine = sim.engine();
            survive(&sim, async {
                let session = open(&engine, MemoryStore::holding(document)).await.unwrap();
                drop(apply(&session, &changed(), &plan).await);
            });
        }
    }

    #[test]
    fn any_bytes_are_a_recording_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        told(&bytes);
    }

    #[test]
    fn any_recording_is_read_or_refused(changes in changes(), keep in 0_usize..3000) {
        let lines: Vec<Value> = RECORDING.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        let Value::Array(lines) = altered(&Value::Array(lines), &changes) else { return Ok(()) };
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        told(text.as_bytes());
        told(&text.as_bytes()[..keep.min(text.len())]);
    }
}

/// A recording with every kind of event.
const RECORDING: &str = include_str!("fixtures/events.jsonl");

/// Reads a recording: what was read is written and read as the same again, what was not has its line named.
fn told(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    for event in event::read(bytes) {
        match event {
            Ok(event) => {
                let text = serde_json::to_string(&event).unwrap();
                let again = event::read(text.as_bytes()).next().unwrap();
                assert_eq!(again.unwrap(), event);
            }
            Err(error) => {
                let words = error.to_string();
                let number = words.strip_prefix("line ").and_then(|it| it.split(' ').next());
                let line: usize = number.unwrap().parse().unwrap();
                assert!((1..=lines).contains(&line), "{words}");
            }
        }
    }
}
