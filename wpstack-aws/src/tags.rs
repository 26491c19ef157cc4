//! How objects are marked as ours.
//!
//! Every object is made with three tags that say whose it is ([`Cx::tags`]), one that names it in the console, and those
//! of the configuration. What an interrupted run has made is found by the first three.

use std::collections::BTreeMap;

use wpstack_core::provider::{TAG_OBJECT, TAG_OWNER, TAG_STACK};
use wpstack_core::value::Tags;
use wpstack_core::{Cx, Drifts, ErrorKind, ProviderError};

/// The tag whose value the console shows as the object's name.
const NAME: &str = "Name";

/// A tag as the SDK of a service has it.
pub trait SdkTag: Sized {
    /// The tag of that key and value.
    fn of(key: &str, value: &str) -> Self;

    /// Its key and its value.
    fn pair(&self) -> (&str, &str);
}

/// The tags of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagSet(BTreeMap<String, String>);

impl TagSet {
    /// The tags that the object is to have: those that mark it as ours, its name, and the configured ones.
    #[must_use]
    pub fn wanted(cx: &Cx, configured: &Tags) -> Self {
        let name = format!("{}-{}", cx.stack(), cx.object().address.name());
        let mut tags = BTreeMap::from([(NAME.to_owned(), name)]);
        tags.extend(configured.iter().map(|(key, value)| (key.to_owned(), value.to_owned())));
        tags.extend(cx.tags().map(|(key, value)| (key.to_owned(), value)));
        Self(tags)
    }

    /// The tags that the object has, but for those that AWS gives and that nobody else may change.
    #[must_use]
    pub fn actual<T: SdkTag>(tags: &[T]) -> Self {
        tags.iter().map(SdkTag::pair).collect()
    }

    /// The tags as the SDK of a service takes them.
    #[must_use]
    pub fn to_sdk<T: SdkTag>(&self) -> Vec<T> {
        self.0.iter().map(|(key, value)| T::of(key, value)).collect()
    }

    /// All pairs of key and value, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// What has to be done to an object with the tags `actual` for it to have these.
    #[must_use]
    pub fn changes(&self, actual: &Self) -> TagChanges {
        let set = self.0.iter().filter(|(key, value)| actual.0.get(*key) != Some(*value));
        let unset = actual.0.keys().filter(|key| !self.0.contains_key(*key));
        TagChanges {
            set: Self(set.map(|(key, value)| (key.clone(), value.clone())).collect()),
            unset: unset.cloned().collect(),
        }
    }

    /// Notes in the field `tags` that `actual` are not these.
    pub fn compare(&self, actual: &Self, drifts: &mut Drifts) {
        if self != actual {
            drifts.note("tags", actual.configured());
        }
    }

    /// Whether they mark the object that `cx` is about.
    #[must_use]
    pub fn are_of(&self, cx: &Cx) -> bool {
        cx.tags().iter().all(|(key, value)| self.0.get(*key) == Some(value))
    }

    /// Whether they mark an object of any stack.
    #[must_use]
    pub fn are_marked(&self) -> bool {
        self.0.contains_key(TAG_OWNER)
    }

    /// Insists that they mark the object that `cx` is about. For an object found by its name: it may be another's.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`], saying whose the object is.
    pub fn claim(
        &self,
        cx: &Cx,
        service: &'static str,
        operation: &'static str,
        what: &str,
    ) -> Result<(), ProviderError> {
        if self.are_of(cx) {
            return Ok(());
        }
        let owner = match (self.0.get(TAG_STACK), self.0.get(TAG_OBJECT)) {
            (Some(stack), Some(object)) => format!("it is `{object}` of the stack `{stack}`"),
            _ => "wpstack has not made it".to_owned(),
        };
        let message = format!("{what} exists already: {owner}");
        Err(ProviderError::new(ErrorKind::AlreadyExists, service, operation, message))
    }

    /// Those that a configuration may have: neither ours nor the name that we gave.
    fn configured(&self) -> BTreeMap<&str, &str> {
        let ours = [TAG_STACK, TAG_OBJECT, TAG_OWNER, NAME];
        self.iter().filter(|(key, _)| !ours.contains(key)).collect()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for TagSet {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(tags: I) -> Self {
        let own = tags.into_iter().filter(|(key, _)| !is_of_aws(key));
        Self(own.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }
}

/// Whether AWS gave the tag: ECS marks the Auto Scaling groups that it scales.
fn is_of_aws(key: &str) -> bool {
    key.starts_with("aws:") || key == "AmazonECSManaged"
}

/// What has to be done to the tags of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagChanges {
    /// What is to be added or given another value.
    pub set: TagSet,
    /// The keys that are to go.
    pub unset: Vec<String>,
}

/// Key and value are optional in the SDK of these services.
macro_rules! open_tags {
    ($($sdk:ident)*) => { $(
        impl SdkTag for $sdk::types::Tag {
            fn of(key: &str, value: &str) -> Self {
                Self::builder().key(key).value(value).build()
            }

            fn pair(&self) -> (&str, &str) {
                (self.key().unwrap_or_default(), self.value().unwrap_or_default())
            }
        }
    )* };
}

open_tags! {
    aws_sdk_autoscaling aws_sdk_ec2 aws_sdk_ecs aws_sdk_elasticloadbalancingv2 aws_sdk_rds aws_sdk_secretsmanager
}

/// Key and value are required in the SDK of these services.
macro_rules! strict_tags {
    ($($sdk:ident)*) => { $(
        impl SdkTag for $sdk::types::Tag {
            fn of(key: &str, value: &str) -> Self {
                let tag = Self::builder().key(key).value(value).build();
                tag.expect("a tag lacks only its key or its value, and has both")
            }

            fn pair(&self) -> (&str, &str) {
                (self.key(), self.value())
            }
        }
    )* };
}

strict_tags! { aws_sdk_ecr aws_sdk_iam }

#[cfg(test)]
mod tests {
    use super::*;

    fn set(tags: &[(&'static str, &'static str)]) -> TagSet {
        tags.iter().copied().collect()
    }

    #[test]
    fn changes_name_what_differs() {
        let wanted = set(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let actual = set(&[("a", "1"), ("b", "0"), ("d", "4"), ("aws:cloud", "5")]);
        let changes = wanted.changes(&actual);
        assert_eq!(changes.set, set(&[("b", "2"), ("c", "3")]));
        assert_eq!(changes.unset, ["d"]);
        assert_eq!(wanted.changes(&wanted), TagChanges::default());
    }

    #[test]
    fn tags_survive_every_service() {
        fn check<T: SdkTag>() {
            assert_eq!(T::of("key", "value").pair(), ("key", "value"));
        }
        check::<aws_sdk_autoscaling::types::Tag>();
        check::<aws_sdk_ec2::types::Tag>();
        check::<aws_sdk_ecr::types::Tag>();
        check::<aws_sdk_ecs::types::Tag>();
        check::<aws_sdk_elasticloadbalancingv2::types::Tag>();
        check::<aws_sdk_iam::types::Tag>();
        check::<aws_sdk_rds::types::Tag>();
        check::<aws_sdk_secretsmanager::types::Tag>();
    }
}
