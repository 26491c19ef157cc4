//! Archives: `.tar.gz`, `.tar.xz`, `.tar` and `.zip`, told apart by their first bytes.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};
use tar::{Archive, EntryType};
use wpstack_core::value::Checksum;
use zip::ZipArchive;

use super::gather::{Gather, GatherError, Limits, Refusal, Refused, refuse};
use crate::digest::Digest;
use crate::tree::Tree;

/// How much memory the decompressor of `.xz` gets. `xz -9` needs 65 MiB.
const XZ_MEMORY: u64 = 256 << 20;

/// Why an archive was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file is not there, or cannot be read.
    #[error("{} could not be read", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What happened.
        #[source]
        source: io::Error,
    },
    /// It is larger than any archive should be.
    #[error("{} has more than {most} bytes", path.display())]
    Large {
        /// Which file.
        path: PathBuf,
        /// How many it may have.
        most: u64,
    },
    /// It is not the file that the recipe means.
    #[error("{} has the SHA-256 {found}, where {expected} was asked for", path.display())]
    Checksum {
        /// Which file.
        path: PathBuf,
        /// What the recipe says.
        expected: Checksum,
        /// What it is.
        found: String,
    },
    /// None of the kinds that are known.
    #[error("{} is no archive of a known kind", .0.display())]
    Format(PathBuf),
    /// It is damaged.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What happened.
        #[source]
        source: io::Error,
    },
    /// It has something that no image gets.
    #[error("{} is refused", path.display())]
    Refused {
        /// Which file.
        path: PathBuf,
        /// What, and why.
        #[source]
        source: Refused,
    },
}

impl ArchiveError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::File { .. } => "check the path, and that you may read it",
            Self::Large { .. } => "leave out what the site does not need",
            Self::Checksum { .. } => {
                "compare with the checksum that the author publishes; if the file is right, change the recipe"
            }
            Self::Format(_) => "use a `.zip`, `.tar.gz` or `.tar.xz`",
            Self::Damaged { .. } => "fetch it again",
            Self::Refused { source, .. } => source.hint(),
        }
    }
}

/// The files of an archive whose checksum is known. It is read once, so what was checked is what is taken.
///
/// # Errors
/// When it cannot be read, is another file, or has something that no image gets.
pub fn read(path: &Path, checksum: &Checksum, limits: Limits) -> Result<Tree, ArchiveError> {
    let at = |source| ArchiveError::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(at)?;
    file.take(limits.packed + 1).read_to_end(&mut bytes).map_err(at)?;
    if bytes.len() as u64 > limits.packed {
        return Err(ArchiveError::Large { path: path.to_owned(), most: limits.packed });
    }
    let found = Digest::of(&bytes);
    if found.hex() != checksum.as_str() {
        let (path, expected) = (path.to_owned(), checksum.clone());
        return Err(ArchiveError::Checksum { path, expected, found: found.hex().to_owned() });
    }
    match unpack(&bytes, limits) {
        None => Err(ArchiveError::Format(path.to_owned())),
        Some(Ok(tree)) => Ok(tree),
        Some(Err(error)) => {
            let path = path.to_owned();
            Err(match error {
                GatherError::Refused(source) => ArchiveError::Refused { path, source },
                GatherError::Read(source) => ArchiveError::Damaged { path, source },
            })
        }
    }
}

/// The files, or none if it is no archive.
pub(super) fn unpack(bytes: &[u8], limits: Limits) -> Option<Result<Tree, GatherError>> {
    let gathered = match bytes {
        [0x1f, 0x8b, ..] => tar(MultiGzDecoder::new(bytes), limits),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED);
            stream
                .map_err(|error| io::Error::from(error).into())
                .and_then(|stream| tar(XzDecoder::new_stream(bytes, stream), limits))
        }
        [b'P', b'K', 3 | 5, 4 | 6, ..] => zip(bytes, limits),
        _ if bytes.get(257..262) == Some(b"ustar") => tar(bytes, limits),
        _ => return None,
    };
    Some(gathered.and_then(|gather| Ok(gather.finish()?)))
}

fn tar(archive: impl Read, limits: Limits) -> Result<Gather, GatherError> {
    let mut gather = Gather::new(limits);
    // Headers count too: an archive of nothing but them may be as large when it is unpacked.
    let most = limits.unpacked + limits.entries as u64 * 2048;
    let mut archive = Archive::new(Bounded { inner: archive, left: most });
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = text(&entry.path_bytes())?;
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader || is_desktop_litter(&name) {
            continue; // `git archive` names its commit in such a header.
        }
        let target = entry.link_name_bytes().as_deref().map(text).transpose()?.unwrap_or_default();
        match kind {
            EntryType::Directory => gather.directory(&name)?,
            EntryType::Regular | EntryType::Continuous => {
                let size = entry.size();
                gather.file(&name, size, &mut entry)?;
            }
            EntryType::Symlink => gather.symlink(&name, &target)?,
            EntryType::Link => gather.hard_link(&name, &target)?,
            _ => return refuse(&name, Refusal::Kind),
        }
    }
    // To the end, where the compressor's own checksum stands.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(gather)
}

fn zip(bytes: &[u8], limits: Limits) -> Result<Gather, GatherError> {
    let mut gather = Gather::new(limits);
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(io::Error::from)?;
    if archive.has_duplicate_names() {
        return refuse("one of the files", Refusal::Twice);
    }
    // A few kilobytes that are named many times unpack to petabytes.
    if archive.has_overlapping_entries().map_err(io::Error::from)? {
        let why = "two of its files share their bytes";
        return Err(io::Error::new(io::ErrorKind::InvalidData, why).into());
    }
    for index in 0..archive.len() {
        // Asked for before it is opened, which would fail for want of a password.
        let raw = archive.by_index_raw(index).map_err(io::Error::from)?;
        let name = text(raw.entry().name_raw())?;
        if raw.entry().encrypted() {
            return refuse(&name, Refusal::Encrypted);
        }
        drop(raw);
        if is_desktop_litter(&name) {
            continue;
        }
        let mut file = archive.by_index(index).map_err(io::Error::from)?;
        let entry = file.entry();
        let (size, mode) = (entry.size(), entry.unix_mode().unwrap_or_default());
        if entry.is_dir() {
            gather.directory(&name)?;
        } else if entry.is_symlink() {
            let mut target = Vec::new();
            (&mut file).take(limits.path as u64 + 1).read_to_end(&mut target)?;
            gather.symlink(&name, &text(&target)?)?;
        } else if matches!(mode & 0o170_000, 0 | 0o100_000) {
            gather.file(&name, size, &mut file)?;
        } else {
            return refuse(&name, Refusal::Kind);
        }
    }
    Ok(gather)
}

fn text(bytes: &[u8]) -> Result<String, GatherError> {
    match str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => refuse(&String::from_utf8_lossy(bytes), Refusal::Name),
    }
}

/// What macOS puts into archives beside the files.
fn is_desktop_litter(name: &str) -> bool {
    name.split('/').any(|part| matches!(part, "__MACOSX" | ".DS_Store") || part.starts_with("._"))
}

/// Fails where more comes than is allowed.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(to)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "it unpacks to more than any archive should")
        })?;
        Ok(read)
    }
}
