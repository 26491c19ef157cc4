//! Images that are pushed, and who pushes them.

use std::error::Error as StdError;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use wpstack_core::Secret;
use wpstack_core::time::{self, VirtualClock};
use wpstack_core::value::{ImageDigest, RepositoryName};
use wpstack_image::registry::{
    Blob, Credentials, CredentialsSource, Error, Image, Manifest, Outcome, Progress, Pushed,
    Registry,
};
use wpstack_image::testing::ecr::Ecr;

pub(crate) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const SMALL: usize = 70_000;
pub(crate) const LARGE: usize = 1_200_000;

/// Bytes that look like nothing, the same for the same seed.
pub(crate) fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 33) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

pub(crate) fn descriptor(media_type: &str, blob: &Blob) -> Value {
    json!({ "mediaType": media_type, "digest": blob.digest.as_str(), "size": blob.size })
}

/// An image of a configuration and layers of these lengths. The layers are in files, as those of a real build.
pub(crate) fn image(directory: &Path, seed: u64, lengths: &[usize]) -> Image {
    let config =
        Blob::of(json!({ "architecture": "amd64", "seed": seed }).to_string().into_bytes());
    let layers: Vec<_> = lengths
        .iter()
        .enumerate()
        .map(|(at, &length)| {
            let contents = bytes(seed + at as u64, length);
            let path = directory.join(format!("{seed}-{at}"));
            std::fs::write(&path, &contents).unwrap();
            Blob::file(path, ImageDigest::of(&contents), length as u64)
        })
        .collect();
    let layer = |blob| descriptor("application/vnd.oci.image.layer.v1.tar+gzip", blob);
    let text = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": layers.iter().map(layer).collect::<Vec<_>>(),
    });
    let manifest = Manifest::new(IMAGE, text.to_string().into_bytes());
    Image::new(manifest, std::iter::once(config).chain(layers).collect())
}

/// The usual one: a configuration, a small layer and a large one.
pub(crate) fn usual(directory: &Path) -> Image {
    image(directory, 1, &[SMALL, LARGE])
}

/// A list of materials that refers to an image.
pub(crate) fn materials(subject: &Image) -> Image {
    let (empty, list) = (Blob::of(*b"{}"), Blob::of(*b"{\"spdxVersion\":\"SPDX-2.3\"}"));
    let text = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "artifactType": "application/spdx+json",
        "config": descriptor("application/vnd.oci.empty.v1+json", &empty),
        "layers": [descriptor("application/spdx+json", &list)],
        "subject": {
            "mediaType": IMAGE,
            "digest": subject.manifest.digest.as_str(),
            "size": subject.manifest.bytes.len(),
        },
    });
    let manifest = Manifest::new(IMAGE, text.to_string().into_bytes());
    Image::new(manifest, vec![empty, list])
}

pub(crate) fn blog() -> RepositoryName {
    "blog".parse().unwrap()
}

/// Gives the token that the stand-in takes now, and counts how often it was asked.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub ecr: Arc<Ecr>,
    pub asked: AtomicU32,
}

#[async_trait]
impl CredentialsSource for Tokens {
    async fn credentials(&self) -> Result<Credentials, Box<dyn StdError + Send + Sync>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(Credentials { user: "AWS".to_owned(), password: Secret::new(self.ecr.token()) })
    }
}

/// A stand-in with the repository `blog`, and a registry that pushes there in virtual time.
pub(crate) struct Scene {
    pub ecr: Arc<Ecr>,
    pub tokens: Arc<Tokens>,
    pub registry: Registry,
    pub clock: VirtualClock,
    pub told: Arc<Mutex<Vec<Progress>>>,
    pub directory: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let ecr = Arc::new(Ecr::start().unwrap());
        ecr.make("blog");
        let tokens = Arc::new(Tokens { ecr: Arc::clone(&ecr), asked: AtomicU32::new(0) });
        let clock = VirtualClock::starting_at(Timestamp::UNIX_EPOCH);
        let told = Arc::<Mutex<Vec<Progress>>>::default();
        let heard = Arc::clone(&told);
        let address = ecr.endpoint().parse().unwrap();
        let registry = Registry::new(address, tokens.clone(), Arc::new(clock.clone()))
            .unwrap()
            .observed(Arc::new(move |progress| heard.lock().unwrap().push(progress.clone())));
        let directory = tempfile::tempdir().unwrap();
        Self { ecr, tokens, registry, clock, told, directory }
    }

    pub(crate) fn image(&self) -> Image {
        usual(self.directory.path())
    }

    /// Pushes into `blog` as `1`.
    pub(crate) async fn push(&self, image: &Image) -> Result<Pushed, Error> {
        let tag = "1".parse().unwrap();
        time::drive(&self.clock, self.registry.push(&blog(), Some(&tag), image)).await
    }

    /// The pauses so far, in whole seconds.
    pub(crate) fn pauses(&self) -> Vec<u64> {
        let told = self.told.lock().unwrap();
        let pause = |progress: &Progress| match progress {
            Progress::Waiting { pause, .. } => Some(pause.as_secs()),
            _ => None,
        };
        told.iter().filter_map(pause).collect()
    }

    /// Whether the repository holds the image, byte for byte.
    pub(crate) fn holds(&self, name: &str, image: &Image) -> bool {
        let held = self.ecr.repository(name).unwrap();
        let Manifest { media_type, bytes, digest } = &image.manifest;
        held.manifests.get(digest.as_str()) == Some(&(media_type.clone(), bytes.to_vec()))
            && image.blobs.iter().all(|blob| {
                let kept = held.blobs.get(blob.digest.as_str());
                kept.is_some_and(|kept| ImageDigest::of(kept) == blob.digest)
            })
    }
}

/// What a push did, in a line.
pub(crate) fn line(pushed: &Pushed) -> String {
    let counts = [Outcome::Found, Outcome::Mounted, Outcome::Sent].map(|it| pushed.count(it));
    let [found, mounted, sent] = counts;
    let manifest = if pushed.is_new { "new" } else { "old" };
    format!("{manifest}: {found} found, {mounted} mounted, {sent} sent")
}
