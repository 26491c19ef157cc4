//! One stack under one lock: open, refresh, plan, apply.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::drive::{ApplyError, Run, belongs, check};
use super::refresh::{RefreshError, refresh};
use super::resolve::Resolver;
use super::summary::Summary;
use crate::address::ObjectId;
use crate::event::{Events, What};
use crate::failure::Chain;
use crate::plan::{
    Hazard, Known, Plan, PlanError, Seen, Sightings, facts, hazards, plan, saw, undo,
};
use crate::provider::Consent;
use crate::registry::{Registry, SchemaError};
use crate::stack::Stack;
use crate::state::{Document, Holder, Ledger, LedgerError, Store, StoreError};
use crate::time::{Clock, drive};

/// A cloud and a clock: what work is done with.
#[derive(Clone, Debug)]
pub struct Engine {
    registry: Registry,
    clock: Arc<dyn Clock>,
}

/// How a plan is applied.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many calls may run at once.
    pub parallelism: usize,
    /// What a run waits for at its end.
    pub wait: Wait,
    /// What the person allows.
    pub consent: Consent,
    /// Where chance comes from: equal seeds give equal jitter.
    pub seed: u64,
    /// How long calls that are under way may take to return once the run has been asked to stop. Those that take longer
    /// are left to themselves: that they were intended is recorded, and the next run looks for what they did.
    pub grace: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            parallelism: 64,
            wait: Wait::Ready,
            consent: Consent::default(),
            seed: 0,
            grace: Duration::from_secs(4),
        }
    }
}

/// What a run waits for at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wait {
    /// That everything can be used.
    #[default]
    Ready,
    /// That everything exists and is configured. Readiness is waited for only where something needs it.
    Exists,
}

/// Why a stack cannot be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The state cannot be locked or read.
    #[error("the state cannot be opened")]
    Store(#[from] StoreError),
    /// A record cannot be read as its type.
    #[error("the record of `{object}` cannot be read")]
    Record {
        /// The object.
        object: ObjectId,
        /// Why.
        #[source]
        source: SchemaError,
    },
}

impl Engine {
    /// An engine that works on the cloud behind `registry` and lives by `clock`.
    #[must_use]
    pub fn new(registry: Registry, clock: Arc<dyn Clock>) -> Self {
        Self { registry, clock }
    }

    /// The types it knows.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Takes the lock and reads the state; starts a state where there is none, under the identity `lineage`.
    ///
    /// # Errors
    /// When somebody else holds the lock, or the state cannot be read, is damaged, or is of another stack.
    pub async fn open(
        &self,
        store: Arc<dyn Store>,
        stack: &str,
        holder: &Holder,
        lineage: &str,
    ) -> Result<Session, OpenError> {
        let lease = store.lock(holder).await?;
        let document = match store.load().await? {
            Some(document) => document,
            None => {
                let document = Document::new(stack, lineage);
                store.create(&lease, &document).await?;
                document
            }
        };
        if document.stack != stack {
            let (found, wanted) = (document.stack, stack.to_owned());
            let place = "the state here".to_owned();
            return Err(StoreError::OtherStack { place, found, wanted }.into());
        }
        let upgraded = self.upgrade(document.clone())?;
        if upgraded != document {
            // Now, and not at the end: facts of the new schema must not be replayed onto records of the old one.
            store.compact(&lease, &upgraded).await?;
        }
        let ledger = Ledger::new(upgraded, store, lease, Arc::clone(&self.clock));
        Ok(Session { engine: self.clone(), ledger })
    }

    /// Brings every record to the schema of its type. Records of types that are not registered stay as they are.
    fn upgrade(&self, mut document: Document) -> Result<Document, OpenError> {
        for (object, record) in &mut document.objects {
            let Some(kind) = self.registry.kind(object.address.type_name()) else {
                continue;
            };
            let (from, spec, state) = (record.schema, record.spec.take(), record.state.take());
            let failed = |source| OpenError::Record { object: object.clone(), source };
            (record.spec, record.state) = kind.upgrade(from, spec, state).map_err(failed)?;
            if let Some(next) = record.next.take() {
                record.next = Some(kind.upgrade(from, next, None).map_err(failed)?.0);
            }
            record.schema = kind.schema;
        }
        Ok(document)
    }
}

/// A stack that is being worked on. Holds the lock until it is dropped.
#[derive(Debug)]
pub struct Session {
    pub(super) engine: Engine,
    pub(super) ledger: Ledger,
}

impl Session {
    /// What is known to exist.
    #[must_use]
    pub fn document(&self) -> Document {
        self.ledger.snapshot()
    }

    /// Asks AWS how everything recorded is. Writes nothing.
    ///
    /// # Errors
    /// When AWS does not tell.
    pub async fn look(&self) -> Result<Sightings, RefreshError> {
        let document = self.document();
        let resolver = self.resolver(Consent::default());
        drive(self.engine.clock.as_ref(), refresh(&resolver, &document, 0)).await
    }

