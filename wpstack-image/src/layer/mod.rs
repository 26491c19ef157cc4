//! Layers: a tree as one compressed archive, the same bytes wherever and whenever it is made.

mod cache;
mod gzip;
mod outline;
mod tar;

use std::io::Write;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use cache::{Cache, Facts, Kept};
pub use outline::{Entry, Outline, Shape};

use crate::digest::{Digest, Hashing};
use crate::tree::{Tree, TreePath};

/// A layer that lies in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// What it has, in a few words: "distribution".
    pub title: String,
    /// What is known of the file.
    pub blob: Blob,
    /// The compressed archive.
    pub path: PathBuf,
}

/// The identity of a compressed archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blob {
    /// The digest of the compressed archive, by which registries know it.
    pub digest: Digest,
    /// The digest of the archive itself, by which the image's configuration knows it.
    pub diff_id: Digest,
    /// The size of the compressed archive in bytes.
    pub size: u64,
    /// The size of the archive itself in bytes.
    pub unpacked: u64,
}

/// Why a tree does not become a layer.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// A second name of something that is no file of the same tree.
    #[error("`/{0}` is a hard link to no file of its layer")]
    HardLink(TreePath),
    /// A name by which layers delete what lies below.
    #[error("`/{0}` has a name that container engines take for a deletion")]
    Whiteout(TreePath),
    /// The archive could not be written.
    #[error("a layer could not be written")]
    Write(#[source] std::io::Error),
    /// The cache's directory cannot be used.
    #[error("the cache of layers at {} cannot be used", path.display())]
    Cache {
        /// What was read or written.
        path: PathBuf,
        /// What happened.
        #[source]
        source: std::io::Error,
    },
}

impl LayerError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::HardLink(_) => "give the file itself under that path",
            Self::Whiteout(_) => "rename it: no file of an image may begin with `.wh.`",
            Self::Write(_) | Self::Cache { .. } => {
                "check that there is space, and that you may write there; everything in the cache may be deleted"
            }
        }
    }
}

/// Writes the compressed archive of a tree. Both digests are taken in the same pass.
fn pack<W: Write>(tree: &Tree, to: W) -> Result<(W, Blob), LayerError> {
    let archive = Hashing::new(gzip::Gzip::new(Hashing::new(to)));
    let (compressor, diff_id, unpacked) = tar::write(tree, archive)?.finish();
    let (to, digest, size) = compressor.finish().map_err(LayerError::Write)?.finish();
    Ok((to, Blob { digest, diff_id, size, unpacked }))
}

#[cfg(test)]
mod tests;
