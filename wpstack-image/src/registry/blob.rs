//! One blob's way into a repository.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::{Method, Response, Url};
use wpstack_core::time::between;
use wpstack_core::value::{ImageDigest, RepositoryName};

use super::answer::Task;
use super::exchange::{Payload, Request};
use super::patience::Pauses;
use super::{Blob, Error, Outcome, Progress, PushedBlob, Registry};

/// What the registry makes of the wish to send a blob.
enum Begun {
    /// It has taken it from elsewhere.
    Mounted,
    /// It wants it there.
    At(Url),
}

impl Registry {
    /// Brings a blob into the repository, and tries again for as long as that makes sense. Each try begins with the
    /// question whether it is there: the answer to the last upload may have been lost.
    pub(super) async fn push_blob(
        &self,
        repository: &RepositoryName,
        blob: &Blob,
    ) -> Result<PushedBlob, Error> {
        let began = self.clock.now();
        let sent = Arc::new(AtomicU64::new(0));
        let mut pauses = Pauses::new(self.patience, blob.digest.as_str());
        let outcome = loop {
            match self.bring(repository, blob, &sent).await {
                Ok(outcome) => break outcome,
                Err(error) => self.pause(&mut pauses, error).await?,
            }
        };
        let (digest, size) = (blob.digest.clone(), blob.size);
        (self.observer)(&match (outcome, &blob.mount_from) {
            (Outcome::Sent, _) => Progress::Sent { blob: digest, size },
            (Outcome::Mounted, Some(from)) => {
                Progress::Mounted { blob: digest, size, from: from.clone() }
            }
            (Outcome::Mounted | Outcome::Found, _) => Progress::Found { blob: digest, size },
        });
        Ok(PushedBlob {
            digest: blob.digest.clone(),
            size,
            outcome,
            bytes_sent: sent.load(Ordering::Relaxed),
            took: between(began, self.clock.now()),
        })
    }

    async fn bring(
        &self,
        repository: &RepositoryName,
        blob: &Blob,
        sent: &Arc<AtomicU64>,
    ) -> Result<Outcome, Error> {
        if self.has_blob(repository, &blob.digest).await? {
            return Ok(Outcome::Found);
        }
        match self.begin(repository, blob).await? {
            Begun::Mounted => Ok(Outcome::Mounted),
            Begun::At(url) => {
                self.upload(repository, blob, url, sent).await?;
                Ok(Outcome::Sent)
            }
        }
    }

    async fn has_blob(
        &self,
        repository: &RepositoryName,
        digest: &ImageDigest,
    ) -> Result<bool, Error> {
        let task = Task { doing: &format!("look for the blob {digest}"), repository };
        let url = self.address.url(&format!("{repository}/blobs/{digest}"));
        match self.ask(Request::new(task, Method::HEAD, url)).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Begins an upload, or has the blob mounted. Where mounting is not allowed, ECR answers as if it had not been asked
    /// for, with an upload that is begun.
    async fn begin(&self, repository: &RepositoryName, blob: &Blob) -> Result<Begun, Error> {
        let task = Task { doing: &format!("begin to send the blob {}", blob.digest), repository };
        let plain = self.address.url(&format!("{repository}/blobs/uploads/"));
        if let Some(from) = &blob.mount_from {
            let mut url = plain.clone();
            url.query_pairs_mut()
                .append_pair("mount", blob.digest.as_str())
                .append_pair("from", from.as_str());
            match self.ask(Request::new(task, Method::POST, url)).await {
                Ok(response) if response.status().as_u16() == 201 => return Ok(Begun::Mounted),
                Ok(response) => return self.location(task, &plain, &response).map(Begun::At),
                // Whatever is wrong with the other repository, an upload does not need it.
                Err(Error::NotFound { .. } | Error::NoRepository { .. } | Error::Denied { .. })
                | Err(Error::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let response = self.ask(Request::new(task, Method::POST, plain.clone())).await?;
        self.location(task, &plain, &response).map(Begun::At)
    }

    /// Where the upload goes. A relative place is below the registry; another host is a signed URL of its storage.
    fn location(&self, task: Task<'_>, base: &Url, response: &Response) -> Result<Url, Error> {
        let told = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let url = told.and_then(|told| base.join(told).ok());
        let refused = |message: &str| Error::Refused {
            doing: task.doing.to_owned(),
            status: response.status().as_u16(),
            code: String::new(),
            message: message.to_owned(),
        };
        let url = url.ok_or_else(|| refused("it does not say where the blob is to go"))?;
        if url.scheme() == "http" && !self.address.is_plain() {
            return Err(refused("it wants the blob to go over plain HTTP"));
        }
        Ok(url)
    }

    /// Sends all of it in one request. ECR refuses parts below 5 MB, answers PATCH with 201 and drops what follows the
    /// first of them (aws/containers-roadmap#2831), so there are no parts.
    async fn upload(
        &self,
        repository: &RepositoryName,
        blob: &Blob,
        mut url: Url,
        sent: &Arc<AtomicU64>,
    ) -> Result<(), Error> {
        let doing = format!("send the blob {}", blob.digest);
        let task = Task { doing: &doing, repository };
        url.query_pairs_mut().append_pair("digest", blob.digest.as_str());
        let request = Request::new(task, Method::PUT, url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))
            .payload(Payload::Blob(blob, Arc::clone(sent)));
        let response = match self.exchange(request).await? {
            Ok(response) => response,
            Err(refusal) if refusal.finds_another_digest() => {
                let found = format!("another (\"{}\")", refusal.message());
                let expected = blob.digest.to_string();
                return Err(Error::Digest { doing, expected, found });
            }
            Err(refusal) => return Err(refusal.into_error(&self.address, task)),
        };
        super::manifest::compare(task, &response, &blob.digest)
    }
}
