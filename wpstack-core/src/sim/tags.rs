//! Tags of simulated objects, and whose an object is by them.

use std::collections::BTreeMap;

use crate::provider::{Cx, Drifts, TAG_OBJECT, TAG_OWNER, TAG_STACK};
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
fn further(tags: &TagMap) -> TagMap {
    let further = tags.iter().filter(|(key, _)| !is_ownership(key) && !is_of_aws(key));
    further.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The tags of a spec, to compare with [`further`].
fn wanted(tags: &Tags) -> TagMap {
    tags.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Compares the tags of an object with what they are to be.
pub(crate) trait CompareTags {
    /// Notes where those that the spec speaks of differ, and whose the object is if it is another's.
    fn tags(&mut self, cx: &Cx, wanted: &Tags, actual: &TagMap) -> &mut Self;
}

impl CompareTags for Drifts {
    fn tags(&mut self, cx: &Cx, spec: &Tags, actual: &TagMap) -> &mut Self {
        let pairs = actual.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        self.field("tags", &wanted(spec), Some(further(actual))).ownership(cx, pairs)
    }
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
