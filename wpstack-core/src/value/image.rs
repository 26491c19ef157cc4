//! Container images: digests and URIs.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::name::{REPOSITORY_PATH, is_repository_path};
use super::{ImageTag, ValueError};

const DIGEST: &str = "an image digest";
const URI: &str = "an image URI";

/// The digest of an image's manifest: `sha256:` and 64 lowercase hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageDigest(String);

impl ImageDigest {
    /// The digest of nothing at all, which no image has: it stands where an image is yet to be
    /// pushed.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self::of(b"")
    }

    /// The digest of a manifest.
    #[must_use]
    pub fn of(manifest: &[u8]) -> Self {
        Self(format!("sha256:{:x}", Sha256::digest(manifest)))
    }

    /// The whole digest, with `sha256:`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ImageDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for ImageDigest {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if is_digest(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ValueError::new(text, DIGEST, DIGEST_FORM))
        }
    }
}

text_value!(ImageDigest, DIGEST, text, schema: {
    "type": "string",
    "description": "The digest of an image's manifest",
    "pattern": "^sha256:[0-9a-f]{64}$",
});

const DIGEST_FORM: &str = "a digest is `sha256:` and 64 digits 0-9 or a-f";

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|one| matches!(one, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Where an image is: `registry/repository[:tag][@digest]`, for example
/// `123456789012.dkr.ecr.eu-west-1.amazonaws.com/blog@sha256:…`.
///
/// Without a registry it is Docker Hub's, as for ECS and Docker.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageUri {
    registry: Option<String>,
    repository: String,
    tag: Option<ImageTag>,
    digest: Option<ImageDigest>,
}

impl ImageUri {
    /// The host (and port) of the registry, where the URI names one.
    #[must_use]
    pub fn registry(&self) -> Option<&str> {
        self.registry.as_deref()
    }

    /// The repository within the registry.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag. What it points to can change at any time.
    #[must_use]
    pub fn tag(&self) -> Option<&ImageTag> {
        self.tag.as_ref()
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> Option<&ImageDigest> {
        self.digest.as_ref()
    }

    /// Whether the URI names one image for ever, by digest.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.digest.is_some()
    }

    /// The image of that digest in the same repository. The tag is dropped: a runtime would ignore
    /// it.
    #[must_use]
    pub fn pinned(&self, digest: ImageDigest) -> Self {
        Self { tag: None, digest: Some(digest), ..self.clone() }
    }

    /// The image of that tag in the same repository.
    #[must_use]
    pub fn tagged(&self, tag: ImageTag) -> Self {
        Self { tag: Some(tag), digest: None, ..self.clone() }
    }
}

impl fmt::Display for ImageUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { registry, repository, tag, digest } = self;
        registry.iter().try_for_each(|registry| write!(formatter, "{registry}/"))?;
        formatter.write_str(repository)?;
        tag.iter().try_for_each(|tag| write!(formatter, ":{tag}"))?;
        digest.iter().try_for_each(|digest| write!(formatter, "@{digest}"))
    }
}

impl FromStr for ImageUri {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let refuse = |problem: &str| ValueError::new(text, URI, problem);
        if text.contains("://") {
            return Err(refuse("it must not have a scheme such as `https://`"));
        }
        let (name, digest) = split_once(text, '@');
        let digest = digest.map(str::parse).transpose().map_err(|_| refuse(DIGEST_FORM))?;
        let (registry, path) = match name.split_once('/') {
            Some((host, path)) if is_host(host) => (Some(host.to_owned()), path),
            _ => (None, name),
        };
        let (repository, tag) = split_once(path, ':');
        let tag = tag.map(str::parse::<ImageTag>).transpose();
        let tag = tag.map_err(|error| refuse(&format!("in its tag, {}", error.problem())))?;
        if registry.as_deref().is_some_and(|host| !is_plain_host(host)) {
            return Err(refuse("the registry must be a host name, with a port or without"));
        }
        if !is_repository_path(repository) {
            return Err(refuse(&format!("in the repository, {REPOSITORY_PATH}")));
        }
        Ok(Self { registry, repository: repository.to_owned(), tag, digest })
    }
}

text_value!(ImageUri, URI, text, schema: {
    "type": "string",
    "description": "Where a container image is: registry/repository, then :tag or @digest",
    "pattern": "^([A-Za-z0-9.-]+(:[0-9]+)?/)?[a-z0-9._/-]+(:[A-Za-z0-9_.-]+)?(@sha256:[0-9a-f]{64})?$",
    "examples": ["123456789012.dkr.ecr.eu-west-1.amazonaws.com/blog:6.8.1"],
});

