//! The seed's stack, killed at any moment: apply, update, replacement and destroy end as if nobody had disturbed them.
//!
//! A process can lose what it has not written down, and nothing else. So it dies here before each thing that it writes
//! down, when all that it did since the last is done and unrecorded, and right after it, whatever other steps are at.
//!
//! By default some of the moments are tried. All of them:
//!
//! ```text
//! WPSTACK_MOMENTS=all cargo test -p wpstack-core --release --test killed
//! ```
#![expect(clippy::disallowed_methods, reason = "a test has no arguments")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{Either, pending, select};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use wpstack_core::apply::{ApplyError, Engine, Options, Summary};
use wpstack_core::event::Events;
use wpstack_core::plan::{Plan, Verb};
use wpstack_core::sim::Sim;
use wpstack_core::state::{
    Document, Durable, Holder, Lease, MemoryStore, Store, StoreError, Transition,
};
use wpstack_core::time::{self, Clock};
use wpstack_core::wordpress::{self, Config};
use wpstack_core::{Address, Consent, Stack};

/// A store whose process dies at a moment.
#[derive(Clone, Debug)]
struct Mortal {
    store: MemoryStore,
    /// How many moments have passed; two for each thing that is written down.
    moments: Arc<AtomicUsize>,
    last: usize,
    died: CancellationToken,
}

impl Mortal {
    fn new(store: MemoryStore, last: usize) -> Self {
        Self { store, moments: Arc::default(), last, died: CancellationToken::new() }
    }

    /// Passes a moment. Whether the process still lives.
    fn lives(&self) -> bool {
        if self.moments.fetch_add(1, Ordering::SeqCst) >= self.last {
            self.died.cancel();
        }
        !self.died.is_cancelled()
    }
}

#[async_trait]
impl Store for Mortal {
    async fn lock(&self, holder: &Holder) -> Result<Lease, StoreError> {
        self.store.lock(holder).await
    }

    async fn load(&self) -> Result<Option<Document>, StoreError> {
        self.store.load().await
    }

    async fn create(&self, lease: &Lease, document: &Document) -> Result<(), StoreError> {
        self.store.create(lease, document).await
    }

    fn append(&self, lease: &Lease, transition: Transition) -> Durable {
        if !self.lives() {
            return Box::pin(pending());
        }
        let written = self.store.append(lease, transition);
        if self.lives() { written } else { Box::pin(pending()) }
    }

    async fn compact(&self, lease: &Lease, document: &Document) -> Result<(), StoreError> {
        if !self.lives() {
            return pending().await;
        }
        self.store.compact(lease, document).await
    }
}

/// A world and what is recorded of it.
struct Site {
    sim: Sim,
    store: MemoryStore,
    consent: Consent,
}

/// How a process ended.
enum End {
    Died,
    Lived(Box<Life>),
}

/// What a process that lived did.
struct Life {
    moments: usize,
    plan: Plan,
    summary: Summary,
}

impl Site {
    fn new() -> Self {
        let lose = ["rds.instance:main", "ecr.repository:wordpress"];
        let consent = Consent {
            skip_final_snapshot: true,
            ..Consent::to_lose(lose.map(|address| address.parse().expect("an address")))
        };
        Self { sim: Sim::new(3), store: MemoryStore::default(), consent }
    }

    /// Another one just like it.
    async fn copy(&self) -> Self {
        let sim = Sim::load(&self.sim.save().expect("a world is saved")).expect("and loaded");
        let document = self.store.load().await.expect("it is in memory");
        let store = document.map_or_else(MemoryStore::default, MemoryStore::holding);
        Self { sim, store, consent: self.consent.clone() }
    }

    /// One process: looks, plans, applies, and may die at a moment.
    async fn process(&self, stack: &Stack, last: usize) -> End {
        let engine = self.sim.engine();
        let store = Mortal::new(self.store.clone(), last);
        let died = store.died.clone();
        let work = std::pin::pin!(work(&engine, store.clone(), stack, self.consent.clone()));
        match select(work, std::pin::pin!(died.cancelled())).await {
            Either::Left((done, _)) => {
                let (plan, summary) = done.expect("the plan is applied");
                let moments = store.moments.load(Ordering::SeqCst);
                End::Lived(Box::new(Life { moments, plan, summary }))
            }
            Either::Right(_) => End::Died,
        }
    }

