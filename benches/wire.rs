//! The seed's stack against the local AWS emulator, with 100 ms put before every call, and then with a second.
//!
//! ```text
//! cargo bench -p wpstack-benches --features aws --bench wire
//! ```
//!
//! The limit is the critical path in calls: no run can be quicker than its longest chain of calls that each need the
//! answer of the one before. The smallest graph known of this stack has a chain of 7, and of 6 to destroy it. The
//! emulator is a second limit: it works on one call at a time, and the more there are at once, the longer each takes.
//! How much that is, a run without any latency tells; with a second before every call it hardly counts, and the figure is
//! the length of our own chain. Below the figures stands the chain of steps that decided.
//!
//! Ours are chains of 9 calls and of 13. An apply has routes and rules in place before instances start. A destroy asks
//! after service, association, capacity provider and instances, to see each of them gone before it takes what they stood
//! on, and leaves the instances their profile and role until then.
//!
//! Peer: Terraform with its AWS provider takes 86.6 s in 136 calls to apply such a stack, 4.0 s for a plan without
//! changes and 36.8 s to destroy it; most of that is fixed waits.
#![expect(clippy::print_stdout, reason = "a bench talks to whoever runs it")]

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use wpstack_aws::Aws;
use wpstack_benches::{Watch, figure, heading, holder, seconds};
use wpstack_core::apply::{Engine, Options, Session, Wait};
use wpstack_core::event::{Event, Events, What};
use wpstack_core::plan::{Link, Plan, Step};
use wpstack_core::stack::graph::Need;
use wpstack_core::state::LocalStore;
use wpstack_core::time::{Clock, SystemClock, between};
use wpstack_core::wordpress::{self, Config};
use wpstack_core::{Consent, Stack};
use wpstack_testkit::proxy::{Faults, Proxy};
use wpstack_testkit::{Account, Moto};

/// What is put before every call.
const LATENCIES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

type Error = Box<dyn std::error::Error>;

/// When each step started, existed and was done.
type Steps = HashMap<usize, [Option<Timestamp>; 3]>;

/// A run: what it was of, and how long it took.
struct Run {
    plan: Plan,
    steps: Steps,
    took: Duration,
}

/// Why a run cannot be quicker: what is put before every call, and what the run takes without that.
#[derive(Clone, Copy)]
struct Limit {
    latency: Duration,
    emulator: Duration,
}

/// What a run is held against: how many calls the shortest chain known has, and how many seconds Terraform takes.
#[derive(Clone, Copy)]
struct Peer {
    calls: u32,
    seconds: f64,
}

const APPLY: Peer = Peer { calls: 7, seconds: 86.6 };
const PLAN: Peer = Peer { calls: 1, seconds: 4.0 };
const DESTROY: Peer = Peer { calls: 6, seconds: 36.8 };

struct Site {
    session: Session,
    proxy: Proxy,
}

impl Site {
    /// Applies `stack`.
    async fn apply(&self, stack: &Stack) -> Result<Run, Error> {
        let plan = self.session.plan(stack, &self.session.look().await?)?;
        drop(self.proxy.take_calls());
        let steps = Arc::new(Mutex::new(Steps::new()));
        let noted = Arc::clone(&steps);
        let events = Events::to(move |event| {
            if let Ok(mut steps) = noted.lock() {
                note(&mut steps, event);
            }
        });
        let consent = Consent {
            skip_final_snapshot: true,
            ..Consent::to_lose(["rds.instance:main".parse()?])
        };
        let options = Options { wait: Wait::Exists, consent, ..Options::default() };
        let cancel = CancellationToken::new();
        let watch = Watch::start();
        let summary = self.session.apply(stack, &plan, &options, &events, &cancel).await?;
        let took = watch.took();
        assert!(summary.is_complete(), "{:#?}", summary.failures);
        let steps = std::mem::take(&mut *steps.lock().map_err(|_| "a listener panicked")?);
        Ok(Run { plan, steps, took })
    }

    /// Plans where nothing has changed.
    async fn look(&self, stack: &Stack) -> Result<Run, Error> {
        drop(self.proxy.take_calls());
        let watch = Watch::start();
        let sightings = self.session.look().await?;
        let plan = self.session.plan(stack, &sightings)?;
        let took = watch.took();
        assert!(plan.is_empty(), "a second plan has nothing to do: {:#?}", plan.steps);
        Ok(Run { plan, steps: Steps::new(), took })
    }

