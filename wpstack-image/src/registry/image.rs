//! What is pushed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use wpstack_core::value::{ImageDigest, RepositoryName};

use super::Error;

/// An image as a registry takes it: a manifest and everything that it names.
#[derive(Clone, Debug)]
pub struct Image {
    /// The manifest, or the index of an image for several processors.
    pub manifest: Manifest,
    /// The configuration and the layers that the manifest names.
    pub blobs: Vec<Blob>,
    /// The images that an index names.
    pub members: Vec<Self>,
    /// What says something about this image and names it as its subject: its list of materials.
    pub referrers: Vec<Self>,
}

/// A manifest, byte for byte.
#[derive(Clone, PartialEq, Eq)]
pub struct Manifest {
    /// What it is: `application/vnd.oci.image.manifest.v1+json`.
    pub media_type: String,
    /// Its text. The digest is of these bytes, so they are never written anew.
    pub bytes: Arc<[u8]>,
    /// The digest of that.
    pub digest: ImageDigest,
}

/// A configuration or a layer.
#[derive(Clone, Debug)]
pub struct Blob {
    /// The digest of its bytes.
    pub digest: ImageDigest,
    /// How many there are.
    pub size: u64,
    /// The bytes.
    pub source: BlobSource,
    /// A repository of the same registry that may have it, so that it need not be sent.
    pub mount_from: Option<RepositoryName>,
}

/// Where the bytes of a blob are.
#[derive(Clone)]
pub enum BlobSource {
    /// In a file. It is read while it is sent, and never held in memory.
    File(PathBuf),
    /// In memory.
    Bytes(Arc<[u8]>),
}

impl Manifest {
    /// A manifest of that type with that text.
    #[must_use]
    pub fn new(media_type: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self { media_type: media_type.into(), digest: ImageDigest::of(&bytes), bytes }
    }
}

impl Blob {
    /// A blob in memory.
    #[must_use]
    pub fn of(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        let digest = ImageDigest::of(&bytes);
        let size = bytes.len() as u64;
        Self { digest, size, source: BlobSource::Bytes(bytes), mount_from: None }
    }

    /// A blob in a file, of a digest and a size that are known.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>, digest: ImageDigest, size: u64) -> Self {
        Self { digest, size, source: BlobSource::File(path.into()), mount_from: None }
    }

    /// The same, which that repository of the registry may have.
    #[must_use]
    pub fn or_from(self, repository: RepositoryName) -> Self {
        Self { mount_from: Some(repository), ..self }
    }
}

impl Image {
    /// An image of that manifest and these blobs.
    #[must_use]
    pub fn new(manifest: Manifest, blobs: Vec<Blob>) -> Self {
        Self { manifest, blobs, members: Vec::new(), referrers: Vec::new() }
    }

    /// Everything in the order in which it can be pushed: what an index names before it, and what refers to an image
    /// behind it, with the digest of that image.
    pub(super) fn in_order(&self) -> Vec<(&Self, Option<&ImageDigest>)> {
        let mut order: Vec<_> = self.members.iter().flat_map(Self::in_order).collect();
        order.push((self, None));
        for referrer in &self.referrers {
            let parts = referrer.in_order().into_iter().map(|(part, subject)| {
                let is_referrer = std::ptr::eq(part, referrer);
                (part, if is_referrer { Some(&self.manifest.digest) } else { subject })
            });
            order.extend(parts);
        }
        order
    }

    /// The blobs, each once.
    pub(super) fn distinct_blobs(&self) -> Vec<&Blob> {
        let distinct: BTreeMap<_, _> =
            self.blobs.iter().map(|blob| (blob.digest.as_str(), blob)).collect();
        let mut blobs: Vec<_> = distinct.into_values().collect();
        // The largest first: it takes longest, and the small ones fit beside it.
        blobs.sort_by_key(|blob| std::cmp::Reverse(blob.size));
        blobs
    }

    /// Whether everything that the manifest names is given, so that a push cannot end in a refusal halfway.
    pub(super) fn check(&self) -> Result<(), Error> {
        let named = Named::in_manifest(&self.manifest)?;
        let missing = |what: String| Err(Error::Incomplete { what });
        for descriptor in named.config.iter().chain(&named.layers) {
            let given = self.blobs.iter().find(|blob| blob.digest.as_str() == descriptor.digest);
            match given {
                None => return missing(format!("the blob {} is not given", descriptor.digest)),
                Some(blob) if blob.size != descriptor.size => {
                    let Descriptor { digest, size, .. } = descriptor;
                    return missing(format!(
                        "{digest} is given with {} bytes, not {size}",
                        blob.size
                    ));
                }
                Some(_) => {}
            }
        }
        for descriptor in &named.manifests {
            if !self.members.iter().any(|it| it.manifest.digest.as_str() == descriptor.digest) {
                return missing(format!("the image {} is not given", descriptor.digest));
            }
        }
        for referrer in &self.referrers {
            let subject = Named::in_manifest(&referrer.manifest)?.subject;
            if subject.is_none_or(|it| it.digest != self.manifest.digest.as_str()) {
                let referrer = &referrer.manifest.digest;
                return missing(format!("{referrer} does not name the image as its subject"));
            }
        }
        self.members.iter().chain(&self.referrers).try_for_each(Self::check)
    }
}

/// What a manifest names. <https://github.com/opencontainers/image-spec/blob/main/manifest.md>
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Named {
    pub(super) media_type: Option<String>,
    pub(super) artifact_type: Option<String>,
    pub(super) config: Option<Descriptor>,
    pub(super) layers: Vec<Descriptor>,
    pub(super) manifests: Vec<Descriptor>,
    pub(super) subject: Option<Descriptor>,
    pub(super) annotations: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
}

impl Named {
    pub(super) fn in_manifest(manifest: &Manifest) -> Result<Self, Error> {
        let digest = &manifest.digest;
        let incomplete = |what: String| Error::Incomplete { what };
        let named: Self = serde_json::from_slice(&manifest.bytes)
            .map_err(|error| incomplete(format!("{digest} is not a manifest ({error})")))?;
        match &named.media_type {
            Some(told) if *told != manifest.media_type => {
                let given = &manifest.media_type;
                Err(incomplete(format!("{digest} says that it is `{told}`, not `{given}`")))
            }
            _ => Ok(named),
        }
    }
}

impl std::fmt::Debug for Manifest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Manifest({}, {})", self.media_type, self.digest)
    }
}

impl std::fmt::Debug for BlobSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "File({})", path.display()),
            Self::Bytes(bytes) => write!(formatter, "Bytes({})", bytes.len()),
        }
    }
}
