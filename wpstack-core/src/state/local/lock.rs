//! The lock: the operating system's, so that it goes with its process.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};

use super::Paths;
use super::disk::{make_directory, private};
use crate::state::store::{Holder, StoreError};

/// The lock, held until dropped.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Takes the lock and writes down who has it. Waits for nobody.
    pub(super) fn take(paths: &Paths, holder: &Holder) -> Result<Self, StoreError> {
        let failed = |action| move |source| Paths::failed(action, &paths.lock, source);
        make_directory(&paths.directory)
            .map_err(|source| Paths::failed("make", &paths.directory, source))?;
        let mut file = private()
            .read(true)
            .write(true)
            .truncate(false)
            .open(&paths.lock)
            .map_err(failed("open"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked(read(&mut file))),
            Err(TryLockError::Error(source)) => return Err(failed("lock")(source)),
        }
        write(&mut file, holder).map_err(failed("write"))?;
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The file stays: removing it would let two processes lock two files of one name.
        drop(self.0.set_len(0));
        drop(self.0.unlock());
    }
}

fn write(file: &mut File, holder: &Holder) -> io::Result<()> {
    let mut text = serde_json::to_vec(holder)?;
    text.push(b'\n');
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&text)
}

/// Who has the lock; `None` for one who has not said so yet.
fn read(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
