//! How many calls a cloud takes, and keeping to it.

pub(crate) mod figures;
mod pace;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::{Either, select};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use self::figures::class;
use self::pace::Pace;
use crate::time::Clock;

/// Lets calls go no faster than AWS takes them. Clones share what they know.
///
/// Every call of one account in one region passes the same limiter, whoever makes it: a change, a look at something that
/// settles, another stack. It keeps a token bucket for each class of calls that AWS limits together. Where AWS publishes
/// the bucket's figures ([EC2][ec2], [ECS][ecs]) they are where it begins, elsewhere a guess; in both cases it slows a
/// class down that AWS refuses for its rate, since others may draw from the same bucket, and quickens it again.
///
/// [ec2]: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
/// [ecs]: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/request-throttling.html
///
/// ```
/// # use std::sync::Arc;
/// # use wpstack_core::{rate::Limiter, time::SystemClock};
/// # async fn example() -> Result<(), wpstack_core::rate::Held> {
/// let limiter = Limiter::new(Arc::new(SystemClock));
/// limiter.pass("ec2", "CreateVpc").await?;
/// // The call is made here.
/// limiter.taken("ec2", "CreateVpc");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Limiter {
    clock: Arc<dyn Clock>,
    paces: Arc<Mutex<BTreeMap<String, Pace>>>,
}

/// A call was not let go, and has had no effect. It may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Held {
    /// The run that it belongs to was interrupted.
    #[error("the run was interrupted before the call was made")]
    Interrupted,
    /// So many others wait that its turn would come too late.
    #[error("too many calls wait for the same rate limit")]
    Crowded,
}

/// How long a call waits at most for its turn: a request is signed before it, and a signature is good for five minutes.
pub const LONGEST: Duration = Duration::from_secs(4 * 60);

tokio::task_local! {
    /// What ends the waiting of the calls in a task.
    static STOP: CancellationToken;
}

/// Makes a call that waits for no limiter any more once `stop` is cancelled. What it has sent is let return.
pub(crate) async fn stoppable<T>(stop: &CancellationToken, call: impl Future<Output = T>) -> T {
    STOP.scope(stop.clone(), call).await
}

impl Limiter {
    /// A limiter that knows of no call yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, paces: Arc::default() }
    }

    /// Waits for the call's turn. The names are those of [`wpstack_core::failure::ROWS`](crate::failure::ROWS) and of
    /// the API.
    ///
    /// # Errors
    /// When its turn would come too late, or the run is interrupted meanwhile.
    pub async fn pass(&self, service: &str, operation: &str) -> Result<(), Held> {
        let pause = self.pace(service, operation, |pace, now| pace.reserve(now));
        if pause.is_zero() {
            return Ok(());
        }
        if pause > LONGEST {
            self.pace(service, operation, |pace, _| pace.give_back());
            return Err(Held::Crowded);
        }
        let Ok(stop) = STOP.try_with(Clone::clone) else {
            self.clock.sleep(pause).await;
            return Ok(());
        };
        let stopped = std::pin::pin!(stop.cancelled());
        match select(stopped, self.clock.sleep(pause)).await {
            Either::Left(_) => {
                self.pace(service, operation, |pace, _| pace.give_back());
                Err(Held::Interrupted)
            }
            Either::Right(_) => Ok(()),
        }
    }

    /// AWS took the call, whatever it answered.
    pub fn taken(&self, service: &str, operation: &str) {
        self.pace(service, operation, |pace, now| pace.quicken(now));
    }

    /// AWS refused the call for its rate, and may have said when to come again.
    pub fn refused(&self, service: &str, operation: &str, again_in: Option<Duration>) {
        self.pace(service, operation, |pace, now| {
            pace.slow_down(now, again_in.unwrap_or_default().min(LONGEST));
        });
    }

    fn pace<T>(
        &self,
        service: &str,
        operation: &str,
        change: impl FnOnce(&mut Pace, jiff::Timestamp) -> T,
    ) -> T {
        let (class, now) = (class(service, operation), self.clock.now());
        let mut paces = self.paces();
        let pace = paces.entry(format!("{service}.{}", class.name));
        change(pace.or_insert_with(|| Pace::new(class.figures, now)), now)
    }

    fn paces(&self) -> MutexGuard<'_, BTreeMap<String, Pace>> {
        self.paces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{VirtualClock, between, drive};
    use futures::future::join_all;
    use jiff::Timestamp;

    const CALL: (&str, &str) = ("ecs", "CreateCluster");

    fn limiter() -> (Limiter, Arc<VirtualClock>) {
        let clock = Arc::new(VirtualClock::starting_at(Timestamp::UNIX_EPOCH));
        (Limiter::new(clock.clone()), clock)
    }

    /// Makes that many calls at once. Returns how long that takes, and how many were held.
    async fn calls(limiter: &Limiter, clock: &VirtualClock, count: usize) -> (Duration, usize) {
        let began = clock.now();
        let calls = (0..count).map(|_| limiter.pass(CALL.0, CALL.1));
        let held = drive(clock, join_all(calls)).await.iter().filter(|it| it.is_err()).count();
        (between(began, clock.now()), held)
    }

    #[tokio::test]
    async fn calls_go_as_fast_as_the_published_bucket_fills() {
        let (limiter, clock) = limiter();
        // The bucket has 20, of which a tenth stays for calls that arrive sooner than they were sent.
        assert_eq!(calls(&limiter, &clock, 18).await, (Duration::ZERO, 0));
        assert_eq!(calls(&limiter, &clock, 30).await, (Duration::from_secs(30), 0));
        // Another class has a bucket of its own.
        limiter.pass("ecs", "RegisterTaskDefinition").await.unwrap();
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH + Duration::from_secs(30));
    }

    #[tokio::test]
    async fn whose_turn_is_too_far_off_does_not_wait() {
        let (limiter, clock) = limiter();
        assert_eq!(calls(&limiter, &clock, 300).await, (Duration::from_secs(240), 42));
    }

    #[tokio::test]
    async fn a_refusal_slows_its_class_and_is_forgotten_in_time() {
        let (limiter, clock) = limiter();
        limiter.refused(CALL.0, CALL.1, Some(Duration::from_secs(9)));
        // Those of one moment count once.
        limiter.refused(CALL.0, CALL.1, None);
        let (first, _) = calls(&limiter, &clock, 1).await;
        assert_eq!(first, Duration::from_secs(9));
        let (slow, _) = calls(&limiter, &clock, 20).await;
        assert!(slow > Duration::from_secs(15), "{slow:?}");
        for _ in 0..30 {
            clock.advance(Duration::from_secs(1));
            limiter.taken(CALL.0, CALL.1);
        }
        assert_eq!(calls(&limiter, &clock, 18 + 5).await.0, Duration::from_secs(5));
    }

    #[tokio::test]
    async fn an_interrupted_run_waits_no_more() {
        let (limiter, clock) = limiter();
        calls(&limiter, &clock, 18).await;
        let stop = CancellationToken::new();
        stop.cancel();
        let call = stoppable(&stop, limiter.pass(CALL.0, CALL.1));
        assert_eq!(drive(clock.as_ref(), call).await, Err(Held::Interrupted));
        // Its turn is another's.
        assert_eq!(calls(&limiter, &clock, 1).await.0, Duration::from_secs(1));
    }
}
