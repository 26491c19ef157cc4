//! One name for the images of several kinds of processors.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Descriptor, Document, Image, media};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index<'a> {
    schema_version: u8,
    media_type: &'static str,
    manifests: Vec<Descriptor>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'a str, &'a str>,
}

impl<'a> Index<'a> {
    pub(super) fn new(manifests: Vec<Descriptor>) -> Self {
        let annotations = BTreeMap::new();
        Self { schema_version: 2, media_type: media::INDEX, manifests, annotations }
    }

    pub(super) fn annotated(mut self, key: &'a str, value: &'a str) -> Self {
        self.annotations.insert(key, value);
        self
    }
}

/// The index of images, in the order of their processors' names: an engine takes the one that it can run.
#[must_use]
pub fn index(images: &[Image]) -> Document {
    let mut manifests: Vec<_> = images
        .iter()
        .map(|image| Descriptor { platform: Some(image.platform.clone()), ..image.descriptor() })
        .collect();
    manifests.sort_by_key(|manifest| manifest.platform.as_ref().map(|at| at.architecture.clone()));
    Document::new(media::INDEX, &Index::new(manifests))
}
