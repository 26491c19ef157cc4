//! An image's way into a repository.

use futures::{StreamExt, TryStreamExt, stream};
use wpstack_core::time::between;
use wpstack_core::value::{ImageDigest, ImageTag, RepositoryName};

use super::patience::Pauses;
use super::{Error, Image, Manifest, Outcome, Progress, Pushed, PushedBlob, Reference, Registry};

/// How many blobs are on their way at once. More only share the line, and ECR's limits.
const AT_ONCE: usize = 4;

impl Registry {
    /// Pushes an image, under a tag or by its digest alone, with what belongs to it: first the images of an index, then
    /// the image, then what refers to it. A manifest goes last, so that nobody pulls an image that is not whole.
    ///
    /// What is there already is not sent again, so a push that ended early goes on where it ended when it is repeated. It
    /// may be dropped at any moment.
    ///
    /// # Errors
    /// When the image is not whole, the registry refuses, or patience with it is at its end.
    pub async fn push(
        &self,
        repository: &RepositoryName,
        tag: Option<&ImageTag>,
        image: &Image,
    ) -> Result<Pushed, Error> {
        image.check()?;
        let began = self.clock.now();
        let (mut blobs, mut is_new) = (Vec::new(), false);
        for (part, subject) in image.in_order() {
            let by_digest = Reference::from(&part.manifest.digest);
            if std::ptr::eq(part, image) {
                let reference = tag.map_or(by_digest, Reference::from);
                is_new = self.settle(repository, &reference, part, &mut blobs).await?;
            } else {
                self.settle(repository, &by_digest, part, &mut blobs).await?;
            }
            if let Some(subject) = subject {
                self.refer(repository, subject, &part.manifest).await?;
            }
        }
        let took = between(began, self.clock.now());
        Ok(Pushed { digest: image.manifest.digest.clone(), is_new, blobs, took })
    }

    /// Brings one image to where `reference` points. True when its manifest had to be sent.
    async fn settle(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
        image: &Image,
        blobs: &mut Vec<PushedBlob>,
    ) -> Result<bool, Error> {
        let Image { manifest, .. } = image;
        // ECR refuses an image that its immutable tag stands for already (aws/containers-roadmap#2380), so we look.
        let stands = self.stands(repository, reference, manifest).await?;
        let by_digest = Reference::from(&manifest.digest);
        let is_whole = stands
            || (by_digest != *reference && self.stands(repository, &by_digest, manifest).await?);
        if is_whole {
            // A registry has no manifest without its blobs.
            blobs.extend(image.distinct_blobs().into_iter().map(|blob| {
                let (digest, size) = (blob.digest.clone(), blob.size);
                (self.observer)(&Progress::Found { blob: digest.clone(), size });
                let (outcome, took) = (Outcome::Found, std::time::Duration::ZERO);
                PushedBlob { digest, size, outcome, bytes_sent: 0, took }
            }));
        } else {
            let distinct = image.distinct_blobs();
            let uploads: Vec<_> =
                distinct.into_iter().map(|blob| self.push_blob(repository, blob)).collect();
            let pushed: Vec<_> =
                stream::iter(uploads).buffer_unordered(AT_ONCE).try_collect().await?;
            blobs.extend(pushed);
        }
        if !stands {
            self.place(repository, reference, manifest).await?;
        }
        let digest = manifest.digest.clone();
        (self.observer)(&Progress::Manifest { digest, sent: !stands });
        Ok(!stands)
    }

    /// Whether that manifest stands there.
    async fn stands(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
        manifest: &Manifest,
    ) -> Result<bool, Error> {
        let standing = self.exists(repository, reference).await?;
        Ok(standing.is_some_and(|digest| digest == manifest.digest))
    }

    async fn place(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
        manifest: &Manifest,
    ) -> Result<(), Error> {
        let mut pauses = Pauses::new(self.patience, manifest.digest.as_str());
        let mut is_repeat = false;
        loop {
            // The answer to the last try may have been lost, and an immutable tag takes the same image only once.
            let stands = is_repeat && self.stands(repository, reference, manifest).await?;
            is_repeat = true;
            let placed = async {
                if !stands {
                    self.put_manifest(repository, reference, manifest).await?;
                }
                self.confirm(repository, reference, manifest).await
            };
            match placed.await {
                Ok(()) => return Ok(()),
                Err(error) => self.pause(&mut pauses, error).await?,
            }
        }
    }

    async fn refer(
        &self,
        repository: &RepositoryName,
        subject: &ImageDigest,
        referrer: &Manifest,
    ) -> Result<(), Error> {
        let mut pauses = Pauses::new(self.patience, referrer.digest.as_str());
        loop {
            match self.list_referrer(repository, subject, referrer).await {
                Ok(()) => return Ok(()),
                Err(error) => self.pause(&mut pauses, error).await?,
            }
        }
    }
}