    /// A process that nobody disturbs. Returns what it changed and how many moments it had.
    async fn run(&self, stack: &Stack) -> (Plan, usize) {
        match self.process(stack, usize::MAX).await {
            End::Died => panic!("nobody disturbed it"),
            End::Lived(life) => {
                assert!(life.summary.is_complete(), "{:#?}", life.summary);
                (life.plan, life.moments)
            }
        }
    }

    /// What stands, with what AWS makes up left out.
    async fn world(&self) -> BTreeMap<String, Vec<String>> {
        // Until what is on its way out has gone.
        let clock = self.sim.clock();
        time::drive(clock.as_ref(), clock.sleep(Duration::from_secs(3600))).await;
        let inventory = self.sim.inventory().into_iter();
        let world = inventory.map(|(kind, objects)| {
            let mut shown: Vec<_> =
                objects.iter().map(|object| plain(object).to_string()).collect();
            shown.sort();
            (kind, shown)
        });
        world.filter(|(_, objects)| !objects.is_empty()).collect()
    }
}

async fn work(
    engine: &Engine,
    store: Mortal,
    stack: &Stack,
    consent: Consent,
) -> Result<(Plan, Summary), ApplyError> {
    let holder = Holder {
        who: "a test".to_owned(),
        pid: 1,
        doing: "dying".to_owned(),
        since: engine.clock().now(),
    };
    let name = stack.name().as_str();
    let session =
        engine.open(Arc::new(store), name, &holder, "lineage").await.expect("nobody is there");
    let sightings = session.look().await.expect("the simulation answers");
    let plan = session.plan(stack, &sightings).expect("there is a plan");
    let options = Options { consent, ..Options::default() };
    let (events, cancel) = (Events::ignored(), CancellationToken::new());
    let summary = session.apply(stack, &plan, &options, &events, &cancel).await?;
    Ok((plan, summary))
}

/// What tells of the past, or of where AWS happened to find room.
const HISTORY: &[&str] = &[
    "activities",
    "address",
    "bad",
    "events",
    "good",
    "idle",
    "reason",
    "resource_id",
    "stage",
    "stopped_reason",
];

