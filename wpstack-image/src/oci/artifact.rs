//! What is said about an image, kept beside it in a registry.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Descriptor, Document, annotation, media};

/// A document about an image. Its manifest names the image as its subject, so that registries list it among the
/// image's referrers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// What names the rest.
    pub manifest: Document,
    /// The configuration: an empty object.
    pub config: Document,
    /// The document itself.
    pub document: Document,
    /// What it is, for the index of a layout.
    artifact_type: Cow<'static, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    schema_version: u8,
    media_type: &'static str,
    artifact_type: &'a str,
    config: Descriptor,
    layers: [Descriptor; 1],
    subject: Descriptor,
    annotations: BTreeMap<&'static str, String>,
}

impl Artifact {
    /// A document about what `subject` names.
    #[must_use]
    pub fn about(subject: Descriptor, document: Document, title: &str, created: String) -> Self {
        let config = Document::new(media::EMPTY, &BTreeMap::<String, String>::new());
        let artifact_type = document.media_type.clone();
        let manifest = Manifest {
            schema_version: 2,
            media_type: media::MANIFEST,
            artifact_type: &artifact_type,
            config: config.descriptor(),
            layers: [document.descriptor().annotated(annotation::TITLE, title)],
            subject,
            annotations: [(annotation::CREATED, created)].into(),
        };
        let manifest = Document::new(media::MANIFEST, &manifest);
        Self { manifest, config, document, artifact_type }
    }

    /// The reference to its manifest.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        let artifact_type = Some(self.artifact_type.clone().into_owned());
        Descriptor { artifact_type, ..self.manifest.descriptor() }
    }
}
