//! Files from the network or from this machine, kept in a cache by what they contain.

mod cache;
mod error;
mod progress;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use reqwest::{Client, Response};
use tokio::sync::Semaphore;
use wpstack_core::time::Clock;
use wpstack_core::value::Checksum;

use cache::{Cache, Writer};
pub use error::{Cause, FetchError};
pub use progress::{Progress, Silent};

/// How many files are under way at a time. More gain nothing from one mirror, and mirrors dislike it.
const PARALLEL: usize = 8;
/// The pauses between attempts. Then it is not a hiccup any more.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(9)];

/// Fetches files: each is verified before anybody sees it, and fetched once.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: Client,
    cache: Arc<Cache>,
    clock: Arc<dyn Clock>,
    progress: Arc<dyn Progress>,
    permits: Arc<Semaphore>,
}

impl Fetcher {
    /// A fetcher that keeps what it fetched in the directory `cache`, which is made when it is missing. Several
    /// processes may share one.
    ///
    /// # Errors
    /// When the directory cannot be made, or the machine's TLS configuration cannot be read.
    pub fn new(
        cache: impl Into<PathBuf>,
        clock: Arc<dyn Clock>,
        progress: Arc<dyn Progress>,
    ) -> Result<Self, FetchError> {
        let cache = Cache::open(cache.into())?;
        let client = Client::builder()
            .user_agent(concat!("wpstack/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(20))
            .read_timeout(Duration::from_secs(60))
            .build()
            .map_err(|source| FetchError::new("https:", Cause::Connection(source)))?;
        let permits = Arc::new(Semaphore::new(PARALLEL));
        Ok(Self { client, cache: Arc::new(cache), clock, progress, permits })
    }

    /// The clock that passes the time between attempts.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The path of a verified copy of the file at `url`, which is `http://…`, `https://…` or a path on this machine.
    /// Nothing is fetched when the cache has it. The copy is the cache's: read it, and leave it as it is.
    ///
    /// # Errors
    /// When it cannot be had, is larger than `limit` bytes, or does not have that checksum.
    pub async fn file(
        &self,
        url: &str,
        expected: &Checksum,
        limit: u64,
    ) -> Result<PathBuf, FetchError> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let (cache, wanted) = (self.cache.clone(), expected.clone());
        if let Some(path) = blocking(url, move || cache.find(&wanted)).await? {
            self.progress.cached(url);
            return Ok(path);
        }
        let writer = self.download(url, limit).await?;
        let (cache, wanted, name) = (self.cache.clone(), expected.clone(), url.to_owned());
        blocking(url, move || cache.keep(writer, &wanted, &name)).await
    }

    /// The contents of a file without a known checksum, which are not kept. Whoever asks verifies them.
    ///
    /// # Errors
    /// When it cannot be had or is larger than `limit` bytes.
    pub async fn bytes(&self, url: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let writer = self.download(url, limit).await?;
        blocking(url, move || writer.into_bytes()).await
    }

    /// Writes the file into the cache's directory, under a name that goes away by itself.
    async fn download(&self, url: &str, limit: u64) -> Result<Writer, FetchError> {
        if !url.starts_with("http://") && !url.starts_with("https://") {
            let path = PathBuf::from(url.strip_prefix("file://").unwrap_or(url));
            let cache = self.cache.clone();
            return blocking(url, move || copy(&cache, &path, limit)).await;
        }
        let mut pauses = PAUSES.iter();
        loop {
            let error = match self.attempt(url, limit).await {
                Ok(writer) => return Ok(writer),
                Err(error) => error,
            };
            match pauses.next() {
                Some(pause) if error.passes() => self.clock.sleep(*pause).await,
                _ => return Err(error),
            }
        }
    }

    async fn attempt(&self, url: &str, limit: u64) -> Result<Writer, FetchError> {
        let failed = |source| FetchError::new(url, Cause::Connection(source));
        let response = self.client.get(url).send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(FetchError::new(url, Cause::Status(response.status().as_u16())));
        }
        let expected = response.content_length();
        if expected.is_some_and(|bytes| bytes > limit) {
            return Err(FetchError::new(url, Cause::TooLarge(limit)));
        }
        self.progress.began(url, expected);
        let written = self.body(url, response, limit).await;
        self.progress.ended(url);
        written
    }

    async fn body(&self, url: &str, response: Response, limit: u64) -> Result<Writer, FetchError> {
        let mut writer = self.cache.writer().map_err(|source| FetchError::io(url, source))?;
        let mut body = response.bytes_stream();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|source| FetchError::new(url, Cause::Connection(source)))?;
            if writer.len() + chunk.len() as u64 > limit {
                return Err(FetchError::new(url, Cause::TooLarge(limit)));
            }
            // Some kilobytes into the page cache: quicker than a thread would be found for it.
            writer.write(&chunk).map_err(|source| FetchError::io(url, source))?;
            self.progress.fetched(url, chunk.len() as u64);
        }
        Ok(writer)
    }
}

fn copy(cache: &Cache, path: &Path, limit: u64) -> Result<Writer, FetchError> {
    let name = path.display().to_string();
    let io = |source| FetchError::io(&name, source);
    let mut file = std::fs::File::open(path).map_err(io)?;
    let mut writer = cache.writer().map_err(io)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = std::io::Read::read(&mut file, &mut buffer).map_err(io)?;
        if read == 0 {
            return Ok(writer);
        }
        if writer.len() + read as u64 > limit {
            return Err(FetchError::new(&name, Cause::TooLarge(limit)));
        }
        writer.write(&buffer[..read]).map_err(io)?;
    }
}

/// Runs work with files on a thread that may wait.
async fn blocking<T: Send + 'static>(
    url: &str,
    work: impl FnOnce() -> Result<T, FetchError> + Send + 'static,
) -> Result<T, FetchError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(stopped) => Err(FetchError::io(url, std::io::Error::other(stopped))),
    }
}
