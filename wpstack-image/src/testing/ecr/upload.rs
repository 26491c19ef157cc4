//! What a request does to a repository.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use wpstack_core::value::ImageDigest;

use super::Shared;
use super::fault::Operation;
use super::route::{Call, refuse};
use super::store::{Repository, World, named_in};

/// The digest of what was answered.
pub(super) const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
/// Below that, a part has to be the last.
const SMALLEST_PART: usize = 5 * 1024 * 1024;
const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

pub(super) fn handle(shared: &Shared, call: &Call) -> Response {
    let mut guard = shared.world();
    let world = &mut *guard;
    if call.operation == Operation::Token {
        let token = format!("bearer-{}", world.token());
        return axum::Json(json!({ "token": token })).into_response();
    }
    if call.operation != Operation::Other && !world.repositories.contains_key(&call.repository) {
        let name = &call.repository;
        let message = format!("The repository with name '{name}' does not exist in the registry");
        return refuse(404, "NAME_UNKNOWN", &message);
    }
    match call.operation {
        Operation::HeadBlob => head_blob(world, call),
        Operation::GetBlob => {
            let place = format!("http://{}/{}/{}", shared.storage, call.repository, call.last);
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place)]).into_response()
        }
        Operation::Mount => mount(world, call),
        Operation::BeginUpload => begin(world, call),
        Operation::Patch => patch(world, call),
        Operation::PutBlob => put_blob(world, call),
        Operation::HeadManifest | Operation::GetManifest => get_manifest(world, call),
        Operation::PutManifest => put_manifest(world, call),
        Operation::Referrers => referrers(world, call),
        Operation::Token | Operation::Other => StatusCode::NOT_FOUND.into_response(),
    }
}

fn repository<'a>(world: &'a mut World, call: &Call) -> &'a mut Repository {
    world.repositories.entry(call.repository.clone()).or_default()
}

