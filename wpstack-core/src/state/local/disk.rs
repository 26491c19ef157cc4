//! What the store does to the disk, one call each, so that a test can count them and let any of them fail.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Changes the disk. A test puts itself in between.
pub(super) trait Disk: fmt::Debug + Send + Sync {
    /// Writes at the end of the file.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    /// Returns when what was written survives a crash of the machine.
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// Cuts the file off.
    fn cut(&self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    /// Puts one file in the place of another.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Returns when the names in the directory survive a crash of the machine.
    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
    }
}

/// The disk itself.
#[derive(Debug)]
pub(super) struct RealDisk;

impl Disk for RealDisk {}

/// Makes the directory, for its owner alone.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Options to make a file for its owner alone.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.create(true);
    options
}

/// Puts a file in place whole: whoever reads finds the old content or the new one, also after a crash.
///
/// Returns it open at its end.
pub(super) fn replace(disk: &dyn Disk, path: &Path, content: &[u8]) -> io::Result<File> {
    let temporary = path.with_added_extension("tmp");
    let mut file = private().write(true).truncate(true).open(&temporary)?;
    disk.write(&mut file, content)?;
    disk.sync(&file)?;
    disk.rename(&temporary, path)?;
    disk.sync_directory(path.parent().unwrap_or(Path::new(".")))?;
    Ok(file)
}

/// The content of a file, `None` where there is none.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
