//! Images, and what a push does.

use async_trait::async_trait;

use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Observed, Provider};
use crate::resource::ecr::{self as spec, ImageState, RepositoryState};
use crate::sim::Sim;
use crate::sim::world::{Refusal, World};
use crate::value::ImageDigest;

impl World {
    /// A push: a new image appears under `tag`, and what was under it stays without a tag. Returns its digest.
    ///
    /// # Errors
    /// `RepositoryNotFoundException`.
    pub fn push_image(&mut self, repository: &str, tag: &str) -> Result<ImageDigest, Refusal> {
        let now = self.now;
        let manifest = format!("{repository}:{tag} {:016x}", self.chance.draw());
        let digest = ImageDigest::of(manifest.as_bytes());
        self.change_repository(repository, |repository| {
            repository.images.insert(digest.clone(), now);
            repository.tagged.insert(tag.to_owned(), digest.clone());
        })?;
        Ok(digest)
    }

    /// `DescribeImages`, of the one under `tag`.
    ///
    /// # Errors
    /// `RepositoryNotFoundException`; `ImageNotFoundException`.
    pub fn image(&self, repository: &str, tag: &str) -> Result<&ImageDigest, Refusal> {
        self.repository(repository)?.tagged.get(tag).ok_or_else(|| {
            let message = format!(
                "The image with imageId {{imageDigest:'null', imageTag:'{tag}'}} does not exist within the repository \
                 with name '{repository}' in the registry with id '{}'",
                self.account
            );
            Refusal::new("ImageNotFoundException", message)
        })
    }
}

impl Sim {
    /// Pushes an image, as `docker push` would: a new one appears under `tag`. Returns its digest.
    ///
    /// # Errors
    /// `RepositoryNotFoundException`.
    pub fn push_image(&self, repository: &str, tag: &str) -> Result<ImageDigest, Refusal> {
        self.tamper(|world| world.push_image(repository, tag))
    }

    /// Looks the tag up. `None` when the repository is gone.
    async fn look_up(
        &self,
        cx: &Cx,
        repository: &RepositoryState,
        tag: &str,
    ) -> Result<Option<ImageState>, ProviderError> {
        let found = self
            .call(cx, "ecr", "DescribeImages", |world| world.image(&repository.name, tag).cloned());
        let digest = match found.await {
            Ok(digest) => Some(digest),
            Err(error) if error.code.as_deref() == Some("ImageNotFoundException") => None,
            Err(error) => return Err(error).gone(),
        };
        let (repository_uri, tag) = (repository.uri.clone(), tag.to_owned());
        Ok(Some(ImageState { repository_uri, tag, digest }))
    }
}

#[async_trait]
impl Provider<spec::Image> for Sim {
    /// Nothing is made at AWS, so there is nothing to find.
    async fn find(&self, _: &Cx, _: &spec::Image) -> Result<Option<ImageState>, ProviderError> {
        Ok(None)
    }

    async fn create(&self, cx: &Cx, spec: &spec::Image) -> Result<ImageState, ProviderError> {
        let repository = cx.state_of(&spec.repository)?;
        let found = self.look_up(cx, &repository, spec.tag.as_str()).await?;
        found.ok_or_else(|| ProviderError::missing("ecr", "DescribeImages", "the repository"))
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::Image,
        state: &ImageState,
    ) -> Result<Option<Observed<ImageState>>, ProviderError> {
        let repository = cx.state_of(&spec.repository)?;
        Ok(self.look_up(cx, &repository, &state.tag).await?.map(Observed::ready))
    }

    async fn update(
        &self,
        _: &Cx,
        _: &spec::Image,
        state: &ImageState,
        _: &[String],
    ) -> Result<ImageState, ProviderError> {
        Ok(state.clone())
    }

    async fn delete(&self, _: &Cx, _: &spec::Image, _: &ImageState) -> Result<(), ProviderError> {
        Ok(())
    }
}
