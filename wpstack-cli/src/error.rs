//! Why a command could not do what was asked, and what to do about it.

use std::io;
use std::path::Path;

use serde_json::{Value, json};
use wpstack_aws::{BucketError, ConnectError};
use wpstack_core::apply::{ApplyError, ImportError, OpenError, RefreshError};
use wpstack_core::import::terraform::FileError;
use wpstack_core::plan::PlanError;
use wpstack_core::sim::SimError;
use wpstack_core::state::{EditError, LedgerError, StoreError};
use wpstack_core::wordpress::{ComposeError, Problems};
use wpstack_core::{AddressError, Chain};
use wpstack_image::engine::EngineError;
use wpstack_image::maker::MakeError;
use wpstack_image::oci::OutputError;

use crate::consent::not_allowed;
use crate::exit::Exit;
use crate::render;

/// A failure as a person is told of it. Errors of the library become one here, and nowhere else.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// What the process exits with.
    pub(crate) exit: Exit,
    /// What failed, and why.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hints: Vec<String>,
    /// What is wrong with the configuration, and the path it was read from.
    pub(crate) problems: Option<(String, Problems)>,
}

impl CommandError {
    /// An error without a hint.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { exit: Exit::Error, message: message.into(), hints: Vec::new(), problems: None }
    }

    /// With what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// With another exit code.
    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(action: &str, path: &Path, source: &io::Error) -> Self {
        Self::new(format!("cannot {action} {}: {source}", path.display())).hint(format!(
            "check that {} is the right path, and that you may {action} it",
            path.display()
        ))
    }

    /// Everything that is wrong with a configuration.
    pub(crate) fn problems(path: String, problems: Problems) -> Self {
        let count = problems.iter().len() + problems.left_out();
        let count = render::style::count(count, "problem");
        let message = format!("{path} has {count}");
        Self { problems: Some((path, problems)), ..Self::new(message) }
    }

    /// The error for programs.
    pub(crate) fn json(&self) -> Value {
        let mut error = json!({"message": self.message, "hints": self.hints});
        if let Some((path, problems)) = &self.problems {
            let problem = |problem: &wpstack_core::wordpress::Problem| {
                let (line, column) = problem.line_column(problems.text());
                json!({
                    "file": path, "line": line, "column": column, "key": problem.key,
                    "message": problem.message, "help": problem.help,
                })
            };
            error["problems"] = problems.iter().map(problem).collect();
        }
        error
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        let exit = match error {
            StoreError::Locked(_) | StoreError::TakenOver { .. } => Exit::Locked,
            _ => Exit::Error,
        };
        Self::new(Chain(&error).to_string()).hint(error.hint()).exit(exit)
    }
}

impl From<MakeError> for CommandError {
    fn from(error: MakeError) -> Self {
        Self::new(Chain(&error).to_string()).hint(error.hint())
    }
}

impl From<EngineError> for CommandError {
    fn from(error: EngineError) -> Self {
        Self::new(Chain(&error).to_string()).hint(error.hint())
    }
}

impl From<OutputError> for CommandError {
    fn from(error: OutputError) -> Self {
        Self::new(Chain(&error).to_string()).hint(error.hint())
    }
}

impl From<OpenError> for CommandError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Store(error) => error.into(),
            error => Self::new(Chain(&error).to_string()),
        }
    }
}

impl From<RefreshError> for CommandError {
    fn from(error: RefreshError) -> Self {
        Self::new(Chain(&error).to_string()).hint(error.source.kind.hint())
    }
}

impl From<ImportError> for CommandError {
    fn from(error: ImportError) -> Self {
        Self::new(Chain(&error).to_string()).hint(error.hint())
    }
}

impl From<FileError> for CommandError {
    fn from(error: FileError) -> Self {
        Self::new(error.to_string()).hint("`terraform state pull > FILE` writes it")
    }
}

impl From<PlanError> for CommandError {
    fn from(error: PlanError) -> Self {
        Self::new(Chain(&error).to_string())
    }
}

impl From<LedgerError> for CommandError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Store(error) => error.into(),
            error => Self::new(Chain(&error).to_string()),
        }
    }
}

impl From<ApplyError> for CommandError {
    fn from(error: ApplyError) -> Self {
        let hint = match &error {
            ApplyError::Stale { .. } | ApplyError::OtherConfiguration | ApplyError::Damaged(_) => {
                "make the plan anew: `wpstack plan`"
            }
            ApplyError::Foreign { .. } => {
                "apply the plan in the directory and on the cloud it was made for, or make a new one"
            }
            ApplyError::NotAllowed(hazards) => return not_allowed(hazards),
            ApplyError::Problem(_) => {
                "undo this change in the configuration, or do what the message says"
            }
            ApplyError::Ledger(error) => return Self::new(Chain(error).to_string()),
            _ => return Self::new(Chain(&error).to_string()),
        };
        Self::new(Chain(&error).to_string()).hint(hint)
    }
}

impl From<ConnectError> for CommandError {
    fn from(error: ConnectError) -> Self {
        Self::new(Chain(&error).to_string()).hint(error.hint())
    }
}

impl From<BucketError> for CommandError {
    fn from(error: BucketError) -> Self {
        Self::new(Chain(&error).to_string()).hint(error.hint())
    }
}

impl From<EditError> for CommandError {
    fn from(error: EditError) -> Self {
        Self::new(error.to_string()).hint("`wpstack state list` lists what is recorded")
    }
}

impl From<SimError> for CommandError {
    fn from(error: SimError) -> Self {
        Self::new(Chain(&error).to_string())
    }
}

impl From<ComposeError> for CommandError {
    fn from(error: ComposeError) -> Self {
        Self::new(Chain(&error).to_string())
    }
}

impl From<AddressError> for CommandError {
    fn from(error: AddressError) -> Self {
        Self::new(error.to_string()).exit(Exit::Usage)
    }
}
