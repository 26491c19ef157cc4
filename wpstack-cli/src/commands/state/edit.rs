//! Changing by hand what is recorded. A copy of what was recorded before is kept beside it.

use std::path::{Path, PathBuf};

use serde_json::json;
use wpstack_core::Address;
use wpstack_core::state::{Document, FORMAT, StoreError};
use wpstack_core::time::{Clock, SystemClock};

use crate::answer::Answer;
use crate::approval;
use crate::error::CommandError;
use crate::files;
use crate::interruption::Stage;
use crate::kept::{Kept, holder};
use crate::project::{Project, resolve};
use crate::render::style::count;
use crate::work::Context;

/// Puts a document in the place of the one that is recorded.
pub(super) async fn push(
    file: &Path,
    force: bool,
    context: Context<'_>,
) -> Result<Answer, CommandError> {
    let path = resolve(context.global, file);
    let text = std::fs::read(&path).map_err(|error| CommandError::file("read", &path, &error))?;
    let pushed: Document = serde_json::from_slice(&text).map_err(|error| {
        CommandError::new(format!("{} is no document: {error}", path.display()))
            .hint("`wpstack state pull` prints one")
    })?;
    if pushed.format > FORMAT {
        let (place, found) = (path.display().to_string(), pushed.format);
        return Err(StoreError::Newer { place, found, known: FORMAT }.into());
    }
    change(context, "wpstack state push", async |before| {
        let Some(before) = before else {
            return Ok(pushed);
        };
        if pushed.lineage != before.lineage {
            let message = format!("{} belongs to another state", path.display());
            return Err(CommandError::new(message)
                .hint("a state is identified by its `lineage`, which objects at AWS carry too"));
        }
        if pushed.serial < before.serial && !force {
            let (old, new) = (pushed.serial, before.serial);
            let message = format!("{} is of serial {old}, recorded is {new}", path.display());
            return Err(CommandError::new(message)
                .hint("what was recorded since would be lost; `--force` does it all the same"));
        }
        let serial = before.serial.max(pushed.serial) + 1;
        Ok(Document { serial, ..pushed })
    })
    .await
}

/// Forgets objects.
pub(super) async fn rm(
    addresses: &[Address],
    yes: bool,
    context: Context<'_>,
) -> Result<Answer, CommandError> {
    change(context, "wpstack state rm", async |before| {
        let mut document = before.ok_or_else(nothing)?;
        document.forget(addresses)?;
        if !yes {
            let costs = format!("{} stay at AWS.\n", count(addresses.len(), "resource"));
            approval::ask(context.console, "Forget them?", &costs).await?;
        }
        Ok(document)
    })
    .await
}

/// Gives objects another address.
pub(super) async fn mv(
    from: &Address,
    to: &Address,
    context: Context<'_>,
) -> Result<Answer, CommandError> {
    change(context, "wpstack state mv", async |before| {
        let mut document = before.ok_or_else(nothing)?;
        document.rename(from, to)?;
        Ok(document)
    })
    .await
}

fn nothing() -> CommandError {
    CommandError::new("nothing is recorded")
        .hint("`wpstack apply` or `wpstack import` record something")
}

/// Records what `change` makes of the document, under the lock.
async fn change(
    context: Context<'_>,
    command: &str,
    change: impl AsyncFnOnce(Option<Document>) -> Result<Document, CommandError>,
) -> Result<Answer, CommandError> {
    let project = Project::open(context.global)?;
    let kept = Kept::open(&project, context.global).await?;
    kept.check(&project, context.global).await?;
    let store = kept.store();
    let lease = store.lock(&holder(command)).await.map_err(|error| kept.explain(error))?;
    let before = store.load().await?;
    let after = change(before.clone()).await?;
    let name = project.config.name.as_ref();
    if after.stack != name {
        let message = format!("the document is of the stack `{}`, not of `{name}`", after.stack);
        return Err(CommandError::new(message)
            .hint("use the directory and the configuration of that stack"));
    }
    let serial = after.serial;
    context.interruption.reached(Stage::Recording);
    let Some(before) = before else {
        store.create(&lease, &after).await?;
        let text = format!("Recorded the document, at serial {serial}.\n");
        return Ok(Answer::text(text, json!({"serial": serial})));
    };
    let copy = keep(&project, &before)?;
    store.compact(&lease, &after).await?;
    let copy = copy.display().to_string();
    let text =
        format!("Recorded the change, at serial {serial}. What was there before is in {copy}.\n");
    Ok(Answer::text(text, json!({"serial": serial, "backup": copy})))
}

/// Writes a copy of the document, for its owner alone.
pub(super) fn keep(project: &Project, document: &Document) -> Result<PathBuf, CommandError> {
    let directory = project.place().join("backups");
    let now = SystemClock.now().strftime("%Y%m%dT%H%M%S%3fZ");
    // Not by the name in the document, which anybody may have written there.
    let name = format!("{}-{:06}-{now}.json", project.config.name, document.serial);
    let path = directory.join(name);
    let failed = |error: std::io::Error| CommandError::file("write", &path, &error);
    let text = serde_json::to_vec_pretty(document).map_err(|error| failed(error.into()))?;
    files::replace(&path, &text).map_err(failed)?;
    Ok(path)
}
