//! How objects are marked as ours.
//!
//! Every object is made with three tags that say whose it is ([`Cx::tags`]), one that names it in the console, and those
//! of the configuration. What an interrupted run has made is found by the first three.

use std::collections::BTreeMap;

use wpstack_core::provider::{TAG_OBJECT, TAG_OWNER, TAG_STACK, owner};
use wpstack_core::value::Tags;
use wpstack_core::{Cx, Drifts, ErrorKind, ProviderError};

/// The tag whose value the console shows as the object's name.
const NAME: &str = "Name";

/// The tag by which CloudFormation marks what it makes.
const CLOUD_FORMATION: &str = "aws:cloudformation:stack-name";

/// A tag as the SDK of a service has it.
pub trait SdkTag: Sized {
    /// The tag of that key and value.
    fn of(key: &str, value: &str) -> Self;

    /// Its key and its value.
    fn pair(&self) -> (&str, &str);
}

/// The tags of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagSet {
    tags: BTreeMap<String, String>,
    /// The CloudFormation stack that the object is of. AWS tells it by tags that nobody else may set.
    cloud_formation: Option<String>,
}

impl TagSet {
    /// The tags that the object is to have: those that mark it as ours, its name, and the configured ones.
    #[must_use]
    pub fn wanted(cx: &Cx, configured: &Tags) -> Self {
        let name = format!("{}-{}", cx.stack(), cx.object().address.name());
        let mut tags = BTreeMap::from([(NAME.to_owned(), name)]);
        tags.extend(configured.iter().map(|(key, value)| (key.to_owned(), value.to_owned())));
        tags.extend(cx.tags().map(|(key, value)| (key.to_owned(), value)));
        Self { tags, cloud_formation: None }
    }

    /// The tags that the object has, but for those that AWS gives and that nobody else may change.
    #[must_use]
    pub fn actual<T: SdkTag>(tags: &[T]) -> Self {
        tags.iter().map(SdkTag::pair).collect()
    }

    /// The tags as the SDK of a service takes them.
    #[must_use]
    pub fn to_sdk<T: SdkTag>(&self) -> Vec<T> {
        self.tags.iter().map(|(key, value)| T::of(key, value)).collect()
    }

    /// All pairs of key and value, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// What has to be done to an object with the tags `actual` for it to have these.
    #[must_use]
    pub fn changes(&self, actual: &Self) -> TagChanges {
        let set = self.tags.iter().filter(|(key, value)| actual.tags.get(*key) != Some(*value));
        let unset = actual.tags.keys().filter(|key| !self.tags.contains_key(*key));
        TagChanges {
            set: set.map(|(key, value)| (key.as_str(), value.as_str())).collect(),
            unset: unset.cloned().collect(),
        }
    }

    /// Notes in the field `tags` that `actual` are not these, and whose the object is if `actual` mark another's.
    pub fn compare(&self, actual: &Self, drifts: &mut Drifts) {
        if self.tags != actual.tags {
            drifts.note("tags", actual.configured());
        }
        let ours = [TAG_STACK, TAG_OBJECT, TAG_OWNER];
        let is_ours = ours.iter().all(|key| self.tags.get(*key) == actual.tags.get(*key));
        if !is_ours && actual.are_marked() {
            drifts.belongs_to(actual.owner());
        }
    }

    /// Whose the object with these tags is, as far as they tell.
    fn owner(&self) -> Option<String> {
        let stack = self.cloud_formation.as_deref().map(|stack| (CLOUD_FORMATION, stack));
        owner(self.iter().chain(stack))
    }

    /// Whether they mark the object that `cx` is about.
    #[must_use]
    pub fn are_of(&self, cx: &Cx) -> bool {
        cx.tags().iter().all(|(key, value)| self.tags.get(*key) == Some(value))
    }

    /// Whether they mark an object of any stack.
    #[must_use]
    pub fn are_marked(&self) -> bool {
        self.tags.contains_key(TAG_OWNER)
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
        let owner = self.owner().map(|owner| format!("it is {owner}"));
        let owner = owner.unwrap_or_else(|| "wpstack has not made it".to_owned());
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
        let mut set = Self::default();
        for (key, value) in tags {
            if key == CLOUD_FORMATION {
                set.cloud_formation = Some(value.to_owned());
            }
            if !is_of_aws(key) {
                set.tags.insert(key.to_owned(), value.to_owned());
            }
        }
        set
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
