//! What is told while an image is pushed.

use std::sync::Arc;
use std::time::Duration;

use wpstack_core::value::{ImageDigest, RepositoryName};

/// Takes what is told. It is called from the push itself, so it must not take long.
pub type Observer = Arc<dyn Fn(&Progress) + Send + Sync>;

/// Something happened in a push. What concerns a blob names it by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The repository has it already.
    Found {
        /// Which blob.
        blob: ImageDigest,
        /// Its size in bytes.
        size: u64,
    },
    /// The registry has taken it from another repository.
    Mounted {
        /// Which blob.
        blob: ImageDigest,
        /// Its size in bytes.
        size: u64,
        /// Where it was.
        from: RepositoryName,
    },
    /// Some of it is on its way. Begins anew, from nothing, when it is sent again.
    Sending {
        /// Which blob.
        blob: ImageDigest,
        /// How many bytes of it.
        sent: u64,
        /// Of how many.
        size: u64,
    },
    /// The registry has all of it, and has checked it.
    Sent {
        /// Which blob.
        blob: ImageDigest,
        /// Its size in bytes.
        size: u64,
    },
    /// Something failed that will pass: it is tried again after a pause.
    Waiting {
        /// What happened.
        because: String,
        /// How often it was tried.
        tries: u32,
        /// The pause.
        pause: Duration,
    },
    /// A manifest is in its place: the image, or what refers to it, can be pulled.
    Manifest {
        /// Its digest.
        digest: ImageDigest,
        /// Whether it had to be sent.
        sent: bool,
    },
}
