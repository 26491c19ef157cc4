//! Debian's archive: which packages there are, as its keys attest.

mod index;
mod release;
mod signature;
#[cfg(test)]
pub(crate) mod tests;

use std::io::Read;
use std::path::Path;

use futures::future::try_join_all;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use liblzma::read::XzDecoder;
use wpstack_core::image::{Debian, Mirror, Release as Distribution, Snapshot};

pub(crate) use index::{Index, Stanza};
pub use release::ReleaseError;
use release::{Moment, Release};
pub use signature::{Keyring, SignatureError};

use crate::fetch::{FetchError, Fetcher};

/// An `InRelease` has some 150 kB.
const RELEASE_LIMIT: u64 = 4 << 20;
/// An index has some 10 MB, and unpacked 60.
const INDEX_LIMIT: u64 = 64 << 20;
const TEXT_LIMIT: u64 = 512 << 20;

/// A list of packages, and the address that their paths begin at.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) base: String,
    pub(crate) index: Index,
}

/// What the archive offers cannot be read or believed.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// A file cannot be had.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A suite is not signed as it should be.
    #[error("the signature of `{url}` is not to be believed")]
    Signature {
        /// The address of the suite's `InRelease`.
        url: String,
        /// What is wrong with it.
        #[source]
        source: SignatureError,
    },
    /// A suite is not the one that was asked for.
    #[error("the suite at `{url}` cannot be used")]
    Release {
        /// The address of the suite's `InRelease`.
        url: String,
        /// What is wrong with it.
        #[source]
        source: ReleaseError,
    },
    /// An index is damaged, although its checksum is right, or it is too large.
    #[error("`{url}` cannot be unpacked")]
    Index {
        /// The address of the index.
        url: String,
        /// What is wrong with it.
        #[source]
        source: std::io::Error,
    },
    /// The moment of a snapshot has another form.
    #[error("`{0}` is no moment of the snapshot archive")]
    Snapshot(String),
}

impl RepositoryError {
    /// What to do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.hint(),
            Self::Signature { source: SignatureError::Expired(_), .. } => {
                "check this machine's clock; if it is right, this mirror is out of date"
            }
            Self::Signature { .. } => "use another mirror: this one does not give Debian's files",
            Self::Release { source: ReleaseError::Expired(_), .. } => {
                "check this machine's clock; if it is right, use a mirror that is kept up to date"
            }
            Self::Release { source: ReleaseError::TooNew(_), .. } => {
                "check this machine's clock, or the date of the snapshot"
            }
            Self::Release { .. } => "check the mirror's address: both archives have to be right",
            Self::Index { .. } => "use another mirror, or empty the cache of downloads",
            Self::Snapshot(_) => "write the date and time in UTC, such as 20261101T000000Z",
        }
    }
}

/// Which list of each suite is asked for: `main/binary-amd64/Packages` or `main/source/Sources`.
pub(crate) async fn listings(
    debian: &Debian,
    list: &str,
    keys: &Keyring,
    fetcher: &Fetcher,
) -> Result<Vec<Listing>, RepositoryError> {
    let moment = match &debian.mirror {
        Mirror::Snapshot(snapshot) => Moment::Snapshot(time_of(snapshot)?),
        Mirror::Live { .. } => Moment::Now(fetcher.clock().now()),
    };
    let suites = suites(debian);
    let suites = suites.iter();
    try_join_all(suites.map(|(base, suite)| listing(base, suite, list, moment, keys, fetcher)))
        .await
}

/// The suites that packages come from, each with the address of its archive.
fn suites(debian: &Debian) -> Vec<(String, String)> {
    let (main, security) = match &debian.mirror {
        Mirror::Snapshot(Snapshot(stamp)) => (
            // With TLS: a signature of long ago is as good as one of that day to whoever has only the moment to go by.
            format!("https://snapshot.debian.org/archive/debian/{stamp}"),
            format!("https://snapshot.debian.org/archive/debian-security/{stamp}"),
        ),
        Mirror::Live { main, security } => (main.clone(), security.clone()),
    };
    let (main, security) = (main.trim_end_matches('/'), security.trim_end_matches('/'));
    let codename = match debian.release {
        Distribution::Trixie => "trixie",
    };
    vec![
        (main.to_owned(), codename.to_owned()),
        (main.to_owned(), format!("{codename}-updates")),
        (security.to_owned(), format!("{codename}-security")),
    ]
}

fn time_of(Snapshot(stamp): &Snapshot) -> Result<Timestamp, RepositoryError> {
    let civil = DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok();
    let zoned = civil.and_then(|civil| civil.to_zoned(TimeZone::UTC).ok());
    zoned.map_or_else(
        || Err(RepositoryError::Snapshot(stamp.clone())),
        |zoned| Ok(zoned.timestamp()),
    )
}

async fn listing(
    base: &str,
    suite: &str,
    list: &str,
    moment: Moment,
    keys: &Keyring,
    fetcher: &Fetcher,
) -> Result<Listing, RepositoryError> {
    let url = format!("{base}/dists/{suite}/InRelease");
    let signed = fetcher.bytes(&url, RELEASE_LIMIT).await?;
    let signed = String::from_utf8_lossy(&signed);
    let text = keys
        .verify(&signed, moment.time())
        .map_err(|source| RepositoryError::Signature { url: url.clone(), source })?;
    let unfit = |source| RepositoryError::Release { url: url.clone(), source };
    let release = Release::read(&text).map_err(unfit)?;
    release.check(suite, moment).map_err(unfit)?;

    let path = format!("{list}.xz");
    let (checksum, size) = release.index(&path).map_err(unfit)?;
    // By its checksum a mirror has an index even while it is being updated. A snapshot is never updated.
    let (folder, _) = list.rsplit_once('/').unwrap_or_default();
    let url = match moment {
        Moment::Now(_) if release.by_hash => {
            format!("{base}/dists/{suite}/{folder}/by-hash/SHA256/{checksum}")
        }
        Moment::Now(_) | Moment::Snapshot(_) => format!("{base}/dists/{suite}/{path}"),
    };
    let file = fetcher.file(&url, checksum, size.min(INDEX_LIMIT)).await?;
    let read = tokio::task::spawn_blocking(move || unpack(&file).map(Index::read));
    let read = read.await.unwrap_or_else(|stopped| Err(std::io::Error::other(stopped)));
    let index = read.map_err(|source| RepositoryError::Index { url, source })?;
    Ok(Listing { base: base.to_owned(), index })
}

fn unpack(path: &Path) -> Result<String, std::io::Error> {
    let file = std::fs::File::open(path)?;
    let mut text = String::new();
    XzDecoder::new(file).take(TEXT_LIMIT + 1).read_to_string(&mut text)?;
    if text.len() as u64 > TEXT_LIMIT {
        return Err(std::io::Error::other("it is too large"));
    }
    Ok(text)
}
