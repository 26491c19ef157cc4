//! `wpstack state migrate`

use clap::ValueEnum;
use serde_json::json;
use wpstack_core::state::{Document, Store, StoreError};

use super::edit::keep;
use crate::answer::Answer;
use crate::error::CommandError;
use crate::interruption::Stage;
use crate::kept::{Kept, Team, holder};
use crate::project::Project;
use crate::work::Context;

/// Where the state goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// To the bucket.
    S3,
    /// To this disk.
    Local,
}

/// Writes the state where it is to be, reads it back, and only then retires it where it was. May be repeated.
pub(super) async fn run(target: Target, context: Context<'_>) -> Result<Answer, CommandError> {
    let project = Project::open(context.global)?;
    let Some(s3) = project.team() else {
        return Err(CommandError::new("there is no bucket to move the state to or from").hint(
            "write `s3 = { bucket = \"…\" }` into `[state]`; also to move it away from there",
        ));
    };
    let team = Team::open(&project, s3, context.global).await?;
    team.bucket.check().await?;
    let local = project.local(context.global);
    let here = local.path().display().to_string();
    let (remote, disk) = (Kept::Team(team.clone()), Kept::Local(local.clone()));
    let (from, to, there) = match target {
        Target::S3 => (disk, remote, team.place.clone()),
        Target::Local => (remote, disk, here),
    };
    let holder = holder("wpstack state migrate");
    let old = from.store();
    let lease = old.lock(&holder).await.map_err(|error| from.explain(error))?;
    let Some(document) = old.load().await? else {
        return Err(CommandError::new("nothing is recorded that could be moved")
            .hint("`wpstack apply` begins in the place that the configuration names"));
    };
    let new = to.store();
    let new_lease = new.lock(&holder).await.map_err(|error| to.explain(error))?;
    context.interruption.reached(Stage::Recording);
    match recorded(new.as_ref()).await? {
        None => new.create(&new_lease, &document).await?,
        // An earlier attempt got that far.
        Some(found) if found == document => {}
        Some(_) => {
            return Err(CommandError::new(format!("{there} has a state of its own"))
                .hint("move or remove that one first; nothing was changed"));
        }
    }
    if recorded(new.as_ref()).await?.as_ref() != Some(&document) {
        let message = format!("what was written to {there} reads otherwise");
        return Err(CommandError::new(message).hint("the state is where it was, and in use there"));
    }
    let copy = keep(&project, &document)?.display().to_string();
    match &from {
        Kept::Local(store) => store.retire(lease, &document, &there).await?,
        Kept::Team(team) => team.store.retire(lease, &document, &there).await?,
    }
    let advice = match target {
        Target::S3 => "Everybody with this configuration works on it now.",
        Target::Local => "Remove `s3` from `[state]` of the configuration.",
    };
    let text = format!("Moved the state to {there}. A copy is in {copy}.\n{advice}\n");
    Ok(Answer::text(text, json!({"to": there, "serial": document.serial, "backup": copy})))
}

/// What is recorded; nothing, where the state went elsewhere before.
async fn recorded(store: &dyn Store) -> Result<Option<Document>, CommandError> {
    match store.load().await {
        Err(StoreError::Moved { .. }) => Ok(None),
        outcome => Ok(outcome?),
    }
}
