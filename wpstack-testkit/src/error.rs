//! What can go wrong while the test kit sets the stage.

use std::io;
use std::path::{Path, PathBuf};

/// A failure of the test kit itself, never of the code under test.
///
/// Every one of them should fail the test: a suite that skips itself when its emulator is missing proves nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestkitError {
    /// No interpreter the emulator can run on was found.
    #[error(
        "no usable python among {tried:?}; the AWS emulator needs Python 3.11 or later \
         (hint: install it, or name it in WPSTACK_TESTKIT_PYTHON)"
    )]
    Python {
        /// The commands that were asked for their version.
        tried: Vec<String>,
    },

    /// The emulator could not be installed into its virtual environment.
    #[error("`{step}` failed while installing the AWS emulator:\n{output}")]
    Install {
        /// The command that failed.
        step: String,
        /// What it printed.
        output: String,
    },

    /// The emulator started and ended, or never answered.
    #[error("the AWS emulator {what}; the end of {log}:\n{tail}", log = log.display())]
    Start {
        /// What it did instead of answering.
        what: String,
        /// Its log file.
        log: PathBuf,
        /// The last lines of that file.
        tail: String,
    },

    /// The emulator answered a control request with something other than success.
    #[error("the AWS emulator answered {status} to `{request}`: {body}")]
    Control {
        /// Method and path.
        request: String,
        /// HTTP status.
        status: u16,
        /// The body, as text.
        body: String,
    },

    /// The listing script failed.
    #[error("taking the inventory failed:\n{output}")]
    Inventory {
        /// What the script wrote to standard error, or what was wrong with its answer.
        output: String,
    },

    /// A file or a socket could not be used.
    #[error("cannot {action}")]
    Io {
        /// What was attempted.
        action: String,
        /// Why it failed.
        source: io::Error,
    },
}

impl TestkitError {
    /// For `map_err`: says what was attempted.
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }

    /// For `map_err`: says what was attempted on which file.
    pub(crate) fn file(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        Self::io(format!("{verb} {}", path.display()))
    }
}
