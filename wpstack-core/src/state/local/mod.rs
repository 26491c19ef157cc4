//! The store on local disk: one document, and a journal of what happened since it was written.
//!
//! Three files for a stack named `shop`: `shop.state.json`, the document; `shop.journal`, to which each transition is
//! added ([`frame`]); `shop.lock`, which says who is at work. A transition costs one line and a share in one sync,
//! whatever the size of the stack ([`writer`]).

mod disk;
mod frame;
mod lock;
mod read;
mod seal;
#[cfg(test)]
mod tests;
mod writer;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::disk::{Disk, RealDisk};
use self::lock::Lock;
use self::writer::Writer;
use super::store::{Durable, Holder, Lease, Store, StoreError};
use super::{Document, Transition};
use crate::time::{Clock, SystemClock};

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
    clock: Arc<dyn Clock>,
    patience: Duration,
}

/// How often a lock that is waited for is tried.
const TRY: Duration = Duration::from_millis(200);

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
            moved: file("moved"),
            retired: file("retired.json"),
            directory,
        };
        let (clock, patience) = (Arc::new(SystemClock), Duration::ZERO);
        Self { paths: Arc::new(paths), disk, clock, patience }
    }

    /// The same store, which waits so long for a lock that somebody else holds.
    #[must_use]
    pub fn waiting(self, patience: Duration, clock: Arc<dyn Clock>) -> Self {
        Self { patience, clock, ..self }
    }

    /// Leaves a note that the state is kept at `to` from now on, and the document under another name. Reading the
    /// state is an error then, until a document is created again.
    ///
    /// # Errors
    /// When the document is not what the one that is kept goes on to, or the disk fails.
    pub async fn retire(
        &self,
        lease: Lease,
        document: &Document,
        to: &str,
    ) -> Result<(), StoreError> {
        self.writer(&lease)?.compact(document).await?;
        let (store, to) = (self.clone(), to.to_owned());
        blocking(&self.paths, move || {
            let Self { paths, disk, .. } = store;
            let failed = |path| move |source| Paths::failed("write", path, source);
            disk::replace(disk.as_ref(), &paths.moved, to.as_bytes())
                .map_err(failed(&paths.moved))?;
            disk.rename(&paths.document, &paths.retired).map_err(failed(&paths.retired))?;
            // It goes on from a document that is not there any more.
            fs::remove_file(&paths.journal).map_err(failed(&paths.journal))?;
            drop(lease);
            Ok(())
        })
        .await
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
        let mut left = self.patience;
        loop {
            let (store, holder) = (self.clone(), holder.clone());
            let taken = blocking(&self.paths, move || {
                let Self { paths, disk, .. } = store;
                let lock = Lock::take(&paths, &holder)?;
                let writer = Writer::start(Arc::clone(&paths), disk)?;
                Ok(Lease::new(Guard { writer, paths, _lock: lock }))
            });
            match taken.await {
                Err(StoreError::Locked(_)) if !left.is_zero() => {
                    let pause = TRY.min(left);
                    self.clock.sleep(pause).await;
                    left -= pause;
                }
                outcome => return outcome,
            }
        }
    }

    async fn load(&self) -> Result<Option<Document>, StoreError> {
        let paths = Arc::clone(&self.paths);
        blocking(&self.paths, move || {
            let moved = disk::read(&paths.moved);
            let moved = moved.map_err(|source| Paths::failed("read", &paths.moved, source))?;
            if let Some(to) = moved {
                let to = String::from_utf8_lossy(&to).into_owned();
                return Err(StoreError::Moved { place: paths.directory.display().to_string(), to });
            }
            read::load(&paths)
        })
        .await
    }

    async fn create(&self, lease: &Lease, document: &Document) -> Result<(), StoreError> {
        let (writer, moved) = (self.writer(lease)?, self.paths.moved.clone());
        blocking(&self.paths, move || match fs::remove_file(&moved) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Paths::failed("remove", &moved, error))
            }
            _ => Ok(()),
        })
        .await?;
        writer.create(document).await
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
    /// Says where the state went.
    moved: PathBuf,
    /// The document of a state that went elsewhere.
    retired: PathBuf,
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
