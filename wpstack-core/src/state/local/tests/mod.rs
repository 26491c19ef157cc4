mod crash;
mod damage;
mod frames;
mod group;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::disk::{Disk, RealDisk};
use super::*;
use crate::state::conformance::{STACK, document, holder, transition};

/// A disk that notes what is done to it and fails when told to.
#[derive(Debug, Default)]
struct Trial {
    log: Mutex<Vec<String>>,
    /// The operation that fails, counted from 0.
    fails_at: Option<usize>,
    /// Whether all after it fail as well.
    for_good: bool,
    /// Held by a test to keep syncs waiting.
    gate: Mutex<()>,
}

impl Trial {
    /// Notes an operation. `Err` when it is the one to fail.
    fn note(&self, operation: &str, path: &str) -> io::Result<()> {
        let mut log = self.log.lock().unwrap();
        let at = log.len();
        log.push(format!("{operation} {path}").trim_end().to_owned());
        match self.fails_at {
            Some(bad) if at == bad || (self.for_good && at > bad) => {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            _ => Ok(()),
        }
    }

    fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    fn count(&self, operation: &str) -> usize {
        self.log().iter().filter(|line| *line == operation).count()
    }
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap()
}

impl Disk for Trial {
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        self.note("write", "").inspect_err(|_| {
            // A full disk takes what still fits.
            file.write_all(&bytes[..bytes.len() / 2]).unwrap();
        })?;
        RealDisk.write(file, bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        drop(self.gate.lock().unwrap());
        self.note("sync", "")?;
        RealDisk.sync(file)
    }

    fn cut(&self, file: &File, length: u64) -> io::Result<()> {
        self.note("cut", "")?;
        RealDisk.cut(file, length)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note("rename", &format!("{} {}", name(from), name(to)))?;
        RealDisk.rename(from, to)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        self.note("sync-directory", "")?;
        RealDisk.sync_directory(directory)
    }
}

/// A directory of its own, and the store in it.
fn place() -> (TempDir, LocalStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = LocalStore::open(directory.path(), STACK);
    (directory, store)
}

fn on(directory: &TempDir, disk: &Arc<Trial>) -> LocalStore {
    LocalStore::over(directory.path().to_owned(), STACK, Arc::clone(disk) as Arc<dyn Disk>)
}

/// A place with the document at serial `whole` and the journal up to `serial`, written in batches of two.
async fn filled(whole: u64, serial: u64) -> (TempDir, LocalStore) {
    let (directory, store) = place();
    let lease = store.lock(&holder()).await.unwrap();
    store.create(&lease, &document(0)).await.unwrap();
    for serial in 1..=serial {
        store.append(&lease, transition(serial)).await.unwrap();
        if serial == whole {
            store.compact(&lease, &document(serial)).await.unwrap();
        }
    }
    drop(lease);
    (directory, store)
}

/// Every file of a directory, but the lock.
fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension != "lock"))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}