    /// What has to be done to turn what the sightings show into `stack`. Writes nothing.
    ///
    /// # Errors
    /// As [`plan`].
    pub fn plan(&self, stack: &Stack, sightings: &Sightings) -> Result<Plan, PlanError> {
        let mut document = self.document();
        let mut seen = facts(&document, sightings);
        // A fact that cannot be is left out of the plan too: `apply` records the same list.
        seen.retain(|Seen { object, fact }| document.learn(object, fact).is_ok());
        let plan = plan(stack, &Known::seen(&document, sightings), &self.engine.registry)?;
        Ok(Plan { seen, saw: saw(sightings), ..plan })
    }

    /// The stack that a plan has to lead to, for what was done since `before` to be undone: see [`undo`].
    ///
    /// # Errors
    /// As [`undo`].
    pub fn undo(&self, stack: &Stack, before: &Document) -> Result<Stack, PlanError> {
        undo(stack, before, &self.document(), &self.engine.registry)
    }

    /// What the plan would lose that the person has not allowed. A plan with such is not applied.
    #[must_use]
    pub fn hazards(&self, stack: &Stack, plan: &Plan, consent: &Consent) -> Vec<Hazard> {
        let mut document = self.document();
        for Seen { object, fact } in &plan.seen {
            // What cannot be is found out when it is recorded.
            drop(document.learn(object, fact));
        }
        hazards(stack, plan, &document, &self.engine.registry, consent)
    }

    /// Records what the sightings show. Returns how many facts were new.
    ///
    /// # Errors
    /// When they cannot be written down.
    pub async fn refresh(&self, sightings: &Sightings) -> Result<usize, LedgerError> {
        let seen = self.ledger.with(|document| facts(document, sightings));
        let count = seen.len();
        self.ledger.learn_all(seen.into_iter().map(|Seen { object, fact }| (object, fact))).await?;
        self.ledger.compact().await?;
        Ok(count)
    }

    /// Refuses a plan that was made for another state or another configuration, or before this one changed, as
    /// [`apply`](Self::apply) would.
    ///
    /// # Errors
    /// When it is such a plan.
    pub fn accept(&self, stack: &Stack, plan: &Plan) -> Result<(), ApplyError> {
        belongs(plan, &self.ledger)?;
        if plan.wanted == stack.digest() { Ok(()) } else { Err(ApplyError::OtherConfiguration) }
    }

    /// Does what the plan says. What fails, fails alone: the rest goes on, and the summary names the causes.
    ///
    /// Cancelling `cancel` begins nothing new, lets running calls return and records what they say.
    ///
    /// # Errors
    /// When the plan would lose what nobody allowed it to, belongs to another state, is stale, or cannot be carried out; nothing has been done then.
    pub async fn apply(
        &self,
        stack: &Stack,
        plan: &Plan,
        options: &Options,
        events: &Events,
        cancel: &CancellationToken,
    ) -> Result<Summary, ApplyError> {
        self.accept(stack, plan)?;
        let dag = check(plan)?;
        let hazards = self.hazards(stack, plan, &options.consent);
        if !hazards.is_empty() {
            return Err(ApplyError::NotAllowed(hazards));
        }
        let seen = plan.seen.iter().cloned().map(|Seen { object, fact }| (object, fact));
        self.ledger.learn_all(seen).await?;
        let resolver = self.resolver(options.consent.clone());
        let run = Run::new(plan, &dag, &resolver, &self.ledger, options, events, cancel);
        let mut summary = drive(self.engine.clock.as_ref(), run.walk()).await;
        let (outputs, advice) =
            self.ledger.with(|document| (outputs(stack, document), advice(stack, document)));
        (summary.outputs, summary.advice) = (outputs.clone(), advice);
        // What could not be added to the journal may still be written whole: the document at hand has all of it.
        drop(self.ledger.outputs(outputs).await);
        if let Err(error) = self.ledger.compact().await {
            // What was added is in the journal. The run's result stands, and its failures name what was not.
            summary
                .advice
                .push(format!("{}; run `wpstack refresh` when that is mended", Chain(&error)));
        }
        events.emit(self.engine.clock.as_ref(), What::Finished { summary: summary.clone() });
        Ok(summary)
    }

    pub(super) fn resolver(&self, consent: Consent) -> Resolver {
        let Engine { registry, clock } = self.engine.clone();
        Resolver { clock, consent, registry }
    }
}

fn outputs(stack: &Stack, document: &Document) -> BTreeMap<String, String> {
    let outputs = stack.outputs().iter().filter_map(|output| {
        let (_, record) = document.current(&output.from)?;
        Some((output.name.clone(), output.read(record.state.as_ref()?)?))
    });
    outputs.collect()
}

fn advice(stack: &Stack, document: &Document) -> Vec<String> {
    let advice = stack.nodes().iter().filter_map(|node| {
        let (_, record) = document.current(&node.address)?;
        node.kind.advice(&record.spec, record.state.as_ref()?)
    });
    advice.collect()
}
