//! The store on local disk: one document, and a journal of what happened since it was written.
//!
//! Three files for a stack named `shop`: `shop.state.json`, the document; `shop.journal`, to which each transition is
//! added ([`frame`]); `shop.lock`, which says who is at work. A transition costs one line and a share in one sync,
//! whatever the size of the stack ([`writer`]).

mod disk;
mod frame;
mod lock;
mod read;
#[cfg(test)]
mod tests;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use self::disk::{Disk, RealDisk};
use self::lock::Lock;
use self::writer::Writer;
use super::store::{Durable, Holder, Lease, Store, StoreError};
use super::{Document, Transition};

/// Keeps the document of one stack in a directory.
///
/// Files and directory are made for their owner alone. What is not readable for any reason but a crash of the process
/// or the machine is an error, and stays as it is.
///
/// Must be used within a tokio runtime, whose blocking threads wait for the disk.
#[derive(Clone, Debug)]
pub struct LocalStore {
    paths: Arc<Paths>,
    disk: Arc<dyn Disk>,
}

impl LocalStore {
    /// The store of `stack`, whose name is also that of the files, in `directory`. Touches neither yet.
    #[must_use]
    pub fn open(directory: impl Into<PathBuf>, stack: &str) -> Self {
        Self::over(directory.into(), stack, Arc::new(RealDisk))
    }

    fn over(directory: PathBuf, stack: &str, disk: Arc<dyn Disk>) -> Self {
        let file = |extension| directory.join(format!("{stack}.{extension}"));
        let paths = Paths {
            stack: stack.to_owned(),
            document: file("state.json"),
            journal: file("journal"),
            lock: file("lock"),
            directory,
        };
        Self { paths: Arc::new(paths), disk }
    }

    /// The document's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.paths.document
    }

    fn writer<'a>(&self, lease: &'a Lease) -> Result<&'a Writer, StoreError> {
        match lease.guard::<Guard>() {
            Some(guard) if *guard.paths == *self.paths => Ok(&guard.writer),
            _ => Err(StoreError::WrongLease { place: self.paths.document.display().to_string() }),
        }
    }
}

/// Who has it may write. The fields are dropped in this order: what was appended is on disk before the lock goes.
struct Guard {
    writer: Writer,
    paths: Arc<Paths>,
    _lock: Lock,
}

#[async_trait]
impl Store for LocalStore {
    async fn lock(&self, holder: &Holder) -> Result<Lease, StoreError> {
        let (store, holder) = (self.clone(), holder.clone());
        blocking(&self.paths, move || {
            let Self { paths, disk } = store;
            let lock = Lock::take(&paths, &holder)?;
            let writer = Writer::start(Arc::clone(&paths), disk)?;
            Ok(Lease::new(Guard { writer, paths, _lock: lock }))
        })
        .await
    }

    async fn load(&self) -> Result<Option<Document>, StoreError> {
        let paths = Arc::clone(&self.paths);
        blocking(&self.paths, move || read::load(&paths)).await
    }

    async fn create(&self, lease: &Lease, document: &Document) -> Result<(), StoreError> {
        self.writer(lease)?.create(document).await
    }

    fn append(&self, lease: &Lease, transition: Transition) -> Durable {
        match self.writer(lease) {
            Ok(writer) => writer.append(transition),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    async fn compact(&self, lease: &Lease, document: &Document) -> Result<(), StoreError> {
        self.writer(lease)?.compact(document).await
    }
}

/// Runs `work` where it may wait for the disk.
async fn blocking<T: Send + 'static>(
    paths: &Paths,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Paths::failed("use", &paths.directory, error.into())))
}

/// Where things are.
#[derive(Debug, PartialEq, Eq)]
struct Paths {
    stack: String,
    directory: PathBuf,
    document: PathBuf,
    journal: PathBuf,
    lock: PathBuf,
}

impl Paths {
    fn failed(action: &'static str, path: &Path, source: io::Error) -> StoreError {
        StoreError::Io { action, place: path.display().to_string(), source: Arc::new(source) }
    }

    fn check_stack(&self, path: &Path, found: &str) -> Result<(), StoreError> {
        if found == self.stack {
            return Ok(());
        }
        Err(StoreError::OtherStack {
            place: path.display().to_string(),
            found: found.to_owned(),
            wanted: self.stack.clone(),
        })
    }
}
