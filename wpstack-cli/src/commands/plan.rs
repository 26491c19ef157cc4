//! `wpstack plan`

use std::path::PathBuf;

use serde_json::json;
use wpstack_core::Stack;

use crate::answer::Answer;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::images::Outlook;
use crate::plan_file::PlanFile;
use crate::project::resolve;
use crate::render;
use crate::work::{Context, Work, applicable};

/// What to plan.
#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    /// Save the plan, for `wpstack apply FILE`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit with 2 when there are changes, with 0 when there are none
    #[arg(long)]
    detailed_exitcode: bool,
    /// Plan to delete everything
    #[arg(long)]
    destroy: bool,
}

/// Looks at AWS and shows what would be done. Changes nothing there.
pub(super) async fn run(args: &PlanArgs, context: Context<'_>) -> Result<Answer, CommandError> {
    Work::under_lock(context, "wpstack plan", async |work| {
        let config = &work.project.config;
        let stack =
            if args.destroy { Stack::new(config.name.clone()) } else { work.project.stack()? };
        let plan = work.plan(&stack).await?;
        let mut text = render::plan::plan(&plan, &work.names(), context.console.verbose);
        let mut json = json!({"plan": plan});
        if let Some(image) = Outlook::of(&work.project, &plan)? {
            text += &render::image::outlook(&image);
            json["image"] = json!(image);
        }
        if let Err(error) = applicable(&plan) {
            context.console.say(&text);
            return Err(error);
        }
        let changes = !plan.is_empty();
        if let Some(out) = &args.out {
            let file = PlanFile::new(plan, work.project.cloud, args.destroy);
            file.write(&resolve(context.global, out))?;
            text += &render::plan::saved(&file.plan, &out.display().to_string());
        }
        let exit = if args.detailed_exitcode && changes { Exit::Changes } else { Exit::Done };
        Ok(Answer::text(text, json).exit(exit))
    })
    .await
}
