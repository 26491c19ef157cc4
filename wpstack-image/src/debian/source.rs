//! WordPress as Debian has it: the unpatched tarball of its source package.

use std::path::PathBuf;

use debversion::Version;
use wpstack_core::image::{Debian, Mirror};
use wpstack_core::value::Checksum;

use super::repository::{self, Keyring, RepositoryError, Stanza};
use super::{Error, ResolveError};
use crate::fetch::{Cause, Fetcher};

const PACKAGE: &str = "wordpress";
/// It has some 23 MB.
const LIMIT: u64 = 256 << 20;

/// The source of WordPress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordPressSource {
    /// The version of WordPress: `6.8.7`.
    pub version: String,
    /// The version of the source package: `6.8.7+dfsg1-0+deb13u1`.
    pub package_version: String,
    /// Where the tarball was fetched from.
    pub url: String,
    /// The SHA-256 of the tarball.
    pub checksum: Checksum,
    /// The tarball (`.tar.xz`), in the cache.
    pub path: PathBuf,
    /// Newer versions that the archive lists and the mirror does not have, the newest first. Somebody should be told:
    /// they may mend what this one is open to.
    pub unavailable: Vec<String>,
}

/// The newest source of WordPress that the archive has, verified and fetched.
///
/// # Errors
/// When it cannot be had, or the archive cannot be believed.
pub async fn wordpress_source(
    debian: &Debian,
    fetcher: &Fetcher,
) -> Result<WordPressSource, Error> {
    let keys = Keyring::debian().map_err(|source| {
        let url = "debian-archive-keyring".to_owned();
        RepositoryError::Signature { url, source }
    })?;
    wordpress_source_of(debian, &keys, fetcher).await
}

pub(super) async fn wordpress_source_of(
    debian: &Debian,
    keys: &Keyring,
    fetcher: &Fetcher,
) -> Result<WordPressSource, Error> {
    let listings = repository::listings(debian, "main/source/Sources", keys, fetcher).await?;
    let mut versions: Vec<(Version, Stanza<'_>, &str)> = Vec::new();
    for listing in &listings {
        for stanza in listing.index.named(PACKAGE) {
            let version = stanza.field("Version").and_then(|version| version.parse().ok());
            versions.push((version.ok_or_else(|| missing("Version"))?, stanza, &listing.base));
        }
    }
    versions.sort_by(|(one, ..), (other, ..)| other.cmp(one));
    let mut unavailable = Vec::new();
    let mut failure = ResolveError::Unknown(PACKAGE.to_owned()).into();
    for (version, stanza, base) in versions {
        match fetch(&version, stanza, base, fetcher).await {
            Ok(source) => return Ok(WordPressSource { unavailable, ..source }),
            // A live mirror may have the lists before it has the files. A snapshot has both, or is not the same for all.
            Err(Error::Fetch(error))
                if matches!(error.cause, Cause::Status(404 | 410))
                    && matches!(debian.mirror, Mirror::Live { .. }) =>
            {
                if unavailable.is_empty() {
                    failure = error.into();
                }
                unavailable.push(version.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    Err(failure)
}

async fn fetch(
    version: &Version,
    stanza: Stanza<'_>,
    base: &str,
    fetcher: &Fetcher,
) -> Result<WordPressSource, Error> {
    let (name, checksum, size) = tarball(stanza).ok_or_else(|| missing("Checksums-Sha256"))?;
    let directory = stanza.field("Directory").ok_or_else(|| missing("Directory"))?;
    let url = format!("{base}/{directory}/{name}");
    let path = fetcher.file(&url, &checksum, size.min(LIMIT)).await?;
    Ok(WordPressSource {
        version: upstream(version),
        package_version: version.to_string(),
        url,
        checksum,
        path,
        unavailable: Vec::new(),
    })
}

fn missing(field: &'static str) -> Error {
    Error::Field { package: PACKAGE.to_owned(), field }
}

/// The tarball of upstream's files: its name, checksum and size.
fn tarball(stanza: Stanza<'_>) -> Option<(String, Checksum, u64)> {
    stanza.further("Checksums-Sha256").find_map(|line| {
        let mut words = line.split_whitespace();
        let (checksum, size, name) = (words.next()?, words.next()?, words.next()?);
        let is_name = !name.contains('/') && name.ends_with(".orig.tar.xz");
        is_name.then_some((name.to_owned(), checksum.parse().ok()?, size.parse().ok()?))
    })
}

/// The version without what Debian adds when it leaves files out: `+dfsg1`.
fn upstream(version: &Version) -> String {
    let upstream = version.upstream_version.as_str();
    upstream.split_once("+dfsg").map_or(upstream, |(upstream, _)| upstream).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_wordpress() {
        for (package, version) in
            [("6.8.7+dfsg1-0+deb13u1", "6.8.7"), ("6.9-1", "6.9"), ("1:7.0+dfsg-1", "7.0")]
        {
            assert_eq!(upstream(&package.parse().unwrap()), version);
        }
    }
}
