//! The recipe.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{IniName, IniValue, Source};
use crate::value::{Architecture, Checksum, Cidr, Mebibytes, Seconds};

/// What the image is made of. The default is WordPress as Debian's signed source has it, nginx and php-fpm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageSpec {
    /// The distribution that everything but WordPress comes from.
    pub base: Base,
    /// The processor that it runs on.
    pub architecture: Architecture,
    /// WordPress itself.
    pub wordpress: Core,
    /// PHP's settings.
    pub php: Php,
    /// nginx's settings.
    pub nginx: Nginx,
    /// Plugins, by the name of their folder.
    pub plugins: BTreeMap<String, Source>,
    /// Themes, by the name of their folder.
    pub themes: BTreeMap<String, Source>,
    /// Further files: where each stands in the image, and where it is on this machine. Readable, owned by root.
    pub files: BTreeMap<PathBuf, PathBuf>,
    /// The site's language, with the pack that has its words. Without: English (United States).
    pub language: Option<LanguagePack>,
}

/// The family of distributions that the image is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Base {
    /// Debian: built without a container engine, or through one.
    Debian(Debian),
    /// Alpine, by its release ("3.22"): through a container engine only.
    Alpine(String),
}

/// A state of Debian's archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Debian {
    /// The release.
    pub release: Release,
    /// Where the packages come from.
    pub mirror: Mirror,
    /// Further packages, with what they depend on.
    pub packages: BTreeSet<String>,
}

/// A release of Debian.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Release {
    /// Debian 13.
    #[default]
    Trixie,
}

/// Where packages come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mirror {
    /// The archive's dated snapshot, so that the date pins every package. <https://snapshot.debian.org>
    Snapshot(Snapshot),
    /// Whatever these mirrors have today.
    Live {
        /// The archive: `http://deb.debian.org/debian`.
        main: String,
        /// The archive of security updates: `http://deb.debian.org/debian-security`.
        security: String,
    },
}

/// A moment of the snapshot archive: `20261101T000000Z`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot(pub String);

/// WordPress itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Core {
    /// The unpatched upstream source of Debian's source package, verified by the archive's signature.
    Debian,
    /// A release from elsewhere: `https://wordpress.org/wordpress-6.8.3.tar.gz`.
    Release {
        /// Its version: "6.8.3".
        version: String,
        /// The archive and its checksum.
        url: String,
        /// The SHA-256 of the archive.
        checksum: Checksum,
    },
}

/// A language, and where its words come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguagePack {
    /// WordPress's name of it: "de_DE".
    pub locale: String,
    /// The `.mo`, `.po`, `.json` and `.l10n.php` files.
    pub source: Source,
}

/// PHP's settings. <https://www.php.net/manual/en/ini.list.php>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Php {
    /// The most that one request may use.
    pub memory_limit: Mebibytes,
    /// The largest upload, which nginx lets through as well.
    pub upload_limit: Mebibytes,
    /// How long one request may take.
    pub time_limit: Seconds,
    /// The compiled code of all scripts.
    pub opcache: Mebibytes,
    /// Further settings of `php.ini`, by name. They win over all others.
    pub ini: BTreeMap<IniName, IniValue>,
}

/// nginx's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Nginx {
    /// Addresses whose forwarded headers are believed, as CIDR blocks: the load balancer's.
    pub trusted_proxies: BTreeSet<Cidr>,
    /// How long a browser may keep files whose URLs carry a version.
    pub static_lifetime: Seconds,
}

impl ImageSpec {
    /// Blanks out where on this machine anything is.
    pub(super) fn forget_places(&mut self) {
        let language = self.language.iter_mut().map(|language| &mut language.source);
        for source in self.plugins.values_mut().chain(self.themes.values_mut()).chain(language) {
            if let Source::Directory(path) = source {
                *path = PathBuf::new();
            }
        }
        self.files.values_mut().for_each(|path| *path = PathBuf::new());
    }

    /// What is taken from this machine: where the recipe names it (`themes.mine`), and its path.
    pub fn local(&self) -> impl Iterator<Item = (String, &Path)> {
        let named = [("plugins", &self.plugins), ("themes", &self.themes)];
        let named = named.into_iter().flat_map(move |(kind, sources)| {
            let sources = sources.iter();
            sources.filter_map(move |(name, it)| Some((format!("{kind}.{name}"), it.directory()?)))
        });
        let language = self.language.iter().filter_map(|it| it.source.directory());
        let language = language.map(|path| ("language".to_owned(), path));
        let files = self.files.iter();
        let files = files.map(|(to, from)| (format!("files.{}", to.display()), from.as_path()));
        named.chain(language).chain(files)
    }
}

impl Default for ImageSpec {
    fn default() -> Self {
        Self {
            base: Base::Debian(Debian::default()),
            architecture: Architecture::X86_64,
            wordpress: Core::Debian,
            php: Php::default(),
            nginx: Nginx::default(),
            plugins: BTreeMap::new(),
            themes: BTreeMap::new(),
            files: BTreeMap::new(),
            language: None,
        }
    }
}

impl Default for Debian {
    fn default() -> Self {
        Self {
            release: Release::Trixie,
            mirror: Mirror::Snapshot(Snapshot("20261101T000000Z".to_owned())),
            packages: BTreeSet::new(),
        }
    }
}

impl Default for Php {
    fn default() -> Self {
        Self {
            memory_limit: Mebibytes(256),
            upload_limit: Mebibytes(64),
            time_limit: Seconds(120),
            opcache: Mebibytes(128),
            ini: BTreeMap::new(),
        }
    }
}

impl Default for Nginx {
    fn default() -> Self {
        Self {
            // Where load balancers usually are. Nothing else reaches the container.
            trusted_proxies: private_networks(),
            static_lifetime: Seconds(365 * 86_400),
        }
    }
}

/// Every private range. <https://www.rfc-editor.org/rfc/rfc1918>
fn private_networks() -> BTreeSet<Cidr> {
    [([10, 0, 0, 0], 8), ([172, 16, 0, 0], 12), ([192, 168, 0, 0], 16)]
        .into_iter()
        .map(|(network, prefix)| Cidr::new(network.into(), prefix))
        .collect::<Result<_, _>>()
        .expect("the private ranges have no host bits")
}
