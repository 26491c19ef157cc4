//! The store on an object store, for a team.
//!
//! Two objects decide. The *head* says what the state consists of: a document, segments of the journal, and the newest
//! transitions themselves. The *lock* says who is at work, and shows that they are alive.
//!
//! 1. A transition is acknowledged when a head that has it replaced the one before. Each replacement carries the
//!    condition that the head is still the one last read. Appends that arrive together share one; it costs the same
//!    however large the document is.
//! 2. Whoever works takes the lock, by a conditional write, and then *claims* the head: replaces it by one of a later
//!    epoch. From then on every write of those before fails at the object store, however late it arrives.
//! 3. The holder writes the lock again four times in each lease. One who waits and sees no change for a whole lease,
//!    in time that it slept, takes the lock over. No clock is compared with another.
//! 4. An answer that was lost is looked up: every text differs from all others, so a holder knows its own writes again.
//! 5. Everything else is written once, under names that nobody else uses, and deleted when no head can name it again.
//!
//! Objects of a state: `head`, `lock`, `document/…`, `journal/…`, and `retired/…` for what went elsewhere.

mod context;
mod host;
mod journal;
mod load;
mod lock;
#[cfg(any(test, feature = "testing"))]
mod memory;
mod object;
mod probe;
mod tenure;
#[cfg(test)]
mod tests;
mod text;

use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{Either, select};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use self::context::Context;
use self::host::Host;
use self::lock::Manners;
#[cfg(any(test, feature = "testing"))]
pub use self::memory::MemoryObjects;
pub use self::object::{Condition, ETag, Object, ObjectError, ObjectStore};
use self::tenure::Desk;
use super::store::{Durable, Holder, Lease, Store, StoreError};
use super::{Document, Transition};
use crate::time::Clock;

/// How a [`RemoteStore`] deals with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Names this store among all that anybody opens: letters and digits, drawn at random.
    pub run: String,
    /// After how long without a sign of life others may take the lock.
    pub lease: Duration,
    /// How long to wait for a lock that somebody else holds.
    pub patience: Duration,
}

impl Settings {
    /// After how long without a sign of life others may take the lock, unless said otherwise.
    pub const LEASE: Duration = Duration::from_secs(60);

    /// Waits for nobody.
    #[must_use]
    pub fn new(run: &str) -> Self {
        Self { run: run.to_owned(), lease: Self::LEASE, patience: Duration::ZERO }
    }
}

/// Keeps the document of one stack in an object store.
///
/// It lives in real time: the clock at hand must be one that goes by itself.
#[derive(Clone, Debug)]
pub struct RemoteStore {
    context: Context,
    host: Host,
}

/// Who has it may write.
struct Guard {
    /// `None` only while it is being taken, and while dropping.
    desk: Option<Desk>,
    /// Locked only to be shared, as a lease must be.
    ended: Mutex<mpsc::Receiver<()>>,
    place: String,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.desk = None;
        // The task says when it has ended, by letting go of the other end.
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        while ended.recv().is_ok() {}
    }
}

impl RemoteStore {
    /// The store of `stack` on `objects`. Touches nothing yet.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn open(
        objects: Arc<dyn ObjectStore>,
        clock: Arc<dyn Clock>,
        stack: &str,
        settings: Settings,
    ) -> Result<Self, StoreError> {
        let place = objects.place();
        let context = Context::new(objects, clock, settings, stack);
        match Host::start() {
            Ok(host) => Ok(Self { context, host }),
            Err(source) => {
                let action = "start a thread for";
                Err(StoreError::Io { action, place, source: Arc::new(source) })
            }
        }
    }

    /// Takes the lock from whoever has it, so that they can write no more, and gives it back. Answers who had it.
    ///
    /// # Errors
    /// When the lock cannot be read or written.
    pub async fn force_unlock(&self, holder: &Holder) -> Result<Option<Holder>, StoreError> {
        let context = self.context.clone();
        let before = self.on_host(async move { lock::holder(&context).await }).await?;
        drop(self.begin(holder, Manners::Force).await?);
        Ok(before)
    }

    /// Leaves a note that the state is kept at `to` from now on, and a copy of the document. Reading it is an error
    /// then, until a document is created again.
    ///
    /// # Errors
    /// When the document is not the one that is kept, or the note cannot be written.
    pub async fn retire(
        &self,
        lease: Lease,
        document: &Document,
        to: &str,
    ) -> Result<(), StoreError> {
        self.desk(&lease)?.retire(document, to).await
    }

    /// Takes the lock. Who drops this before it is done waits there until what was asked for is given back, though not
    /// for long.
    async fn begin(&self, holder: &Holder, manners: Manners) -> Result<Guard, StoreError> {
        let (end, ended) = mpsc::channel();
        let (ended, place) = (Mutex::new(ended), self.context.objects.place());
        // Dropped after `leave`, which tells the task.
        let mut guard = Guard { desk: None, ended, place };
        let gone = CancellationToken::new();
        let leave = gone.clone().drop_guard();
        let (tell, outcome) = oneshot::channel();
        let (context, holder) = (self.context.clone(), holder.clone());
        self.host.spawn(async move {
            let begin = Box::pin(tenure::begin(&context, &holder, manners, &gone));
            match select(begin, pin!(too_late(&context, &gone))).await {
                Either::Left((Ok((desk, work)), _)) => {
                    // Where nobody is there to take it, the desk goes, and with it the lock.
                    drop(tell.send(Ok(desk)));
                    work.await;
                }
                Either::Left((Err(error), _)) => drop(tell.send(Err(error))),
                Either::Right(((), _)) => {}
            }
            drop(end);
        });
        let desk = outcome.await.map_err(|_| {
            let ended = io::Error::other("the thread that talks with the store has ended");
            self.context.failed("use", "", ended)
        })?;
        leave.disarm();
        guard.desk = Some(desk?);
        Ok(guard)
    }

    async fn on_host<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let gone = |source| self.context.failed("use", "", source);
        self.host.run(work).await.map_err(gone)?
    }

    fn desk<'a>(&self, lease: &'a Lease) -> Result<&'a Desk, StoreError> {
        let place = self.context.objects.place();
        match lease.guard::<Guard>() {
            Some(Guard { desk: Some(desk), place: of, .. }) if *of == place => Ok(desk),
            _ => Err(StoreError::WrongLease { place }),
        }
    }
}

/// Passes the time that one who has gone waits for an answer that is still out. A lock that is had nevertheless is free
/// when its lease has run out.
async fn too_late(context: &Context, gone: &CancellationToken) {
    const LONGEST: Duration = Duration::from_secs(2);
    gone.cancelled().await;
    context.clock.sleep(LONGEST).await;
}

#[async_trait]
impl Store for RemoteStore {
    async fn lock(&self, holder: &Holder) -> Result<Lease, StoreError> {
        self.begin(holder, Manners::Wait).await.map(Lease::new)
    }

    async fn load(&self) -> Result<Option<Document>, StoreError> {
        let context = self.context.clone();
        self.on_host(async move { load::load(&context).await }).await
    }

    async fn create(&self, lease: &Lease, document: &Document) -> Result<(), StoreError> {
        self.desk(lease)?.create(document).await
    }

    fn append(&self, lease: &Lease, transition: Transition) -> Durable {
        match self.desk(lease) {
            Ok(desk) => desk.append(transition),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    async fn compact(&self, lease: &Lease, document: &Document) -> Result<(), StoreError> {
        self.desk(lease)?.compact(document).await
    }
}
