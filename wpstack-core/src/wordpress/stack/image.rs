//! The image that the service runs, and where it is kept.

use super::{ComposeError, Inputs};
use crate::image::Recipe;
use crate::resource::ecr::{Image, Lifecycle, Repository};
use crate::resource::ecs::ContainerImage;
use crate::stack::{Ref, Stack};
use crate::value::{Days, RepositoryName};
use crate::wordpress::{Config, ImageSource};

/// The image: the one that is built, whatever stands behind a tag, or the one that is named.
pub(super) fn image(
    stack: &mut Stack,
    config: &Config,
    inputs: &Inputs,
) -> Result<ContainerImage, ComposeError> {
    let image = match config.image.source(&config.name) {
        Some(ImageSource::Elsewhere(uri)) => return Ok(ContainerImage::Uri(uri)),
        Some(ImageSource::Pushed { repository, tag }) => {
            Image::tagged(self::repository(stack, config, repository, false)?, tag)
        }
        Some(ImageSource::Built { repository }) => built(stack, config, repository, inputs)?,
        // The name of a stack that is no repository name is refused as such.
        None => built(stack, config, config.name.as_str().parse()?, inputs)?,
    };
    Ok(ContainerImage::Repository(stack.add("wordpress", image)?))
}

fn built(
    stack: &mut Stack,
    config: &Config,
    repository: RepositoryName,
    inputs: &Inputs,
) -> Result<Image, ComposeError> {
    let spec = config.recipe().unwrap_or_default();
    let inputs = spec.local().map(|(name, _)| match inputs.get(&name) {
        Some(checksum) => Ok((name, checksum.clone())),
        None => Err(ComposeError::Input(name)),
    });
    let recipe = Recipe { inputs: inputs.collect::<Result<_, _>>()?, spec };
    Ok(Image::built(self::repository(stack, config, repository, true)?, recipe))
}

/// The repository. Images of a recipe may go with it, for they can be built again.
fn repository(
    stack: &mut Stack,
    config: &Config,
    name: RepositoryName,
    force_delete: bool,
) -> Result<Ref<Repository>, ComposeError> {
    let repository = Repository {
        name,
        scan_on_push: true,
        lifecycle: Lifecycle { untagged_after: Days(14), keep: 20 },
        force_delete,
        tags: config.tags.clone(),
    };
    let repository = stack.add("wordpress", repository)?;
    stack.output("ecr_repository_url", &repository, |state| Some(state.uri.clone()));
    Ok(repository)
}
