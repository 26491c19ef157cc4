//! One call of a step: in its turn, and again while its failures pass.

use std::future::Future;
use std::time::Duration;

use futures::future::{Either, select};

use super::retry::Pauses;
use super::step::{StepError, Worker};
use crate::event::What;
use crate::failure::ProviderError;
use crate::rate;

impl Worker<'_> {
    /// Makes a call, and repeats it while its failures pass.
    pub(super) async fn call<T, F>(&self, make: impl Fn() -> F) -> Result<T, StepError>
    where
        F: Future<Output = Result<T, ProviderError>>,
    {
        self.call_with(&mut Pauses::default(), make).await
    }

    /// The same, with the backoffs of its earlier tries.
    pub(super) async fn call_with<T, F>(
        &self,
        pauses: &mut Pauses,
        make: impl Fn() -> F,
    ) -> Result<T, StepError>
    where
        F: Future<Output = Result<T, ProviderError>>,
    {
        loop {
            match self.once(make()).await? {
                Ok(value) => return Ok(value),
                Err(error) => self.pause(pauses, error).await?,
            }
        }
    }

    /// Makes a call when its turn has come, unless the run has been asked to stop by then.
    pub(super) async fn once<T>(
        &self,
        call: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<Result<T, ProviderError>, StepError> {
        let _permit = self.run.gate.pass(self.run.priority(self.at)).await;
        if self.run.stop.is_cancelled() {
            return Err(StepError::Stopped);
        }
        Ok(rate::stoppable(&self.run.stop, call).await)
    }

    /// Waits before a repeat, or gives the failure up to the caller.
    pub(super) async fn pause(
        &self,
        pauses: &mut Pauses,
        error: ProviderError,
    ) -> Result<(), StepError> {
        let seed = self.run.seed ^ ((self.at as u64) << 8);
        let Some((attempt, pause)) = pauses.after(error.kind, seed) else {
            return Err(error.into());
        };
        self.emit(What::StepRetrying {
            step: self.at,
            attempt,
            pause_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            kind: error.kind,
            error: error.to_string(),
        });
        self.sleep(pause).await
    }

    /// Waits, unless the run is asked to stop meanwhile.
    pub(super) async fn sleep(&self, pause: Duration) -> Result<(), StepError> {
        let stop = std::pin::pin!(self.run.stop.cancelled());
        match select(stop, self.run.clock.sleep(pause)).await {
            Either::Left(_) => Err(StepError::Stopped),
            Either::Right(_) => Ok(()),
        }
    }
}
