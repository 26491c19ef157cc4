//! The list of what refers to an image, where the registry does not keep it itself.
//!
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests-with-subject>

use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderValue};
use serde_json::{Value, json};
use wpstack_core::value::{ImageDigest, RepositoryName};

use super::answer::Task;
use super::exchange::Request;
use super::image::Named;
use super::{Error, Manifest, Reference, Registry};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

impl Registry {
    /// Makes sure that `referrer` is found by its subject. Registries that know referrers keep the list; for others it
    /// is an index under a tag that is made of the subject's digest.
    pub(super) async fn list_referrer(
        &self,
        repository: &RepositoryName,
        subject: &ImageDigest,
        referrer: &Manifest,
    ) -> Result<(), Error> {
        if self.keeps_referrers(repository, subject).await? {
            return Ok(());
        }
        let tag = subject.as_str().replacen(':', "-", 1);
        let reference = match tag.parse() {
            Ok(tag) => Reference::Tag(tag),
            Err(_) => return Ok(()),
        };
        let before = match self.fetch_manifest(repository, &reference).await {
            Ok(index) => Some(index),
            Err(Error::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        match with_entry(before.as_ref(), referrer)? {
            None => Ok(()),
            Some(index) => self.put_manifest(repository, &reference, &index).await.map(drop),
        }
    }

    async fn keeps_referrers(
        &self,
        repository: &RepositoryName,
        subject: &ImageDigest,
    ) -> Result<bool, Error> {
        let doing = format!("ask what refers to {subject}");
        let url = self.address.url(&format!("{repository}/referrers/{subject}"));
        let request = Request::new(Task { doing: &doing, repository }, Method::GET, url)
            .header(ACCEPT, HeaderValue::from_static(INDEX));
        match self.ask(request).await {
            Ok(_) => Ok(true),
            // What does not know the path answers 404, or what it answers to any path that it does not know.
            Err(Error::NotFound { .. } | Error::NoRepository { .. } | Error::Refused { .. }) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

/// The index with the referrer in it; `None` when it is in it already.
fn with_entry(before: Option<&Manifest>, referrer: &Manifest) -> Result<Option<Manifest>, Error> {
    let empty = || json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] });
    // What is under that tag and is no index has no business there.
    let mut index = before
        .and_then(|index| serde_json::from_slice::<Value>(&index.bytes).ok())
        .filter(|index| index["manifests"].is_array())
        .unwrap_or_else(empty);
    let digest = referrer.digest.as_str();
    let Some(entries) = index["manifests"].as_array_mut() else { return Ok(None) };
    if entries.iter().any(|entry| entry["digest"] == digest) {
        return Ok(None);
    }
    let named = Named::in_manifest(referrer)?;
    let artifact_type =
        named.artifact_type.or_else(|| named.config.map(|config| config.media_type));
    let mut entry = json!({
        "mediaType": referrer.media_type,
        "digest": digest,
        "size": referrer.bytes.len(),
    });
    entry["artifactType"] = artifact_type.into();
    if let Some(annotations) = named.annotations {
        entry["annotations"] = annotations;
    }
    entries.push(entry);
    Ok(Some(Manifest::new(INDEX, index.to_string().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_referrer_is_listed_once() {
        let referrer = |kind: &str| {
            let text = json!({ "artifactType": kind, "annotations": { "a": "b" } }).to_string();
            Manifest::new("application/vnd.oci.image.manifest.v1+json", text.into_bytes())
        };
        let one = with_entry(None, &referrer("spdx")).unwrap().unwrap();
        assert!(with_entry(Some(&one), &referrer("spdx")).unwrap().is_none());
        let two = with_entry(Some(&one), &referrer("vex")).unwrap().unwrap();
        let index: Value = serde_json::from_slice(&two.bytes).unwrap();
        let types: Vec<_> =
            index["manifests"].as_array().unwrap().iter().map(|it| &it["artifactType"]).collect();
        assert_eq!(types, ["spdx", "vex"]);
        assert_eq!(index["manifests"][0]["annotations"]["a"], "b");
        let rubbish = Manifest::new(INDEX, *b"[]");
        assert_eq!(with_entry(Some(&rubbish), &referrer("spdx")).unwrap(), Some(one));
    }
}
