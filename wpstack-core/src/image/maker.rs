//! The port between the graph and whatever builds images.

use std::fmt::Debug;

use async_trait::async_trait;

use super::Recipe;
use crate::failure::ProviderError;
use crate::secret::Secret;
use crate::teller::Teller;
use crate::value::ImageDigest;

/// Builds images and pushes them.
///
/// # Contract
/// Called by the provider of [`ecr.image`](crate::resource::ecr::Image) when the recipe's tag is not in the repository.
/// It may be called again after any failure and after a crash: what has been built or pushed before is not done again.
/// The image stands in the repository under [`Recipe::tag`] once this returns. It may take a minute; the future may be
/// dropped at any moment.
///
/// # Errors
/// [`ProviderError`], whose kind says whether a repeat may help.
#[async_trait]
pub trait ImageMaker: Debug + Send + Sync + 'static {
    /// Builds the recipe's image, unless it has been built before, and pushes it, saying how far it is. Returns its
    /// digest.
    async fn make(
        &self,
        recipe: &Recipe,
        to: &Destination,
        teller: &Teller,
    ) -> Result<ImageDigest, ProviderError>;
}

/// Where an image is pushed to.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The registry: `https://123456789012.dkr.ecr.eu-west-1.amazonaws.com`.
    pub registry: String,
    /// The repository's name.
    pub repository: String,
    /// The user that the registry knows.
    pub user: String,
    /// Its password.
    pub password: Secret,
}
