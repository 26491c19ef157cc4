//! A layout in one archive.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use serde::Serialize;
use tar::{Archive, Builder, EntryType, Header};

use super::layout::{Contents, Export, INDEX, MARKER, blob, is_our_index};
use super::{Document, Image};
use crate::digest::Digest;

/// What `docker load` looks for, and takes instead of the index. It names one image: of several, the first.
const DOCKER: &str = "manifest.json";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Docker<'a> {
    config: String,
    repo_tags: [&'a str; 1],
    layers: Vec<String>,
}

/// Writes the archive. The index comes early, so that [`is_ours`] need not read it all.
pub(super) fn write(
    to: impl Write,
    export: &Export<'_>,
    index: &Document,
    contents: &BTreeMap<&Digest, Contents<'_>>,
) -> io::Result<()> {
    let mut tar = Builder::new(io::BufWriter::with_capacity(1 << 18, to));
    file(&mut tar, MARKER.0, MARKER.1)?;
    file(&mut tar, INDEX, &index.bytes[..])?;
    let docker: Vec<_> = export.images.iter().take(1).map(|image| docker(image, export)).collect();
    file(&mut tar, DOCKER, &serde_json::to_vec(&docker)?)?;
    for directory in ["blobs/", "blobs/sha256/"] {
        append(&mut tar, directory, EntryType::Directory, 0, io::empty())?;
    }
    for (digest, contents) in contents {
        match contents {
            Contents::Bytes(bytes) => file(&mut tar, &blob(digest), bytes)?,
            Contents::File(path, size) => {
                let contents = File::open(path)?;
                append(&mut tar, &blob(digest), EntryType::Regular, *size, contents.take(*size))?;
            }
        }
    }
    tar.into_inner()?.flush()
}

fn docker<'a>(image: &Image, export: &Export<'a>) -> Docker<'a> {
    Docker {
        config: blob(&image.config.digest),
        repo_tags: [export.name],
        layers: image.layers.iter().map(|layer| blob(&layer.blob.digest)).collect(),
    }
}

fn file<W: Write>(tar: &mut Builder<W>, path: &str, bytes: &[u8]) -> io::Result<()> {
    append(tar, path, EntryType::Regular, bytes.len() as u64, bytes)
}

fn append<W: Write>(
    tar: &mut Builder<W>,
    path: &str,
    kind: EntryType,
    size: u64,
    contents: impl Read,
) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(if kind.is_dir() { 0o755 } else { 0o644 });
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    tar.append_data(&mut header, path, contents)
}

/// Whether a file is an archive that [`write`] wrote.
pub(super) fn is_ours(path: &Path) -> io::Result<bool> {
    // Not through a link: what it leads to would be replaced by a file in its place.
    if !std::fs::symlink_metadata(path)?.is_file() {
        return Ok(false);
    }
    let mut archive = Archive::new(File::open(path)?);
    let mut entries = archive.entries()?;
    // What cannot be read as an archive is none of ours.
    let (Some(Ok(marker)), Some(Ok(index))) = (entries.next(), entries.next()) else {
        return Ok(false);
    };
    if *marker.path_bytes() != *MARKER.0.as_bytes() || *index.path_bytes() != *INDEX.as_bytes() {
        return Ok(false);
    }
    let mut bytes = Vec::new();
    index.take(1 << 20).read_to_end(&mut bytes)?;
    Ok(is_our_index(&bytes))
}
