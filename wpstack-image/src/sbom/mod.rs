//! The bill of materials: what is in the image, for those who look for known weaknesses.
//!
//! CycloneDX 1.5 and not SPDX: it is what Amazon Inspector's `ScanSbom` takes, beside Trivy and Grype, it names
//! packages by the URLs that these match with their databases, and it needs no time of the document's making.

mod cyclonedx;

use serde::{Deserialize, Serialize};
use wpstack_core::image::Source;
use wpstack_core::value::Checksum;

pub use cyclonedx::{MEDIA_TYPE, render};

use crate::wordpress::ExtensionKind;

/// A package of the distribution.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Its name: `libssl3t64`.
    pub name: String,
    /// Its version, with epoch and revision.
    pub version: String,
    /// `amd64`, `arm64` or `all`.
    pub architecture: String,
    /// The source package, where its name differs: `openssl`. Weaknesses are recorded for sources.
    pub source: Option<String>,
    /// The source's version, where it differs.
    pub source_version: Option<String>,
    /// The SHA-256 of the `.deb`.
    pub checksum: Option<Checksum>,
}

/// Everything that is in an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Materials {
    /// The distribution's name and version, as its `os-release` has them: `debian` and `13`.
    pub distribution: (String, String),
    /// Its packages.
    pub packages: Vec<Package>,
    /// WordPress.
    pub wordpress: WordPress,
    /// Plugins and themes.
    pub extensions: Vec<Added>,
    /// The language pack: its locale, and where it came from.
    pub language: Option<(String, Source)>,
}

/// WordPress, as an image has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordPress {
    /// Its version.
    pub version: String,
    /// Where its archive came from, if from a URL of the recipe.
    pub url: Option<String>,
    /// The SHA-256 of the archive.
    pub checksum: Checksum,
}

/// A plugin or theme, as an image has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// What it is.
    pub kind: ExtensionKind,
    /// The name of its folder.
    pub name: String,
    /// What its header says.
    pub version: Option<String>,
    /// Where it came from.
    pub source: Source,
}

#[cfg(test)]
mod tests;