fn split_once(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        None => (text, None),
        Some((before, after)) => (before, Some(after)),
    }
}

/// Whether the first segment is a registry and not part of the repository, by Docker's rule.
fn is_host(segment: &str) -> bool {
    segment.contains(['.', ':']) || segment == "localhost"
}

fn is_plain_host(host: &str) -> bool {
    let (name, port) = split_once(host, ':');
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'-')
    };
    name.split('.').all(is_label) && port.is_none_or(|port| port.parse::<super::Port>().is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::round_trip::{round_trips, shown};

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn digests_parse_or_say_why_not() {
        let check = |text: &str, expected: &str| assert_eq!(shown::<ImageDigest>(text), expected);
        check(EMPTY, EMPTY);
        assert_eq!(ImageDigest::of_nothing().as_str(), EMPTY);
        for text in ["", "sha256:", "sha256:abc", "md5:abc"] {
            let problem = "a digest is `sha256:` and 64 digits 0-9 or a-f";
            check(text, &format!("`{text}` is not an image digest: {problem}"));
        }
        assert!(EMPTY.to_uppercase().parse::<ImageDigest>().is_err());
        assert!(format!("{EMPTY}0").parse::<ImageDigest>().is_err());
    }

    #[test]
    fn uris_parse_into_their_parts() {
        let check = |text: &str, expected: [Option<&str>; 4]| {
            assert_eq!(shown::<ImageUri>(text), text);
            let uri: ImageUri = text.parse().expect("an image URI");
            let tag = uri.tag().map(ImageTag::as_str);
            let digest = uri.digest().map(ImageDigest::as_str);
            assert_eq!([uri.registry(), Some(uri.repository()), tag, digest], expected, "{text}");
            assert_eq!(uri.is_pinned(), expected[3].is_some());
        };
        let ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
        check(&format!("{ecr}/blog"), [Some(ecr), Some("blog"), None, None]);
        check(&format!("{ecr}/a/blog:6.8"), [Some(ecr), Some("a/blog"), Some("6.8"), None]);
        check(&format!("{ecr}/blog@{EMPTY}"), [Some(ecr), Some("blog"), None, Some(EMPTY)]);
        check(&format!("blog:1@{EMPTY}"), [None, Some("blog"), Some("1"), Some(EMPTY)]);
        check("localhost/blog", [Some("localhost"), Some("blog"), None, None]);
        check("127.0.0.1:5000/blog:1", [Some("127.0.0.1:5000"), Some("blog"), Some("1"), None]);
        check("library/wordpress", [None, Some("library/wordpress"), None, None]);
    }

    #[test]
    fn what_is_not_a_uri_is_refused() {
        let check = |text: &str, problem: &str| {
            assert_eq!(shown::<ImageUri>(text), format!("`{text}` is not an image URI: {problem}"));
        };
        let path = format!("in the repository, {REPOSITORY_PATH}");
        check("", &path);
        check("a.example/", &path);
        check("a.example/Blog", &path);
        check("https://a.example/blog", "it must not have a scheme such as `https://`");
        check("blog:", "in its tag, it is empty");
        check("blog@sha256:abc", DIGEST_FORM);
        check("a..example/blog", "the registry must be a host name, with a port or without");
        check("a.example:port/blog", "the registry must be a host name, with a port or without");
    }

    #[test]
    fn a_uri_can_be_pinned() {
        let uri: ImageUri = "a.example/blog:1".parse().expect("an image URI");
        let pinned = uri.pinned(ImageDigest::of_nothing());
        assert_eq!(pinned.to_string(), format!("a.example/blog@{EMPTY}"));
        let tag = "2".parse().expect("a tag");
        assert_eq!(pinned.tagged(tag).to_string(), "a.example/blog:2");
    }

    proptest! {
        #[test]
        fn every_uri_round_trips(
            registry in "|([a-z0-9-]{1,9}\\.){1,2}[a-z]{2,3}(:[1-9][0-9]{0,3})?/",
            repository in "[a-z0-9]{2,9}(/[a-z0-9]{1,9}([._-][a-z0-9]{1,9})?)?",
            tag in "|:[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}",
            digest in "|@sha256:[0-9a-f]{64}",
        ) {
            let text = format!("{registry}{repository}{tag}{digest}");
            let uri: ImageUri = text.parse().expect("an image URI");
            round_trips(&uri);
            prop_assert_eq!(uri.to_string(), text);
        }
    }
}
