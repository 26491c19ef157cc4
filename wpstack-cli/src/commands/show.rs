//! `wpstack show`

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde_json::json;
use wpstack_core::Chain;
use wpstack_core::event::{self, What};

use crate::answer::Answer;
use crate::error::CommandError;
use crate::plan_file::PlanFile;
use crate::project::{Project, resolve};
use crate::render;
use crate::render::names::Names;
use crate::render::progress::{Board, line};
use crate::render::summary;
use crate::work::Context;

/// What to show.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// A plan saved by `wpstack plan --out`; the state without one
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Show a run again, from what `--json` printed of it
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    events: Option<PathBuf>,
}

/// Shows what is recorded, or a saved plan, for people.
pub(super) async fn run(args: &ShowArgs, context: Context<'_>) -> Result<Answer, CommandError> {
    if let Some(path) = &args.events {
        return recorded(&resolve(context.global, path), context);
    }
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

/// The lines of a run, as they were shown when it went, and what came of it.
fn recorded(path: &Path, context: Context<'_>) -> Result<Answer, CommandError> {
    let file = File::open(path).map_err(|error| CommandError::file("read", path, &error))?;
    let (mut board, mut text, mut events) = (Board::default(), String::new(), Vec::new());
    for event in event::read(BufReader::new(file)) {
        let event = match event {
            Ok(event) => event,
            // The result ends what `--json` prints.
            Err(_) if matches!(events.last(), Some(event) if is_last(event)) => break,
            Err(error) => {
                let message = format!("{}: {}", path.display(), Chain(&error));
                return Err(
                    CommandError::new(message).hint("`wpstack apply --json > FILE` records a run")
                );
            }
        };
        board.take(&event);
        text += &line(&board, &event, context.console.verbose).unwrap_or_default();
        if let What::Finished { summary } = &event.what {
            let run = summary::Run { again: "wpstack apply", simulated: false };
            text += "\n";
            text += &summary::summary(summary, run);
        }
        events.push(event);
    }
    Ok(Answer::data(text, json!({"events": events})))
}

fn is_last(event: &event::Event) -> bool {
    matches!(event.what, What::Finished { .. })
}
