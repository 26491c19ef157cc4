//! What the stand-in holds.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::{Effect, Fault, Operation};

/// A repository's contents.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// The blobs, by digest.
    pub blobs: BTreeMap<String, Vec<u8>>,
    /// The manifests with their media types, by digest.
    pub manifests: BTreeMap<String, (String, Vec<u8>)>,
    /// Which digest each tag stands for.
    pub tags: BTreeMap<String, String>,
    /// Whether a tag may not move.
    pub is_immutable: bool,
}

/// A request that came, and what was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it wanted.
    pub operation: Operation,
    /// The path, without what follows the `?`.
    pub path: String,
    /// The blob or the manifest that it was about, where it named one.
    pub about: Option<String>,
    /// The status of the answer; 0 where there was none.
    pub status: u16,
    /// How many bytes of a body were read.
    pub bytes: u64,
}

/// An upload that has begun.
#[derive(Clone, Debug, Default)]
pub(super) struct Upload {
    pub(super) parts: Vec<Vec<u8>>,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) repositories: BTreeMap<String, Repository>,
    pub(super) uploads: BTreeMap<String, Upload>,
    pub(super) faults: Vec<Fault>,
    pub(super) seen: Vec<Seen>,
    pub(super) allows_mounts: bool,
    pub(super) knows_referrers: bool,
    pub(super) wants_bearer: bool,
    pub(super) uploading: usize,
    pub(super) most_uploading: usize,
    tokens: u32,
    next: u32,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            repositories: BTreeMap::new(),
            uploads: BTreeMap::new(),
            faults: Vec::new(),
            seen: Vec::new(),
            allows_mounts: false,
            knows_referrers: true,
            wants_bearer: false,
            uploading: 0,
            most_uploading: 0,
            tokens: 1,
            next: 0,
        }
    }

    pub(super) fn token(&self) -> String {
        format!("token-{}", self.tokens)
    }

    pub(super) fn expire_token(&mut self) {
        self.tokens += 1;
    }

    /// Whether this was the token once.
    pub(super) fn has_expired(&self, token: &str) -> bool {
        (1..self.tokens).any(|number| token == format!("token-{number}"))
    }

    /// The effect of the first fault that meets the request, which counts as one time.
    pub(super) fn trip(&mut self, operation: Operation, about: Option<&str>) -> Option<Effect> {
        let fault = self.faults.iter_mut().find(|fault| fault.meets(operation, about))?;
        fault.times -= 1;
        Some(fault.effect.clone())
    }

    /// Begins an upload and gives its name.
    pub(super) fn begin(&mut self) -> String {
        self.next += 1;
        let name = format!("upload-{}", self.next);
        self.uploads.insert(name.clone(), Upload::default());
        name
    }

    /// A blob that a manifest of that repository names.
    pub(super) fn mountable(&self, from: &str, digest: &str) -> Option<Vec<u8>> {
        let repository = self.repositories.get(from)?;
        repository.named().contains(digest).then(|| repository.blobs.get(digest).cloned())?
    }
}

impl Repository {
    /// The manifest that a tag or a digest stands for: its digest, its type and its text.
    pub(super) fn manifest(&self, reference: &str) -> Option<(&str, &str, &[u8])> {
        let digest = self.tags.get(reference).map_or(reference, String::as_str);
        let (digest, (media_type, bytes)) = self.manifests.get_key_value(digest)?;
        Some((digest, media_type, bytes))
    }

    /// The blobs that manifests name.
    fn named(&self) -> BTreeSet<String> {
        self.manifests.values().flat_map(|(_, bytes)| named_in(bytes).0).collect()
    }
}

/// The blobs and the manifests that a manifest names.
pub(super) fn named_in(manifest: &[u8]) -> (Vec<String>, Vec<String>) {
    let manifest: serde_json::Value = serde_json::from_slice(manifest).unwrap_or_default();
    let digest = |it: &serde_json::Value| it["digest"].as_str().map(str::to_owned);
    let all = |name: &str| manifest[name].as_array().into_iter().flatten().filter_map(digest);
    let blobs = digest(&manifest["config"]).into_iter().chain(all("layers")).collect();
    (blobs, all("manifests").collect())
}
