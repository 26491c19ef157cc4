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
    /// the image, then what refers to it, then the tag. So nobody pulls an image that is not whole, and whoever finds the
    /// tag finds everything.
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
        // ECR refuses an image that its immutable tag stands for already (aws/containers-roadmap#2380), so we look. It was
        // put last, so everything else is there too.
        let tag = tag.map(Reference::from);
        if let Some(tag) = &tag
            && self.stands(repository, tag, &image.manifest).await?
        {
            for (part, _) in image.in_order() {
                blobs.extend(self.found(part));
            }
            let took = between(began, self.clock.now());
            return Ok(Pushed { digest: image.manifest.digest.clone(), is_new, blobs, took });
        }
        for (part, subject) in image.in_order() {
            let by_digest = Reference::from(&part.manifest.digest);
            let placed = self.settle(repository, &by_digest, part, &mut blobs).await?;
            is_new |= placed && std::ptr::eq(part, image);
            if let Some(subject) = subject {
                self.refer(repository, subject, &part.manifest).await?;
            }
        }
        if let Some(tag) = &tag {
            self.place(repository, tag, &image.manifest).await?;
            is_new = true;
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
        let stands = self.stands(repository, reference, manifest).await?;
        if stands {
            blobs.extend(self.found(image));
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

    /// The blobs of an image that stands there: a registry has no manifest without them.
    fn found(&self, image: &Image) -> Vec<PushedBlob> {
        let blobs = image.distinct_blobs().into_iter().map(|blob| {
            let (digest, size) = (blob.digest.clone(), blob.size);
            (self.observer)(&Progress::Found { blob: digest.clone(), size });
            let (outcome, took) = (Outcome::Found, std::time::Duration::ZERO);
            PushedBlob { digest, size, outcome, bytes_sent: 0, took }
        });
        blobs.collect()
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
                // Who may not see the list could not add to it either. What refers is there all the same.
                Ok(()) | Err(Error::Denied { .. }) => return Ok(()),
                Err(error) => self.pause(&mut pauses, error).await?,
            }
        }
    }
}
