//! Digests of contents: the names by which registries and image layouts know them.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use wpstack_core::value::{Checksum, ImageDigest, ValueError};

/// A SHA-256 in the form of the OCI: `sha256:` and 64 lowercase digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(Checksum);

impl Digest {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_hash(Sha256::new_with_prefix(bytes))
    }

    /// The digits, without `sha256:`.
    #[must_use]
    pub fn hex(&self) -> &str {
        self.0.as_str()
    }

    /// The same as the checksum of a file.
    #[must_use]
    pub fn checksum(&self) -> Checksum {
        self.0.clone()
    }

    /// The same as the digest of an image.
    #[must_use]
    pub fn to_image_digest(&self) -> ImageDigest {
        self.to_string().parse().expect("it has the form of an image's digest")
    }

    pub(crate) fn from_hash(hash: Sha256) -> Self {
        let text = format!("{:x}", hash.finalize());
        Self(text.parse().expect("a SHA-256 prints as 64 lowercase digits"))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{}", self.0)
    }
}

impl FromStr for Digest {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        text.strip_prefix("sha256:").unwrap_or(text).parse().map(Self)
    }
}

impl TryFrom<String> for Digest {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl From<Checksum> for Digest {
    fn from(checksum: Checksum) -> Self {
        Self(checksum)
    }
}

/// Passes bytes on, and knows the digest and number of all that passed.
#[derive(Debug)]
pub(crate) struct Hashing<W> {
    inner: W,
    hash: Sha256,
    size: u64,
}

impl<W> Hashing<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new(), size: 0 }
    }

    pub(crate) fn finish(self) -> (W, Digest, u64) {
        (self.inner, Digest::from_hash(self.hash), self.size)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
