//! What is told while an image is made.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::build;
use crate::fetch;
use crate::registry;

/// Is told what happens, from several threads, so it must not take long.
pub type Observer = Arc<dyn Fn(&Event) + Send + Sync>;

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The image was built before, and nothing of it can have changed.
    Known {
        /// Its digest.
        digest: String,
    },
    /// The mirror names newer versions of WordPress, and does not have them.
    Outdated {
        /// The version that is taken.
        version: String,
        /// The newest one that it names.
        newer: String,
    },
    /// Files are on their way.
    Fetching {
        /// How many have arrived.
        files: usize,
        /// How many bytes have arrived.
        bytes: u64,
    },
    /// Layers are built.
    Build(build::Progress),
    /// The image is pushed.
    Push(registry::Progress),
}

/// Adds up what is fetched.
pub(super) struct Fetches {
    observer: Observer,
    files: AtomicUsize,
    bytes: AtomicU64,
}

impl Fetches {
    pub(super) fn new(observer: Observer) -> Self {
        Self { observer, files: AtomicUsize::new(0), bytes: AtomicU64::new(0) }
    }

    fn tell(&self) {
        let files = self.files.load(Ordering::Relaxed);
        let bytes = self.bytes.load(Ordering::Relaxed);
        (self.observer)(&Event::Fetching { files, bytes });
    }
}

impl fmt::Debug for Fetches {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Fetches").finish_non_exhaustive()
    }
}

impl fetch::Progress for Fetches {
    fn began(&self, _: &str, _: Option<u64>) {}

    fn fetched(&self, _: &str, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.tell();
    }

    fn ended(&self, _: &str) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.tell();
    }

    fn cached(&self, _: &str) {}
}
