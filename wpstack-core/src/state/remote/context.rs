//! What every call on the object store needs: patience, time, and words for what went wrong.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::{Either, select};

use super::Settings;
use super::object::{Condition, ETag, Object, ObjectError, ObjectStore};
use crate::state::store::StoreError;
use crate::time::Clock;

/// How long one call may take before its answer counts as lost.
const CALL: Duration = Duration::from_secs(10);
/// How often a call is repeated.
const TRIES: u32 = 7;
/// The pause before the first repetition. Each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(100);
/// Little enough that writing it takes no longer than writing nothing.
const ROOM: usize = 48 * 1024;

/// An object store, and how to deal with it.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Arc<Settings>,
    pub(super) stack: Arc<str>,
    /// How many bytes of transitions the head has room for. With more they move into a segment.
    pub(super) room: usize,
    drawn: Arc<AtomicU64>,
}

impl Context {
    pub(super) fn new(
        objects: Arc<dyn ObjectStore>,
        clock: Arc<dyn Clock>,
        settings: Settings,
        stack: &str,
    ) -> Self {
        let (settings, drawn) = (Arc::new(settings), Arc::default());
        Self { objects, clock, settings, stack: stack.into(), room: ROOM, drawn }
    }

    /// A word that nobody else uses.
    pub(super) fn nonce(&self) -> String {
        format!("{}.{}", self.settings.run, self.drawn.fetch_add(1, Ordering::Relaxed))
    }

    /// Where an object is, for people.
    pub(super) fn place(&self, key: &str) -> String {
        format!("{}/{key}", self.objects.place())
    }

    /// Reads an object, with patience.
    pub(super) async fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let mut patience = self.patience("read", key);
        loop {
            match self.timed(CALL, self.objects.get(key)).await {
                Ok(found) => return Ok(found),
                Err(error) => patience.after(error).await?,
            }
        }
    }

    /// Writes an object, once.
    pub(super) async fn put_once(
        &self,
        key: &str,
        body: &[u8],
        condition: &Condition,
    ) -> Result<ETag, ObjectError> {
        self.timed(CALL, self.objects.put(key, body, condition)).await
    }

    /// Writes an object under a name that nobody else uses, with patience.
    pub(super) async fn put_new(&self, key: &str, body: &[u8]) -> Result<(), StoreError> {
        let mut patience = self.patience("write", key);
        loop {
            match self.put_once(key, body, &Condition::Absent).await {
                // It is there: an answer was lost, for the name is ours alone.
                Ok(_) | Err(ObjectError::Conflict) => return Ok(()),
                Err(error) => patience.after(error).await?,
            }
        }
    }

    /// The keys that begin with `prefix`, asked for once.
    pub(super) async fn list_once(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        self.timed(CALL, self.objects.list(prefix)).await
    }

    /// Deletes an object, once.
    pub(super) async fn delete_once(&self, key: &str) -> Result<(), ObjectError> {
        self.timed(CALL, self.objects.delete(key)).await
    }

    /// Waits for an answer for so long.
    pub(super) async fn timed<T>(
        &self,
        longest: Duration,
        call: impl Future<Output = Result<T, ObjectError>>,
    ) -> Result<T, ObjectError> {
        match select(pin!(call), self.clock.sleep(longest)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => {
                let late = format!("no answer within {} s", longest.as_secs_f32());
                Err(ObjectError::Unclear(io::Error::new(io::ErrorKind::TimedOut, late)))
            }
        }
    }

    pub(super) fn patience(&self, action: &'static str, key: &str) -> Patience<'_> {
        Patience { context: self, action, place: self.place(key), left: TRIES, pause: PAUSE }
    }

    pub(super) fn failed(&self, action: &'static str, key: &str, source: io::Error) -> StoreError {
        StoreError::Io { action, place: self.place(key), source: Arc::new(source) }
    }
}

/// How often a call is still repeated.
#[derive(Debug)]
pub(super) struct Patience<'a> {
    context: &'a Context,
    action: &'static str,
    place: String,
    left: u32,
    pause: Duration,
}

impl Patience<'_> {
    /// Passes the time before a repetition.
    ///
    /// # Errors
    /// When repeating is no use, or has been done often enough.
    pub(super) async fn after(&mut self, error: ObjectError) -> Result<(), StoreError> {
        let source = match error {
            ObjectError::Refused(source) => return Err(self.failed(source)),
            ObjectError::Unclear(source) => source,
            ObjectError::Conflict => io::Error::other("others keep changing it"),
        };
        self.left -= 1;
        if self.left == 0 {
            return Err(self.failed(source));
        }
        self.context.clock.sleep(self.pause).await;
        self.pause *= 2;
        Ok(())
    }

    fn failed(&self, source: io::Error) -> StoreError {
        let (action, place) = (self.action, self.place.clone());
        StoreError::Io { action, place, source: Arc::new(source) }
    }
}
