//! One step: its calls, each with what is made durable before and after it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use thiserror::Error;

use super::drive::Run;
use super::retry::{Pauses, poll_pause, settle_patience};
use crate::address::ObjectId;
use crate::event::What;
use crate::failure::{ErrorKind, ProviderError};
use crate::plan::{Step, Task, successor};
use crate::provider::{Condition, Cx};
use crate::registry::{AnyObserved, AnyProvider, AnyRecorded, Kind};
use crate::resource::{Change, Settles};
use crate::state::{Document, Fact, LedgerError, Record, RecordedEdge};
use crate::teller::Teller;
use crate::time::{after, between};

/// How far a step has come.
pub(super) enum Progress {
    /// Its object exists and its id is durable. The rest of the step remains.
    Exists(Rest),
    /// It is done.
    Done,
}

/// What remains of a step once its object exists.
pub(super) struct Rest {
    cx: Cx,
    spec: Value,
    state: Value,
    configure: bool,
    /// Whether the state is what AWS has just answered, and not what was recorded.
    fresh: bool,
    /// When what usually takes that long is over.
    due: Timestamp,
}

impl Rest {
    /// All that remains of a step whose object stands as recorded.
    fn standing(cx: Cx, spec: &Value, state: Value, due: Timestamp) -> Self {
        Self { cx, spec: spec.clone(), state, configure: true, fresh: false, due }
    }
}

/// Why a step did not get done.
#[derive(Debug, Error)]
pub(super) enum StepError {
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error("it stands otherwise than is written down")]
    Ledger(#[source] LedgerError),
    /// The id is in the message: it is nowhere else.
    #[error("`{id}` exists, and its id could not be written down")]
    Unrecorded {
        id: String,
        #[source]
        source: LedgerError,
    },
    #[error("it is broken: {0}")]
    Broken(String),
    #[error("the type `{0}` is not known")]
    UnknownType(String),
    #[error("it is not there any more")]
    Vanished,
    #[error("it was still {phase} after {} s", waited.as_secs())]
    NotReady { phase: String, waited: Duration },
    #[error("the run was interrupted")]
    Stopped,
}

impl From<LedgerError> for StepError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl StepError {
    pub(super) fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Provider(error) => Some(error.kind),
            Self::Ledger(_)
            | Self::Unrecorded { .. }
            | Self::Broken(_)
            | Self::UnknownType(_)
            | Self::Vanished
            | Self::NotReady { .. }
            | Self::Stopped => None,
        }
    }

    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Provider(error) => error.kind.hint(),
            Self::Ledger(_) => "make the state writable and run the same command again",
            Self::Unrecorded { .. } => {
                "note the id, make the state writable and run again: the object is found by its tags"
            }
            Self::Broken(_) => "run again: the object will be replaced",
            Self::UnknownType(_) => "apply the plan with the program that made it",
            Self::Vanished => "somebody deleted it meanwhile: run `wpstack plan`",
            Self::NotReady { .. } => "run again: waiting goes on where it ended",
            Self::Stopped => "run again: it goes on where it ended",
        }
    }

    /// Whether the call that ended so had no effect, for certain. Earlier tries of it may have had one.
    fn had_no_effect(&self) -> bool {
        match self {
            Self::Provider(error) => {
                !matches!(error.kind, ErrorKind::Unclear | ErrorKind::Unexpected)
            }
            // A call that was begun is let return.
            Self::Stopped => true,
            Self::Ledger(_)
            | Self::Unrecorded { .. }
            | Self::Broken(_)
            | Self::UnknownType(_)
            | Self::Vanished
            | Self::NotReady { .. } => false,
        }
    }

    /// Whether nothing more can be recorded, so that nothing more may be begun.
    pub(super) fn is_fatal(&self) -> bool {
        matches!(self, Self::Ledger(_) | Self::Unrecorded { .. })
    }
}

/// Does one step of a run.
pub(super) struct Worker<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) at: usize,
    pub(super) step: &'a Step,
    pub(super) kind: Kind,
    pub(super) provider: &'a dyn AnyProvider,
}

