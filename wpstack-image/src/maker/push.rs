//! From the cache to a registry.

use std::sync::Arc;

use wpstack_core::image::Destination;
use wpstack_core::time::Clock;

use super::{Event, MakeError, Observer};
use crate::build::Built;
use crate::oci::{Document, media};
use crate::registry::{self, Blob, Credentials, Image, Manifest, Pushed, Registry};

pub(super) async fn push(
    built: &Built,
    to: &Destination,
    clock: &Arc<dyn Clock>,
    observer: &Observer,
) -> Result<Pushed, MakeError> {
    let credentials = Credentials { user: to.user.clone(), password: to.password.clone() };
    let observer = Arc::clone(observer);
    let observer: registry::Observer = Arc::new(move |step| observer(&Event::Push(step.clone())));
    let registry = Registry::new(to.registry.parse()?, Arc::new(credentials), Arc::clone(clock))?;
    let image = pushable(built);
    Ok(registry.observed(observer).push(&to.repository.parse()?, Some(&built.tag), &image).await?)
}

/// The image as a registry takes it, with its bill of materials.
fn pushable(built: &Built) -> Image {
    let manifest = |document: &Document| Manifest::new(media::MANIFEST, document.bytes.clone());
    let blob = |document: &Document| Blob::of(document.bytes.clone());
    let layers =
        built.image.layers.iter().map(|layer| {
            Blob::file(&layer.path, layer.blob.digest.to_image_digest(), layer.blob.size)
        });
    let blobs = layers.chain([blob(&built.image.config)]).collect();
    let artifacts = built.image.artifacts.iter().map(|artifact| {
        let blobs = vec![blob(&artifact.config), blob(&artifact.document)];
        Image::new(manifest(&artifact.manifest), blobs)
    });
    let referrers = artifacts.collect();
    Image { referrers, ..Image::new(manifest(&built.image.manifest), blobs) }
}
