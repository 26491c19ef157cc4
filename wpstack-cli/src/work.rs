//! Work on a stack, under its lock: from the configuration to the end of a run.

use tokio_util::sync::CancellationToken;
use wpstack_core::Stack;
use wpstack_core::apply::{Options, Session, Summary};
use wpstack_core::plan::Plan;
use wpstack_core::state::Holder;

use crate::answer::Answer;
use crate::args::Global;
use crate::cloud::Connection;
use crate::console::Console;
use crate::environment;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::project::Project;
use crate::render::names::Names;
use crate::render::{self, summary};
use crate::{progress, signals};

/// How often a simulated world is read anew because another run wrote it before the lock was had.
const READS: usize = 5;

/// What every command gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    /// The global options.
    pub(crate) global: &'a Global,
    /// Where text goes.
    pub(crate) console: Console,
}

/// A stack under its lock, and the cloud it is on.
#[derive(Debug)]
pub(crate) struct Work {
    /// The configuration.
    pub(crate) project: Project,
    /// The cloud.
    pub(crate) connection: Connection,
    /// The state, and the lock.
    pub(crate) session: Session,
}

impl Work {
    /// Takes the lock, does `work` and gives the lock back. `command` tells others who holds it, and why.
    ///
    /// # Errors
    /// When there is no configuration, cloud or lock to be had, and those of `work`.
    pub(crate) async fn under_lock<T>(
        context: Context<'_>,
        command: &str,
        work: impl AsyncFnOnce(&Self) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let it = Self::open(context, command).await?;
        let result = work(&it).await;
        // What happened in the world happened, whether or not the work came to a good end.
        it.connection.save()?;
        result
    }

    async fn open(context: Context<'_>, command: &str) -> Result<Self, CommandError> {
        let project = Project::open(context.global)?;
        for _ in 0..READS {
            let connection = Connection::open(&project, context.global).await?;
            let holder = Holder {
                who: environment::who(),
                pid: std::process::id(),
                doing: command.to_owned(),
                since: wpstack_core::time::Clock::now(&wpstack_core::time::SystemClock),
            };
            let store = std::sync::Arc::new(project.store());
            let (name, lineage) = (project.config.name.as_ref(), lineage()?);
            let session = connection.engine.open(store, name, &holder, &lineage).await?;
            if connection.is_current() {
                return Ok(Self { project, connection, session });
            }
        }
        Err(CommandError::new("other runs keep changing the simulated world").exit(Exit::Locked))
    }

    /// Asks AWS how everything is, and plans towards `stack`.
    ///
    /// # Errors
    /// When AWS does not tell, or no plan can be made.
    pub(crate) async fn plan(&self, stack: &Stack) -> Result<Plan, CommandError> {
        let sightings = self.session.look().await?;
        Ok(self.session.plan(stack, &sightings)?)
    }

    /// What AWS calls everything that is recorded.
    pub(crate) fn names(&self) -> Names {
        Names::of(&self.session.document())
    }

    /// Does what the plan says, showing it, and answers with what came of it. `again` is the command that goes on
    /// where a run ended early.
    ///
    /// # Errors
    /// When the plan does not fit the state any more; nothing is done then.
    pub(crate) async fn carry_out(
        &self,
        context: Context<'_>,
        stack: &Stack,
        plan: &Plan,
        options: Options,
        again: &str,
    ) -> Result<Answer, CommandError> {
        let cancel = CancellationToken::new();
        let watch = signals::watch(cancel.clone())
            .map_err(|error| CommandError::new(format!("cannot listen to signals: {error}")))?;
        let clock = std::sync::Arc::clone(self.connection.engine.clock());
        let (events, progress) = progress::show(context.console, clock);
        let result = self.session.apply(stack, plan, &options, &events, &cancel).await;
        drop(events);
        progress.end();
        drop(watch);
        let summary = result?;
        let run = summary::Run { again, simulated: self.connection.is_simulated() };
        let text = format!("\n{}", summary::summary(&summary, run));
        let json = serde_json::json!({"summary": summary});
        Ok(Answer::text(text, json).exit(exit(&summary)))
    }
}

/// Refuses a plan with changes that cannot be made.
///
/// # Errors
/// When it has one.
pub(crate) fn applicable(plan: &Plan) -> Result<(), CommandError> {
    match plan.problems.len() {
        0 => Ok(()),
        count => {
            let changes = render::style::count(count, "change");
            Err(CommandError::new(format!("the plan has {changes} that cannot be made"))
                .hint("undo it in the configuration, or do what the plan says about it"))
        }
    }
}

fn exit(summary: &Summary) -> Exit {
    if summary.is_complete() {
        Exit::Done
    } else if summary.interrupted {
        Exit::Interrupted
    } else {
        Exit::Incomplete
    }
}

/// A number that nobody else draws: who owns what is built.
fn lineage() -> Result<String, CommandError> {
    Ok(format!("{:016x}{:016x}", chance()?, chance()?))
}

/// Where the jitter of repeats comes from. A simulated run is the same every time.
pub(crate) fn seed(work: &Work) -> Result<u64, CommandError> {
    if work.connection.is_simulated() { Ok(0) } else { chance() }
}

fn chance() -> Result<u64, CommandError> {
    getrandom::u64()
        .map_err(|error| CommandError::new(format!("the system gives no random number: {error}")))
}
