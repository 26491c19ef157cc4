//! The engine by itself: resources in ten layers, each with two parents, whose provider does nothing.
//!
//! ```text
//! cargo bench --bench engine                    # 1,000 to 10,000 resources
//! cargo bench --bench engine -- 10000           # one size
//! ```
//!
//! Peer: Terraform 1.11.4 on two cores takes 29 s and 617 MB to plan 10,000 no-op resources; its apply is quadratic
//! (22 CPU seconds for 1,000, 567 for 5,000).

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use wpstack_benches::{Watch, figure, heading, holder, peak_memory, seconds};
use wpstack_core::apply::{Engine, Options, Session};
use wpstack_core::event::Events;
use wpstack_core::state::LocalStore;
use wpstack_core::time::{Clock, SystemClock};
use wpstack_core::{
    Cx, Expected, Field, Observed, Provider, ProviderError, Ref, Registry, Resource, Stack,
};

/// A resource that is nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Nothing {
    parents: Vec<Ref<Self>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct NothingState {
    id: String,
}

impl Resource for Nothing {
    const TYPE: &'static str = "bench.nothing";
    const FIELDS: &'static [Field] =
        wpstack_core::fields!(Nothing { parents: Replace(NoInterruption) });
    const EXPECTED: Expected = Expected::seconds(0, 0);

    type State = NothingState;

    fn id(state: &NothingState) -> String {
        state.id.clone()
    }
}

/// A cloud that does nothing at once.
struct Void;

#[async_trait]
impl Provider<Nothing> for Void {
    async fn find(&self, _: &Cx, _: &Nothing) -> Result<Option<NothingState>, ProviderError> {
        Ok(None)
    }

    async fn create(&self, cx: &Cx, _: &Nothing) -> Result<NothingState, ProviderError> {
        Ok(NothingState { id: cx.object().to_string() })
    }

    async fn read(
        &self,
        _: &Cx,
        _: &Nothing,
        state: &NothingState,
    ) -> Result<Option<Observed<NothingState>>, ProviderError> {
        Ok(Some(Observed::ready(state.clone())))
    }

    async fn update(
        &self,
        _: &Cx,
        _: &Nothing,
        state: &NothingState,
        _: &[String],
    ) -> Result<NothingState, ProviderError> {
        Ok(state.clone())
    }

    async fn delete(&self, _: &Cx, _: &Nothing, _: &NothingState) -> Result<(), ProviderError> {
        Ok(())
    }
}

const LAYERS: usize = 10;

fn stack(count: usize) -> Result<Stack, Box<dyn std::error::Error>> {
    let mut stack = Stack::new("bench".parse()?);
    let width = count / LAYERS;
    let mut above: Vec<Ref<Nothing>> = Vec::new();
    for layer in 0..LAYERS {
        let mut these = Vec::with_capacity(width);
        for at in 0..width {
            let parents = match above.as_slice() {
                [] => Vec::new(),
                above => vec![above[at].clone(), above[(at + 1) % width].clone()],
            };
            these.push(stack.add(&format!("n{layer}-{at}"), Nothing { parents })?);
        }
        above = these;
    }
    Ok(stack)
}

async fn apply(session: &Session, stack: &Stack) -> Result<(), Box<dyn std::error::Error>> {
    let plan = session.plan(stack, &session.look().await?)?;
    // As many calls at once as a layer is wide: this cloud has no limits.
    let options = Options { parallelism: 1024, ..Options::default() };
    let (events, cancel) = (Events::ignored(), CancellationToken::new());
    let summary = session.apply(stack, &plan, &options, &events, &cancel).await?;
    assert!(summary.is_complete(), "{:?}", summary.failures);
    Ok(())
}

async fn measure(count: usize) -> Result<f64, Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let engine = Engine::new(Registry::default().with::<Nothing, _>(Void), Arc::clone(&clock));
    let store = Arc::new(LocalStore::open(directory.path(), "bench"));
    let session = engine.open(store, "bench", &holder(clock.as_ref()), "bench").await?;

    heading(&format!("{count} resources that are nothing, in {LAYERS} layers"));
    let watch = Watch::start();
    let stack = stack(count)?;
    figure("the model", &seconds(watch.took()), "");

    let watch = Watch::start();
    apply(&session, &stack).await?;
    let applied = watch.took();
    figure("apply, every transition durable", &seconds(applied), "10,000 within 2 s");

    let watch = Watch::start();
    let sightings = session.look().await?;
    let looked = watch.took();
    let watch = Watch::start();
    let plan = session.plan(&stack, &sightings)?;
    let planned = watch.took();
    assert!(plan.is_empty(), "a second plan has nothing to do");
    figure("refresh, of a cloud that answers at once", &seconds(looked), "");
    figure("plan, nothing changed", &seconds(planned), "10,000 within 0.25 s");
    if count == 10_000 {
        let ratio = 29.0 / planned.as_secs_f64();
        figure("plan of the peer / this", &format!("{ratio:.0}"), "");
    }

    let watch = Watch::start();
    apply(&session, &Stack::new("bench".parse()?)).await?;
    figure("destroy, every transition durable", &seconds(watch.took()), "");
    if let Some(peak) = peak_memory() {
        figure(
            "peak memory of the process so far",
            &format!("{peak:.0} MiB"),
            "10,000 within 150 MB",
        );
    }
    Ok(applied.as_secs_f64() / f64::from(u32::try_from(count)?))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if let [size] = sizes.as_slice() {
        measure(*size).await?;
        return Ok(());
    }
    let small = measure(1_000).await?;
    let large = measure(10_000).await?;
    heading("Linear in n");
    figure("cost of one in 10,000 / in 1,000", &format!("{:.2}", large / small), "1 is linear");
    Ok(())
}
