//! The walk itself: starts what may start, takes in what comes back.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::OptionFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use super::gate::Gate;
use super::resolve::Resolver;
use super::schedule::Schedule;
use super::session::{Options, Wait};
use super::step::{Progress, Rest, StepError, Worker, id_of};
use super::summary::{Failure, Skip, Summary};
use crate::event::{Events, StepOutline, What, seconds};
use crate::failure::Chain;
use crate::plan::{Hazard, Plan, Problem, Task};
use crate::stack::graph::{Dag, Need};
use crate::state::{Ledger, LedgerError, StoreError};
use crate::time::{Clock, between};

/// Why a plan was not applied at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// It asks for something that cannot be done.
    #[error("the plan has a change that cannot be made")]
    Problem(#[from] Problem),
    /// It would lose something that nobody has allowed it to lose.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    NotAllowed(Vec<Hazard>),
    /// It was made for another state.
    #[error("the plan is stale: it was made for serial {planned} of the state, which is at {now}")]
    Stale {
        /// The serial it was made for.
        planned: u64,
        /// The serial now.
        now: u64,
    },
    /// It leads to another stack than the one at hand.
    #[error("the configuration has changed since the plan was made")]
    OtherConfiguration,
    /// It was made for another stack or state.
    #[error("the plan belongs to another state: its lineage is {planned}, this one's is {here}")]
    Foreign {
        /// The lineage it was made for.
        planned: String,
        /// The lineage here.
        here: String,
    },
    /// Its steps do not fit together.
    #[error("the plan is damaged: {0}")]
    Damaged(String),
    /// What the refresh found cannot be recorded.
    #[error("the state cannot be written")]
    Ledger(#[from] LedgerError),
    /// The document cannot be written whole at the end.
    #[error("the state cannot be written")]
    Store(#[from] StoreError),
}

/// Everything the steps of one run share.
pub(super) struct Run<'a> {
    pub(super) plan: &'a Plan,
    pub(super) dag: &'a Dag,
    pub(super) priority: Vec<Duration>,
    pub(super) resolver: &'a Resolver,
    pub(super) ledger: &'a Ledger,
    pub(super) gate: Gate,
    pub(super) clock: &'a dyn Clock,
    pub(super) events: &'a Events,
    pub(super) cancel: &'a CancellationToken,
    /// Ends what waits: when somebody asked for it, and when nothing more can be recorded.
    pub(super) stop: CancellationToken,
    pub(super) wait: Wait,
    pub(super) seed: u64,
    grace: Duration,
}

type Running<'a> = Pin<Box<dyn Future<Output = (usize, Result<Progress, StepError>)> + Send + 'a>>;

impl<'a> Run<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        dag: &'a Dag,
        resolver: &'a Resolver,
        ledger: &'a Ledger,
        options: &Options,
        events: &'a Events,
        cancel: &'a CancellationToken,
    ) -> Self {
        let clock = resolver.clock.as_ref();
        let Options { wait, seed, grace, .. } = *options;
        let gate = Gate::new(options.parallelism);
        let priority = dag.remaining_by(|step| plan.steps[step].times());
        let stop = cancel.child_token();
        Self {
            plan,
            dag,
            priority,
            resolver,
            ledger,
            gate,
            clock,
            events,
            cancel,
            stop,
            wait,
            seed,
            grace,
        }
    }

    /// How much work waits for the step.
    pub(super) fn priority(&self, step: usize) -> Duration {
        self.priority[step]
    }

    /// Whether anything waits for the step's object to be ready.
    pub(super) fn must_be_ready(&self, step: usize) -> bool {
        let dependents = self.dag.graph().dependents(step);
        self.wait == Wait::Ready || dependents.iter().any(|link| link.need == Need::Ready)
    }

    /// Walks the whole plan. Returns when nothing runs any more.
    pub(super) async fn walk(&self) -> Summary {
        let began = self.clock.now();
        self.events.emit(self.clock, self.started());
        let mut walk = Walk {
            run: self,
            schedule: Schedule::new(self.dag, self.priority.clone()),
            summary: Summary::default(),
            ended: vec![false; self.plan.steps.len()],
            under_way: BTreeSet::new(),
            stopping: false,
        };
        let mut running: FuturesUnordered<Running<'_>> = FuturesUnordered::new();
        // Ends when what is under way has had its time to return.
        let mut patience = None;
        loop {
            while !walk.is_stopping()
                && let Some(step) = walk.schedule.start()
            {
                match self.worker(step) {
                    Ok(worker) => {
                        walk.under_way.insert(step);
                        running.push(Box::pin(async move { (step, worker.begin().await) }))
                    }
                    Err(error) => walk.failed(step, &error),
                }
            }
            if walk.stopping && patience.is_none() {
                patience = Some(self.clock.sleep(self.grace));
            }
            let next = tokio::select! {
                biased;
                () = self.cancel.cancelled(), if !walk.stopping => continue,
                next = running.next() => next,
                _ = OptionFuture::from(patience.as_mut()), if patience.is_some() => None,
            };
            let Some((step, result)) = next else { break };
            if let Some(rest) = walk.take(step, result) {
                walk.under_way.insert(step);
                running.push(self.finish(step, rest));
            }
        }
        walk.leave();
        let elapsed = between(began, self.clock.now());
        walk.end(elapsed)
    }

    fn finish<'s>(&'s self, step: usize, rest: Rest) -> Running<'s> {
        Box::pin(async move {
            let finished = match self.worker(step) {
                Ok(worker) => worker.finish(rest).await,
                Err(error) => Err(error),
            };
            (step, finished.map(|()| Progress::Done))
        })
    }

    fn worker(&self, at: usize) -> Result<Worker<'_>, StepError> {
        let step = &self.plan.steps[at];
        let type_name = step.object.address.type_name();
        let registry = &self.resolver.registry;
        match (registry.kind(type_name), registry.provider(type_name)) {
            (Some(kind), Some(provider)) => {
                Ok(Worker { run: self, at, step, kind, provider: provider.as_ref() })
            }
            // A plan is only made of registered types; one read from a file may name others.
            _ => Err(StepError::UnknownType(type_name.to_owned())),
        }
    }

    fn started(&self) -> What {
        let steps = self.plan.steps.iter().map(|step| StepOutline {
            object: step.object.clone(),
            verb: step.task.verb().to_owned(),
            expected_seconds: seconds(step.expected),
            needs: step.needs.iter().map(|link| link.step).collect(),
        });
        let expected = self.dag.critical_path_by(|step| self.plan.steps[step].times()).length;
        What::Started {
            stack: self.plan.stack.clone(),
            steps: steps.collect(),
            expected_seconds: seconds(expected),
        }
    }
}

