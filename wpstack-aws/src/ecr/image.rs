//! `ecr.image`

use async_trait::async_trait;
use aws_sdk_ecr::types::ImageIdentifier;
use wpstack_core::resource::ecr::{Image, ImageState};
use wpstack_core::{Cx, Gone, Observed, Provider, ProviderError};

use super::ECR;
use crate::Aws;
use crate::call::Call;
use crate::provide::{Look, parsed};

/// Nothing is made at AWS: the tag is looked up.
#[async_trait]
impl Provider<Image> for Aws {
    async fn find(&self, _: &Cx, _: &Image) -> Result<Option<ImageState>, ProviderError> {
        Ok(None)
    }

    async fn create(&self, cx: &Cx, spec: &Image) -> Result<ImageState, ProviderError> {
        let repository = cx.state_of(&spec.repository)?;
        self.image(&repository.name, &repository.uri, spec.tag.as_str()).await
    }

    async fn read(&self, _: &Cx, _: &Image, state: &ImageState) -> Look<Image> {
        // The repository's name is what follows the registry's host in its URI.
        let uri = &state.repository_uri;
        let name = uri.split_once('/').map_or(uri.as_str(), |(_, name)| name);
        let state = self.image(name, uri, &state.tag).await?;
        Ok(Some(Observed::ready(state)))
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
}
