//! The port to where the document is kept.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Document, Transition};

/// Resolves when what was handed over can no longer be lost.
pub type Durable = BoxFuture<'static, Result<(), StoreError>>;

/// Keeps the document of one stack.
///
/// # Contract
/// - `append` takes transitions in the order of the calls, which is the order of their serials. The returned future
///   resolves once the transition survives a crash of this machine. It may be dropped; the transition stays.
/// - `append` refuses a serial that does not follow. Where no document was created, `append` and `compact` refuse all.
/// - Once a transition could not be written, all later ones are refused, for nothing can be durable behind a hole.
///   A `compact` with a document that has them all mends it.
/// - `load` takes no lease. It answers with every transition whose future has resolved, and no half of any other.
/// - `create` refuses where a document is.
/// - `compact` keeps what was appended after its document was taken.
/// - The cost of an `append` does not grow with the document.
/// - One lease exists at a time; where leases run out, nothing can be written under one that did. Writing takes one, made by the same store. What was appended under a lease is
///   written when the lease has been dropped.
///
/// The module `conformance` checks a store for all this; the feature `testing` makes it public.
///
/// # Errors
/// [`StoreError`], each saying what to do. After an error nothing is overwritten.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// Takes the lock.
    async fn lock(&self, holder: &Holder) -> Result<Lease, StoreError>;

    /// The document, `None` where there is none yet.
    async fn load(&self) -> Result<Option<Document>, StoreError>;

    /// Starts a document.
    async fn create(&self, lease: &Lease, document: &Document) -> Result<(), StoreError>;

    /// Adds a transition.
    fn append(&self, lease: &Lease, transition: Transition) -> Durable;

    /// Writes the document whole, so that the next `load` is quick. Losing power meanwhile loses nothing.
    async fn compact(&self, lease: &Lease, document: &Document) -> Result<(), StoreError>;
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The user and the host.
    pub who: String,
    /// The process.
    pub pid: u32,
    /// What is being done.
    pub doing: String,
    /// Since when.
    pub since: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { who, pid, doing, since } = self;
        write!(f, "{who} (process {pid}), running `{doing}` since {since:.0}")
    }
}

/// The right to write. Dropping it gives it back.
pub struct Lease(Box<dyn Any + Send + Sync>);

impl Lease {
    /// A lease that keeps `guard` until it is dropped.
    #[must_use]
    pub fn new(guard: impl Any + Send + Sync) -> Self {
        Self(Box::new(guard))
    }

    /// The guard, for the store that made it.
    #[must_use]
    pub fn guard<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

/// Why the document cannot be read or written.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else is at work.
    #[error("the state is locked by {}", .0.as_ref().map_or_else(|| "another process".to_owned(), Holder::to_string))]
    Locked(Option<Holder>),
    /// Somebody else took the lock, because its holder gave no sign of life or a person said so.
    #[error("{place} was taken over by {}", .by.as_ref().map_or_else(|| "another run".to_owned(), Holder::to_string))]
    TakenOver {
        /// Where.
        place: String,
        /// Who holds the lock now, where that is known.
        by: Option<Holder>,
    },
    /// The state is kept elsewhere by now.
    #[error("{place} is no longer in use: the state was moved to {to}")]
    Moved {
        /// Where.
        place: String,
        /// Where it went.
        to: String,
    },
    /// The place cannot be read or written.
    #[error("cannot {action} {place}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        place: String,
        /// What the system said.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// A document is there already.
    #[error("{place} exists already")]
    Exists {
        /// Where.
        place: String,
    },
    /// The lease was given out by another store, or for another place.
    #[error("the lease at hand is not one of {place}")]
    WrongLease {
        /// Where.
        place: String,
    },
    /// The object store writes although a condition does not hold, so that two could write at once.
    #[error("{place} does not honour {lacks}, which the state rests on")]
    Unsuitable {
        /// Where.
        place: String,
        /// The condition.
        lacks: &'static str,
    },
    /// What is there is damaged.
    #[error("{place} is damaged: {what}")]
    Damaged {
        /// Where.
        place: String,
        /// What is wrong with it.
        what: String,
    },
    /// What is there can be read, and is not what was written there.
    #[error("{place} is not as it was written")]
    Altered {
        /// Where.
        place: String,
    },
    /// Written by a later release.
    #[error("{place} has format {found}, this release knows {known}")]
    Newer {
        /// Where.
        place: String,
        /// Its format.
        found: u32,
        /// The newest format of this release.
        known: u32,
    },
    /// The document of another stack.
    #[error("{place} belongs to the stack `{found}`, not to `{wanted}`")]
    OtherStack {
        /// Where.
        place: String,
        /// The stack it belongs to.
        found: String,
        /// The stack that is at work.
        wanted: String,
    },
}

impl StoreError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Locked(_) => "wait until that run has ended, then run again".to_owned(),
            Self::TakenOver { .. } => {
                "nothing more was written here; when that run has ended, run again to go on"
                    .to_owned()
            }
            Self::Moved { to, .. } => {
                format!("set `[state]` of the configuration to {to}, or move the state back")
            }
            Self::Io { place, .. } => {
                format!("check that {place} can be read and written and that it has room")
            }
            Self::Unsuitable { .. } => {
                "keep the state on this disk, or in a store with conditional writes, such as S3"
                    .to_owned()
            }
            Self::Exists { .. } => "run again: what exists will be read".to_owned(),
            Self::WrongLease { .. } => {
                "write with the lease that this store's `lock` gave".to_owned()
            }
            Self::Damaged { place, .. } => {
                format!("restore {place} from a backup; nothing has been changed")
            }
            Self::Altered { place } => {
                format!(
                    "restore {place} from a backup; if you changed it on purpose, delete its line `sha256`, and it is \
                     taken as it is"
                )
            }
            Self::Newer { .. } => {
                "use the release of wpstack that wrote it, or a later one".to_owned()
            }
            Self::OtherStack { found, .. } => {
                format!(
                    "run in another directory, or set `name = \"{found}\"` in the configuration"
                )
            }
        }
    }
}
