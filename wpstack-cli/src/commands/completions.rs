//! `wpstack completions`

use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

use crate::answer::Answer;
use crate::args::Args;
use crate::error::CommandError;

/// For which shell.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Prints a script that teaches the shell the command.
pub(super) fn run(args: &CompletionsArgs) -> Result<Answer, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "wpstack", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    Ok(Answer::data(script.clone(), json!({"shell": args.shell.to_string(), "script": script})))
}
