//! The verbs, one file each: its arguments, and what it does.

mod apply;
mod completions;
mod destroy;
mod graph;
mod image;
mod import;
mod init;
mod output;
mod plan;
mod refresh;
mod schema;
mod show;
mod state;
mod validate;

pub(crate) use apply::ApplyArgs;
pub(crate) use completions::CompletionsArgs;
pub(crate) use destroy::DestroyArgs;
pub(crate) use graph::GraphArgs;
pub(crate) use image::ImageArgs;
pub(crate) use import::ImportArgs;
pub(crate) use init::InitArgs;
pub(crate) use output::OutputArgs;
pub(crate) use plan::PlanArgs;
pub(crate) use show::ShowArgs;
pub(crate) use state::StateArgs;

use crate::answer::Answer;
use crate::args::Command;
use crate::error::CommandError;
use crate::work::Context;

/// Does what was asked.
pub(crate) async fn run(command: &Command, context: Context<'_>) -> Result<Answer, CommandError> {
    match command {
        Command::Init(args) => init::run(args, context),
        Command::Validate => validate::run(context),
        Command::Plan(args) => plan::run(args, context).await,
        Command::Apply(args) => apply::run(args, context).await,
        Command::Destroy(args) => destroy::run(args, context).await,
        Command::Refresh => refresh::run(context).await,
        Command::Import(args) => import::run(args, context).await,
        Command::Output(args) => output::run(args, context).await,
        Command::Show(args) => show::run(args, context).await,
        Command::State(args) => state::run(args, context).await,
        Command::Image(args) => image::run(args, context).await,
        Command::Graph(args) => graph::run(args, context),
        Command::Schema => schema::run(),
        Command::Completions(args) => completions::run(args),
    }
}
