//! `ecr.image`

use serde::{Deserialize, Serialize};

use super::Repository;
use crate::image::Recipe;
use crate::resource::{Expected, Field, Resource};
use crate::stack::Ref;
use crate::value::{ImageDigest, ImageTag};

/// The image behind a tag of a repository.
///
/// One with a recipe is built and pushed, unless the repository has it already. Without, nothing is made at AWS:
/// creating it looks the tag up. Every refresh looks again, so that a push shows in the next plan as a change of
/// whatever runs the image. Deleting leaves it to the repository's lifecycle policy.
/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// The repository.
    pub repository: Ref<Repository>,
    /// The tag: that of the recipe, where there is one.
    pub tag: ImageTag,
    /// What the image is built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Recipe>,
}

impl Image {
    /// The image of a recipe, under the recipe's own tag.
    #[must_use]
    pub fn built(repository: Ref<Repository>, recipe: Recipe) -> Self {
        Self { repository, tag: recipe.tag(), recipe: Some(recipe) }
    }

    /// Whatever stands behind a tag.
    #[must_use]
    pub fn tagged(repository: Ref<Repository>, tag: ImageTag) -> Self {
        Self { repository, tag, recipe: None }
    }
}

/// What ECR tells of a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageState {
    /// The repository's URI.
    pub repository_uri: String,
    /// The tag.
    pub tag: String,
    /// The digest behind the tag; `None` while there is no such image.
    pub digest: Option<ImageDigest>,
}

impl ImageState {
    /// The image, named by digest. While there is none, the digest is that of nothing, which cannot be pulled.
    #[must_use]
    pub fn uri(&self) -> String {
        let digest = self.digest.clone().unwrap_or_else(ImageDigest::of_nothing);
        format!("{}@{digest}", self.repository_uri)
    }
}

impl Resource for Image {
    const TYPE: &'static str = "ecr.image";
    const FIELDS: &'static [Field] = crate::fields!(Image {
        repository: Replace(NoInterruption),
        tag: Replace(NoInterruption),
        recipe: Replace(NoInterruption),
    });
    const RIPPLES: bool = true;
    const EXPECTED: Expected = Expected::seconds(45, 0);

    type State = ImageState;

    fn id(state: &ImageState) -> String {
        format!("{}:{}", state.repository_uri, state.tag)
    }

    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }

    fn advice(&self, state: &ImageState) -> Option<String> {
        let ImageState { repository_uri, tag, digest } = state;
        (self.recipe.is_none() && digest.is_none()).then(|| {
            format!(
                "the repository holds no image `{tag}`, so the service runs no tasks: push one to \
                 {repository_uri}:{tag}, then run `wpstack apply` again"
            )
        })
    }
}
