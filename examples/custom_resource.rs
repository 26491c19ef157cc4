//! A resource type of your own, with a provider of your own, beside the ones that wpstack brings.
//!
//! `site.notice` is a page on the local disk that says which network a site lives in. It refers to a VPC, so it is
//! written after the VPC exists, follows it when it is replaced, and goes before it.
//!
//! ```sh
//! cargo run --example custom_resource
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use wpstack_core::apply::{Engine, Options, Session};
use wpstack_core::event::Events;
use wpstack_core::resource::ec2::Vpc;
use wpstack_core::sim::Sim;
use wpstack_core::state::MemoryStore;
use wpstack_core::{
    Cx, Drifts, ErrorKind, Expected, Field, Observed, Provider, ProviderError, Ref, Resource, Stack,
};
use wpstack_examples::{holder, print_plan};

/// The spec: what a person writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Notice {
    path: PathBuf,
    text: String,
    vpc: Ref<Vpc>,
}

/// The state: what is needed to find the page again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct NoticeState {
    path: PathBuf,
}

impl Resource for Notice {
    const TYPE: &'static str = "site.notice";
    const FIELDS: &'static [Field] = wpstack_core::fields!(Notice {
        path: Replace(NoInterruption),
        text: Update(NoInterruption),
        vpc: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(0, 0);

    type State = NoticeState;

    fn id(state: &NoticeState) -> String {
        state.path.display().to_string()
    }

    fn coexists(old: &Self, new: &Self) -> bool {
        old.path != new.path
    }
}

/// The provider: the verbs of the type, here on the local disk.
struct Disk;

impl Disk {
    /// What the page should say.
    fn page(cx: &Cx, spec: &Notice) -> Result<String, ProviderError> {
        Ok(format!("{} ({})\n", spec.text, cx.state_of(&spec.vpc)?.id))
    }

    fn write(cx: &Cx, spec: &Notice) -> Result<NoticeState, ProviderError> {
        let written = std::fs::write(&spec.path, Self::page(cx, spec)?);
        written.map_err(|source| failed("write").source(source))?;
        Ok(NoticeState { path: spec.path.clone() })
    }
}

fn failed(operation: &'static str) -> ProviderError {
    ProviderError::new(ErrorKind::Refused, "disk", operation, "the page is out of reach")
}

#[async_trait]
impl Provider<Notice> for Disk {
    async fn find(&self, _: &Cx, spec: &Notice) -> Result<Option<NoticeState>, ProviderError> {
        Ok(spec.path.exists().then(|| NoticeState { path: spec.path.clone() }))
    }

    async fn create(&self, cx: &Cx, spec: &Notice) -> Result<NoticeState, ProviderError> {
        Self::write(cx, spec)
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &Notice,
        state: &NoticeState,
    ) -> Result<Option<Observed<NoticeState>>, ProviderError> {
        let Ok(actual) = std::fs::read_to_string(&state.path) else { return Ok(None) };
        let mut drifts = Drifts::new();
        if actual != Self::page(cx, spec)? {
            drifts.note("text", actual);
        }
        Ok(Some(Observed::ready(state.clone()).drifted(drifts)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &Notice,
        _: &NoticeState,
        _: &[String],
    ) -> Result<NoticeState, ProviderError> {
        Self::write(cx, spec)
    }

    async fn delete(&self, _: &Cx, _: &Notice, state: &NoticeState) -> Result<(), ProviderError> {
        match std::fs::remove_file(&state.path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(failed("remove").source(source))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// A network and the page about it.
fn stack(path: PathBuf, cidr: &str, text: &str) -> Result<Stack, Box<dyn Error>> {
    let mut stack = Stack::new("notice".parse()?);
    let vpc = stack.add("main", Vpc::new(cidr.parse()?))?;
    stack.add("main", Notice { path, text: text.to_owned(), vpc })?;
    Ok(stack)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = Sim::new(7);
    let registry = sim.registry().with::<Notice, _>(Disk);
    let engine = Engine::new(registry, sim.clock());
    let store = Arc::new(MemoryStore::default());
    let holder = holder("custom_resource", sim.clock().as_ref());
    let session = engine.open(store, "notice", &holder, "custom-resource").await?;

    let path = std::env::temp_dir().join(format!("wpstack-notice-{}.txt", std::process::id()));
    println!("# It comes after the network it names");
    apply(&session, &stack(path.clone(), "10.0.0.0/16", "back soon")?).await?;
    print!("{}", std::fs::read_to_string(&path)?);

    println!("\n# A new text, and a network with other addresses: the page follows it");
    apply(&session, &stack(path.clone(), "10.1.0.0/16", "here again")?).await?;
    print!("{}", std::fs::read_to_string(&path)?);

    println!("\n# Somebody edits the page: the plan notices");
    std::fs::write(&path, "hacked\n")?;
    apply(&session, &stack(path.clone(), "10.1.0.0/16", "here again")?).await?;
    print!("{}", std::fs::read_to_string(&path)?);

    println!("\n# Everything goes, the page first");
    apply(&session, &Stack::new("notice".parse()?)).await?;
    assert!(!path.exists(), "the page is gone");
    assert!(sim.inventory().is_empty(), "the network is gone");
    Ok(())
}

async fn apply(session: &Session, stack: &Stack) -> Result<(), Box<dyn Error>> {
    let plan = session.plan(stack, &session.look().await?)?;
    print_plan(&plan);
    let (options, cancel) = (Options::default(), CancellationToken::new());
    let summary = session.apply(stack, &plan, &options, &Events::ignored(), &cancel).await?;
    if summary.is_complete() { Ok(()) } else { Err(format!("{:?}", summary.failures).into()) }
}
