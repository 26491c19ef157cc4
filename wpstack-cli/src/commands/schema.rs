//! `wpstack schema`

use serde_json::json;
use wpstack_core::wordpress::Config;

use crate::answer::Answer;
use crate::error::CommandError;

/// Prints the JSON Schema of the configuration.
pub(super) fn run() -> Result<Answer, CommandError> {
    let schema = Config::schema();
    Ok(Answer::data(format!("{schema:#}\n"), json!({"schema": schema})))
}
