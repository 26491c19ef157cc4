//! Requests: who asks, for what, and what goes wrong with it.

use std::net::TcpListener;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt;

use super::fault::{Effect, Operation};
use super::store::Seen;
use super::upload;
use super::wire::{Knife, Wires};
use super::{Shared, World};

/// Serves both ports for ever.
pub(super) async fn serve(
    shared: Arc<Shared>,
    front: TcpListener,
    storage: TcpListener,
) -> std::io::Result<()> {
    let front = Wires(tokio::net::TcpListener::from_std(front)?);
    let storage = tokio::net::TcpListener::from_std(storage)?;
    let registry = Router::new().fallback(answer).with_state(Arc::clone(&shared));
    let registry = registry.into_make_service_with_connect_info::<Knife>();
    let blobs = Router::new().fallback(fetch).with_state(shared);
    let (front, storage) = (axum::serve(front, registry), axum::serve(storage, blobs));
    tokio::try_join!(front.into_future(), storage.into_future()).map(drop)
}

/// A request, taken apart.
pub(super) struct Call {
    pub(super) operation: Operation,
    pub(super) repository: String,
    /// What the path ends with: a digest, a tag, an upload.
    pub(super) last: String,
    pub(super) headers: HeaderMap,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl Call {
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn about(&self) -> Option<String> {
        let named = self.query("digest").or_else(|| self.query("mount"));
        named.or((!self.last.is_empty()).then_some(self.last.as_str())).map(str::to_owned)
    }
}

/// What the registry says when it refuses.
pub(super) fn refuse(status: u16, code: &str, message: &str) -> Response {
    let text = serde_json::json!({ "errors": [{ "code": code, "message": message }] }).to_string();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(knife): ConnectInfo<Knife>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    let (mut call, body) = take_apart(request);
    let about = call.about();
    let at = {
        let mut world = shared.world();
        let (operation, path, about) = (call.operation, path, about.clone());
        world.seen.push(Seen { operation, path, about, status: 0, bytes: 0 });
        world.seen.len() - 1
    };
    let note = |status: u16, bytes: u64| {
        if let Some(seen) = shared.world().seen.get_mut(at) {
            (seen.status, seen.bytes) = (status, bytes);
        }
    };
    let refused = authorize(&mut shared.world(), &call);
    if let Some(refused) = refused {
        note(refused.status().as_u16(), 0);
        return refused;
    }
    let effect = shared.world().trip(call.operation, about.as_deref());
    let limit = if let Some(Effect::CutAfter(bytes)) = effect { Some(bytes) } else { None };
    let is_upload = call.operation == Operation::PutBlob;
    if is_upload {
        let mut world = shared.world();
        world.uploading += 1;
        world.most_uploading = world.most_uploading.max(world.uploading);
    }
    let bytes = read(body, limit).await;
    if is_upload {
        shared.world().uploading -= 1;
    }
    let length = bytes.len() as u64;
    call.body = bytes;
    match effect {
        Some(Effect::CutAfter(_)) => {
            knife.cut();
            note(0, length);
            return StatusCode::OK.into_response();
        }
        Some(Effect::Silence) => {
            note(0, length);
            std::future::pending::<()>().await;
        }
        Some(Effect::Status(status)) => {
            note(status, length);
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            return (status, "<html>something is wrong</html>").into_response();
        }
        Some(Effect::Throttle(after)) => {
            note(429, length);
            let mut refused = refuse(429, "TOOMANYREQUESTS", "Rate exceeded");
            if let Some(after) = after.and_then(|after| after.parse().ok()) {
                refused.headers_mut().insert(header::RETRY_AFTER, after);
            }
            return refused;
        }
        Some(Effect::Damage) => {
            let mut damaged = call.body.to_vec();
            damaged.iter_mut().take(1).for_each(|byte| *byte ^= 1);
            call.body = damaged.into();
        }
        Some(Effect::ForgetUpload) => drop(shared.world().uploads.remove(&call.last)),
        Some(Effect::LoseAnswer | Effect::TellAnotherDigest) | None => {}
    }
    let mut response = upload::handle(&shared, &call);
    note(response.status().as_u16(), length);
    match effect {
        Some(Effect::LoseAnswer) => knife.cut(),
        Some(Effect::TellAnotherDigest) => {
            let other = format!("sha256:{}", "0".repeat(64)).parse();
            if let Ok(other) = other {
                response.headers_mut().insert(upload::DIGEST, other);
            }
        }
        _ => {}
    }
    response
}

/// The body, or its beginning up to `limit`.
async fn read(body: Body, limit: Option<u64>) -> Bytes {
    let (mut bytes, mut stream) = (Vec::new(), body.into_data_stream());
    while let Some(Ok(chunk)) = stream.next().await {
        bytes.extend_from_slice(&chunk);
        if limit.is_some_and(|limit| bytes.len() as u64 >= limit) {
            break;
        }
    }
    bytes.into()
}

fn take_apart(request: Request) -> (Call, Body) {
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let query: Vec<_> = reqwest::Url::parse(&format!("http://x/?{query}"))
        .map_or_else(|_| Vec::new(), |url| url.query_pairs().into_owned().collect());
    let path = parts.uri.path().trim_start_matches("/v2/").to_owned();
    let split = |middle: &str| {
        path.split_once(middle).map(|(name, last)| (name.to_owned(), last.to_owned()))
    };
    let is = |method: Method| parts.method == method;
    let (operation, (repository, last)) = if let Some(found) = split("/blobs/uploads/") {
        let is_mount = query.iter().any(|(name, _)| name == "mount");
        let operation = match () {
            () if is(Method::POST) && is_mount => Operation::Mount,
            () if is(Method::POST) => Operation::BeginUpload,
            () if is(Method::PATCH) => Operation::Patch,
            () if is(Method::PUT) => Operation::PutBlob,
            () => Operation::Other,
        };
        (operation, found)
    } else if let Some(found) = split("/blobs/") {
        (if is(Method::HEAD) { Operation::HeadBlob } else { Operation::GetBlob }, found)
    } else if let Some(found) = split("/manifests/") {
        let operation = match () {
            () if is(Method::HEAD) => Operation::HeadManifest,
            () if is(Method::PUT) => Operation::PutManifest,
            () => Operation::GetManifest,
        };
        (operation, found)
    } else if let Some(found) = split("/referrers/") {
        (Operation::Referrers, found)
    } else if path == "/token" {
        (Operation::Token, (String::new(), String::new()))
    } else {
        (Operation::Other, (String::new(), String::new()))
    };
    let headers = parts.headers;
    (Call { operation, repository, last, headers, query, body: Bytes::new() }, body)
}

/// Whether the request is from somebody who may ask; the refusal if not.
fn authorize(world: &mut World, call: &Call) -> Option<Response> {
    let shown = call.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, secret) = shown.and_then(|shown| shown.split_once(' ')).unwrap_or_default();
    let basic = STANDARD.decode(secret).ok().and_then(|pair| String::from_utf8(pair).ok());
    let password = basic.as_deref().and_then(|pair| pair.strip_prefix("AWS:"));
    let host = call.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let host = host.unwrap_or_default();
    if world.wants_bearer && call.operation != Operation::Token {
        let is_known = scheme == "Bearer" && secret == format!("bearer-{}", world.token());
        let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"stand-in\"");
        return (!is_known).then(|| challenged(&challenge));
    }
    match password {
        Some(password) if password == world.token() => None,
        Some(password) if world.has_expired(password) => {
            let message = "Your authorization token has expired. Reauthenticate and try again.";
            Some(refuse(403, "DENIED", message))
        }
        _ => {
            let basic = format!("Basic realm=\"http://{host}/\",service=\"ecr.amazonaws.com\"");
            Some(challenged(&basic))
        }
    }
}

fn challenged(challenge: &str) -> Response {
    let headers = [(header::WWW_AUTHENTICATE, challenge)];
    (StatusCode::UNAUTHORIZED, headers, "Not Authorized\n").into_response()
}

/// The storage behind the registry: `/<repository>/<digest>`. It refuses who shows credentials beside the signature.
async fn fetch(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    if request.headers().contains_key(header::AUTHORIZATION) {
        let text = "<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>";
        return (StatusCode::BAD_REQUEST, text).into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    let found = path.rsplit_once('/').and_then(|(repository, digest)| {
        let world = shared.world();
        world.repositories.get(repository)?.blobs.get(digest).cloned()
    });
    found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}
