//! References to contents by their digest.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wpstack_core::value::Architecture;

use crate::digest::Digest;

/// A reference to contents: what kind they are, how many bytes, and their digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The format of the contents.
    pub media_type: String,
    /// The digest of the contents.
    pub digest: Digest,
    /// How many bytes they have.
    pub size: u64,
    /// What an artifact is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Where an image runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Further remarks.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Where an image runs, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// `amd64` or `arm64`.
    pub architecture: Cow<'static, str>,
    /// `linux`.
    pub os: Cow<'static, str>,
    /// The kind of the processor, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<Cow<'static, str>>,
}

/// A small file of JSON, and the digest of exactly these bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Noted", into = "Noted")]
pub struct Document {
    /// Its format.
    pub media_type: Cow<'static, str>,
    /// Its text.
    pub bytes: Vec<u8>,
    /// The digest of the text.
    pub digest: Digest,
}

impl Descriptor {
    pub(crate) fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        let (artifact_type, platform, annotations) = (None, None, BTreeMap::new());
        Self { media_type: media_type.into(), digest, size, artifact_type, platform, annotations }
    }

    pub(crate) fn annotated(mut self, key: &str, value: impl Into<String>) -> Self {
        self.annotations.insert(key.to_owned(), value.into());
        self
    }
}

impl Platform {
    /// Linux on that processor.
    #[must_use]
    pub fn linux(architecture: Architecture) -> Self {
        let (architecture, variant) = match architecture {
            Architecture::X86_64 => ("amd64", None),
            Architecture::Arm64 => ("arm64", Some("v8".into())),
        };
        Self { architecture: architecture.into(), os: "linux".into(), variant }
    }
}

impl Document {
    pub(crate) fn new(media_type: &'static str, value: &impl Serialize) -> Self {
        // Structs, ordered maps and text only: nothing in them that JSON could not say.
        let bytes = serde_json::to_vec(value).expect("documents have keys of text");
        let digest = Digest::of(&bytes);
        Self { media_type: media_type.into(), bytes, digest }
    }

    /// A reference to it.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(&self.media_type, self.digest.clone(), self.bytes.len() as u64)
    }
}

/// How a document is noted: its digest is that of the text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    media_type: Cow<'static, str>,
    text: String,
}

impl From<Noted> for Document {
    fn from(Noted { media_type, text }: Noted) -> Self {
        let bytes = text.into_bytes();
        Self { media_type, digest: Digest::of(&bytes), bytes }
    }
}

impl From<Document> for Noted {
    fn from(Document { media_type, bytes, digest: _ }: Document) -> Self {
        Self { media_type, text: String::from_utf8_lossy(&bytes).into_owned() }
    }
}
