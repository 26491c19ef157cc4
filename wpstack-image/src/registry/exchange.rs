//! One request and its answer: with credentials, renewed when they are refused, and not longer than something moves.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::{Either, select};
use futures::stream;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderName, HeaderValue};
use reqwest::{Body, Method, RequestBuilder, Response, StatusCode, Url};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::answer::{Refusal, Task};
use super::patience::Pauses;
use super::{Blob, BlobSource, Error, Progress, Registry};

/// How much of a blob is handed over at once.
const CHUNK: usize = 256 * 1024;
/// How much of a refusal's text is read.
const LONGEST_REFUSAL: usize = 64 * 1024;

/// What is to be sent.
#[derive(Clone, Debug)]
pub(super) struct Request<'a> {
    pub(super) task: Task<'a>,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) payload: Payload<'a>,
}

/// What goes with it. It can be sent more than once.
#[derive(Clone, Debug)]
pub(super) enum Payload<'a> {
    None,
    Bytes(&'a [u8]),
    /// A blob, and where its bytes are counted.
    Blob(&'a Blob, Arc<AtomicU64>),
}

impl<'a> Request<'a> {
    pub(super) fn new(task: Task<'a>, method: Method, url: Url) -> Self {
        Self { task, method, url, headers: Vec::new(), payload: Payload::None }
    }

    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn payload(self, payload: Payload<'a>) -> Self {
        Self { payload, ..self }
    }
}

impl Registry {
    /// The answer, if it is a success, and what it means if not.
    pub(super) async fn ask(&self, request: Request<'_>) -> Result<Response, Error> {
        let task = request.task;
        let answer = self.exchange(request).await?;
        answer.map_err(|refusal| refusal.into_error(&self.address, task))
    }

    /// The answer, or the refusal, for those who know what to make of it.
    pub(super) async fn exchange(
        &self,
        request: Request<'_>,
    ) -> Result<Result<Response, Refusal>, Error> {
        let repository = request.task.repository;
        // A signed URL elsewhere must not be told the password, and does not want to.
        if !self.address.owns(&request.url) {
            return self.once(&request, None).await;
        }
        let key = self.keyring.key(repository).await?;
        let refusal = match self.once(&request, Some(&key.header)).await? {
            Ok(response) => return Ok(Ok(response)),
            Err(refusal) => refusal,
        };
        match refusal.wants_other_credentials(request.method == Method::HEAD) {
            None => Ok(Err(refusal)),
            Some(bearer) => {
                let key = self.keyring.renew(&self.address, repository, &key, bearer).await?;
                self.once(&request, Some(&key.header)).await
            }
        }
    }

    async fn once(
        &self,
        request: &Request<'_>,
        key: Option<&HeaderValue>,
    ) -> Result<Result<Response, Refusal>, Error> {
        let moved = match &request.payload {
            Payload::Blob(_, sent) => Arc::clone(sent),
            Payload::None | Payload::Bytes(_) => Arc::default(),
        };
        let builder = self.build(request, key).await?;
        let response = self.within(request.task.doing, &moved, builder.send()).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(Ok(response));
        }
        let headers = response.headers().clone();
        let text = self.refusal_text(request.task.doing, response).await?;
        Ok(Err(Refusal::read(status, &headers, &text, self.clock.now())))
    }

    async fn build(
        &self,
        request: &Request<'_>,
        key: Option<&HeaderValue>,
    ) -> Result<RequestBuilder, Error> {
        let mut builder = self.http.request(request.method.clone(), request.url.clone());
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if let Some(key) = key {
            builder = builder.header(AUTHORIZATION, key);
        }
        Ok(match &request.payload {
            // Some registries want to be told that there is nothing to come.
            Payload::None if request.method == Method::POST => builder.header(CONTENT_LENGTH, 0),
            Payload::None => builder,
            Payload::Bytes(bytes) => builder.body(bytes.to_vec()),
            Payload::Blob(blob, sent) => {
                let body = self.blob_body(blob, Arc::clone(sent)).await?;
                builder.header(CONTENT_LENGTH, blob.size).body(body)
            }
        })
    }

    /// The blob as it is read, piece by piece.
    async fn blob_body(&self, blob: &Blob, sent: Arc<AtomicU64>) -> Result<Body, Error> {
        let reader = open(blob).await?;
        let (observer, digest, size) = (self.observer.clone(), blob.digest.clone(), blob.size);
        let begun = stream::try_unfold((reader, 0_u64), move |(mut reader, before)| {
            let (observer, digest, sent) = (observer.clone(), digest.clone(), Arc::clone(&sent));
            async move {
                let mut chunk = Vec::with_capacity(CHUNK);
                let read = (&mut reader).take(CHUNK as u64).read_to_end(&mut chunk).await?;
                if read == 0 {
                    return io::Result::Ok(None);
                }
                sent.fetch_add(read as u64, Ordering::Relaxed);
                let now = before + read as u64;
                observer(&Progress::Sending { blob: digest, sent: now, size });
                Ok(Some((chunk, (reader, now))))
            }
        });
        Ok(Body::wrap_stream(begun))
    }

    /// What `work` gives, unless nothing has `moved` for too long.
    pub(super) async fn within<T>(
        &self,
        doing: &str,
        moved: &AtomicU64,
        work: impl Future<Output = reqwest::Result<T>>,
    ) -> Result<T, Error> {
        // Virtual time stands still while we wait for the network.
        let busy = self.clock.as_virtual().map(wpstack_core::time::VirtualClock::busy);
        let silence = self.patience.silence;
        let dead = async {
            let mut before = moved.load(Ordering::Relaxed);
            loop {
                self.clock.sleep(silence).await;
                let now = moved.load(Ordering::Relaxed);
                if now == before {
                    return;
                }
                before = now;
            }
        };
        let (work, dead) = (pin!(work), pin!(dead));
        let outcome = select(work, dead).await;
        drop(busy);
        let doing = doing.to_owned();
        match outcome {
            Either::Left((Ok(done), _)) => Ok(done),
            // The URL of an upload may hold a signature.
            Either::Left((Err(source), _)) => {
                Err(Error::Network { doing, source: source.without_url(), tries: 1 })
            }
            Either::Right(_) => Err(Error::Silent { doing, silence, tries: 1 }),
        }
    }

    async fn refusal_text(&self, doing: &str, mut response: Response) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        let status = response.status();
        while text.len() < LONGEST_REFUSAL {
            match self.within(doing, &AtomicU64::new(0), response.chunk()).await {
                Ok(Some(chunk)) => text.extend_from_slice(&chunk),
                Ok(None) => break,
                // The status says enough, and is not lost with the rest of the text.
                Err(_) if status != StatusCode::OK => break,
                Err(error) => return Err(error),
            }
        }
        Ok(text)
    }

    /// Waits before the next try; gives the error back when there is no use in one.
    pub(super) async fn pause(&self, pauses: &mut Pauses, error: Error) -> Result<(), Error> {
        if !error.passes() {
            return Err(error);
        }
        let Some(pause) = pauses.next(error.asked_pause()) else {
            return Err(error.tried(pauses.tries()));
        };
        let because = because(&error);
        (self.observer)(&Progress::Waiting { because, tries: pauses.tries(), pause });
        self.clock.sleep(pause).await;
        Ok(())
    }
}

/// What happened, with its causes: an observer shows one line and has no error to follow.
fn because(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// The blob from its beginning, after a look whether it still has its size.
async fn open(blob: &Blob) -> Result<Box<dyn AsyncRead + Send + Unpin>, Error> {
    match &blob.source {
        BlobSource::Bytes(bytes) => Ok(Box::new(io::Cursor::new(Arc::clone(bytes)))),
        BlobSource::File(path) => {
            let failed = |source| Error::File { doing: "read", path: path.clone(), source };
            let file = tokio::fs::File::open(path).await.map_err(failed)?;
            let size = file.metadata().await.map_err(failed)?.len();
            if size != blob.size {
                let expected = format!("{} of {} bytes", blob.digest, blob.size);
                let found = format!("that of {size} bytes");
                let doing = format!("read `{}`", path.display());
                return Err(Error::Digest { doing, expected, found });
            }
            Ok(Box::new(file.take(blob.size)))
        }
    }
}
