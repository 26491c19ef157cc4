//! The attributes of a resource, whichever way the format writes them.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

/// The attributes of a resource, or of a block in it.
///
/// Terraform keeps passwords among them, so they are neither printed nor serialised.
#[derive(Clone, Copy)]
pub(super) struct Attributes<'a>(pub(super) &'a Value);

impl<'a> Attributes<'a> {
    /// The value at a path of names and positions: `health_check.0.path`. Empty texts are how Terraform writes that
    /// there is none.
    pub(super) fn text(self, path: &str) -> Option<String> {
        match self.at(path)? {
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// A whole number, as text in older formats.
    pub(super) fn number(self, path: &str) -> Option<u32> {
        self.text(path)?.parse().ok()
    }

    /// A truth, as text in older formats.
    pub(super) fn truth(self, path: &str) -> Option<bool> {
        self.text(path)?.parse().ok()
    }

    /// The texts of a list or set.
    pub(super) fn texts(self, path: &str) -> Vec<String> {
        let items = self.at(path).and_then(Value::as_array);
        let items = items.into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }

    /// The blocks of that name.
    pub(super) fn blocks(self, path: &str) -> Vec<Self> {
        let blocks = self.at(path).and_then(Value::as_array);
        blocks.into_iter().flatten().map(Attributes).collect()
    }

    /// The texts of a map.
    pub(super) fn map(self, path: &str) -> BTreeMap<String, String> {
        let members = self.at(path).and_then(Value::as_object).into_iter().flatten();
        members.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    }

    fn at(self, path: &str) -> Option<&'a Value> {
        path.split('.').try_fold(self.0, |value, part| match value {
            Value::Array(items) => items.get(part.parse::<usize>().ok()?),
            Value::Object(members) => members.get(part),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        })
    }
}

impl fmt::Debug for Attributes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(attributes)")
    }
}

/// How deep the names of flat attributes are followed. Those of AWS's resources have five parts at most.
const DEEPEST: usize = 12;

/// The attributes as format 3 has them, in which `ingress.1403647648.cidr_blocks.0` is a name.
pub(super) fn unflatten(flat: BTreeMap<String, Value>) -> Value {
    let mut root = Map::new();
    for (name, value) in flat {
        let mut parts: Vec<_> = name.splitn(DEEPEST, '.').collect();
        let Some(last) = parts.pop() else { continue };
        let mut node = Some(&mut root);
        for part in parts {
            node = node.and_then(|node| {
                let below = node.entry(part).or_insert_with(|| Value::Object(Map::new()));
                below.as_object_mut()
            });
        }
        if let Some(node) = node {
            node.insert(last.to_owned(), value);
        }
    }
    fold(root)
}

/// Turns what has a `#` into a list, in the order of its numbers.
fn fold(node: Map<String, Value>) -> Value {
    let is_list = node.contains_key("#");
    let below = node.into_iter().filter(|(key, _)| key != "#" && key != "%");
    let below = below.map(|(key, value)| match value {
        Value::Object(below) => (key, fold(below)),
        leaf => (key, leaf),
    });
    if !is_list {
        return Value::Object(below.collect());
    }
    let mut items: Vec<_> = below.collect();
    items.sort_by_key(|(key, _)| key.parse::<u64>().unwrap_or(u64::MAX));
    Value::Array(items.into_iter().map(|(_, value)| value).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn unflat(pairs: &[(&str, &str)]) -> Value {
        unflatten(pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect())
    }

    #[test]
    fn flat_names_become_lists_and_maps() {
        let attributes = unflat(&[
            ("id", "sg-1"),
            ("ingress.#", "1"),
            ("ingress.1403647648.cidr_blocks.#", "2"),
            ("ingress.1403647648.cidr_blocks.0", "0.0.0.0/0"),
            ("ingress.1403647648.cidr_blocks.1", "10.0.0.0/8"),
            ("tags.%", "1"),
            ("tags.Name", "alb"),
        ]);
        assert_eq!(
            attributes,
            json!({
                "id": "sg-1",
                "ingress": [{"cidr_blocks": ["0.0.0.0/0", "10.0.0.0/8"]}],
                "tags": {"Name": "alb"},
            })
        );
        let attributes = Attributes(&attributes);
        assert_eq!(attributes.text("ingress.0.cidr_blocks.1").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(attributes.text("ingress.7.cidr_blocks.1"), None);
        assert_eq!(attributes.map("tags").len(), 1);
        assert_eq!(format!("{attributes:?}"), "(attributes)");
    }

    #[test]
    fn names_that_contradict_each_other_do_no_harm() {
        let deep = vec!["a"; 100_000].join(".");
        let attributes = unflat(&[("a", "1"), ("a.b", "2"), ("#", "3"), ("", "4"), (&deep, "5")]);
        assert!(attributes.is_array(), "{attributes}");
    }
}
