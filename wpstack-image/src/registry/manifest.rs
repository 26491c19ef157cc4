//! Manifests: asked for, put in their place, and compared with what the registry says.

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response};
use wpstack_core::value::{ImageDigest, ImageTag, RepositoryName};

use super::answer::Task;
use super::exchange::{Payload, Request};
use super::{Error, Manifest, Registry};

/// The digest that a registry tells. <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>
const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
/// Told by a registry that keeps the list of what refers to an image.
const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
/// All types of manifests, OCI's and Docker's: an image is asked for as it is, not as it could be turned into.
const ANY_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json, \
     application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, \
     application/vnd.docker.distribution.manifest.list.v2+json";
/// No registry takes larger ones.
const LARGEST_MANIFEST: usize = 4 * 1024 * 1024;

/// How a manifest is named in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// By a tag, which may move.
    Tag(ImageTag),
    /// By its digest.
    Digest(ImageDigest),
}

/// What a registry tells about a manifest without showing it.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) digest: ImageDigest,
    pub(super) media_type: Option<String>,
}

impl Registry {
    /// What stands there, if anything does.
    pub(super) async fn standing(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<Standing>, Error> {
        let doing = format!("look for `{reference}` in `{repository}`");
        let request = self.manifest_request(Task { doing: &doing, repository }, reference);
        let response = match self.ask(Request { method: Method::HEAD, ..request }).await {
            Ok(response) => response,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let media_type = media_type(response.headers());
        if let Some(digest) = told(response.headers()) {
            return Ok(Some(Standing { digest, media_type }));
        }
        let manifest = self.fetch_manifest(repository, reference).await?;
        Ok(Some(Standing { digest: manifest.digest, media_type: Some(manifest.media_type) }))
    }

    /// The manifest there, compared with the digest that it was asked by and that the registry tells.
    pub(super) async fn fetch_manifest(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Manifest, Error> {
        let doing = format!("fetch `{reference}` of `{repository}`");
        let task = Task { doing: &doing, repository };
        let mut response = self.ask(self.manifest_request(task, reference)).await?;
        let media_type = media_type(response.headers()).unwrap_or_default();
        let headers = response.headers().clone();
        let mut bytes = Vec::new();
        while let Some(chunk) =
            self.within(&doing, &std::sync::atomic::AtomicU64::new(0), response.chunk()).await?
        {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LARGEST_MANIFEST {
                let message = "the manifest has more than 4 MiB".to_owned();
                let status = response.status().as_u16();
                return Err(Error::Refused { doing, status, code: String::new(), message });
            }
        }
        let manifest = Manifest::new(media_type, bytes);
        let expected = match reference {
            Reference::Digest(digest) => Some(digest.clone()),
            Reference::Tag(_) => told(&headers),
        };
        match expected {
            Some(expected) if expected != manifest.digest => {
                let (expected, found) = (expected.to_string(), manifest.digest.to_string());
                Err(Error::Digest { doing, expected, found })
            }
            _ => Ok(manifest),
        }
    }

    /// Puts a manifest in its place. True when the registry says that it keeps the list of what refers to its subject.
    pub(super) async fn put_manifest(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
        manifest: &Manifest,
    ) -> Result<bool, Error> {
        let doing = format!("put the manifest at `{reference}` of `{repository}`");
        let task = Task { doing: &doing, repository };
        let media_type = HeaderValue::from_str(&manifest.media_type).map_err(|_| {
            let what = format!("`{}` is no media type", manifest.media_type.escape_debug());
            Error::Incomplete { what }
        })?;
        let url = self.address.url(&format!("{repository}/manifests/{reference}"));
        let request = Request::new(task, Method::PUT, url)
            .header(CONTENT_TYPE, media_type)
            .payload(Payload::Bytes(&manifest.bytes));
        let response = self.ask(request).await?;
        compare(task, &response, &manifest.digest)?;
        Ok(response.headers().contains_key(SUBJECT))
    }

    /// Asks whether the manifest stands there now, by its digest and with its type: whether the registry took it as it is.
    pub(super) async fn confirm(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
        manifest: &Manifest,
    ) -> Result<(), Error> {
        let doing = format!("find what was put at `{reference}` of `{repository}`");
        let standing = self.standing(repository, reference).await?;
        let Some(Standing { digest, media_type }) = standing else {
            // Seen for a moment only, where several machines answer for one registry.
            let message = "it is not there yet".to_owned();
            return Err(Error::Unavailable { doing, status: 404, message, tries: 1 });
        };
        if digest != manifest.digest {
            let (expected, found) = (manifest.digest.to_string(), digest.to_string());
            return Err(Error::Digest { doing, expected, found });
        }
        match media_type {
            Some(told) if told != manifest.media_type => {
                let message = format!(
                    "it took `{}` for `{told}`, which is not the same",
                    manifest.media_type
                );
                Err(Error::Refused { doing, status: 200, code: String::new(), message })
            }
            _ => Ok(()),
        }
    }

    fn manifest_request<'a>(&self, task: Task<'a>, reference: &Reference) -> Request<'a> {
        let url = self.address.url(&format!("{}/manifests/{reference}", task.repository));
        Request::new(task, Method::GET, url).header(ACCEPT, HeaderValue::from_static(ANY_MANIFEST))
    }
}

/// Whether the registry names the same digest, where it names one.
pub(super) fn compare(
    task: Task<'_>,
    response: &Response,
    expected: &ImageDigest,
) -> Result<(), Error> {
    match told(response.headers()) {
        Some(found) if found != *expected => Err(Error::Digest {
            doing: task.doing.to_owned(),
            expected: expected.to_string(),
            found: found.to_string(),
        }),
        _ => Ok(()),
    }
}

fn told(headers: &HeaderMap) -> Option<ImageDigest> {
    headers.get(DIGEST)?.to_str().ok()?.parse().ok()
}

/// The type without its parameters.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(text.split(';').next().unwrap_or_default().trim().to_owned())
}

impl std::fmt::Display for Reference {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(formatter),
            Self::Digest(digest) => digest.fmt(formatter),
        }
    }
}

impl From<&ImageTag> for Reference {
    fn from(tag: &ImageTag) -> Self {
        Self::Tag(tag.clone())
    }
}

impl From<&ImageDigest> for Reference {
    fn from(digest: &ImageDigest) -> Self {
        Self::Digest(digest.clone())
    }
}
