//! What a push did.

use std::time::Duration;

use wpstack_core::value::ImageDigest;

/// What a push did, and how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The image's digest, as the registry has confirmed it.
    pub digest: ImageDigest,
    /// Whether the manifest had to be sent: when not, the image was there under its tag already.
    pub is_new: bool,
    /// What became of each blob, of the image and of what belongs to it.
    pub blobs: Vec<PushedBlob>,
    /// From the first request to the last answer.
    pub took: Duration,
}

/// What became of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushedBlob {
    /// Its digest.
    pub digest: ImageDigest,
    /// Its size in bytes.
    pub size: u64,
    /// How it came there.
    pub outcome: Outcome,
    /// How many bytes of it were sent, those of uploads that were cut included.
    pub bytes_sent: u64,
    /// How long it took, pauses included.
    pub took: Duration,
}

/// How something came to be in the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was there.
    Found,
    /// The registry took it from another repository.
    Mounted,
    /// It was sent.
    Sent,
}

impl Pushed {
    /// How many bytes of blobs were sent, those of uploads that were cut included.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.bytes_sent).sum()
    }

    /// How many blobs came there in that way.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        self.blobs.iter().filter(|blob| blob.outcome == outcome).count()
    }
}
