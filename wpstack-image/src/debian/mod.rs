//! A system of Debian, made of its packages without dpkg: nothing of them runs on the machine that builds.
//!
//! Packages are chosen from an archive whose signature is verified, unpacked, and settled: what their maintainer
//! scripts would have done is done as data. Equal archives give equal trees.

mod archive;
pub(crate) mod packages;
mod repository;
mod resolve;
mod settle;
mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::Semaphore;
use wpstack_core::image::Debian;
use wpstack_core::value::{Architecture, Checksum};

pub use archive::ArchiveError;
pub use repository::{Keyring, ReleaseError, RepositoryError, SignatureError};
pub use resolve::ResolveError;
pub use settle::SettleError;
pub use source::{WordPressSource, wordpress_source};

use self::archive::Unpacked;
use self::repository::Listing;
use self::resolve::Chosen;
use crate::fetch::{FetchError, Fetcher};
use crate::tree::Tree;

/// The largest package of Debian has some 1 GB.
const PACKAGE_LIMIT: u64 = 1 << 30;

/// A root filesystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Its files.
    pub tree: Tree,
    /// The packages that they come from, sorted by name.
    pub packages: Vec<Package>,
}

/// A package of Debian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name: `php8.4-fpm`.
    pub name: String,
    /// Its version: `8.4.28-1~deb13u1`.
    pub version: String,
    /// What it was built for: `amd64`, `arm64` or `all`.
    pub architecture: String,
    /// The source package that it was built from: `php8.4`.
    pub source: String,
    /// The version of that source package.
    pub source_version: String,
    /// Who looks after it.
    pub maintainer: String,
    /// Where its project lives, if the package says so.
    pub homepage: Option<String>,
    /// Where it was fetched from.
    pub url: String,
    /// The SHA-256 of the package.
    pub checksum: Checksum,
    /// The size of the package, in bytes.
    pub size: u64,
}

/// The root filesystem cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the archive offers cannot be read or believed.
    #[error("Debian's archive cannot be used")]
    Repository(#[from] RepositoryError),
    /// The packages do not go together.
    #[error("the packages cannot be chosen")]
    Resolve(#[from] ResolveError),
    /// A package cannot be had.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A package cannot be unpacked.
    #[error("the package `{package}` cannot be unpacked")]
    Archive {
        /// Its name.
        package: String,
        /// What is wrong with it.
        #[source]
        source: ArchiveError,
    },
    /// The packages do not make a system.
    #[error("the packages cannot be put together")]
    Settle(#[from] SettleError),
    /// The archive's description of a package lacks something.
    #[error("the archive does not say `{field}` of `{package}`")]
    Field {
        /// The package.
        package: String,
        /// What is missing.
        field: &'static str,
    },
}

impl Error {
    /// Whether trying again may help.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Fetch(error) | Self::Repository(RepositoryError::Fetch(error)) => error.passes(),
            _ => false,
        }
    }

    /// What to do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Repository(error) => error.hint(),
            Self::Fetch(error) => error.hint(),
            Self::Resolve(ResolveError::Unknown(_)) => {
                "check the name in `packages`: only Debian's section `main` is looked at"
            }
            Self::Resolve(_) => {
                "check `packages`; without further ones, the mirror is being updated: try again"
            }
            Self::Settle(SettleError::Script { .. }) => {
                "build this image with a container engine, which runs the scripts of packages"
            }
            Self::Settle(_) => "leave the package out, or build with a container engine",
            Self::Archive { .. } | Self::Field { .. } => {
                "this is no package as Debian makes them: check the mirror"
            }
        }
    }
}

/// The root filesystem of a recipe's Debian: nginx, php-fpm, s6, what they need, and the recipe's further packages.
///
/// # Errors
/// When anything cannot be fetched, believed, or put together without running it.
pub async fn root(
    debian: &Debian,
    architecture: Architecture,
    fetcher: &Fetcher,
) -> Result<Root, Error> {
    select(debian, architecture, fetcher).await?.unpack(fetcher).await
}

/// The packages that a root filesystem is made of. What they are says all about it, before any of them is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The packages, sorted by name.
    pub packages: Vec<Package>,
    /// What the archive says about them.
    stanzas: String,
}

/// The packages of a recipe's Debian, as the archive's signed lists have them.
///
/// # Errors
/// When the lists cannot be fetched or believed, and when the packages do not go together.
pub async fn select(
    debian: &Debian,
    architecture: Architecture,
    fetcher: &Fetcher,
) -> Result<Selection, Error> {
    let keys = Keyring::debian().map_err(|source| {
        let url = "debian-archive-keyring".to_owned();
        RepositoryError::Signature { url, source }
    })?;
    let own = packages::PACKAGES.iter().map(|(name, _)| (*name).to_owned());
    let wanted = own.chain(debian.packages.iter().cloned()).collect();
    select_of(&wanted, debian, architecture, &keys, fetcher).await
}

