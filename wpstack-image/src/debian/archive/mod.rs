//! Reading a `.deb`: the files that it brings, and which scripts it would have run.

mod compression;
mod prune;
#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeMap;
use std::io::{self, Read};

use tar::{Entry, EntryType};

use crate::tree::{Kind, Node, PathError, TreePath};
use compression::decompress;

/// The largest package of Debian has some 1 GB; the largest of this image 10 MB.
const FILE_LIMIT: u64 = 256 << 20;
const TOTAL_LIMIT: u64 = 1 << 30;
const ENTRIES_LIMIT: usize = 100_000;

/// What is in a package.
#[derive(Debug, Default)]
pub(super) struct Unpacked {
    /// Its files, without those that nothing reads.
    pub(super) files: Vec<(TreePath, Node)>,
    /// The scripts that dpkg would have run, by name: `postinst`.
    pub(super) scripts: BTreeMap<String, String>,
}

/// A package cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is damaged, or no package at all.
    #[error("it is damaged")]
    Damaged(#[from] io::Error),
    /// A part is missing.
    #[error("it has no `{0}`")]
    Missing(&'static str),
    /// It is compressed in a way that is not known.
    #[error("its part `{0}` is compressed in a way that is not known")]
    Compression(String),
    /// A path leads outside.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A device or something else that no image should have.
    #[error("`{path}` is {what}, which no image may have")]
    Special {
        /// Its path.
        path: String,
        /// What it is.
        what: &'static str,
    },
    /// Too much.
    #[error("{0} is larger than anything that Debian has")]
    TooLarge(String),
}

/// Reads a package.
pub(super) fn unpack(package: impl Read) -> Result<Unpacked, ArchiveError> {
    let mut archive = ar::Archive::new(package);
    let mut unpacked = Unpacked::default();
    let (mut version, mut control, mut data) = (false, false, false);
    while let Some(member) = archive.next_entry() {
        let member = member?;
        let name = String::from_utf8_lossy(member.header().identifier()).into_owned();
        let name = name.trim_end_matches('/');
        if let Some(compression) = name.strip_prefix("control.tar") {
            unpacked.scripts = scripts(decompress(member, name, compression)?)?;
            control = true;
        } else if let Some(compression) = name.strip_prefix("data.tar") {
            unpacked.files = files(decompress(member, name, compression)?)?;
            data = true;
        } else if name == "debian-binary" {
            version = true;
        }
    }
    match (version, control, data) {
        (true, true, true) => Ok(unpacked),
        (false, ..) => Err(ArchiveError::Missing("debian-binary")),
        (_, false, _) => Err(ArchiveError::Missing("control.tar")),
        (.., false) => Err(ArchiveError::Missing("data.tar")),
    }
}

fn scripts(control: impl Read) -> Result<BTreeMap<String, String>, ArchiveError> {
    let mut scripts = BTreeMap::new();
    let mut budget = TOTAL_LIMIT;
    for entry in tar::Archive::new(control).entries()? {
        let mut entry = entry?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let name = path.trim_start_matches("./");
        if matches!(name, "preinst" | "postinst") {
            let bytes = contents(&mut entry, &path, &mut budget)?;
            scripts.insert(name.to_owned(), String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(scripts)
}

fn files(data: impl Read) -> Result<Vec<(TreePath, Node)>, ArchiveError> {
    let mut files = Vec::new();
    let mut budget = TOTAL_LIMIT;
    for (number, entry) in tar::Archive::new(data).entries()?.enumerate() {
        let mut entry = entry?;
        let path = text(&entry.path_bytes())?;
        if number >= ENTRIES_LIMIT {
            return Err(ArchiveError::TooLarge("the number of its files".to_owned()));
        }
        // The root directory itself.
        if matches!(path.as_str(), "." | "./" | "/") {
            continue;
        }
        let path: TreePath = merged(path.parse()?)?;
        let kind = kind(&mut entry, &path, &mut budget)?;
        if !prune::is_left_out(path.as_str()) {
            let header = entry.header();
            // Nobody becomes anybody else in the container, so that no program has a use for these bits.
            let mode = header.mode()? & 0o1777;
            let (user, group) = (id(header.uid()?)?, id(header.gid()?)?);
            files.push((path, Node { kind, mode, user, group }));
        }
    }
    Ok(files)
}

fn kind(
    entry: &mut Entry<'_, impl Read>,
    path: &TreePath,
    budget: &mut u64,
) -> Result<Kind, ArchiveError> {
    let special = |what| ArchiveError::Special { path: path.to_string(), what };
    match entry.header().entry_type() {
        EntryType::Directory => Ok(Kind::Directory),
        EntryType::Regular | EntryType::Continuous => {
            Ok(Kind::File(contents(entry, path.as_str(), budget)?.into()))
        }
        EntryType::Symlink => Ok(Kind::Symlink(target(entry, path)?)),
        EntryType::Link => Ok(Kind::HardLink(merged(target(entry, path)?.parse()?)?)),
        EntryType::Block | EntryType::Char => Err(special("a device")),
        EntryType::Fifo => Err(special("a pipe")),
        _ => Err(special("something unknown")),
    }
}

fn target(entry: &Entry<'_, impl Read>, path: &TreePath) -> Result<String, ArchiveError> {
    let bytes = entry.link_name_bytes().unwrap_or_default();
    if bytes.is_empty() {
        let what = "a link to nothing";
        return Err(ArchiveError::Special { path: path.to_string(), what });
    }
    text(&bytes)
}

fn contents(
    entry: &mut Entry<'_, impl Read>,
    path: &str,
    budget: &mut u64,
) -> Result<Vec<u8>, ArchiveError> {
    let size = entry.size();
    if size > FILE_LIMIT.min(*budget) {
        return Err(ArchiveError::TooLarge(format!("`{path}`")));
    }
    *budget -= size;
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    // A truncated archive ends quietly.
    if bytes.len() as u64 != size {
        return Err(ArchiveError::Damaged(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(bytes)
}

/// The path behind the links `/bin`, `/lib` and so on. Some packages still bring files there, and dpkg would follow.
fn merged(path: TreePath) -> Result<TreePath, PathError> {
    let first = path.as_str().split_once('/').map(|(first, _)| first);
    match first {
        Some("bin" | "sbin" | "lib" | "lib64") => format!("usr/{path}").parse(),
        _ => Ok(path),
    }
}

fn text(bytes: &[u8]) -> Result<String, ArchiveError> {
    match str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(PathError(String::from_utf8_lossy(bytes).into_owned()).into()),
    }
}

fn id(number: u64) -> Result<u32, ArchiveError> {
    u32::try_from(number).map_err(|_| ArchiveError::TooLarge("the number of a user".to_owned()))
}