/// The value without history, times, and what AWS makes up: words with digits, and parts of the names of secrets and databases. Nor does it
/// tell which generation an object is of, for one that goes before its successor comes leaves nothing to count on from.
fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => "TIME".into(),
        Value::String(text) => words(text).into(),
        Value::Array(items) => {
            let mut items: Vec<_> = items.iter().map(plain).collect();
            items.sort_by_key(ToString::to_string);
            items.into()
        }
        Value::Object(members) => {
            // Names may be ids, and two of them alike when those are left out.
            let kept = members.iter().filter(|(name, _)| !HISTORY.contains(&name.as_str()));
            let mut plain: Vec<_> =
                kept.map(|(name, value)| json!([words(name), plain(value)])).collect();
            plain.sort_by_key(ToString::to_string);
            plain.into()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn words(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = text.split_inclusive(|letter| !plain(letter)).map(|word| {
        let body = word.trim_end_matches(|letter| !plain(letter));
        let is_id = body.len() >= 6 && body.contains(|letter: char| letter.is_ascii_digit());
        let is_made_up = (body.len() == 6 && text.contains(":secret:"))
            || (body.len() == 12 && text.contains(".rds."));
        if is_id || is_made_up { word.replace(body, "ID") } else { word.to_owned() }
    });
    let words: String = words.collect();
    let generation = words.rsplit_once('/').filter(|(_, number)| number.parse::<u8>().is_ok());
    generation.map_or(words.clone(), |(address, _)| address.to_owned())
}

fn config() -> Config {
    Config::new("blog".parse().expect("a name"), "eu-west-1".parse().expect("a region"))
}

/// The same, with an image that somebody pushes.
fn pushed() -> Config {
    let mut config = config();
    config.image.tag = Some("latest".parse().expect("a tag"));
    config
}

fn stack(config: &Config) -> Stack {
    wordpress::stack(config).expect("the configuration fits")
}

fn replaced(plan: &Plan) -> BTreeSet<Address> {
    let replaced = plan.actions.iter().filter(|action| matches!(action.verb, Verb::Replace(_)));
    replaced.map(|action| action.object.address.clone()).collect()
}

/// Kills a run that leads from `start` to `stack` at one moment of `stride`, beginning with `first`, or at all of them.
async fn survives(start: &Site, stack: &Stack, first: usize, stride: usize) {
    let undisturbed = start.copy().await;
    let (plan, moments) = undisturbed.run(stack).await;
    assert!(plan.steps.len() > 2 && moments > 2 * plan.steps.len(), "{moments} moments");
    let world = undisturbed.world().await;
    let all = std::env::var("WPSTACK_MOMENTS").is_ok_and(|it| it == "all");
    let (first, stride) = if all { (0, 1) } else { (first, stride) };
    for moment in (first..moments).step_by(stride) {
        let site = start.copy().await;
        let End::Died = site.process(stack, moment).await else {
            panic!("moment {moment} of {moments} is none");
        };
        let (resumed, _) = site.run(stack).await;
        let anew: Vec<_> = replaced(&resumed).difference(&replaced(&plan)).cloned().collect();
        assert!(anew.is_empty(), "killed at {moment}, it makes anew what was made: {anew:?}");
        let found = site.world().await;
        for (kind, objects) in &found {
            assert_eq!(Some(objects), world.get(kind), "{kind}, moment {moment}");
        }
        assert_eq!(found.len(), world.len(), "moment {moment}");
        let (again, _) = site.run(stack).await;
        let changes = again.actions.iter().filter(|action| action.verb != Verb::Keep);
        let changes: Vec<_> = changes.map(|it| (&it.object, &it.reasons, &it.changes)).collect();
        assert!(changes.is_empty(), "moment {moment}: {changes:#?}");
    }
}

/// A stack that stands and serves.
async fn serving() -> Site {
    let site = Site::new();
    site.run(&stack(&pushed())).await;
    site.sim.push_image("blog", "latest").expect("the repository is there");
    site.run(&stack(&pushed())).await;
    site
}

#[tokio::test]
async fn an_apply_can_be_killed_anywhere() {
    survives(&Site::new(), &stack(&config()), 1, 5).await;
}

#[tokio::test]
async fn an_update_can_be_killed_anywhere() {
    let mut config = pushed();
    config.tags.insert("team", "blog").expect("a tag");
    config.logs.retention = "90 days".parse().expect("days");
    config.load_balancer.idle_timeout = "100s".parse().expect("seconds");
    config.health_check.interval = "20s".parse().expect("seconds");
    config.database.class = "db.t3.small".parse().expect("a class");
    config.instances.max = 4;
    let site = serving().await;
    site.sim.push_image("blog", "latest").expect("the repository is there");
    survives(&site, &stack(&config), 2, 23).await;
}

#[tokio::test]
async fn a_replacement_can_be_killed_anywhere() {
    let mut config = config();
    config.service.memory = "640 MiB".parse().expect("memory");
    config.service.grace_period = "240s".parse().expect("seconds");
    config.database.name = "another".parse().expect("a name");
    survives(&serving().await, &stack(&config), 3, 23).await;
}

/// Nobody allows it to lose anything, and it does not.
#[tokio::test]
async fn a_replacement_that_keeps_its_data_can_be_killed_anywhere() {
    let mut site = serving().await;
    site.consent = Consent::default();
    site.sim.tamper(|world| {
        world.rds.instances.get_mut("blog-db").expect("it stands").contents = "posts".to_owned();
    });
    let mut config = config();
    config.database.identifier = Some("blog-two".parse().expect("an identifier"));
    config.database.from_snapshot = Some("blog-db-last".parse().expect("a name"));
    config.database.backup_retention = "9 days".parse().expect("days");
    let stack = stack(&config);
    survives(&site, &stack, 5, 11).await;
    // What survived is compared with the undisturbed world, which has it all.
    site.run(&stack).await;
    let contents = site.sim.tamper(|world| {
        let instances = world.rds.instances.iter();
        instances.map(|(name, it)| format!("{name}: {}", it.contents)).collect::<Vec<_>>()
    });
    assert_eq!(contents, ["blog-two: posts"]);
}

#[tokio::test]
async fn a_destroy_can_be_killed_anywhere() {
    survives(&serving().await, &Stack::new("blog".parse().expect("a name")), 4, 23).await;
}
