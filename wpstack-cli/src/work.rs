//! Work on a stack, under its lock: from the configuration to the end of a run.

use wpstack_core::apply::{Options, Session, Summary};
use wpstack_core::plan::{Plan, saw};
use wpstack_core::state::Document;
use wpstack_core::{Consent, Stack};

use crate::answer::Answer;
use crate::args::Global;
use crate::cloud::Connection;
use crate::consent::allowed;
use crate::console::Console;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::interruption::{Interruption, Stage};
use crate::kept::{Kept, holder};
use crate::progress;
use crate::project::Project;
use crate::render::names::Names;
use crate::render::{self, summary};

/// How often a simulated world is read anew because another run wrote it before the lock was had.
const READS: usize = 5;

/// What every command gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    /// The global options.
    pub(crate) global: &'a Global,
    /// Where text goes.
    pub(crate) console: Console,
    /// Whether somebody interrupted.
    pub(crate) interruption: &'a Interruption,
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
        let kept = Kept::open(&project, context.global).await?;
        kept.check(&project, context.global).await?;
        for _ in 0..READS {
            let connection = Connection::open(&project, context.global).await?;
            let (name, holder, lineage) =
                (project.config.name.as_ref(), holder(command), unique()?);
            let session = connection.engine.open(kept.store(), name, &holder, &lineage).await;
            let session = session.map_err(|error| kept.explain(error))?;
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

    /// Refuses a saved plan that is not for this state and configuration, or when AWS tells otherwise now than it did
    /// then.
    ///
    /// # Errors
    /// When it is not, or AWS does, or does not tell.
    pub(crate) async fn still_holds(&self, stack: &Stack, plan: &Plan) -> Result<(), CommandError> {
        self.session.accept(stack, plan)?;
        if saw(&self.session.look().await?) == plan.saw {
            return Ok(());
        }
        Err(CommandError::new("the plan is stale: something has changed at AWS since it was made")
            .hint("make the plan anew: `wpstack plan`"))
    }

    /// Does what the plan says, showing it.
    ///
    /// # Errors
    /// When the plan does not fit the state any more; nothing is done then.
    pub(crate) async fn carry_out(
        &self,
        context: Context<'_>,
        run: Run<'_>,
    ) -> Result<Done, CommandError> {
        context.interruption.walk()?;
        let clock = std::sync::Arc::clone(self.connection.engine.clock());
        let (events, progress) = progress::show(context.console, clock);
        let cancel = context.interruption.token();
        let result = self.session.apply(run.stack, run.plan, run.options, &events, cancel).await;
        drop(events);
        progress.end();
        context.interruption.reached(Stage::Walked);
        let summary = result?;
        let simulated = self.connection.is_simulated();
        let words = summary::Run { again: run.again, simulated };
        let mut text = format!("\n{}", summary::summary(&summary, words));
        if !summary.is_complete() {
            text += &self.standing();
        }
        Ok(Done { summary, text })
    }

    fn standing(&self) -> String {
        summary::standing(&self.session.document())
    }

    /// Undoes what a run did that failed, and answers with what came of both.
    ///
    /// # Errors
    /// When AWS does not tell how things are, or there is no way back.
    pub(crate) async fn roll_back(
        &self,
        context: Context<'_>,
        run: Run<'_>,
        failed: &Summary,
        before: &Document,
    ) -> Result<Answer, CommandError> {
        let stack = self.session.undo(run.stack, before)?;
        let plan = self.plan(&stack).await?;
        context.console.say("\nRolling back what this run did:\n");
        context.console.say(&render::plan::plan(&plan, &self.names(), context.console.verbose));
        applicable(&plan)?;
        // What this run made may go, protected or not. What holds data is in the stack that is led to.
        let made = plan.actions.iter().map(|action| action.object.address.clone());
        let made = made.filter(|address| before.current(address).is_none());
        let consent = Consent::to_lose(made);
        allowed(&self.session.hazards(&stack, &plan, &consent))?;
        let options = Options { consent, ..run.options.clone() };
        context.console.say("\n");
        let back = Run { stack: &stack, plan: &plan, options: &options, ..run };
        let Done { summary, mut text } = self.carry_out(context, back).await?;
        if summary.is_complete() {
            text += &self.standing();
        }
        let json = serde_json::json!({"summary": failed, "rollback": summary});
        Ok(Answer::text(text, json).exit(Exit::Incomplete))
    }
}

/// A plan, where it leads, and how it is applied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    /// Where it leads.
    pub(crate) stack: &'a Stack,
    /// What is done.
    pub(crate) plan: &'a Plan,
    /// How.
    pub(crate) options: &'a Options,
    /// The command that goes on where the run ended early.
    pub(crate) again: &'a str,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Done {
    /// For programs.
    pub(crate) summary: Summary,
    /// For people.
    pub(crate) text: String,
}

impl Done {
    /// The answer of a command that ends with this run.
    pub(crate) fn answer(self) -> Answer {
        let exit = exit(&self.summary);
        Answer::text(self.text, serde_json::json!({"summary": self.summary})).exit(exit)
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

/// A number that nobody else draws: who owns what is built, and whose a write is.
pub(crate) fn unique() -> Result<String, CommandError> {
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