/// A walk under way.
struct Walk<'a> {
    run: &'a Run<'a>,
    schedule: Schedule<'a>,
    summary: Summary,
    ended: Vec<bool>,
    under_way: BTreeSet<usize>,
    stopping: bool,
}

impl Walk<'_> {
    /// Takes in how a step came back. What remains of it is returned, unless the run is stopping.
    fn take(&mut self, step: usize, result: Result<Progress, StepError>) -> Option<Rest> {
        self.under_way.remove(&step);
        match result {
            Ok(Progress::Exists(_)) if self.is_stopping() => self.stopped(step),
            Ok(Progress::Exists(rest)) => {
                self.schedule.exists(step);
                return Some(rest);
            }
            Ok(Progress::Done) => self.done(step),
            Err(StepError::Stopped) => self.stopped(step),
            Err(error) => self.failed(step, &error),
        }
        None
    }

    fn done(&mut self, step: usize) {
        self.schedule.done(step);
        self.ended[step] = true;
        let id = self
            .run
            .worker(step)
            .ok()
            .and_then(|worker| id_of(&worker, &self.run.plan.steps[step].object));
        match self.run.plan.steps[step].task {
            Task::Create { .. } => self.summary.created += 1,
            Task::Update { .. } | Task::Resume { .. } => self.summary.updated += 1,
            Task::Delete => self.summary.deleted += 1,
        }
        self.emit(What::StepDone { step, id });
    }

    fn failed(&mut self, step: usize, error: &StepError) {
        self.ended[step] = true;
        let failure = Failure {
            object: self.object(step),
            verb: self.run.plan.steps[step].task.verb().to_owned(),
            kind: error.kind(),
            error: Chain(error).to_string(),
            hint: error.hint().to_owned(),
        };
        let (error_text, hint) = (failure.error.clone(), failure.hint.clone());
        self.emit(What::StepFailed { step, error: error_text, hint });
        self.summary.failures.push(failure);
        for skipped in self.schedule.fail(step) {
            self.ended[skipped] = true;
            self.emit(What::StepSkipped { step: skipped, because: step });
            let (object, because) = (self.object(skipped), self.object(step));
            self.summary.skipped.push(Skip { object, because });
        }
        if error.is_fatal() {
            self.stopping = true;
            self.run.stop.cancel();
        }
    }

    /// Gives up on what is still under way.
    fn leave(&mut self) {
        for step in std::mem::take(&mut self.under_way) {
            self.stopped(step);
        }
    }

    fn stopped(&mut self, step: usize) {
        self.emit(What::StepStopped { step });
    }

    /// Whether nothing new may be begun.
    fn is_stopping(&mut self) -> bool {
        if !self.stopping && self.run.cancel.is_cancelled() {
            self.stopping = true;
            self.emit(What::Interrupted);
        }
        self.stopping
    }

    fn end(mut self, elapsed: Duration) -> Summary {
        self.summary.elapsed = elapsed;
        self.summary.interrupted = self.run.cancel.is_cancelled();
        let left = self.ended.iter().enumerate().filter(|(_, ended)| !**ended);
        self.summary.left = left.map(|(step, _)| self.object(step)).collect();
        self.summary
    }

    fn object(&self, step: usize) -> crate::address::ObjectId {
        self.run.plan.steps[step].object.clone()
    }

    fn emit(&self, what: What) {
        self.run.events.emit(self.run.clock, what);
    }
}

/// Checks that a plan belongs to the state that is at hand, as it is now.
pub(super) fn belongs(plan: &Plan, ledger: &Ledger) -> Result<(), ApplyError> {
    let (lineage, serial) = ledger.with(|document| (document.lineage.clone(), document.serial));
    if plan.lineage != lineage {
        return Err(ApplyError::Foreign { planned: plan.lineage.clone(), here: lineage });
    }
    if plan.serial != serial {
        return Err(ApplyError::Stale { planned: plan.serial, now: serial });
    }
    Ok(())
}

/// Checks that a plan can be walked.
pub(super) fn check(plan: &Plan) -> Result<Arc<Dag>, ApplyError> {
    if let Some(problem) = plan.problems.first() {
        return Err(problem.clone().into());
    }
    let count = plan.steps.len();
    if plan.steps.iter().flat_map(|step| &step.needs).any(|link| link.step >= count) {
        return Err(ApplyError::Damaged("a step waits for one that is not in it".to_owned()));
    }
    let dag = plan.dag();
    dag.map(Arc::new).ok_or_else(|| ApplyError::Damaged("its steps wait for each other".to_owned()))
}
