//! Where a piece of the image comes from.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::value::Checksum;

/// Where files of the image come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// An archive (`.zip`, `.tar.gz`, `.tar.xz`) that is fetched and has to have this checksum.
    Archive {
        /// Where it is: `https://…`, `http://…`, or a path on this machine.
        url: String,
        /// The SHA-256 of the whole file.
        checksum: Checksum,
    },
    /// A directory of this machine, taken as it is. Its contents are part of the recipe's fingerprint.
    Directory(PathBuf),
}

impl Source {
    /// The directory of this machine, if it is one.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        match self {
            Self::Directory(path) => Some(path),
            Self::Archive { .. } => None,
        }
    }
}
