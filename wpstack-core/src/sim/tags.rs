//! Tags of simulated objects, and whose an object is by them.

use std::collections::BTreeMap;

use crate::provider::{Cx, TAG_OBJECT, TAG_OWNER, TAG_STACK};
use crate::value::Tags;

/// The tags of one object.
pub type TagMap = BTreeMap<String, String>;

/// What an object is tagged with when it is made: the ownership tags and those of its spec.
#[must_use]
pub(crate) fn owned(cx: &Cx, wanted: &Tags) -> TagMap {
    let wanted = wanted.iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    wanted.chain(cx.tags().map(|(key, value)| (key.to_owned(), value))).collect()
}

/// The tags that the spec speaks of: neither the ownership tags nor AWS's own.
#[must_use]
pub(crate) fn further(tags: &TagMap) -> TagMap {
    let further = tags.iter().filter(|(key, _)| !is_ownership(key) && !is_of_aws(key));
    further.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The tags of a spec, to compare with [`further`].
#[must_use]
pub(crate) fn wanted(tags: &Tags) -> TagMap {
    tags.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Whether the object is the one that the call is about.
#[must_use]
pub(crate) fn is_of(tags: &TagMap, cx: &Cx) -> bool {
    cx.tags().iter().all(|(key, value)| tags.get(*key) == Some(value))
}

/// Whether any stack owns the object.
#[must_use]
pub(crate) fn is_ours(tags: &TagMap) -> bool {
    tags.keys().any(|key| is_ownership(key))
}

/// Whether AWS set the tag by itself. ECS marks the groups that it scales with one that has no prefix.
#[must_use]
pub(crate) fn is_of_aws(key: &str) -> bool {
    key.starts_with("aws:") || key == "AmazonECSManaged"
}

fn is_ownership(key: &str) -> bool {
    [TAG_STACK, TAG_OBJECT, TAG_OWNER].contains(&key)
}
