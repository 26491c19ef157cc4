//! What a registry's refusal means.

use std::time::Duration;

use jiff::Timestamp;
use oci_client::errors::{OciEnvelope, OciErrorCode};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use wpstack_core::time::between;
use wpstack_core::value::RepositoryName;

use super::{Address, Error};

/// An answer that is not what was asked for.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    codes: Vec<OciErrorCode>,
    message: String,
    after: Option<Duration>,
    wants_bearer: bool,
}

/// What a request was to do, and where: for messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task<'a> {
    pub(super) doing: &'a str,
    pub(super) repository: &'a RepositoryName,
}

/// Messages longer than that are a page of some proxy.
const LONGEST_MESSAGE: usize = 500;

impl Refusal {
    /// Reads what the registry says.
    pub(super) fn read(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Self {
        let (codes, message) = match serde_json::from_slice::<OciEnvelope>(body) {
            Ok(envelope) => {
                let messages: Vec<_> =
                    envelope.errors.iter().map(|error| error.message.as_str()).collect();
                let message = messages.join("; ");
                (envelope.errors.into_iter().map(|error| error.code).collect(), message)
            }
            Err(_) => (Vec::new(), String::from_utf8_lossy(body).trim().to_owned()),
        };
        let message = if message.is_empty() {
            status.canonical_reason().unwrap_or("no reason given").to_owned()
        } else {
            message.chars().take(LONGEST_MESSAGE).collect()
        };
        let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
        let wants_bearer = challenges.filter_map(|value| value.to_str().ok()).any(|challenge| {
            challenge.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"))
        });
        let after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let after = after.and_then(|text| pause(text, now));
        Self { status, codes, message, after, wants_bearer }
    }

    /// Whether other credentials may be taken, and whether they have to be a bearer token.
    ///
    /// ECR answers an expired token with 403 and no challenge (flipt-io/flipt#3043), and its public sister with 400
    /// (aws/containers-roadmap#2835). The answer to a HEAD has no text: it may be that, or a permission that is lacking.
    pub(super) fn wants_other_credentials(&self, is_head: bool) -> Option<bool> {
        let says_expired = self.message.to_lowercase().contains("token has expired");
        let stale = self.status == StatusCode::UNAUTHORIZED
            || says_expired
            || (is_head && self.status == StatusCode::FORBIDDEN);
        stale.then_some(self.wants_bearer)
    }

    /// The error that this is.
    pub(super) fn into_error(self, address: &Address, task: Task<'_>) -> Error {
        use OciErrorCode as Code;
        let doing = task.doing.to_owned();
        let has = |code: &Code| self.codes.contains(code);
        let is_tag = has(&Code::TagInvalid) || self.message.contains("immutable");
        let is_upload_lost = has(&Code::BlobUploadUnknown);
        let code = self.codes.first().map(code_text).unwrap_or_default();
        let Self { status, message, after, .. } = self;
        match status.as_u16() {
            401 => Error::Unauthorized { registry: address.host(), message },
            _ if message.to_lowercase().contains("token has expired") => {
                Error::Unauthorized { registry: address.host(), message }
            }
            _ if code == "TOOMANYREQUESTS" || status == StatusCode::TOO_MANY_REQUESTS => {
                Error::Throttled { doing, message, after, tries: 1 }
            }
            // The upload was forgotten, by a registry that was started anew for example: another one is begun.
            _ if is_upload_lost => {
                Error::Unavailable { doing, status: status.as_u16(), message, tries: 1 }
            }
            _ if code == "NAME_UNKNOWN" => Error::NoRepository {
                registry: address.host(),
                repository: task.repository.clone(),
            },
            _ if code == "DENIED" || status == StatusCode::FORBIDDEN => {
                Error::Denied { doing, message }
            }
            _ if is_tag => Error::TagTaken { doing, message },
            404 => Error::NotFound { doing },
            408 | 500..=599 => {
                Error::Unavailable { doing, status: status.as_u16(), message, tries: 1 }
            }
            number => Error::Refused { doing, status: number, code, message },
        }
    }

    /// Whether the registry finds that the bytes are not those of the digest.
    pub(super) fn finds_another_digest(&self) -> bool {
        self.codes.contains(&OciErrorCode::DigestInvalid)
    }

    /// What the registry says.
    pub(super) fn message(&self) -> &str {
        &self.message
    }
}

/// The code as the registry wrote it.
fn code_text(code: &OciErrorCode) -> String {
    let text = serde_json::to_value(code).ok();
    text.and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What `Retry-After` says: seconds, or a moment.
fn pause(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    Some(between(now, moment.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an answer means: the error without its details, and whether other credentials may help.
    fn check(status: u16, body: &str, expected: &str) {
        let status = StatusCode::from_u16(status).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let refusal = Refusal::read(status, &HeaderMap::new(), body.as_bytes(), now);
        let renew = if refusal.wants_other_credentials(false).is_some() { "renew, " } else { "" };
        let repository = "blog".parse().unwrap();
        let task = Task { doing: "send it", repository: &repository };
        let error = refusal.into_error(&"a.example".parse().unwrap(), task);
        let again = if error.passes() { "again: " } else { "" };
        assert_eq!(format!("{renew}{again}{error}"), expected, "{status} {body}");
        assert!(!error.hint().is_empty());
    }

    fn envelope(code: &str, message: &str) -> String {
        serde_json::json!({ "errors": [{ "code": code, "message": message }] }).to_string()
    }

    #[test]
    fn every_refusal_has_a_meaning() {
        check(
            401,
            "Not Authorized\n",
            "renew, `a.example` does not take the credentials: Not Authorized",
        );
        let expired = "Your authorization token has expired. Reauthenticate and try again.";
        let stale = format!("renew, `a.example` does not take the credentials: {expired}");
        check(403, &envelope("DENIED", expired), &stale);
        check(400, &envelope("DENIED", expired), &stale);
        let denied = "User: arn:aws:iam::1:user/x is not authorized to perform: ecr:PutImage";
        check(403, &envelope("DENIED", denied), &format!("not allowed to send it: {denied}"));
        check(403, "", "not allowed to send it: Forbidden");
        check(404, &envelope("NAME_UNKNOWN", "no"), "`a.example` has no repository `blog`");
        check(404, &envelope("BLOB_UNKNOWN", "no"), "could not send it: it is not there");
        check(
            404,
            &envelope("BLOB_UPLOAD_UNKNOWN", "no"),
            "again: could not send it: the registry answered 404 (no)",
        );
        let taken = "The image tag '1' already exists and cannot be overwritten because the repository is immutable.";
        check(400, &envelope("TAG_INVALID", taken), &format!("could not send it: {taken}"));
        check(
            429,
            &envelope("TOOMANYREQUESTS", "Rate exceeded"),
            "again: could not send it: the registry limits the rate (Rate exceeded)",
        );
        check(503, "<html>", "again: could not send it: the registry answered 503 (<html>)");
        check(
            405,
            &envelope("UNSUPPORTED", "no such type"),
            "could not send it: the registry refused with 405 UNSUPPORTED: no such type",
        );
        check(
            400,
            &envelope("SOMETHING_NEW", "x"),
            "could not send it: the registry refused with 400 SOMETHING_NEW: x",
        );
    }

    #[test]
    fn a_head_that_is_forbidden_may_mean_that_the_token_has_expired() {
        let read = |status, headers: &HeaderMap| {
            Refusal::read(status, headers, b"", Timestamp::UNIX_EPOCH)
        };
        let forbidden = read(StatusCode::FORBIDDEN, &HeaderMap::new());
        assert_eq!(forbidden.wants_other_credentials(true), Some(false));
        assert_eq!(forbidden.wants_other_credentials(false), None);
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, "Bearer realm=\"https://a/token\"".parse().unwrap());
        let challenged = read(StatusCode::UNAUTHORIZED, &headers);
        assert_eq!(challenged.wants_other_credentials(false), Some(true));
    }

    #[test]
    fn the_registry_says_when_to_come_back() {
        let now: Timestamp = "1994-11-06T08:49:00Z".parse().unwrap();
        let check = |text: &str, seconds: Option<u64>| {
            assert_eq!(pause(text, now), seconds.map(Duration::from_secs), "{text}");
        };
        check("7", Some(7));
        check(" 120 ", Some(120));
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(37));
        check("Sun, 06 Nov 1994 08:48:00 GMT", Some(0));
        check("soon", None);
        check("-3", None);
    }
}
