//! Looking into what is recorded. Asks AWS nothing and takes no lock.

use serde_json::json;
use wpstack_core::ObjectId;

use crate::answer::Answer;
use crate::error::CommandError;
use crate::project::Project;
use crate::render;
use crate::render::names::Names;
use crate::work::Context;

/// Prints a line for each object.
pub(super) async fn list(context: Context<'_>) -> Result<Answer, CommandError> {
    let document = Project::open(context.global)?.document(context.global).await?;
    let text = render::state::list(&document, &Names::of(&document));
    let note = if text.is_empty() { "Nothing is recorded.\n" } else { "" };
    let answer = Answer::data(text, json!({"objects": document.objects}));
    Ok(Answer { text: note.to_owned(), ..answer })
}

/// Prints everything recorded of one object.
pub(super) async fn show(address: &str, context: Context<'_>) -> Result<Answer, CommandError> {
    let document = Project::open(context.global)?.document(context.global).await?;
    let object: ObjectId = address.parse()?;
    let found = match address.contains('#') {
        true => document.objects.get_key_value(&object),
        false => document.current(&object.address),
    };
    let Some((object, record)) = found else {
        return Err(CommandError::new(format!("nothing is recorded of `{address}`"))
            .hint("`wpstack state list` lists what is"));
    };
    let text = render::state::record(object, record, &Names::of(&document));
    Ok(Answer::data(text, json!({"object": object, "record": record})))
}

/// Prints the document.
pub(super) async fn pull(context: Context<'_>) -> Result<Answer, CommandError> {
    let document = Project::open(context.global)?.document(context.global).await?;
    let text = serde_json::to_string_pretty(&document)
        .map_err(|error| CommandError::new(format!("the state cannot be printed: {error}")))?;
    Ok(Answer::data(text + "\n", json!({"state": document})))
}
