//! Images, and what a push does.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Observed, Provider};
use crate::resource::ecr::{self as spec, ImageState, RepositoryState};
use crate::sim::Sim;
use crate::sim::world::{Refusal, World};
use crate::time::Clock as _;
use crate::value::ImageDigest;

/// How long building and pushing takes, at least and at most.
const BUILD: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(60)];

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

    /// A build of the image of a recipe, which is there after a while. Returns when.
    ///
    /// # Errors
    /// `RepositoryNotFoundException`.
    pub fn build_image(&mut self, repository: &str, tag: &str) -> Result<Timestamp, Refusal> {
        let [least, most] = BUILD;
        let there_at = self.now + self.chance.between(least, most);
        self.change_repository(repository, |repository| {
            *repository.building.entry(tag.to_owned()).or_insert(there_at)
        })
    }

    /// Puts an image that has been built under its tag. Equal recipes have equal tags, and give equal images.
    fn finish_build(&mut self, repository: &str, tag: &str) -> Result<(), Refusal> {
        let now = self.now;
        self.change_repository(repository, |repository| {
            if repository.building.get(tag).is_some_and(|there_at| *there_at <= now) {
                repository.building.remove(tag);
                let digest = ImageDigest::of(tag.as_bytes());
                repository.images.insert(digest.clone(), now);
                repository.tagged.insert(tag.to_owned(), digest);
            }
        })
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
        let found = self.call(cx, "ecr", "DescribeImages", |world| {
            world.finish_build(&repository.name, tag)?;
            world.image(&repository.name, tag).cloned()
        });
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

    /// Builds and pushes what is not there. A build that was begun before goes on.
    async fn configure(
        &self,
        cx: &Cx,
        spec: &spec::Image,
        state: &ImageState,
    ) -> Result<ImageState, ProviderError> {
        if spec.recipe.is_some() && state.digest.is_none() {
            let repository = cx.state_of(&spec.repository)?;
            let (name, tag) = (&repository.name, spec.tag.as_str());
            let begun = self.call(cx, "ecr", "PutImage", |world| world.build_image(name, tag));
            let left = begun.await?.duration_since(self.clock_ref().now());
            cx.teller().tell("building");
            self.clock_ref().sleep(Duration::try_from(left).unwrap_or_default()).await;
            let there = self.look_up(cx, &repository, tag).await?;
            return there
                .ok_or_else(|| ProviderError::missing("ecr", "DescribeImages", "the repository"));
        }
        Ok(state.clone())
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::Image,
        state: &ImageState,
    ) -> Result<Option<Observed<ImageState>>, ProviderError> {
        let repository = cx.state_of(&spec.repository)?;
        let Some(found) = self.look_up(cx, &repository, &state.tag).await? else { return Ok(None) };
        // What has been built and is there no more has to be built again.
        let is_gone = spec.recipe.is_some() && found.digest.is_none() && state.digest.is_some();
        Ok((!is_gone).then(|| Observed::ready(found)))
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
