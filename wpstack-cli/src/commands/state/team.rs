//! The bucket of a team's state, and its lock.

use serde_json::json;
use wpstack_core::state::Store;

use crate::answer::Answer;
use crate::approval;
use crate::error::CommandError;
use crate::interruption::Stage;
use crate::kept::{Team, holder};
use crate::project::Project;
use crate::work::Context;

async fn open(context: Context<'_>) -> Result<Team, CommandError> {
    let project = Project::open(context.global)?;
    let Some(s3) = project.team() else {
        if project.config.state.s3.is_some() {
            return Err(CommandError::new("what is simulated is kept on this disk")
                .hint("`--cloud aws` works with the bucket"));
        }
        return Err(CommandError::new("the state is kept on this disk")
            .hint("`s3 = { bucket = \"…\" }` in `[state]` keeps it in S3; a lock on this disk goes with its process"));
    };
    Team::open(&project, s3, context.global).await
}

/// Makes the bucket, hardens it, and tries whether the state can be written there as it has to be.
pub(super) async fn init(context: Context<'_>) -> Result<Answer, CommandError> {
    let team = open(context).await?;
    context.interruption.reached(Stage::Recording);
    let mut done = team.bucket.init().await?;
    drop(team.store.lock(&holder("wpstack state init")).await?);
    done.push("tried conditional writes, and found them honoured".to_owned());
    let list: String = done.iter().map(|done| format!("  {done}\n")).collect();
    let text = format!("{} is ready:\n{list}", team.place);
    Ok(Answer::text(text, json!({"place": team.place, "done": done})))
}

/// Takes the lock and gives it back, so that whoever had it can write no more.
pub(super) async fn force_unlock(yes: bool, context: Context<'_>) -> Result<Answer, CommandError> {
    let team = open(context).await?;
    if !yes {
        let costs = "A run that still has the lock can record nothing more of what it does.\n";
        approval::ask(context.console, "Take the lock?", costs).await?;
    }
    context.interruption.reached(Stage::Recording);
    let before = team.store.force_unlock(&holder("wpstack state force-unlock")).await?;
    let text = match &before {
        Some(holder) => format!("The lock is free. It was held by {holder}.\n"),
        None => "The lock was free.\n".to_owned(),
    };
    Ok(Answer::text(text, json!({"was_held_by": before})))
}