/// These packages and what they depend on, from an archive that one of these keys signed.
async fn select_of(
    wanted: &BTreeSet<String>,
    debian: &Debian,
    architecture: Architecture,
    keys: &Keyring,
    fetcher: &Fetcher,
) -> Result<Selection, Error> {
    let list = match architecture {
        Architecture::X86_64 => "main/binary-amd64/Packages",
        Architecture::Arm64 => "main/binary-arm64/Packages",
    };
    let listings = Arc::new(repository::listings(debian, list, keys, fetcher).await?);
    let (packages, stanzas) = choose(&listings, wanted)?;
    Ok(Selection { packages, stanzas })
}

impl Selection {
    /// The root filesystem of the packages.
    ///
    /// # Errors
    /// When one cannot be fetched or believed, and when they cannot be put together without running them.
    pub async fn unpack(self, fetcher: &Fetcher) -> Result<Root, Error> {
        let Self { packages, stanzas } = self;
        let unpacked = unpack_all(&packages, fetcher).await?;
        let settled = tokio::task::spawn_blocking(move || {
            let index = repository::Index::read(stanzas);
            let stanzas = unpacked.iter().filter_map(|(name, _)| index.named(name).next());
            let stanzas: Vec<_> = stanzas.collect();
            settle::settle(unpacked, &stanzas)
        });
        let tree = settled.await.map_err(|stopped| stopped_at("all packages", stopped))??;
        Ok(Root { tree, packages })
    }
}

/// The packages, and what the archive says about them.
fn choose(
    listings: &[Listing],
    wanted: &BTreeSet<String>,
) -> Result<(Vec<Package>, String), Error> {
    let chosen = resolve::resolve(listings, wanted)?;
    let packages = chosen.values().map(Package::read).collect::<Result<_, _>>()?;
    let stanzas: Vec<_> = chosen.values().map(|chosen| chosen.stanza.as_str()).collect();
    Ok((packages, stanzas.join("\n\n")))
}

/// Fetches and unpacks, several at a time: while one is unpacked, others are on their way.
async fn unpack_all(
    packages: &[Package],
    fetcher: &Fetcher,
) -> Result<Vec<(String, Unpacked)>, Error> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = Arc::new(Semaphore::new(threads));
    // The largest first, so that none of them is unpacked alone in the end.
    let mut order: Vec<_> = packages.iter().collect();
    order.sort_by_key(|package| std::cmp::Reverse(package.size));
    let work = order.into_iter().map(|package| {
        let threads = threads.clone();
        async move {
            let limit = package.size.min(PACKAGE_LIMIT);
            let path = fetcher.file(&package.url, &package.checksum, limit).await?;
            let _permit = threads.acquire().await.expect("the semaphore is never closed");
            let unpacked = tokio::task::spawn_blocking(move || unpack(&path)).await;
            let unpacked = unpacked.map_err(|stopped| stopped_at(&package.name, stopped))?;
            let failed = |source| Error::Archive { package: package.name.clone(), source };
            Ok::<_, Error>((package.name.clone(), unpacked.map_err(failed)?))
        }
    });
    // Not more at a time than are fetched and unpacked anyway: each waiting one would hold a place in memory.
    let mut unpacked: Vec<_> = stream::iter(work).buffer_unordered(16).try_collect().await?;
    unpacked.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(unpacked)
}

fn unpack(path: &Path) -> Result<Unpacked, ArchiveError> {
    archive::unpack(std::fs::File::open(path)?)
}

fn stopped_at(package: &str, stopped: tokio::task::JoinError) -> Error {
    let source = ArchiveError::Damaged(std::io::Error::other(stopped));
    Error::Archive { package: package.to_owned(), source }
}

impl Package {
    fn read(chosen: &Chosen<'_>) -> Result<Self, Error> {
        let optional = |field: &'static str| chosen.stanza.field(field).map(str::to_owned);
        let missing = |field| Error::Field { package: chosen.name.to_owned(), field };
        let required = |field: &'static str| optional(field).ok_or_else(|| missing(field));
        let (name, version) = (chosen.name.to_owned(), required("Version")?);
        // `Source: php8.4 (8.4.28-1)`, and without when it is the same.
        let source = optional("Source").unwrap_or_else(|| name.clone());
        let (source, source_version) = match source.split_once(" (") {
            Some((source, rest)) => (source.to_owned(), rest.trim_end_matches(')').to_owned()),
            None => (source, version.clone()),
        };
        let checksum = required("SHA256")?.parse().map_err(|_| missing("SHA256"))?;
        let size = required("Size")?.parse().map_err(|_| missing("Size"))?;
        let url = format!("{}/{}", chosen.base, required("Filename")?);
        let (architecture, maintainer) = (required("Architecture")?, required("Maintainer")?);
        let homepage = optional("Homepage");
        let package = Self {
            name,
            version,
            architecture,
            source,
            source_version,
            maintainer,
            homepage,
            url,
            checksum,
            size,
        };
        Ok(package)
    }
}
