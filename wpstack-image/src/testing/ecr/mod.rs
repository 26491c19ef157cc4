//! A stand-in for ECR, on a port of this machine.
//!
//! It speaks OCI's distribution protocol with the habits that set ECR apart, each with where it was seen:
//!
//! - no request is answered without `AWS:<token>`, by a Basic challenge; a token that has expired gets 403 and no
//!   challenge (flipt-io/flipt#3043), and a HEAD no text with it
//! - a repository has to be made before anything is pushed into it
//! - parts of an upload below 5 MB are refused (dotnet/sdk-container-builds#424), PATCH is answered with 201 instead of
//!   202 (jdx/mise#11376), and what follows the first PATCH is dropped (aws/containers-roadmap#2831)
//! - a mount is answered as if it had not been asked for, unless the account allows it; then only blobs that a manifest
//!   names are mounted (aws/containers-roadmap#2860)
//! - an immutable tag refuses even the image that it stands for (aws/containers-roadmap#2380)
//! - a manifest that was put has no `Location`
//! - blobs are fetched from another host, by a signed URL that does not want to be shown credentials as well
//!
//! What goes wrong beyond that is said by [`Fault`]s.

mod fault;
mod route;
mod store;
mod upload;
mod wire;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;

pub use fault::{Effect, Fault, On, Operation};
pub use store::{Repository, Seen};

use store::World;

/// A running stand-in. It stops when it is dropped, and cuts whatever is still connected.
#[derive(Debug)]
pub struct Ecr {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

/// What the handle and the server both see.
#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    /// Where blobs are fetched from.
    storage: SocketAddr,
}

impl Ecr {
    /// Starts one, without repositories, which takes the token `"token-1"`.
    ///
    /// # Errors
    /// When no port or no thread is to be had.
    pub fn start() -> io::Result<Self> {
        let bind = || std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let (front, storage) = (bind()?, bind()?);
        front.set_nonblocking(true)?;
        storage.set_nonblocking(true)?;
        let address = front.local_addr()?;
        let world = Mutex::new(World::new());
        let shared = Arc::new(Shared { world, storage: storage.local_addr()? });
        let stop = CancellationToken::new();
        // A runtime of its own, so that tests without one can start it, and so that everything ends with it.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (state, stopped) = (Arc::clone(&shared), stop.clone());
        let thread = std::thread::Builder::new().name("ecr".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let serve = route::serve(state, front, storage);
                tokio::select! { _ = serve => {}, () = stopped.cancelled() => {} }
            });
        })?;
        Ok(Self { address, shared, stop, thread: Some(thread) })
    }

    /// Where it listens, as a registry's address: `http://127.0.0.1:port`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens, as an image's URI begins: `127.0.0.1:port`.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The token that it takes now, to go with the user `AWS`.
    #[must_use]
    pub fn token(&self) -> String {
        self.world().token()
    }

    /// Lets the token expire. From now on the next one is taken, as [`Ecr::token`] tells it.
    pub fn expire_token(&self) {
        self.world().expire_token();
    }

    /// Wants bearer tokens, which it gives out for the password, as registries other than ECR do.
    pub fn want_bearer(&self) {
        self.world().wants_bearer = true;
    }

    /// Makes a repository.
    pub fn make(&self, repository: &str) {
        self.world().repositories.entry(repository.to_owned()).or_default();
    }

    /// Makes the tags of a repository immutable.
    pub fn make_immutable(&self, repository: &str) {
        self.world().repositories.entry(repository.to_owned()).or_default().is_immutable = true;
    }

    /// Allows blobs to be mounted from one repository into another, as the account's setting `BLOB_MOUNTING` does.
    pub fn allow_mounts(&self) {
        self.world().allows_mounts = true;
    }

    /// Does not keep lists of referrers, as registries before OCI 1.1.
    pub fn forget_referrers(&self) {
        self.world().knows_referrers = false;
    }

    /// Lets something go wrong. Faults are tried in the order in which they were added.
    pub fn fault(&self, fault: Fault) {
        self.world().faults.push(fault);
    }

    /// Lets nothing go wrong any more.
    pub fn mend(&self) {
        self.world().faults.clear();
    }

    /// A copy of what a repository holds.
    #[must_use]
    pub fn repository(&self, name: &str) -> Option<Repository> {
        self.world().repositories.get(name).cloned()
    }

    /// Every request so far, in the order in which they came.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.world().seen.clone()
    }

    /// How many requests of that kind there were.
    #[must_use]
    pub fn count(&self, operation: Operation) -> usize {
        self.world().seen.iter().filter(|seen| seen.operation == operation).count()
    }

    /// How many blobs were on their way at once, at most.
    #[must_use]
    pub fn most_uploads_at_once(&self) -> usize {
        self.world().most_uploading
    }

    /// Forgets the requests so far.
    pub fn forget_seen(&self) {
        self.world().seen.clear();
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ecr {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // It fails only if the server has panicked, and then the test has failed as well.
            drop(thread.join());
        }
    }
}
