//! The laboratory: one cloud, one store, one clock, and processes that work with them and may die.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use wpstack_core::apply::{ApplyError, Engine, Options, Session, Summary};
use wpstack_core::event::{Event, Events, What};
use wpstack_core::plan::{Plan, PlanError};
use wpstack_core::state::{Document, Holder, MemoryStore, Store};
use wpstack_core::time::VirtualClock;
use wpstack_core::{Consent, Registry, Stack};

use super::cloud::Cloud;
use super::fate::{Fate, MortalStore, Trap};
use super::kinds::{Data, Node, Slow, Tide};
use super::text::build;

pub(crate) struct Lab {
    pub(crate) cloud: Cloud,
    pub(crate) clock: VirtualClock,
    pub(crate) options: Options,
    pub(crate) store: MemoryStore,
    /// The identity of a state that is started.
    pub(crate) lineage: String,
    /// What kills the next process.
    pub(crate) trap: Option<Trap>,
    /// At which event the next run is asked to stop.
    pub(crate) stop: Option<Stop>,
    /// The events of the last run.
    pub(crate) events: Vec<Event>,
    /// How many moments the last process had.
    pub(crate) moments: usize,
}

/// At which event of which object a run is asked to stop.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    pub(crate) at: String,
    pub(crate) name: String,
}

/// How a process ended.
pub(crate) enum Outcome {
    Refused(ApplyError),
    Unplannable(PlanError),
    Done(Plan, Box<Summary>),
    Died,
}

impl Outcome {
    pub(crate) fn done(self) -> (Plan, Summary) {
        match self {
            Self::Done(plan, summary) => (plan, *summary),
            Self::Refused(error) => panic!("refused: {error:?}"),
            Self::Unplannable(error) => panic!("no plan: {error}"),
            Self::Died => panic!("the process died"),
        }
    }
}

impl Lab {
    pub(crate) fn new() -> Self {
        let clock = VirtualClock::starting_at(Timestamp::UNIX_EPOCH);
        Self {
            cloud: Cloud::new(clock.clone()),
            clock,
            options: Options::default(),
            store: MemoryStore::default(),
            lineage: "first".to_owned(),
            trap: None,
            stop: None,
            events: Vec::new(),
            moments: 0,
        }
    }

    pub(crate) fn registry(cloud: &Cloud) -> Registry {
        Registry::default()
            .with::<Node, _>(cloud.clone())
            .with::<Slow, _>(cloud.clone())
            .with::<Data, _>(cloud.clone())
            .with::<Tide, _>(cloud.clone())
    }

    /// Opens the state, as a process of that fate.
    pub(crate) async fn open(&self, fate: &Fate) -> Session {
        let cloud = self.cloud.used_by(fate);
        let engine = Engine::new(Self::registry(&cloud), Arc::new(self.clock.clone()));
        let store = MortalStore { inner: self.store.clone(), fate: fate.clone() };
        let holder = Holder {
            who: "tester".to_owned(),
            pid: 1,
            doing: "test".to_owned(),
            since: Timestamp::UNIX_EPOCH,
        };
        engine.open(Arc::new(store), "toys", &holder, &self.lineage).await.unwrap()
    }

    pub(crate) async fn document(&self) -> Document {
        self.store.load().await.unwrap().unwrap_or_else(|| Document::new("toys", &self.lineage))
    }

    /// Looks and plans. Writes nothing.
    pub(crate) async fn plan(&self, stack: &Stack) -> Result<Plan, PlanError> {
        let session = self.open(&Fate::of(None)).await;
        let sightings = session.look().await.unwrap();
        session.plan(stack, &sightings)
    }

    /// Looks, plans and applies, in one process.
    pub(crate) async fn apply(&mut self, stack: &Stack) -> Outcome {
        let fate = Fate::of(self.trap.take());
        let session = self.open(&fate).await;
        let sightings = session.look().await.unwrap();
        match session.plan(stack, &sightings) {
            Ok(plan) => self.run(session, fate, stack, plan).await,
            Err(error) => Outcome::Unplannable(error),
        }
    }

    /// Applies a plan that was made earlier.
    pub(crate) async fn apply_plan(&mut self, stack: &Stack, plan: Plan) -> Outcome {
        let fate = Fate::of(self.trap.take());
        let session = self.open(&fate).await;
        self.run(session, fate, stack, plan).await
    }

    pub(crate) async fn destroy(&mut self) -> Outcome {
        self.apply(&build(&[])).await
    }

    async fn run(&mut self, session: Session, fate: Fate, stack: &Stack, plan: Plan) -> Outcome {
        let cancel = CancellationToken::new();
        // Toys may be lost.
        let addresses = plan.actions.iter().map(|action| action.object.address.clone());
        let options = Options { consent: Consent::to_lose(addresses), ..self.options.clone() };
        let log = Arc::new(Mutex::new(Vec::new()));
        let events = listen(Arc::clone(&log), self.stop.take(), cancel.clone());
        let outcome = tokio::select! {
            biased;
            () = fate.death() => Outcome::Died,
            done = session.apply(stack, &plan, &options, &events, &cancel) => match done {
                Ok(summary) => Outcome::Done(plan.clone(), Box::new(summary)),
                Err(error) => Outcome::Refused(error),
            },
        };
        self.events = std::mem::take(&mut *log.lock().unwrap());
        self.moments = fate.moments();
        outcome
    }
}

fn listen(log: Arc<Mutex<Vec<Event>>>, stop: Option<Stop>, cancel: CancellationToken) -> Events {
    let mut objects = Vec::new();
    Events::to(move |event| {
        if let What::Started { steps, .. } = &event.what {
            objects = steps.iter().map(|step| step.object.address.name().to_owned()).collect();
        }
        let happened = match event.what {
            What::StepStarted { step } => Some(("started", step)),
            What::StepExists { step, .. } => Some(("exists", step)),
            What::StepRetrying { step, .. } => Some(("retrying", step)),
            What::StepDone { step, .. } => Some(("done", step)),
            _ => None,
        };
        if let (Some(Stop { at, name }), Some((what, step))) = (&stop, happened)
            && at == what
            && *name == objects[step]
        {
            cancel.cancel();
        }
        log.lock().unwrap().push(event.clone());
    })
}
