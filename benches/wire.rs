//! The seed's stack against the local AWS emulator, with 100 ms put before every call.
//!
//! ```text
//! cargo bench -p wpstack-benches --features aws --bench wire
//! ```
//!
//! The limit is the critical path in calls: no run can be quicker than its longest chain of calls that each need the
//! answer of the one before. The smallest graph known of this stack has a chain of 7, and of 6 to destroy it. The
//! emulator is a second limit: it works on one call at a time, and the more there are at once, the longer each takes. Peer: Terraform with its AWS provider takes 86.6 s in 136 calls to apply such a stack, 4.0 s for a plan
//! without changes and 36.8 s to destroy it; most of that is fixed waits.
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
use wpstack_core::plan::Plan;
use wpstack_core::stack::graph::Times;
use wpstack_core::state::LocalStore;
use wpstack_core::time::{Clock, SystemClock, between};
use wpstack_core::wordpress::{self, Config};
use wpstack_core::{Consent, Stack};
use wpstack_testkit::proxy::{Faults, Proxy};
use wpstack_testkit::{Account, Moto};

/// What is put before every call.
const LATENCY: Duration = Duration::from_millis(100);

type Error = Box<dyn std::error::Error>;

/// When each step started, existed and was done.
type Steps = HashMap<usize, [Option<Timestamp>; 3]>;

struct Site {
    session: Session,
    proxy: Proxy,
}

impl Site {
    /// Applies `stack`, and holds the time it took against its longest chain of steps and the shortest chain of calls known.
    async fn apply(
        &self,
        stack: &Stack,
        name: &str,
        (smallest, peer): (u32, f64),
    ) -> Result<(), Error> {
        let (took, path) = self.run(stack).await?;
        self.report(name, took, path, (smallest, peer));
        Ok(())
    }

    /// Applies `stack`. Returns how long it took, and how long its longest chain of steps, in calls of the latency.
    async fn run(&self, stack: &Stack) -> Result<(Duration, u32), Error> {
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
        let steps = steps.lock().map_err(|_| "a listener panicked")?;
        Ok((took, path(&plan, &steps)?))
    }

    async fn look(&self, stack: &Stack) -> Result<(), Error> {
        drop(self.proxy.take_calls());
        let watch = Watch::start();
        let sightings = self.session.look().await?;
        let plan = self.session.plan(stack, &sightings)?;
        let took = watch.took();
        assert!(plan.is_empty(), "a second plan has nothing to do: {:#?}", plan.steps);
        self.report("plan, nothing changed", took, 1, (1, 4.0));
        Ok(())
    }

    fn report(&self, name: &str, took: Duration, path: u32, (smallest, peer): (u32, f64)) {
        let calls = self.proxy.take_calls();
        heading(name);
        figure("time", &seconds(took), "");
        figure("calls", &calls.len().to_string(), "");
        let busy = (LATENCY * path).as_secs_f64();
        figure("time / longest chain of steps, as long as they took", &ratio(took, busy), "");
        let limit = (LATENCY * smallest).as_secs_f64();
        figure(
            &format!("time / {smallest} calls, the shortest chain known"),
            &ratio(took, limit),
            "within 1.4 (a plan: 1.5), where the emulator is not the limit",
        );
        let served: Duration =
            calls.iter().map(|call| call.duration().saturating_sub(LATENCY)).sum();
        figure("time the emulator spent, one call at a time", &seconds(served), "");
        figure("peer / this", &format!("{:.0}", peer / took.as_secs_f64()), "");
    }
}

fn ratio(took: Duration, limit: f64) -> String {
    format!("{:.2}", took.as_secs_f64() / limit)
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

/// How many calls are on the longest chain through the plan. A step that took between two and three latencies made
/// two calls one after the other.
fn path(plan: &Plan, steps: &Steps) -> Result<u32, Error> {
    let chained = |from: Option<Timestamp>, to: Option<Timestamp>| {
        let took = from.zip(to).map_or(Duration::ZERO, |(from, to)| between(from, to));
        LATENCY * u32::try_from(took.as_millis() / LATENCY.as_millis()).unwrap_or(0)
    };
    let times = |step: usize| {
        let [started, exists, done] = steps.get(&step).copied().unwrap_or_default();
        let made = chained(started, exists.or(done));
        let rest = exists.map_or(Duration::ZERO, |_| chained(exists, done));
        Times { exists: made, ready: made + rest }
    };
    let dag = plan.dag().ok_or("the plan has a cycle")?;
    let length = dag.critical_path_by(times).length;
    Ok(u32::try_from(length.as_millis() / LATENCY.as_millis())?.max(1))
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
    let config = Config::default();
    let (stack, nothing) = (wordpress::stack(&config)?, Stack::new(config.name.clone()));
    // Each service's part of the emulator is loaded at its first call, which is not what is measured here.
    println!("warming the emulator up");
    let proxy = Proxy::start(moto.endpoint(), Faults::none())?;
    let warm = open(&moto.account()?, proxy, &config, directory.path().join("warm")).await?;
    warm.run(&stack).await?;
    warm.run(&nothing).await?;

    let proxy = Proxy::start(moto.endpoint(), Faults::none().latency(LATENCY))?;
    let site = open(&moto.account()?, proxy, &config, directory.path().join("site")).await?;
    site.apply(&stack, "apply", (7, 86.6)).await?;
    site.look(&stack).await?;
    site.apply(&nothing, "destroy", (6, 36.8)).await?;
    Ok(())
}
