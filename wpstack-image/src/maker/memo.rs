//! What was built of a recipe before, by the recipe's tag.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use wpstack_core::value::ImageTag;

use super::MakeError;
use crate::build::Built;
use crate::layer::Cache;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memo {
    version: String,
    built: Built,
}

/// Another version of wpstack may build otherwise.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What was built, if all its layers are still there, and if `thoroughly`, with the contents that they should have.
pub(super) fn find(
    directory: &Path,
    tag: &ImageTag,
    cache: &Cache,
    thoroughly: bool,
) -> Option<Built> {
    let text = fs::read(directory.join(format!("{tag}.json"))).ok()?;
    // Whatever is wrong with it, the way out is the same: the image is built again.
    let Memo { version, built } = serde_json::from_slice(&text).ok()?;
    let is_whole = built.image.layers.iter().all(|layer| cache.has(layer, thoroughly));
    (version == VERSION && built.tag == *tag && is_whole).then_some(built)
}

pub(super) fn keep(directory: &Path, built: &Built) -> Result<(), MakeError> {
    let write = || -> io::Result<()> {
        fs::create_dir_all(directory)?;
        let mut file = NamedTempFile::new_in(directory)?;
        let memo = Memo { version: VERSION.to_owned(), built: built.clone() };
        serde_json::to_writer(io::BufWriter::new(&mut file), &memo)?;
        file.persist(directory.join(format!("{}.json", built.tag))).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(MakeError::Memo)
}
