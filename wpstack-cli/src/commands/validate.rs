//! `wpstack validate`

use serde_json::json;

use crate::answer::Answer;
use crate::error::CommandError;
use crate::project::Project;
use crate::work::Context;

/// Reads the configuration and composes the stack.
pub(super) fn run(context: Context<'_>) -> Result<Answer, CommandError> {
    let project = Project::open(context.global)?;
    let stack = project.stack()?;
    let (path, name, count) = (project.path.display(), stack.name(), stack.len());
    let text = format!("{path} is valid: the stack `{name}` has {count} resources.\n");
    Ok(Answer::text(text, json!({"stack": name, "resources": count})))
}
