//! `wpstack show`

use std::path::PathBuf;

use serde_json::json;

use crate::answer::Answer;
use crate::error::CommandError;
use crate::plan_file::PlanFile;
use crate::project::{Project, resolve};
use crate::render;
use crate::render::names::Names;
use crate::work::Context;

/// What to show.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// A plan saved by `wpstack plan --out`; the state without one
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
}

/// Shows what is recorded, or a saved plan, for people.
pub(super) async fn run(args: &ShowArgs, context: Context<'_>) -> Result<Answer, CommandError> {
    let document = Project::open(context.global)?.document(context.global).await?;
    let names = Names::of(&document);
    let Some(path) = &args.plan else {
        let text = render::state::document(&document, &names);
        return Ok(Answer::data(text, json!({"state": document})));
    };
    let plan = PlanFile::read(&resolve(context.global, path))?.plan;
    let text = render::plan::plan(&plan, &names, context.console.verbose);
    Ok(Answer::data(text, json!({"plan": plan})))
}
