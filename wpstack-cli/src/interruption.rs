//! What becomes of a command that is interrupted: it depends on how far it is.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use wpstack_core::time::{Clock, SystemClock};

use crate::console::Console;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::{render, signals};

/// How long giving back the lock may take.
const LONGEST: Duration = Duration::from_millis(4500);

/// How far a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It waits for the lock, looks, or asks: it can be left, for nothing was changed.
    Looking,
    /// It records what it saw or was told: it can be left, and some of that may be recorded.
    Recording,
    /// It does what a plan says: it is told, and comes to an end by itself.
    Walking,
    /// It did, and looks what to do about what failed: it can be left.
    Walked,
}

/// Whether somebody interrupted the command, and how far it is.
#[derive(Debug)]
pub(crate) struct Interruption {
    token: CancellationToken,
    stage: watch::Sender<Stage>,
    /// What was typed.
    verb: &'static str,
}

impl Interruption {
    /// Of a command that begins.
    pub(crate) fn new(verb: &'static str) -> Self {
        let (token, stage) = (CancellationToken::new(), watch::Sender::new(Stage::Looking));
        Self { token, stage, verb }
    }

    /// Cancelled when somebody interrupts.
    pub(crate) fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// The command has come to this stage.
    pub(crate) fn reached(&self, stage: Stage) {
        self.stage.send_replace(stage);
    }

    /// Begins to do what a plan says.
    ///
    /// # Errors
    /// When somebody has interrupted before.
    pub(crate) fn walk(&self) -> Result<(), CommandError> {
        if self.token.is_cancelled() {
            return Err(self.error());
        }
        self.reached(Stage::Walking);
        Ok(())
    }

    /// Does `work`. When the command is interrupted, the work is dropped as soon as it can be left, and with it the lock
    /// is given back.
    ///
    /// # Errors
    /// Those of `work`, when it was interrupted, and when the system lets nobody listen to signals.
    pub(crate) async fn heed<T>(
        &self,
        console: Console,
        work: impl Future<Output = Result<T, CommandError>>,
    ) -> Result<T, CommandError> {
        let late = late(self.token.clone(), self.stage.subscribe(), console);
        let watch = signals::watch(self.token.clone(), late)
            .map_err(|error| CommandError::new(format!("cannot listen to signals: {error}")))?;
        let result = tokio::select! {
            biased;
            result = work => result,
            () = left(&self.token, self.stage.subscribe()) => Err(self.error()),
        };
        drop(watch);
        result
    }

    fn error(&self) -> CommandError {
        let again = format!("run `wpstack {}` again", self.verb);
        let (message, hint) = match *self.stage.borrow() {
            Stage::Looking => ("interrupted; nothing was changed", format!("{again} to go on")),
            Stage::Recording => (
                "interrupted; nothing was changed in the stack",
                format!(
                    "`wpstack state list` shows what is recorded; {again} if something is missing"
                ),
            ),
            Stage::Walking | Stage::Walked => (
                "interrupted; what was done is recorded, and was not undone",
                format!("`wpstack plan` shows what is left to do; {again} to go on"),
            ),
        };
        CommandError::new(message).hint(hint).exit(Exit::Interrupted)
    }
}

/// Waits until somebody has interrupted and the command can be left.
async fn left(token: &CancellationToken, mut stage: watch::Receiver<Stage>) {
    token.cancelled().await;
    // The other end lives as long as the command.
    drop(stage.wait_for(|stage| *stage != Stage::Walking).await);
}

/// Waits until an interrupted command should have ended, and says what that means.
async fn late(token: CancellationToken, stage: watch::Receiver<Stage>, console: Console) {
    left(&token, stage).await;
    SystemClock.sleep(LONGEST).await;
    let hint = "a lock that others wait for is free when its lease has run out".to_owned();
    console.say(&render::error::error("interrupted; the lock could not be given back", &[hint]));
}
