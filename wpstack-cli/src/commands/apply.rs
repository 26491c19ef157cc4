//! `wpstack apply`

use std::path::PathBuf;

use clap::ValueEnum;
use wpstack_core::Stack;
use wpstack_core::apply::{Options, Wait};
use wpstack_core::plan::Plan;

use crate::answer::Answer;
use crate::consent::{Losses, allowed};
use crate::error::CommandError;
use crate::images::Outlook;
use crate::plan_file::PlanFile;
use crate::project::resolve;
use crate::work::{Context, Run, Work, applicable, seed};
use crate::{approval, render};

/// What to apply, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct ApplyArgs {
    /// A plan saved by `wpstack plan --out`; applied without a question
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    losses: Losses,
    /// What to wait for at the end
    #[arg(long, value_name = "ready|exists", default_value = "ready", hide_possible_values = true)]
    wait: Until,
    /// What to do when a step fails: stop there, or undo what this run did
    #[arg(long, value_name = "stop|rollback", default_value = "stop", hide_possible_values = true)]
    on_failure: OnFailure,
    /// How many calls may run at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=512))]
    parallelism: u16,
}

/// What is done when a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OnFailure {
    /// What was done stays.
    Stop,
    /// What was done is undone.
    Rollback,
}

/// What a run waits for at its end.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Until {
    /// That everything can be used.
    Ready,
    /// That everything exists.
    Exists,
}

/// Plans, or takes a saved plan; asks; does it.
pub(super) async fn run(args: &ApplyArgs, context: Context<'_>) -> Result<Answer, CommandError> {
    Work::under_lock(context, "wpstack apply", async |work| {
        let (stack, plan) = args.plan(work, context).await?;
        context.console.say(&render::plan::plan(&plan, &work.names(), context.console.verbose));
        if let Some(image) = Outlook::of(&work.project, &plan)? {
            context.console.say(&render::image::outlook(&image));
        }
        applicable(&plan)?;
        let consent = args.losses.consent();
        allowed(&work.session.hazards(&stack, &plan, &consent))?;
        if !args.yes && args.plan.is_none() && !plan.is_empty() {
            let costs = render::plan::costs(&plan);
            approval::ask(context.console, "Apply this plan?", &costs).await?;
        }
        let options = Options {
            parallelism: args.parallelism.into(),
            wait: match args.wait {
                Until::Ready => Wait::Ready,
                Until::Exists => Wait::Exists,
            },
            consent,
            seed: seed(work)?,
            ..Options::default()
        };
        context.console.say("\n");
        let before = work.session.document();
        let run = Run { stack: &stack, plan: &plan, options: &options, again: "wpstack apply" };
        let done = work.carry_out(context, run).await?;
        let failed = !done.summary.failures.is_empty() && !done.summary.interrupted;
        if !failed || args.on_failure == OnFailure::Stop {
            return Ok(done.answer());
        }
        context.console.say(&done.text);
        work.roll_back(context, run, &done.summary, &before).await
    })
    .await
}

impl ApplyArgs {
    /// The plan to apply, and the stack it leads to.
    async fn plan(&self, work: &Work, context: Context<'_>) -> Result<(Stack, Plan), CommandError> {
        let Some(path) = &self.plan else {
            let stack = work.project.stack()?;
            let plan = work.plan(&stack).await?;
            return Ok((stack, plan));
        };
        let file = PlanFile::read(&resolve(context.global, path))?;
        file.fits(work.project.cloud)?;
        let stack = if file.destroy {
            Stack::new(work.project.config.name.clone())
        } else {
            work.project.stack()?
        };
        work.still_holds(&stack, &file.plan).await?;
        Ok((stack, file.plan))
    }
}
