//! `wpstack output`

use serde_json::json;

use crate::answer::Answer;
use crate::error::CommandError;
use crate::project::Project;
use crate::work::Context;

/// Which output.
#[derive(Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// The output's name; all of them without one
    name: Option<String>,
}

/// Prints outputs as they were last read, the bare value when one is named.
pub(super) async fn run(args: &OutputArgs, context: Context<'_>) -> Result<Answer, CommandError> {
    let outputs = Project::open(context.global)?.document(context.global).await?.outputs;
    let Some(name) = &args.name else {
        let line = |(name, value): (&String, &String)| format!("{name} = {value}\n");
        let data: String = outputs.iter().map(line).collect();
        let text =
            if data.is_empty() { "There are no outputs yet: run `wpstack apply`.\n" } else { "" };
        return Ok(Answer {
            text: text.to_owned(),
            ..Answer::data(data, json!({"outputs": outputs}))
        });
    };
    let Some(value) = outputs.get(name) else {
        let names: Vec<_> = outputs.keys().map(String::as_str).collect();
        let hint = match names.as_slice() {
            [] => "there are none yet: run `wpstack apply`".to_owned(),
            names => format!("there are {}", names.join(", ")),
        };
        return Err(CommandError::new(format!("there is no output `{name}`")).hint(hint));
    };
    Ok(Answer::data(format!("{value}\n"), json!({"name": name, "value": value})))
}
