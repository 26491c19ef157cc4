//! The two streams: data to standard output, words for people to standard error.

use std::io::{self, IsTerminal, Write};

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render;
use crate::render::style::calm;

/// Where text goes. Colour codes in it are kept or stripped as `--color` and the stream ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    /// Whether standard output is for a program and standard error stays silent.
    pub(crate) json: bool,
    /// Whether more is told.
    pub(crate) verbose: bool,
}

impl Console {
    /// Tells a person something. Whoever closed the stream is not told.
    pub(crate) fn say(self, text: &str) {
        if !self.json {
            let mut stream = anstream::stderr().lock();
            drop(stream.write_all(calm(text).as_bytes()).and_then(|()| stream.flush()));
        }
    }

    /// Writes a line for a program.
    pub(crate) fn line(self, value: &Value) -> io::Result<()> {
        let mut stream = io::stdout().lock();
        let line = value.to_string();
        let line = if stream.is_terminal() { calm(&line) } else { line };
        writeln!(stream, "{line}").and_then(|()| stream.flush())
    }

    /// Ends the command: gives out what it answered, or why it failed, and says what to exit with.
    pub(crate) fn end(self, command: &str, result: Result<Answer, CommandError>) -> Exit {
        let (exit, written) = match result {
            Ok(answer) => (answer.exit, self.answer(command, &answer)),
            Err(error) => (error.exit, self.error(command, &error)),
        };
        match written {
            // Whoever reads has read enough, as `head` does.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit,
            Err(error) => {
                self.say(&render::error::error(&format!("cannot write: {error}"), &[]));
                Exit::Error
            }
            Ok(()) => exit,
        }
    }

    fn answer(self, command: &str, answer: &Answer) -> io::Result<()> {
        if self.json {
            return self.line(&result(command, answer.exit, answer.json.clone()));
        }
        self.say(&answer.text);
        let mut stream = anstream::stdout().lock();
        // A program gets what there is; a terminal would act on it.
        let data = &answer.data;
        let written = match io::stdout().is_terminal() {
            true => stream.write_all(calm(data).as_bytes()),
            false => stream.write_all(data.as_bytes()),
        };
        written.and_then(|()| stream.flush())
    }

    fn error(self, command: &str, error: &CommandError) -> io::Result<()> {
        if self.json {
            let json = json!({"error": error.json()});
            return self.line(&result(command, error.exit, json));
        }
        if let Some((path, problems)) = &error.problems {
            self.say(&render::error::problems(path, problems));
        }
        self.say(&render::error::error(&error.message, &error.hints));
        Ok(())
    }
}

fn result(command: &str, exit: Exit, rest: Value) -> Value {
    let mut result = json!({"command": command, "exit": exit.code()});
    if let (Value::Object(result), Value::Object(rest)) = (&mut result, rest) {
        result.extend(rest);
    }
    json!({"result": result})
}
