//! `ecr.image`

use async_trait::async_trait;
use aws_sdk_ecr::types::ImageIdentifier;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wpstack_core::image::Destination;
use wpstack_core::resource::ecr::{Image, ImageState};
use wpstack_core::{Cx, ErrorKind, Gone, Observed, Provider, ProviderError, Secret};

use super::ECR;
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, parsed};

/// The image of a recipe is built and pushed. For any other nothing is made at AWS: the tag is looked up.
#[async_trait]
impl Provider<Image> for Aws {
    async fn find(&self, _: &Cx, _: &Image) -> Result<Option<ImageState>, ProviderError> {
        Ok(None)
    }

    async fn create(&self, cx: &Cx, spec: &Image) -> Result<ImageState, ProviderError> {
        let repository = cx.state_of(&spec.repository)?;
        self.image(&repository.name, &repository.uri, spec.tag.as_str()).await
    }

    /// What somebody has pushed under the recipe's tag before is its image: tags of recipes are not moved.
    async fn configure(
        &self,
        cx: &Cx,
        spec: &Image,
        state: &ImageState,
    ) -> Result<ImageState, ProviderError> {
        let Some(recipe) = spec.recipe.as_ref().filter(|_| state.digest.is_none()) else {
            return Ok(state.clone());
        };
        let Some(images) = &self.images else {
            let message = "this program was built without anything that builds images: give it one \
                           (`Aws::with_images`), or push the image and name its tag";
            return Err(ProviderError::new(ErrorKind::Refused, "wpstack", "build", message));
        };
        let to = self.destination(&cx.state_of(&spec.repository)?.name).await?;
        let digest = images.make(recipe, &to, cx.teller()).await?;
        Ok(ImageState { digest: Some(digest), ..state.clone() })
    }

    async fn read(&self, _: &Cx, spec: &Image, state: &ImageState) -> Look<Image> {
        // The repository's name is what follows the registry's host in its URI.
        let uri = &state.repository_uri;
        let name = uri.split_once('/').map_or(uri.as_str(), |(_, name)| name);
        let found = self.image(name, uri, &state.tag).await?;
        // What has been built and is there no more has to be built again.
        let is_gone = spec.recipe.is_some() && found.digest.is_none() && state.digest.is_some();
        Ok((!is_gone).then(|| Observed::ready(found)))
    }

    async fn update(
        &self,
        _: &Cx,
        _: &Image,
        state: &ImageState,
        _: &[String],
    ) -> Result<ImageState, ProviderError> {
        Ok(state.clone())
    }

    async fn delete(&self, _: &Cx, _: &Image, _: &ImageState) -> Result<(), ProviderError> {
        Ok(())
    }
}

impl Aws {
    /// What stands behind the tag. A repository that is not there holds no image either.
    async fn image(&self, name: &str, uri: &str, tag: &str) -> Result<ImageState, ProviderError> {
        let call = self
            .ecr
            .describe_images()
            .repository_name(name)
            .image_ids(ImageIdentifier::builder().image_tag(tag).build());
        let answer = call.send().await.call(ECR, "DescribeImages").gone()?;
        let digest =
            answer.as_ref().and_then(|answer| answer.image_details().first()?.image_digest());
        Ok(ImageState {
            repository_uri: uri.to_owned(),
            tag: tag.to_owned(),
            digest: parsed(digest),
        })
    }

    /// A repository of the account's registry, with the user and password that it takes for twelve hours. They go to the
    /// registry and nowhere else; no file has them.
    /// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html>
    ///
    /// # Errors
    /// When the credentials are not given.
    pub async fn destination(&self, repository: &str) -> Result<Destination, ProviderError> {
        const OPERATION: &str = "GetAuthorizationToken";
        let answer = self.ecr.get_authorization_token().send().await.call(ECR, OPERATION)?;
        let given = answer.authorization_data.unwrap_or_default().pop();
        let given = given.told(ECR, OPERATION, "the authorization data")?;
        let registry = given.proxy_endpoint.told(ECR, OPERATION, "the registry")?;
        let token = given.authorization_token.told(ECR, OPERATION, "the token")?;
        let token = STANDARD.decode(token).ok().and_then(|token| String::from_utf8(token).ok());
        let login = token.as_deref().and_then(|token| token.split_once(':'));
        let (user, password) = login.told(ECR, OPERATION, "the user and the password")?;
        Ok(Destination {
            registry,
            repository: repository.to_owned(),
            user: user.to_owned(),
            password: Secret::new(password.to_owned()),
        })
    }
}