fn head_blob(world: &mut World, call: &Call) -> Response {
    match repository(world, call).blobs.get(&call.last) {
        Some(blob) => {
            let length = blob.len().to_string();
            ([(header::CONTENT_LENGTH, length), (DIGEST, call.last.clone())]).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn mount(world: &mut World, call: &Call) -> Response {
    let (from, digest) = (call.query("from"), call.query("mount"));
    let found = from.zip(digest).filter(|_| world.allows_mounts).and_then(|(from, digest)| {
        world.mountable(from, digest).map(|blob| (digest.to_owned(), blob))
    });
    match found {
        None => begin(world, call),
        Some((digest, blob)) => {
            repository(world, call).blobs.insert(digest.clone(), blob);
            let place = format!("/v2/{}/blobs/{digest}", call.repository);
            (StatusCode::CREATED, [(header::LOCATION, place), (DIGEST, digest)]).into_response()
        }
    }
}

fn begin(world: &mut World, call: &Call) -> Response {
    let upload = world.begin();
    // With a query, as the reference registry has one: what a client adds must not replace it.
    let place = format!("/v2/{}/blobs/uploads/{upload}?state=kept", call.repository);
    (StatusCode::ACCEPTED, [(header::LOCATION, place)]).into_response()
}

fn patch(world: &mut World, call: &Call) -> Response {
    let Some(upload) = world.uploads.get_mut(&call.last) else { return lost() };
    if upload.parts.last().is_some_and(|part| part.len() < SMALLEST_PART) {
        let message = "Part size must be at least 5 MB, except for the last";
        return refuse(400, "SIZE_INVALID", message);
    }
    // Only the first is kept.
    let part = if upload.parts.is_empty() { call.body.to_vec() } else { Vec::new() };
    upload.parts.push(part);
    let place = format!("/v2/{}/blobs/uploads/{}?state=kept", call.repository, call.last);
    (StatusCode::CREATED, [(header::LOCATION, place)]).into_response()
}

fn put_blob(world: &mut World, call: &Call) -> Response {
    if call.query("state") != Some("kept") {
        return lost();
    }
    let Some(upload) = world.uploads.remove(&call.last) else { return lost() };
    let bytes = if upload.parts.is_empty() { call.body.to_vec() } else { upload.parts.concat() };
    let digest = ImageDigest::of(&bytes).to_string();
    if call.query("digest") != Some(digest.as_str()) {
        let message = format!("Layer digest did not match: it is {digest}");
        return refuse(400, "DIGEST_INVALID", &message);
    }
    repository(world, call).blobs.insert(digest.clone(), bytes);
    let place = format!("/v2/{}/blobs/{digest}", call.repository);
    (StatusCode::CREATED, [(header::LOCATION, place), (DIGEST, digest)]).into_response()
}

fn lost() -> Response {
    refuse(404, "BLOB_UPLOAD_UNKNOWN", "The upload is not known")
}

fn get_manifest(world: &mut World, call: &Call) -> Response {
    match repository(world, call).manifest(&call.last) {
        None => refuse(404, "MANIFEST_UNKNOWN", "Requested image not found"),
        Some((digest, media_type, bytes)) => {
            let headers =
                [(header::CONTENT_TYPE, media_type.to_owned()), (DIGEST, digest.to_owned())];
            (headers, bytes.to_vec()).into_response()
        }
    }
}

fn put_manifest(world: &mut World, call: &Call) -> Response {
    let media_type = call.headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let Some(media_type) = media_type.filter(|it| MEDIA_TYPES.contains(it)) else {
        return refuse(405, "UNSUPPORTED", "The media type of the manifest is not supported");
    };
    let bytes = call.body.to_vec();
    let Ok(manifest) = serde_json::from_slice::<serde_json::Value>(&bytes) else {
        return refuse(400, "MANIFEST_INVALID", "The manifest is not JSON");
    };
    let knows_referrers = world.knows_referrers;
    let held = repository(world, call);
    let (blobs, manifests) = named_in(&bytes);
    let is_missing = blobs.iter().any(|it| !held.blobs.contains_key(it))
        || manifests.iter().any(|it| !held.manifests.contains_key(it));
    if is_missing {
        return refuse(404, "MANIFEST_BLOB_UNKNOWN", "The manifest names what is not there");
    }
    let digest = ImageDigest::of(&bytes).to_string();
    let is_digest = call.last.starts_with("sha256:");
    if is_digest && call.last != digest {
        return refuse(400, "DIGEST_INVALID", &format!("The manifest's digest is {digest}"));
    }
    if !is_digest {
        if held.is_immutable && held.tags.contains_key(&call.last) {
            let message = format!(
                "The image tag '{}' already exists in the '{}' repository and cannot be overwritten \
                 because the repository is immutable.",
                call.last, call.repository
            );
            return refuse(400, "TAG_INVALID", &message);
        }
        held.tags.insert(call.last.clone(), digest.clone());
    }
    held.manifests.insert(digest.clone(), (media_type.to_owned(), bytes));
    let mut response = (StatusCode::CREATED, [(DIGEST, digest)]).into_response();
    let subject = manifest["subject"]["digest"].as_str().and_then(|subject| subject.parse().ok());
    if let (Some(subject), true) = (subject, knows_referrers) {
        response.headers_mut().insert(SUBJECT, subject);
    }
    response
}

fn referrers(world: &mut World, call: &Call) -> Response {
    if !world.knows_referrers {
        return StatusCode::NOT_FOUND.into_response();
    }
    let manifests = &repository(world, call).manifests;
    let entries = manifests.iter().filter_map(|(digest, (media_type, bytes))| {
        let manifest: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        let is_about = manifest["subject"]["digest"] == call.last.as_str();
        is_about.then(|| {
            json!({
                "mediaType": media_type,
                "digest": digest,
                "size": bytes.len(),
                "artifactType": manifest["artifactType"],
            })
        })
    });
    let index = json!({
        "schemaVersion": 2,
        "mediaType": MEDIA_TYPES[1],
        "manifests": entries.collect::<Vec<_>>(),
    });
    ([(header::CONTENT_TYPE, MEDIA_TYPES[1])], index.to_string()).into_response()
}
