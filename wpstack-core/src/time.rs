//! Time: the real clock, and a virtual one that runs as fast as the work on it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

/// Tells and passes time. The engine has no other source of it.
///
/// # Contract
/// `now` never goes back. `sleep` ends when `now` has reached its end; it may be dropped at any moment.
pub trait Clock: Debug + Send + Sync {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Passes `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// The virtual clock behind this one, if it is one. [`drive`] moves it on.
    fn as_virtual(&self) -> Option<&VirtualClock> {
        None
    }
}

/// The time between two instants; zero when they are in the wrong order.
#[must_use]
pub fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// The instant `duration` after another.
pub(crate) fn after(instant: Timestamp, duration: Duration) -> Timestamp {
    let step = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    instant.checked_add(step).unwrap_or(Timestamp::MAX)
}

/// The system's clock and tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that sleeps in real time")]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock whose time jumps to the next moment at which anybody wants to wake, as soon as everybody sleeps.
///
/// It moves only inside [`drive`]. Work that waits for something else than this clock, such as the disk, holds
/// a [`Busy`] guard meanwhile, so that time stands still.
#[derive(Clone, Debug)]
pub struct VirtualClock(Arc<Mutex<Moment>>);

#[derive(Debug)]
struct Moment {
    now: Timestamp,
    next_id: u64,
    /// Who sleeps until when: the waker and the driver under which the sleeper runs.
    sleepers: BTreeMap<(Timestamp, u64), (Waker, Option<u64>)>,
    /// Each driver's parent, and the drivers that have something to do.
    parents: BTreeMap<u64, Option<u64>>,
    awake: BTreeSet<u64>,
    busy: usize,
}

thread_local! {
    /// The driver whose future is being polled on this thread.
    static DRIVER: RefCell<Option<u64>> = const { RefCell::new(None) };
}

impl VirtualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn starting_at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Moment {
            now,
            next_id: 0,
            sleepers: BTreeMap::new(),
            parents: BTreeMap::new(),
            awake: BTreeSet::new(),
            busy: 0,
        })))
    }

    /// Stops time until the guard is dropped.
    #[must_use]
    pub fn busy(&self) -> Busy {
        self.moment().busy += 1;
        Busy(self.clone())
    }

    /// Moves time forward by `duration`, waking whoever wanted to wake in it.
    pub fn advance(&self, duration: Duration) {
        let mut moment = self.moment();
        let target = after(moment.now, duration);
        moment.move_to(target);
    }

    fn moment(&self) -> MutexGuard<'_, Moment> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Moment {
    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn move_to(&mut self, target: Timestamp) {
        self.now = self.now.max(target);
        while let Some(entry) = self.sleepers.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let (waker, driver) = entry.remove();
            self.rouse(driver);
            waker.wake();
        }
    }

    /// Marks the driver, and those it runs under, as having work.
    fn rouse(&mut self, mut driver: Option<u64>) {
        while let Some(id) = driver {
            self.awake.insert(id);
            driver = self.parents.get(&id).copied().flatten();
        }
    }

    /// Moves to the next moment somebody waits for, if nobody has anything left to do now.
    fn advance_if_idle(&mut self) -> bool {
        if self.busy > 0 || !self.awake.is_empty() {
            return false;
        }
        match self.sleepers.first_key_value() {
            Some((&(next, _), _)) => {
                self.move_to(next);
                true
            }
            None => false,
        }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.moment().now
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let clock = self.clone();
        let mut moment = self.moment();
        let key = (after(moment.now, duration), moment.id());
        drop(moment);
        let nap = Nap { clock, key };
        Box::pin(async move {
            std::future::poll_fn(|context| {
                let mut moment = nap.clock.moment();
                if moment.now >= nap.key.0 {
                    return Poll::Ready(());
                }
                let driver = DRIVER.with_borrow(|driver| *driver);
                moment.sleepers.insert(nap.key, (context.waker().clone(), driver));
                Poll::Pending
            })
            .await;
        })
    }

    fn as_virtual(&self) -> Option<&VirtualClock> {
        Some(self)
    }
}

/// A sleep under way. Dropping it takes the sleeper off the clock.
struct Nap {
    clock: VirtualClock,
    key: (Timestamp, u64),
}

impl Drop for Nap {
    fn drop(&mut self) {
        self.clock.moment().sleepers.remove(&self.key);
    }
}

/// While one exists, virtual time stands still.
#[derive(Debug)]
pub struct Busy(VirtualClock);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.moment().busy -= 1;
    }
}

/// Runs `work`, moving virtual time on whenever all work on the clock sleeps. On a real clock it only awaits.
///
/// Calls may be nested and may run side by side: time moves when all of them sleep.
pub async fn drive<F: Future>(clock: &dyn Clock, work: F) -> F::Output {
    let Some(clock) = clock.as_virtual() else {
        return work.await;
    };
    let driver = Driver::enter(clock);
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        driver.wake();
        loop {
            if let Poll::Ready(output) = driver.scoped(|| work.as_mut().poll(context)) {
                return Poll::Ready(output);
            }
            if !driver.rest() {
                return Poll::Pending;
            }
        }
    })
    .await
}

struct Driver {
    clock: VirtualClock,
    id: u64,
}

impl Driver {
    fn enter(clock: &VirtualClock) -> Self {
        let mut moment = clock.moment();
        let id = moment.id();
        moment.parents.insert(id, DRIVER.with_borrow(|driver| *driver));
        moment.awake.insert(id);
        drop(moment);
        Self { clock: clock.clone(), id }
    }

    fn wake(&self) {
        self.clock.moment().awake.insert(self.id);
    }

    fn scoped<T>(&self, poll: impl FnOnce() -> T) -> T {
        let outer = DRIVER.replace(Some(self.id));
        let result = poll();
        DRIVER.set(outer);
        result
    }

    /// Says that this driver has nothing to do now. True when time moved on and woke this one.
    fn rest(&self) -> bool {
        let mut moment = self.clock.moment();
        moment.awake.remove(&self.id);
        moment.advance_if_idle() && moment.awake.contains(&self.id)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let mut moment = self.clock.moment();
        moment.awake.remove(&self.id);
        moment.parents.remove(&self.id);
        moment.advance_if_idle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> VirtualClock {
        VirtualClock::starting_at(Timestamp::UNIX_EPOCH)
    }

    async fn nap(clock: VirtualClock, seconds: u64) -> i64 {
        clock.sleep(Duration::from_secs(seconds)).await;
        clock.now().as_second()
    }

    #[tokio::test]
    async fn sleepers_wake_in_order_without_waiting() {
        let clock = clock();
        let all = futures::future::join3(
            nap(clock.clone(), 300),
            nap(clock.clone(), 5),
            nap(clock.clone(), 60),
        );
        assert_eq!(drive(&clock, all).await, (300, 5, 60));
    }

    #[tokio::test]
    async fn drivers_side_by_side_and_nested_share_one_time() {
        let clock = clock();
        let one = drive(&clock, async {
            nap(clock.clone(), 10).await;
            drive(&clock, nap(clock.clone(), 10)).await
        });
        let other = drive(&clock, async {
            for _ in 0..4 {
                nap(clock.clone(), 5).await;
            }
            clock.now().as_second()
        });
        assert_eq!(drive(&clock, futures::future::join(one, other)).await, (20, 20));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn drivers_on_several_threads_share_one_time() {
        let clock = clock();
        let tasks: Vec<_> = (1..=8)
            .map(|step| {
                let clock = clock.clone();
                tokio::spawn(async move {
                    let work = async {
                        for _ in 0..(840 / step) {
                            nap(clock.clone(), step).await;
                        }
                        clock.now().as_second()
                    };
                    drive(&clock, work).await
                })
            })
            .collect();
        for task in tasks {
            // A task may start after the others have finished, so only the lower bound is certain.
            assert!(task.await.unwrap() >= 840);
        }
    }

    #[tokio::test]
    async fn time_stands_still_while_somebody_is_busy() {
        let clock = clock();
        let busy = clock.busy();
        let other = clock.clone();
        let disk = async move {
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            let now = other.now().as_second();
            drop(busy);
            now
        };
        let both = futures::future::join(disk, nap(clock.clone(), 7));
        assert_eq!(drive(&clock, both).await, (0, 7));
    }

    #[tokio::test]
    async fn a_dropped_sleep_holds_nobody_up() {
        let clock = clock();
        let work = async {
            let long = nap(clock.clone(), 1000);
            let short = nap(clock.clone(), 1);
            futures::future::select(pin!(long), pin!(short)).await;
            nap(clock.clone(), 1).await
        };
        assert_eq!(drive(&clock, work).await, 2);
    }
}
