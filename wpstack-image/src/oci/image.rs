//! An image: its layers, its configuration, and the manifest that names them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Artifact, Descriptor, Document, Platform, Settings, annotation, media};
use crate::layer::Layer;

/// Everything that makes up an image for one kind of processor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// What names all the rest. Its digest is the image's.
    pub manifest: Document,
    /// How the image is run.
    pub config: Document,
    /// Its files, the lowest first.
    pub layers: Vec<Layer>,
    /// Where it runs.
    pub platform: Platform,
    /// What is said about it from outside: its bill of materials.
    pub artifacts: Vec<Artifact>,
}

/// What is said about an image in its labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Where the recipe is kept, as a URL.
    pub source: Option<String>,
    /// The commit of the recipe.
    pub revision: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    schema_version: u8,
    media_type: &'static str,
    config: Descriptor,
    layers: Vec<Descriptor>,
    annotations: &'a BTreeMap<String, String>,
}

impl Image {
    /// The image of these layers, the lowest first.
    #[must_use]
    pub fn new(settings: &Settings, layers: Vec<Layer>) -> Self {
        let config = settings.config(&layers);
        let layer = |layer: &Layer| {
            Descriptor::new(media::LAYER, layer.blob.digest.clone(), layer.blob.size)
                .annotated(annotation::TITLE, &layer.title)
        };
        let manifest = Manifest {
            schema_version: 2,
            media_type: media::MANIFEST,
            config: config.descriptor(),
            layers: layers.iter().map(layer).collect(),
            annotations: &settings.labels,
        };
        let manifest = Document::new(media::MANIFEST, &manifest);
        let platform = Platform::linux(settings.architecture);
        Self { manifest, config, layers, platform, artifacts: Vec::new() }
    }

    /// How many bytes are to be sent to a registry that has nothing of it.
    #[must_use]
    pub fn size(&self) -> u64 {
        let documents = self.manifest.bytes.len() + self.config.bytes.len();
        documents as u64 + self.layers.iter().map(|layer| layer.blob.size).sum::<u64>()
    }

    /// The reference to its manifest.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        self.manifest.descriptor()
    }
}
