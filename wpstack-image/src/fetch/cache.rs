//! Files by their SHA-256: a file's name is its checksum, so that no name can be wrong.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use wpstack_core::value::Checksum;

use super::{Cause, FetchError};

#[derive(Debug)]
pub(super) struct Cache(PathBuf);

/// A file that is being written, and what its checksum is so far. Dropped, it is gone.
pub(super) struct Writer {
    file: NamedTempFile,
    hasher: Sha256,
    length: u64,
}

impl Cache {
    pub(super) fn open(directory: PathBuf) -> Result<Self, FetchError> {
        match std::fs::create_dir_all(&directory) {
            Ok(()) => Ok(Self(directory)),
            Err(source) => Err(FetchError::io(&directory.display().to_string(), source)),
        }
    }

    /// The file with that checksum. One that has become another since it was written is none, and is replaced when the
    /// right one is kept: another process may be about to.
    pub(super) fn find(&self, expected: &Checksum) -> Result<Option<PathBuf>, FetchError> {
        let path = self.path(expected);
        let io = |source| FetchError::io(&path.display().to_string(), source);
        match digest(&path) {
            Ok(actual) if actual == expected.as_str() => Ok(Some(path)),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(error)),
        }
    }

    pub(super) fn writer(&self) -> io::Result<Writer> {
        let file = NamedTempFile::new_in(&self.0)?;
        Ok(Writer { file, hasher: Sha256::new(), length: 0 })
    }

    /// Keeps what was written, if it is what it should be.
    pub(super) fn keep(
        &self,
        writer: Writer,
        expected: &Checksum,
        url: &str,
    ) -> Result<PathBuf, FetchError> {
        let actual = format!("{:x}", writer.hasher.finalize());
        if actual != expected.as_str() {
            return Err(FetchError::new(
                url,
                Cause::Checksum { expected: expected.clone(), actual },
            ));
        }
        let path = self.path(expected);
        let local = |source| FetchError::io(&path.display().to_string(), source);
        writer.file.as_file().sync_data().map_err(local)?;
        match writer.file.persist(&path) {
            Ok(_) => Ok(path),
            Err(error) => Err(local(error.error)),
        }
    }

    fn path(&self, checksum: &Checksum) -> PathBuf {
        self.0.join(checksum.as_str())
    }
}

impl Writer {
    pub(super) fn len(&self) -> u64 {
        self.length
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn into_bytes(mut self) -> Result<Vec<u8>, FetchError> {
        let mut bytes = Vec::new();
        let file = self.file.as_file_mut();
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes));
        match read {
            Ok(_) => Ok(bytes),
            Err(source) => Err(FetchError::io(&self.file.path().display().to_string(), source)),
        }
    }
}

fn digest(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(format!("{:x}", hasher.finalize()))
}
