//! Layers that were made before, by what they were made of.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::{Blob, Layer, LayerError, Outline, pack};
use crate::digest::{Digest, Hashing};
use crate::tree::Tree;

/// A directory with the contents of layers under their digests, and notes which inputs gave which layer. Several
/// builds may use it at once: every file appears whole, and two that write the same one write the same bytes.
/// Everything in it may be deleted at any time.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

/// A layer of the cache, with what was noted beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The layer.
    pub layer: Layer,
    /// What is in it.
    pub outline: Outline,
    /// What was learnt when it was made: versions, by name.
    pub facts: Facts,
}

/// Versions of what a layer has, by name.
pub type Facts = BTreeMap<String, String>;

/// What is noted about a layer.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    blob: Blob,
    outline: Outline,
    facts: Facts,
}

impl Cache {
    /// The cache in that directory, which is made if there is none.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(root: &Path) -> Result<Self, LayerError> {
        let cache = Self { root: root.to_owned() };
        for directory in [cache.blobs(), cache.notes()] {
            fs::create_dir_all(&directory).map_err(at(&directory))?;
        }
        Ok(cache)
    }

    /// The layer that was made of those inputs, if it is still there and whole. Its contents are read and compared
    /// with its digest, so what flipped on the disk or was cut is never shipped.
    #[must_use]
    pub fn find(&self, inputs: &Digest, title: &str) -> Option<Kept> {
        // Whatever is wrong with a note or a file, the way out is the same: the layer is made again.
        let note = fs::read(self.note(inputs)).ok()?;
        let Note { blob, outline, facts } = serde_json::from_slice(&note).ok()?;
        let path = self.blob(&blob.digest);
        if fs::metadata(&path).ok()?.len() != blob.size || digest_of(&path).ok()? != blob.digest {
            return None;
        }
        Some(Kept { layer: Layer { title: title.to_owned(), blob, path }, outline, facts })
    }

    /// Whether the contents of a layer are there, as large as they should be and, if `thoroughly`, as they should be.
    #[must_use]
    pub fn has(&self, layer: &Layer, thoroughly: bool) -> bool {
        let path = self.blob(&layer.blob.digest);
        let is_large = fs::metadata(&path).is_ok_and(|file| file.len() == layer.blob.size);
        let is_whole = || digest_of(&path).is_ok_and(|digest| digest == layer.blob.digest);
        path == layer.path && is_large && (!thoroughly || is_whole())
    }

    /// Makes the layer of a tree, and notes what it was made of, beside its outline and what was learnt. Uses all cores and blocks.
    ///
    /// # Errors
    /// When the tree is none that a layer can have, or the cache cannot be written.
    pub fn make(
        &self,
        inputs: &Digest,
        title: &str,
        tree: &Tree,
        outline: Outline,
        facts: Facts,
    ) -> Result<Kept, LayerError> {
        let file = NamedTempFile::new_in(&self.root).map_err(at(&self.root))?;
        let (file, blob) = pack(tree, file)?;
        let path = self.blob(&blob.digest);
        keep(file, &path)?;
        let note = Note { blob, outline, facts };
        let mut file = NamedTempFile::new_in(&self.root).map_err(at(&self.root))?;
        serde_json::to_writer(io::BufWriter::new(&mut file), &note)
            .map_err(|error| LayerError::Write(error.into()))?;
        keep(file, &self.note(inputs))?;
        let Note { blob, outline, facts } = note;
        Ok(Kept { layer: Layer { title: title.to_owned(), blob, path }, outline, facts })
    }

    fn blobs(&self) -> PathBuf {
        self.root.join("blobs").join("sha256")
    }

    fn notes(&self) -> PathBuf {
        self.root.join("notes")
    }

    fn blob(&self, digest: &Digest) -> PathBuf {
        self.blobs().join(digest.hex())
    }

    fn note(&self, inputs: &Digest) -> PathBuf {
        self.notes().join(format!("{}.json", inputs.hex()))
    }
}

/// Gives a file that was written whole its name.
fn keep(file: NamedTempFile, path: &Path) -> Result<(), LayerError> {
    file.persist(path).map(drop).map_err(|error| at(path)(error.error))
}

fn digest_of(path: &Path) -> io::Result<Digest> {
    let mut hashing = Hashing::new(io::sink());
    let mut file = fs::File::open(path)?;
    let mut piece = vec![0; 1 << 18];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hashing.finish().1),
            read => io::Write::write_all(&mut hashing, &piece[..read])?,
        }
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> LayerError + '_ {
    |source| LayerError::Cache { path: path.to_owned(), source }
}
