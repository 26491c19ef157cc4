//! `wpstack destroy`

use wpstack_core::apply::Options;
use wpstack_core::{Consent, Stack};

use crate::answer::Answer;
use crate::consent::{Losses, allowed};
use crate::error::CommandError;
use crate::work::{Context, Run, Work, applicable, seed};
use crate::{approval, render};

/// What may be lost.
#[derive(Debug, clap::Args)]
pub(crate) struct DestroyArgs {
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    losses: Losses,
    /// Make no final snapshot of a database that `--allow-data-loss` names
    #[arg(long, requires = "allow_data_loss")]
    skip_final_snapshot: bool,
}

/// Plans towards an empty stack, asks, does it.
pub(super) async fn run(args: &DestroyArgs, context: Context<'_>) -> Result<Answer, CommandError> {
    Work::under_lock(context, "wpstack destroy", async |work| {
        let stack = Stack::new(work.project.config.name.clone());
        let plan = work.plan(&stack).await?;
        context.console.say(&render::plan::plan(&plan, &work.names(), context.console.verbose));
        applicable(&plan)?;
        let skip_final_snapshot = args.skip_final_snapshot;
        let consent = Consent { skip_final_snapshot, ..args.losses.consent() };
        allowed(&work.session.hazards(&stack, &plan, &consent))?;
        if !args.yes && !plan.is_empty() {
            let costs = render::plan::costs(&plan);
            approval::ask(context.console, "Delete all of this?", &costs).await?;
        }
        let options = Options { consent, seed: seed(work)?, ..Options::default() };
        context.console.say("\n");
        let run = Run { stack: &stack, plan: &plan, options: &options, again: "wpstack destroy" };
        Ok(work.carry_out(context, run).await?.answer())
    })
    .await
}
