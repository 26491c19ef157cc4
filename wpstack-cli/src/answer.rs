//! What a command answers.

use serde_json::Value;

use crate::exit::Exit;

/// What a command answers, for each of its readers.
#[derive(Debug)]
pub(crate) struct Answer {
    /// What the process exits with.
    pub(crate) exit: Exit,
    /// Data, for standard output.
    pub(crate) data: String,
    /// Words, for standard error.
    pub(crate) text: String,
    /// The same as members of a JSON object, for programs.
    pub(crate) json: Value,
}

impl Answer {
    /// Words for people, who are shown no data.
    pub(crate) fn text(text: impl Into<String>, json: Value) -> Self {
        Self { exit: Exit::Done, data: String::new(), text: text.into(), json }
    }

    /// Data.
    pub(crate) fn data(data: impl Into<String>, json: Value) -> Self {
        Self { exit: Exit::Done, data: data.into(), text: String::new(), json }
    }

    /// With another exit code.
    pub(crate) fn exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }
}
