//! The seed's stack on the simulated AWS: what the run would have taken, and what it takes here.
//!
//! ```text
//! cargo bench --bench simulated
//! ```
//!
//! The limit is the critical path through the steps, with the time that each of them really took in this run: a run
//! without scheduling losses takes just that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use wpstack_benches::{Watch, figure, heading, holder, seconds};
use wpstack_core::apply::{Options, Session};
use wpstack_core::event::{Event, Events, What};
use wpstack_core::sim::Sim;
use wpstack_core::stack::graph::Times;
use wpstack_core::state::MemoryStore;
use wpstack_core::time::{Clock, between};
use wpstack_core::wordpress::{self, Config};
use wpstack_core::{Consent, Stack};

/// When each step started, existed and was done.
type Steps = HashMap<usize, [Option<Timestamp>; 3]>;

fn note(steps: &mut Steps, event: &Event) {
    let (step, at) = match event.what {
        What::StepStarted { step } => (step, 0),
        What::StepExists { step, .. } => (step, 1),
        What::StepDone { step, .. } => (step, 2),
        _ => return,
    };
    steps.entry(step).or_default()[at] = Some(event.at);
}

async fn run(
    session: &Session,
    stack: &Stack,
    name: &str,
    clock: &dyn Clock,
) -> Result<(), Box<dyn std::error::Error>> {
    let plan = session.plan(stack, &session.look().await?)?;
    let steps = Arc::new(Mutex::new(Steps::new()));
    let noted = Arc::clone(&steps);
    let events = Events::to(move |event| {
        if let Ok(mut steps) = noted.lock() {
            note(&mut steps, event);
        }
    });
    let consent = Consent::to_lose(["ecr.repository:wordpress".parse()?]);
    let options = Options { consent, ..Options::default() };
    let (began, watch) = (clock.now(), Watch::start());
    let cancel = CancellationToken::new();
    let summary = session.apply(stack, &plan, &options, &events, &cancel).await?;
    assert!(summary.is_complete(), "{:?}", summary.failures);
    let (took, real) = (between(began, clock.now()), watch.took());
    let steps = steps.lock().map_err(|_| "a listener panicked")?;
    let times = |step: usize| {
        let [started, exists, done] = steps.get(&step).copied().unwrap_or_default();
        let since = |at| started.zip(at).map_or(Duration::ZERO, |(from, to)| between(from, to));
        Times { exists: since(exists.or(done)), ready: since(done) }
    };
    let dag = plan.dag().ok_or("the plan has a cycle")?;
    let path = dag.critical_path_by(times).length;
    heading(&format!("{name}: {} steps", plan.steps.len()));
    figure("virtual time", &seconds(took), "");
    figure("critical path of this run", &seconds(path), "");
    let ratio = took.as_secs_f64() / path.as_secs_f64().max(f64::MIN_POSITIVE);
    figure("virtual time / critical path", &format!("{ratio:.3}"), "within 1.02");
    figure("real time", &seconds(real), "milliseconds");
    let factor = took.as_secs_f64() / real.as_secs_f64();
    figure("faster than the real thing by", &format!("{factor:.0}"), "");
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sim = Sim::new(7);
    let clock = sim.clock();
    let config = Config::default();
    let store = Arc::new(MemoryStore::default());
    let name = config.name.as_str();
    let session = sim.engine().open(store, name, &holder(clock.as_ref()), "bench").await?;
    let stack = wordpress::stack(&config)?;
    run(&session, &stack, "apply", clock.as_ref()).await?;
    run(&session, &Stack::new(config.name.clone()), "destroy", clock.as_ref()).await?;
    Ok(())
}
