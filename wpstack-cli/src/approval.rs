//! Asking before anything is changed.

use std::io;

use crate::console::Console;
use crate::environment;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render::style::{STRONG, paint};

/// Asks the question, with what the answer costs before it. Only `yes` is one. May be left without an answer.
///
/// # Errors
/// When the answer is another, or nobody is there to answer.
pub(crate) async fn ask(console: Console, question: &str, costs: &str) -> Result<(), CommandError> {
    if console.json || !environment::is_interactive() {
        return Err(CommandError::new("nobody is there to approve the plan")
            .hint("read the plan, then run with `--yes`")
            .exit(Exit::Declined));
    }
    let question = paint(STRONG, question);
    console.say(&format!("\n{costs}{question} Type `yes` to go on: "));
    let mut line = Line { console, is_open: true };
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map(|_| answer)
    });
    let answer = answer.await.unwrap_or_else(|error| Err(error.into()));
    line.is_open = false;
    match answer {
        Ok(answer) if answer.trim() == "yes" => Ok(()),
        Ok(_) => Err(CommandError::new("not approved; nothing was changed").exit(Exit::Declined)),
        Err(error) => Err(CommandError::new(format!("the answer cannot be read: {error}"))),
    }
}

/// The line that the question is in.
struct Line {
    console: Console,
    /// Whether nobody has ended it, as an answer does.
    is_open: bool,
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.is_open {
            self.console.say("\n");
        }
    }
}