impl Worker<'_> {
    /// Brings the step to where its object exists, or to its end.
    pub(super) async fn begin(&self) -> Result<Progress, StepError> {
        self.emit(What::StepStarted { step: self.at });
        let due = after(self.run.clock.now(), self.step.expected);
        match &self.step.task {
            Task::Create { spec, adopt } => self.create(spec, *adopt, due).await,
            Task::Update { spec, changed, configure } => {
                self.update(spec, changed, *configure, due).await
            }
            Task::Resume { spec } => {
                let record = self.record()?;
                let cx = self.context(&record);
                let state = record.state.ok_or(StepError::Vanished)?;
                Ok(Progress::Exists(Rest::standing(cx, spec, state, due)))
            }
            Task::Delete => self.delete(due).await,
        }
    }

    /// Brings the step from where its object exists to its end.
    pub(super) async fn finish(&self, rest: Rest) -> Result<(), StepError> {
        let Rest { cx, spec, mut state, configure, fresh, due } = rest;
        if configure && self.kind.settles_first(&state) {
            state = self.usable(&cx, &spec, state, due).await?;
        }
        if configure {
            let configure = async || {
                let configured = self.provider.configure(&cx, &spec, &state).await;
                configured.map_err(ProviderError::of_fresh_object)
            };
            let configured = self.call(configure).await?;
            if configured != state {
                state = configured;
                self.learn(Fact::Observed { state: state.clone() }).await?;
            }
        }
        let is_told = fresh && self.kind.told_ready(&state);
        let settles = self.kind.settles == Settles::Later && !is_told;
        if settles && self.run.must_be_ready(self.at) {
            state = self.usable(&cx, &spec, state, due).await?;
        }
        Ok(self.learn(Fact::Settled { state }).await?)
    }

    async fn create(
        &self,
        spec: &Value,
        adopt: bool,
        due: Timestamp,
    ) -> Result<Progress, StepError> {
        if adopt && let Some(state) = self.adopt().await? {
            let before = self.record()?;
            self.learn_id(state.clone()).await?;
            let changed = self.outdated(&before, spec);
            if changed.is_empty() && before.spec == *spec {
                let cx = self.context(&before);
                return Ok(Progress::Exists(Rest::standing(cx, spec, state, due)));
            }
            return self.update(spec, &changed, true, due).await;
        }
        let (edges, _) = self.resolve(spec);
        let (schema, recorded) = (self.kind.schema, spec.clone());
        self.learn(Fact::CreateIntended { schema, spec: recorded, edges }).await?;
        // Only now does the object have its own tokens.
        let cx = self.context(&self.record()?);
        let mut in_doubt = adopt;
        let state = match self.make(&cx, spec, &mut in_doubt).await {
            Ok(state) => state,
            Err(error) => {
                if !in_doubt && error.had_no_effect() {
                    // Nothing was made: what is wanted next need not be a change of it.
                    self.learn(Fact::Gone).await?;
                }
                return Err(error);
            }
        };
        self.learn_id(state.clone()).await?;
        Ok(Progress::Exists(Rest { fresh: true, ..Rest::standing(cx, spec, state, due) }))
    }

    /// The fields that have to be changed on an object that was made as recorded. The plan has seen to it that none of
    /// them needs another object.
    fn outdated(&self, before: &Record, spec: &Value) -> Vec<String> {
        let (edges, _) = self.resolve(spec);
        let of = |edges: &[RecordedEdge], field: &str| -> Vec<_> {
            edges.iter().filter(|edge| edge.field == field).cloned().collect()
        };
        let fields = self.kind.fields.iter().filter(|field| {
            let differs = before.spec[field.name] != spec[field.name]
                || of(&before.edges, field.name) != of(&edges, field.name);
            differs && self.kind.policy(field, &before.spec, spec) != Change::Order
        });
        fields.map(|field| field.name.to_owned()).collect()
    }

    /// The object that an interrupted run may have made.
    async fn adopt(&self) -> Result<Option<Value>, StepError> {
        let record = self.record()?;
        let cx = self.context(&record);
        self.look_for(&cx, &record.spec).await
    }

    /// The object, if an earlier call made it. What was made a moment ago may not be visible yet, so that one look is
    /// not enough to go and make another.
    async fn look_for(&self, cx: &Cx, spec: &Value) -> Result<Option<Value>, StepError> {
        const VISIBLE_WITHIN: Duration = Duration::from_secs(5);
        let mut since = None;
        loop {
            let asked = self.run.clock.now();
            if let Some(state) = self.call(|| self.provider.find(cx, spec)).await? {
                return Ok(Some(state));
            }
            let answered = self.run.clock.now();
            let since = *since.get_or_insert(answered);
            // From an answer to a question, and not to the next answer: one that is long in coming tells of a moment
            // that is long past, and AWS may be as slow with the call that is looked behind.
            if between(since, asked) >= VISIBLE_WITHIN {
                return Ok(None);
            }
            self.sleep(poll_pause(between(since, answered), Duration::ZERO)).await?;
        }
    }

    /// Creates the object. After an answer that leaves open whether it was made, looks before making another.
    async fn make(&self, cx: &Cx, spec: &Value, in_doubt: &mut bool) -> Result<Value, StepError> {
        let mut pauses = Pauses::default();
        loop {
            let error = match self.once(self.provider.create(cx, spec)).await? {
                Ok(state) => return Ok(state),
                Err(error) => error,
            };
            *in_doubt |= error.kind == ErrorKind::Unclear;
            if matches!(error.kind, ErrorKind::AlreadyExists | ErrorKind::Unclear)
                && let Some(state) = self.look_for(cx, spec).await?
            {
                return Ok(state);
            }
            self.pause(&mut pauses, error).await?;
        }
    }

    async fn update(
        &self,
        spec: &Value,
        changed: &[String],
        configure: bool,
        due: Timestamp,
    ) -> Result<Progress, StepError> {
        let (edges, cx) = self.resolve(spec);
        let (schema, recorded) = (self.kind.schema, spec.clone());
        self.learn(Fact::UpdateIntended { schema, spec: recorded, edges }).await?;
        let mut state = self.record()?.state.ok_or(StepError::Vanished)?;
        if !changed.is_empty() {
            state = self.call(|| self.provider.update(&cx, spec, &state, changed)).await?;
        }
        self.learn(Fact::Updated { state: state.clone() }).await?;
        let fresh = !changed.is_empty();
        let rest = Rest { configure, fresh, ..Rest::standing(cx, spec, state, due) };
        Ok(Progress::Exists(rest))
    }

    async fn delete(&self, due: Timestamp) -> Result<Progress, StepError> {
        let mut record = self.record()?;
        let cx = self.context(&record);
        if record.state.is_none() {
            record.state = match self.adopt().await {
                // Somebody else's object has the name: ours was never made.
                Err(StepError::Provider(error)) if error.kind == ErrorKind::AlreadyExists => None,
                found => found?,
            };
            match record.state.clone() {
                Some(state) => self.learn_id(state).await?,
                None => {
                    self.learn(Fact::Gone).await?;
                    return Ok(Progress::Done);
                }
            }
        }
        let state = record.state.ok_or(StepError::Vanished)?;
        let cx = cx.followed_by(self.successor());
        self.learn(Fact::DeleteIntended).await?;
        let mut pauses = Pauses::default();
        let delete = || self.provider.delete(&cx, &record.spec, &state);
        if let Err(error) = self.call_with(&mut pauses, delete).await {
            if !pauses.leave_doubt() && error.had_no_effect() {
                // It stands: if it is wanted again, nothing has to be made anew.
                self.learn(Fact::Spared).await?;
            }
            return Err(error);
        }
        if self.kind.settles == Settles::Later {
            self.depart(&cx, &record.spec, state, due).await?;
        }
        self.learn(Fact::Gone).await?;
        Ok(Progress::Done)
    }

    /// Looks at the object until it is ready, and records it when it will never be.
    async fn usable(
        &self,
        cx: &Cx,
        spec: &Value,
        state: Value,
        due: Timestamp,
    ) -> Result<Value, StepError> {
        let settled = self.settle(cx, spec, state, due).await;
        if let Err(StepError::Broken(reason)) = &settled {
            self.learn(Fact::Broke { reason: reason.clone() }).await?;
        }
        settled
    }

    /// Looks at the object until it is ready.
    async fn settle(
        &self,
        cx: &Cx,
        spec: &Value,
        state: Value,
        due: Timestamp,
    ) -> Result<Value, StepError> {
        // A fresh object may not be visible to a read for a while.
        const VISIBLE_WITHIN: Duration = Duration::from_secs(120);
        let patience = settle_patience(self.step.expected);
        self.watch(cx, spec, state, (due, patience), |observed, waited| match observed {
            None if waited < VISIBLE_WITHIN => Look::Again("not visible yet".to_owned(), None),
            None => Look::End(Err(StepError::Vanished)),
            Some(observed) => match observed.condition {
                Condition::Ready => Look::End(Ok(observed.state)),
                Condition::Settling { phase, again_in } => Look::Again(phase, again_in),
                Condition::Broken { reason } => Look::End(Err(StepError::Broken(reason))),
            },
        })
        .await?
    }

    /// Looks at the object until it is gone.
    async fn depart(
        &self,
        cx: &Cx,
        spec: &Value,
        state: Value,
        due: Timestamp,
    ) -> Result<(), StepError> {
        let patience = settle_patience(self.step.expected);
        self.watch(cx, spec, state, (due, patience), |observed, _| match observed {
            None => Look::End(()),
            Some(observed) => match observed.condition {
                Condition::Settling { phase, again_in } => Look::Again(phase, again_in),
                Condition::Ready | Condition::Broken { .. } => {
                    Look::Again("still there".to_owned(), None)
                }
            },
        })
        .await
    }

    async fn watch<T>(
        &self,
        cx: &Cx,
        spec: &Value,
        mut state: Value,
        (due, patience): (Timestamp, Duration),
        judge: impl Fn(AnyObserved, Duration) -> Look<T>,
    ) -> Result<T, StepError> {
        let since = self.run.clock.now();
        let mut shown = String::new();
        loop {
            let observed = self.call(|| self.read(cx, spec, &state)).await?;
            if let Some(observed) = &observed {
                state.clone_from(&observed.state);
            }
            let now = self.run.clock.now();
            let waited = between(since, now);
            let (phase, again_in) = match judge(observed, waited) {
                Look::End(result) => return Ok(result),
                Look::Again(phase, again_in) => (phase, again_in),
            };
            if phase != shown {
                self.emit(What::StepWaiting { step: self.at, phase: phase.clone() });
                shown.clone_from(&phase);
            }
            if waited > patience {
                return Err(StepError::NotReady { phase, waited });
            }
            self.sleep(again_in.unwrap_or_else(|| poll_pause(waited, between(now, due)))).await?;
        }
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &Value,
        state: &Value,
    ) -> Result<AnyObserved, ProviderError> {
        let (cx, spec, state) = (cx.clone(), spec.clone(), state.clone());
        let mut answers = self.provider.read_many(vec![AnyRecorded { cx, spec, state }]).await;
        answers
            .pop()
            .unwrap_or_else(|| Err(ProviderError::missing("wpstack", "read", "the object")))
    }

    fn record(&self) -> Result<Record, StepError> {
        let object = &self.step.object;
        let record = self.run.ledger.with(|document| document.objects.get(object).cloned());
        record.ok_or(StepError::Vanished)
    }

    fn resolve(&self, spec: &Value) -> (Vec<RecordedEdge>, Cx) {
        self.run.ledger.with(|document| {
            let edges = self.run.resolver.resolve(document, spec);
            let cx = self.run.resolver.context(document, &self.step.object, &edges);
            (edges, cx.telling(self.teller()))
        })
    }

    fn context(&self, record: &Record) -> Cx {
        let object = &self.step.object;
        let resolver = &self.run.resolver;
        let context = |document: &Document| resolver.context(document, object, &record.edges);
        self.run.ledger.with(context).telling(self.teller())
    }

    /// Makes events of what the provider says about a call.
    fn teller(&self) -> Teller {
        let (events, step) = (self.run.events.clone(), self.at);
        let clock = Arc::clone(&self.run.resolver.clock);
        Teller::to(move |words| {
            events.emit(clock.as_ref(), What::StepWaiting { step, phase: words.to_owned() });
        })
    }

    /// What is made in the place of an object that is deleted.
    fn successor(&self) -> Option<Value> {
        let (plan, object) = (self.run.plan, &self.step.object);
        self.run.ledger.with(|document| successor(plan, document, object).cloned())
    }

    async fn learn(&self, fact: Fact) -> Result<(), LedgerError> {
        self.run.ledger.learn(&self.step.object, fact).await
    }

    async fn learn_id(&self, state: Value) -> Result<(), StepError> {
        let id = self.kind.id(&state).unwrap_or_else(|| self.step.object.to_string());
        let recorded = self.learn(Fact::Created { state }).await;
        recorded.map_err(|source| StepError::Unrecorded { id: id.clone(), source })?;
        self.emit(What::StepExists { step: self.at, id });
        Ok(())
    }

    pub(super) fn emit(&self, what: What) {
        self.run.events.emit(self.run.clock, what);
    }
}

/// What a look at an object means for whoever waits.
enum Look<T> {
    Again(String, Option<Duration>),
    End(T),
}

/// The objects a step is about, for messages.
pub(super) fn id_of(worker: &Worker<'_>, object: &ObjectId) -> Option<String> {
    let state = worker
        .run
        .ledger
        .with(|document| document.objects.get(object).and_then(|record| record.state.clone()));
    state.and_then(|state| worker.kind.id(&state))
}
