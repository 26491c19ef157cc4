//! The lock: taking it, showing that its holder is alive, giving it back.
//!
//! The lock keeps people from colliding; it is not what keeps the state whole. A holder may sleep through its lease
//! and wake up: from then on the head refuses its writes, whatever the lock says (see `journal`).

use std::pin::pin;
use std::time::Duration;

use futures::future::select;
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::object::{Condition, ETag, Object, ObjectError};
use super::probe::probe;
use super::text::{Head, Lock};
use crate::state::FORMAT;
use crate::state::store::{Holder, StoreError};

pub(super) const LOCK: &str = "lock";
pub(super) const HEAD: &str = "head";

/// How many signs of life fit into a lease.
const BEATS: u32 = 4;
/// How often a lock that is waited for is looked at, at most and at least.
const LOOKS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// The lock, held.
#[derive(Debug)]
pub(super) struct Grip {
    context: Context,
    lock: Lock,
    etag: ETag,
}

/// What to do about a lock that somebody else holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manners {
    /// Wait as long as the settings say, and take it when its lease has run out.
    Wait,
    /// Take it.
    Force,
}

impl Grip {
    /// Takes the lock.
    ///
    /// A lease has run out when the lock did not change for its whole length. That length is slept here, so no clock
    /// is compared with another, nor set back or forth meanwhile.
    ///
    /// Who has `gone` waits no more. What was asked for by then is had, or is known not to be.
    pub(super) async fn take(
        context: &Context,
        holder: &Holder,
        manners: Manners,
        gone: &CancellationToken,
    ) -> Result<Self, StoreError> {
        let token = context.nonce();
        let mut patience = context.patience("lock", LOCK);
        let (mut waited, mut watch) = (Duration::ZERO, Watch::default());
        loop {
            let found = read(context).await?;
            let (condition, epoch) = match found {
                None => {
                    probe(context).await?;
                    (Condition::Absent, 0)
                }
                Some((lock, etag)) if lock.token == token && lock.holder.is_some() => {
                    // Its answer was lost.
                    return Ok(Self { context: context.clone(), lock, etag });
                }
                Some((lock, _)) if gone.is_cancelled() => {
                    return Err(StoreError::Locked(lock.holder));
                }
                Some((lock, etag)) => {
                    watch.see(&etag);
                    let is_free = lock.holder.is_none() || watch.unchanged >= lock.lease();
                    if !is_free && manners == Manners::Wait {
                        let left = context.settings.patience.saturating_sub(waited);
                        if left.is_zero() {
                            return Err(StoreError::Locked(lock.holder));
                        }
                        let pause = (lock.lease() / 10).clamp(LOOKS.0, LOOKS.1).min(left);
                        select(context.clock.sleep(pause), pin!(gone.cancelled())).await;
                        waited += pause;
                        watch.unchanged += pause;
                        continue;
                    }
                    (Condition::Matches(etag), lock.epoch)
                }
            };
            // Also after the head's, should somebody have removed the lock.
            let epoch = epoch.max(head_epoch(context).await?) + 1;
            let lock = Lock {
                format: FORMAT,
                epoch,
                token: token.clone(),
                beat: 0,
                lease_ms: u64::try_from(context.settings.lease.as_millis()).unwrap_or(u64::MAX),
                holder: Some(holder.clone()),
            };
            match put(context, &lock, &condition).await {
                Ok(etag) => return Ok(Self { context: context.clone(), lock, etag }),
                // Somebody was faster: look again who.
                Err(ObjectError::Conflict) => {}
                Err(error) => patience.after(error).await?,
            }
        }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.lock.epoch
    }

    pub(super) fn token(&self) -> &str {
        &self.lock.token
    }

    /// Shows signs of life until the lock turns out to be somebody else's.
    pub(super) async fn keep(&mut self) -> StoreError {
        let lease = self.lock.lease();
        let mut pause = lease / BEATS;
        loop {
            self.context.clock.sleep(pause).await;
            let next = Lock { beat: self.lock.beat + 1, ..self.lock.clone() };
            pause = match self.write(next, lease / BEATS).await {
                Ok(true) => lease / BEATS,
                Ok(false) => return taken_over(&self.context, self.token()).await,
                // As long as nobody else took the lock it is still ours.
                Err(_) => lease / (2 * BEATS),
            };
        }
    }

    /// Gives the lock back, if it still is ours to give.
    pub(super) async fn release(mut self) {
        // In short: somebody waits for it, and a lock that nobody keeps is free before long.
        const TRIES: u32 = 2;
        for _ in 0..TRIES {
            let free = Lock { beat: self.lock.beat + 1, holder: None, ..self.lock.clone() };
            if self.write(free, Duration::from_secs(1)).await.is_ok() {
                return;
            }
        }
    }

    /// Writes the lock. False when it is somebody else's.
    async fn write(&mut self, lock: Lock, longest: Duration) -> Result<bool, ObjectError> {
        let condition = Condition::Matches(self.etag.clone());
        match self.context.timed(longest, put(&self.context, &lock, &condition)).await {
            Ok(etag) => {
                (self.lock, self.etag) = (lock, etag);
                Ok(true)
            }
            Err(error) => {
                let found = self.context.timed(longest, self.context.objects.get(LOCK)).await?;
                let found = found
                    .and_then(|Object { body, etag }| Some((Lock::parse(LOCK, &body).ok()?, etag)));
                match found {
                    Some((found, _)) if found.token != self.lock.token => Ok(false),
                    None => Ok(false),
                    Some((found, etag)) => {
                        let written = found == lock;
                        (self.lock.beat, self.etag) = (found.beat, etag);
                        if written { Ok(true) } else { Err(error) }
                    }
                }
            }
        }
    }
}

/// For how long a lock has been seen not to change.
#[derive(Debug, Default)]
struct Watch {
    etag: Option<ETag>,
    unchanged: Duration,
}

impl Watch {
    fn see(&mut self, etag: &ETag) {
        if self.etag.as_ref() != Some(etag) {
            *self = Self { etag: Some(etag.clone()), unchanged: Duration::ZERO };
        }
    }
}

/// The error of one who is no longer the writer, naming who is.
pub(super) async fn taken_over(context: &Context, token: &str) -> StoreError {
    let by = match read(context).await {
        Ok(Some((lock, _))) if lock.token != token => lock.holder,
        _ => None,
    };
    StoreError::TakenOver { place: context.objects.place(), by }
}

async fn read(context: &Context) -> Result<Option<(Lock, ETag)>, StoreError> {
    let Some(Object { body, etag }) = context.get(LOCK).await? else {
        return Ok(None);
    };
    Ok(Some((Lock::parse(&context.place(LOCK), &body)?, etag)))
}

async fn put(context: &Context, lock: &Lock, condition: &Condition) -> Result<ETag, ObjectError> {
    let text = lock.text().map_err(|error| ObjectError::Refused(error.into()))?;
    context.put_once(LOCK, &text, condition).await
}

async fn head_epoch(context: &Context) -> Result<u64, StoreError> {
    let Some(Object { body, .. }) = context.get(HEAD).await? else {
        return Ok(0);
    };
    Ok(Head::parse(&context.place(HEAD), &body)?.epoch)
}

/// Who holds the lock now, alive or not.
pub(super) async fn holder(context: &Context) -> Result<Option<Holder>, StoreError> {
    Ok(read(context).await?.and_then(|(lock, _)| lock.holder))
}
