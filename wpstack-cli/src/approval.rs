//! Asking before anything is changed.

use std::io;

use crate::console::Console;
use crate::environment;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render::style::{STRONG, paint};

/// Asks the question, with what the answer costs before it. Only `yes` is one.
///
/// # Errors
/// When the answer is another, or nobody is there to answer.
pub(crate) fn ask(console: Console, question: &str, costs: &str) -> Result<(), CommandError> {
    if console.json || !environment::is_interactive() {
        return Err(CommandError::new("nobody is there to approve the plan")
            .hint("read the plan, then run with `--yes`")
            .exit(Exit::Declined));
    }
    let question = paint(STRONG, question);
    console.say(&format!("\n{costs}{question} Type `yes` to go on: "));
    let mut answer = String::new();
    match io::stdin().read_line(&mut answer) {
        Ok(_) if answer.trim() == "yes" => Ok(()),
        Ok(_) => Err(CommandError::new("not approved; nothing was changed").exit(Exit::Declined)),
        Err(error) => Err(CommandError::new(format!("the answer cannot be read: {error}"))),
    }
}
