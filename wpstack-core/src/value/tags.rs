//! Tags, as every AWS service takes them.

use std::collections::BTreeMap;
use std::collections::btree_map;

use serde::{Deserialize, Serialize};

use super::ValueError;

const KEY: &str = "a tag key";
const VALUE: &str = "a tag value";
const TAGS: &str = "a number of tags that AWS takes";

/// The tags of one resource: at most 50 pairs of key and value, within AWS's rules for both.
///
/// <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct Tags(BTreeMap<String, String>);

impl Tags {
    /// The most tags that a resource can have.
    pub const MAX: usize = 50;
    /// The most characters in a key.
    pub const MAX_KEY: usize = 128;
    /// The most characters in a value.
    pub const MAX_VALUE: usize = 256;

    /// No tags.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a tag, or changes its value.
    ///
    /// # Errors
    /// If key or value break AWS's rules, or if there are [`Tags::MAX`] others already.
    pub fn insert(
        &mut self,
        key: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<(), ValueError> {
        let (key, value) = (key.into(), value.into());
        check_key(&key)?;
        check_value(&value)?;
        if self.0.len() == Self::MAX && !self.0.contains_key(&key) {
            return Err(too_many(Self::MAX + 1));
        }
        self.0.insert(key, value);
        Ok(())
    }

    /// These tags and `others`, whose values win.
    ///
    /// # Errors
    /// If together they are more than [`Tags::MAX`].
    pub fn merged(&self, others: &Self) -> Result<Self, ValueError> {
        let mut all = self.0.clone();
        all.extend(others.iter().map(|(key, value)| (key.to_owned(), value.to_owned())));
        if all.len() > Self::MAX { Err(too_many(all.len())) } else { Ok(Self(all)) }
    }

    /// The value of a tag.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// All pairs of key and value, in the order of the keys.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.0.iter())
    }

    /// The number of tags.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The pairs of [`Tags::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'a>(btree_map::Iter<'a, String, String>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl<'a> IntoIterator for &'a Tags {
    type Item = (&'a str, &'a str);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl TryFrom<BTreeMap<String, String>> for Tags {
    type Error = ValueError;

    fn try_from(tags: BTreeMap<String, String>) -> Result<Self, ValueError> {
        for (key, value) in &tags {
            check_key(key)?;
            check_value(value)?;
        }
        if tags.len() > Self::MAX { Err(too_many(tags.len())) } else { Ok(Self(tags)) }
    }
}

value_schema!(Tags, {
    "type": "object",
    "description": "Tags: at most 50, keys of 1 to 128 characters, values of at most 256",
    "maxProperties": Self::MAX,
    "propertyNames": { "minLength": 1, "maxLength": Self::MAX_KEY },
    "additionalProperties": { "type": "string", "maxLength": Self::MAX_VALUE },
});

fn check_key(key: &str) -> Result<(), ValueError> {
    let reserved = key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
    if key.is_empty() {
        Err(ValueError::new(key, KEY, "it is empty"))
    } else if reserved {
        Err(ValueError::new(key, KEY, "AWS keeps keys that start with `aws:` for itself"))
    } else {
        check_text(key, KEY, Tags::MAX_KEY)
    }
}

fn check_value(value: &str) -> Result<(), ValueError> {
    check_text(value, VALUE, Tags::MAX_VALUE)
}

fn check_text(text: &str, what: &'static str, max: usize) -> Result<(), ValueError> {
    let length = text.chars().count();
    if length > max {
        let problem = format!("it has {length} characters and may have {max} at most");
        return Err(ValueError::new(text, what, problem));
    }
    let allowed = |one: &char| one.is_alphanumeric() || " _.:/=+-@".contains(*one);
    match text.chars().find(|one| !allowed(one)) {
        None => Ok(()),
        Some(wrong) => {
            let wrong = wrong.escape_debug();
            let problem =
                format!("`{wrong}` is not allowed; use letters, digits, spaces and _.:/=+-@");
            Err(ValueError::new(text, what, problem))
        }
    }
}

fn too_many(count: usize) -> ValueError {
    ValueError::new(count.to_string(), TAGS, format!("a resource can have {} at most", Tags::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::round_trip::survives_json;

    #[test]
    fn keys_and_values_follow_the_rules_of_aws() {
        let check = |key: &str, value: &str, expected: &str| {
            let found = Tags::new().insert(key, value).err().map(|error| error.to_string());
            assert_eq!(found.as_deref().unwrap_or_default(), expected);
        };
        check("wpstack:stack", "blog", "");
        check("Größe", "", "");
        check("k", &"v".repeat(256), "");
        check("", "v", "`` is not a tag key: it is empty");
        let reserved = "AWS keeps keys that start with `aws:` for itself";
        check("AWS:name", "v", &format!("`AWS:name` is not a tag key: {reserved}"));
        let characters = "is not allowed; use letters, digits, spaces and _.:/=+-@";
        check("a\nb", "v", &format!("`a\\nb` is not a tag key: `\\n` {characters}"));
        check("k", "<b>", &format!("`<b>` is not a tag value: `<` {characters}"));
        check(
            "k",
            "a\u{2028}b",
            &format!("`a\\u{{2028}}b` is not a tag value: `\\u{{2028}}` {characters}"),
        );
        let key = "k".repeat(129);
        let long = format!(
            "`{}…` is not a tag key: it has 129 characters and may have 128 at most",
            &key[..80]
        );
        check(&key, "v", &long);
    }

    #[test]
    fn there_are_at_most_fifty() {
        let numbered = |range: std::ops::Range<u32>| -> BTreeMap<_, _> {
            range.map(|n| (format!("k{n}"), String::new())).collect()
        };
        let mut full = Tags::try_from(numbered(0..50)).expect("fifty tags");
        assert!(full.insert("k7", "again").is_ok());
        let refused = full.insert("one", "more").expect_err("one too many").to_string();
        let expected =
            "`51` is not a number of tags that AWS takes: a resource can have 50 at most";
        assert_eq!(refused, expected);
        assert_eq!(full.len(), 50);
        assert!(Tags::try_from(numbered(0..51)).is_err());
        let others = Tags::try_from(numbered(49..52)).expect("three tags");
        assert!(full.merged(&others).is_err());
    }

    #[test]
    fn merged_tags_take_the_other_values() {
        let tags = |json: &str| serde_json::from_str::<Tags>(json).expect("tags");
        let merged = tags(r#"{"a": "1", "b": "1"}"#).merged(&tags(r#"{"b": "2", "c": "2"}"#));
        let merged = merged.expect("three tags");
        let pairs: Vec<_> = merged.iter().collect();
        assert_eq!(pairs, [("a", "1"), ("b", "2"), ("c", "2")]);
        assert_eq!(merged.get("b"), Some("2"));
        let refused = serde_json::from_str::<Tags>(r#"{"aws:a": "1"}"#).expect_err("reserved");
        assert!(refused.to_string().contains("`aws:a` is not a tag key"), "{refused}");
    }

    proptest! {
        #[test]
        fn all_tags_round_trip(
            keys in prop::collection::vec("[b-z][a-zß0-9 _.:/=+@-]{0,20}", 0..9),
            value in "[a-zß0-9 ]{0,20}",
        ) {
            let tags: BTreeMap<_, _> = keys.into_iter().map(|key| (key, value.clone())).collect();
            survives_json(&Tags::try_from(tags).expect("tags"));
        }
    }
}
