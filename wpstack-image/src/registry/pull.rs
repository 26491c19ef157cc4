//! What a repository holds: asked for, and fetched with its digest checked.

use std::path::Path;
use std::sync::atomic::AtomicU64;

use reqwest::Method;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt;
use wpstack_core::value::{ImageDigest, RepositoryName};

use super::answer::Task;
use super::exchange::Request;
use super::patience::Pauses;
use super::{Error, Manifest, Reference, Registry};

impl Registry {
    /// The digest of the manifest that stands there, if there is one. A repository that is not there has none.
    ///
    /// # Errors
    /// When the registry refuses, or patience with it is at its end.
    pub async fn exists(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<ImageDigest>, Error> {
        let mut pauses = Pauses::new(self.patience, repository.as_str());
        loop {
            match self.standing(repository, reference).await {
                Ok(standing) => return Ok(standing.map(|standing| standing.digest)),
                Err(Error::NoRepository { .. }) => return Ok(None),
                Err(error) => self.pause(&mut pauses, error).await?,
            }
        }
    }

    /// Fetches a manifest. Its digest is that of its bytes: where it was asked for by digest, they are the same.
    ///
    /// # Errors
    /// When it is not there or is another, the registry refuses, or patience with it is at its end.
    pub async fn pull_manifest(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Manifest, Error> {
        let mut pauses = Pauses::new(self.patience, repository.as_str());
        loop {
            match self.fetch_manifest(repository, reference).await {
                Ok(manifest) => return Ok(manifest),
                Err(error) => self.pause(&mut pauses, error).await?,
            }
        }
    }

    /// Fetches a blob into a file, which is there only when it is whole and its digest is right. Gives its size.
    ///
    /// # Errors
    /// When it is not there or is another, the file cannot be written, the registry refuses, or patience with it is at
    /// its end.
    pub async fn pull_blob(
        &self,
        repository: &RepositoryName,
        digest: &ImageDigest,
        path: &Path,
    ) -> Result<u64, Error> {
        let mut pauses = Pauses::new(self.patience, digest.as_str());
        loop {
            match self.fetch_blob(repository, digest, path).await {
                Ok(size) => return Ok(size),
                Err(error) => self.pause(&mut pauses, error).await?,
            }
        }
    }

    async fn fetch_blob(
        &self,
        repository: &RepositoryName,
        digest: &ImageDigest,
        path: &Path,
    ) -> Result<u64, Error> {
        let failed = |source| Error::File { doing: "write", path: path.to_owned(), source };
        let doing = format!("fetch the blob {digest}");
        let url = self.address.url(&format!("{repository}/blobs/{digest}"));
        let task = Task { doing: &doing, repository };
        // ECR sends us on to a signed URL of S3, which wants no other credentials: the client leaves ours out there.
        let mut response = self.ask(Request::new(task, Method::GET, url)).await?;
        let directory = path.parent().filter(|it| !it.as_os_str().is_empty());
        let partial =
            tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new("."))).map_err(failed)?;
        let mut file = tokio::fs::File::from_std(partial.reopen().map_err(failed)?);
        let (mut hash, mut size) = (Sha256::new(), 0);
        while let Some(chunk) = self.within(&doing, &AtomicU64::new(0), response.chunk()).await? {
            hash.update(&chunk);
            size += chunk.len() as u64;
            file.write_all(&chunk).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        let found = format!("sha256:{:x}", hash.finalize());
        if found != digest.as_str() {
            return Err(Error::Digest { doing, expected: digest.to_string(), found });
        }
        partial.persist(path).map_err(|error| failed(error.error))?;
        Ok(size)
    }
}