    fn report(&self, name: &str, run: &Run, limit: Limit, peer: Peer) {
        let calls = self.proxy.take_calls();
        let Limit { latency, emulator } = limit;
        heading(&format!("{name}, {} ms before every call", latency.as_millis()));
        figure("time", &seconds(run.took), "");
        figure("calls", &calls.len().to_string(), "");
        figure(
            &format!("time / {} calls, the shortest chain known", peer.calls),
            &format!("{:.2}", run.took.as_secs_f64() / (latency * peer.calls).as_secs_f64()),
            "within 1.4 (a plan: 1.5), where the emulator is not the limit",
        );
        figure("the same without latency", &seconds(emulator), "the emulator's share");
        if latency == LATENCIES[0] {
            figure("peer / this", &format!("{:.0}", peer.seconds / run.took.as_secs_f64()), "");
        }
        print!("{}", run.chain());
    }
}

impl Run {
    /// The steps that decided how long it took: each waited for the one above it.
    fn chain(&self) -> String {
        let at = |step: usize| self.steps.get(&step).copied().unwrap_or_default();
        // What a step that waits for another one waited for.
        let end = |link: &Link| match (link.need, at(link.step)) {
            (Need::Exists, [_, exists, done]) => exists.or(done),
            (Need::Ready, [_, _, done]) => done,
        };
        let mut step = (0..self.plan.steps.len()).max_by_key(|step| at(*step)[2]);
        let began = self.steps.values().filter_map(|[started, ..]| *started).min();
        let mut lines = Vec::new();
        while let Some(this) = step {
            let Step { object, task, needs, .. } = &self.plan.steps[this];
            let since = |moment: Option<Timestamp>| {
                let since = began.zip(moment).map(|(began, moment)| between(began, moment));
                since.map_or_else(|| "-".to_owned(), |since| format!("{:.3}", since.as_secs_f64()))
            };
            let [started, exists, done] = at(this).map(since);
            lines.push(format!("  {started:>7} {exists:>7} {done:>7}  {} {object}\n", task.verb()));
            step = needs.iter().max_by_key(|link| end(link)).map(|link| link.step);
        }
        if lines.is_empty() {
            return String::new();
        }
        lines.reverse();
        format!("  started  exists    done\n{}", lines.concat())
    }
}

fn note(steps: &mut Steps, event: &Event) {
    let (step, at) = match event.what {
        What::StepStarted { step } => (step, 0),
        What::StepExists { step, .. } => (step, 1),
        What::StepDone { step, .. } => (step, 2),
        _ => return,
    };
    steps.entry(step).or_default()[at] = Some(event.at);
}

/// A session over a state of its own, on the emulator behind `proxy`.
async fn open(
    account: &Account,
    proxy: Proxy,
    config: &Config,
    place: PathBuf,
) -> Result<Site, Error> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let aws = Aws::new(&account.sdk_config(proxy.endpoint(), config.region.as_str()));
    let engine = Engine::new(aws.registry(), Arc::clone(&clock));
    let name = config.name.as_str();
    let store = Arc::new(LocalStore::open(place, name));
    let session = engine.open(store, name, &holder(clock.as_ref()), "bench").await?;
    Ok(Site { session, proxy })
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let moto = Moto::start()?;
    let directory = tempfile::tempdir()?;
    // The emulator has no registry to push to.
    let mut config = Config::default();
    config.image.tag = Some("latest".parse()?);
    let (stack, nothing) = (wordpress::stack(&config)?, Stack::new(config.name.clone()));
    let account = moto.account()?;
    let direct = Proxy::start(moto.endpoint(), Faults::none())?;
    let direct = open(&account, direct, &config, directory.path().join("direct")).await?;
    // The emulator loads each service at its first call, and fills each account: that is not what is measured here.
    println!("warming the emulator up");
    direct.apply(&stack).await?;
    direct.apply(&nothing).await?;
    let built = direct.apply(&stack).await?.took;
    let looked = direct.look(&stack).await?.took;
    let destroyed = direct.apply(&nothing).await?.took;

    for latency in LATENCIES {
        let slow = Proxy::start(moto.endpoint(), Faults::none().latency(latency))?;
        let place = directory.path().join(latency.as_millis().to_string());
        let slow = open(&account, slow, &config, place).await?;
        let limit = |emulator| Limit { latency, emulator };
        slow.report("apply", &slow.apply(&stack).await?, limit(built), APPLY);
        slow.report("plan, nothing changed", &slow.look(&stack).await?, limit(looked), PLAN);
        slow.report("destroy", &slow.apply(&nothing).await?, limit(destroyed), DESTROY);
    }
    Ok(())
}
