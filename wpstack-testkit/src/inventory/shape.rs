//! An inventory without what differs from run to run, so that two accounts can be compared.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Inventory, Item};

/// The tag that says which resource of its stack an object is.
pub const ADDRESS_TAG: &str = "wpstack:address";

/// What accounts hold, object by object, without ids, times, account numbers and the order of lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape(BTreeMap<String, Vec<Value>>);

impl Inventory {
    /// What is held, in a form in which two runs of the same stack are equal if they have made the same.
    ///
    /// Ids are replaced by what carries them, so an edge to the wrong object shows. Of instances, which Auto Scaling
    /// starts where it likes, only the tags are kept.
    pub fn shape(&self) -> Shape {
        let names = Names::of(self);
        let mut shape: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (kind, item) in self.items() {
            let attributes = comparable(kind, item);
            shape.entry(name(kind, item)).or_default().push(names.plain(&attributes));
        }
        shape.values_mut().for_each(|same| same.sort_by_cached_key(Value::to_string));
        Shape(shape)
    }
}

impl Shape {
    /// Where it differs from `other`: a line for each object that only one of them has, or that they have otherwise.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let names: std::collections::BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        let mut lines = Vec::new();
        for name in names {
            let of = |shape: &Self| shape.0.get(name).cloned().unwrap_or_default();
            let (here, there) = (of(self), of(other));
            if here.len() != there.len() {
                lines.push(format!("{name}: {} here, {} there", here.len(), there.len()));
            }
            for (here, there) in here.iter().zip(&there) {
                differences(name, here, there, &mut lines);
            }
        }
        lines
    }
}

fn differences(path: &str, here: &Value, there: &Value, lines: &mut Vec<String>) {
    match (here, there) {
        (Value::Object(here), Value::Object(there)) => {
            let keys: std::collections::BTreeSet<_> = here.keys().chain(there.keys()).collect();
            for key in keys {
                let of = |map: &serde_json::Map<_, _>| map.get(key).cloned().unwrap_or_default();
                differences(&format!("{path}.{key}"), &of(here), &of(there), lines);
            }
        }
        _ if here == there => {}
        _ => lines.push(format!("{path}: {here} here, {there} there")),
    }
}

/// What is compared of an object: all but where Auto Scaling has put its instances.
fn comparable(kind: &str, item: &Item) -> Value {
    let mut attributes = item.attributes.clone();
    match kind {
        "ec2.instance" => attributes = serde_json::json!({ "tags": item.tags }),
        "ec2.subnet" => attributes["AvailableIpAddressCount"] = Value::Null,
        "autoscaling.group" => {
            let count = attributes["Instances"].as_array().map_or(0, Vec::len);
            attributes["Instances"] = count.into();
        }
        _ => {}
    }
    attributes
}

/// By what an object is known on both sides.
fn name(kind: &str, item: &Item) -> String {
    match item.tags.get(ADDRESS_TAG) {
        Some(address) => format!("{kind} {address}"),
        None => format!("{kind} without an address"),
    }
}

/// What stands for an id.
struct Names(Vec<(String, String)>);

impl Names {
    fn of(inventory: &Inventory) -> Self {
        let mut names = Vec::new();
        for (kind, item) in inventory.items() {
            // Names are chosen, not given: they are equal on both sides.
            let given = item.id.starts_with("arn:") || ends_in_digits(&item.id).is_some();
            let id = Some(item.id.as_str()).filter(|_| given);
            let besides = ["ARN", "RoleId", "InstanceProfileId"];
            let besides = besides.iter().filter_map(|key| item.attributes[key].as_str());
            let name = format!("<{}>", name(kind, item));
            names.extend(id.into_iter().chain(besides).map(|id| (id.to_owned(), name.clone())));
        }
        // No id is taken for the begin of a longer one.
        names.sort_by_key(|(id, _)| std::cmp::Reverse(id.len()));
        Self(names)
    }

    fn plain(&self, value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let plain =
                    map.iter().map(|(key, value)| (self.plain_text(key), self.plain(value)));
                Value::Object(plain.collect())
            }
            Value::Array(items) => {
                let mut items: Vec<_> = items.iter().map(|item| self.plain(item)).collect();
                items.sort_by_cached_key(Value::to_string);
                Value::Array(items)
            }
            Value::String(text) => Value::String(self.plain_text(text)),
            // Milliseconds since 1970.
            Value::Number(number) if number.as_u64().is_some_and(|it| it > 1_000_000_000_000) => {
                Value::String("TIME".to_owned())
            }
            Value::Number(_) | Value::Bool(_) | Value::Null => value.clone(),
        }
    }

    fn plain_text(&self, text: &str) -> String {
        if is_time(text) {
            return "TIME".to_owned();
        }
        // An Auto Scaling group goes by either, and the emulator tells the one that it was told.
        let name = text.rsplit_once(":autoScalingGroupName/").map(|(_, name)| name);
        let mut text = name.unwrap_or(text).to_owned();
        for (id, name) in &self.0 {
            text = text.replace(id, name);
        }
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let mut plain = String::new();
        for piece in text.split_inclusive(|c| !is_word(c)) {
            let word = piece.trim_end_matches(|c| !is_word(c));
            plain.push_str(&plain_word(word));
            plain.push_str(&piece[word.len()..]);
        }
        // A list in the form in which Auto Scaling takes subnets.
        let mut parts: Vec<_> = plain.split(',').collect();
        if parts.iter().all(|part| part.starts_with('<')) {
            parts.sort_unstable();
            return parts.join(",");
        }
        plain
    }
}

/// A word without digits that were given at random, and without the number of the account.
fn plain_word(word: &str) -> String {
    if word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_digit()) {
        return "ACCOUNT".to_owned();
    }
    match ends_in_digits(word) {
        Some(rest) => format!("{rest}ID"),
        None => word.to_owned(),
    }
}

/// The word without the hexadecimal digits at its end, of which there are as many as only ids have.
fn ends_in_digits(word: &str) -> Option<&str> {
    let is_hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let is_uuid = word.len() == 36 && word.bytes().all(|byte| byte == b'-' || is_hex(&byte));
    if is_uuid {
        return Some("");
    }
    let digits = word.bytes().rev().take_while(is_hex).count();
    let rest = &word[..word.len() - digits];
    (digits >= 12 && (rest.is_empty() || rest.ends_with('-'))).then_some(rest)
}

/// Whether the text begins as a date and time do.
fn is_time(text: &str) -> bool {
    let pattern = "0000-00-00 00:00";
    text.len() >= pattern.len()
        && pattern.bytes().zip(text.bytes()).all(|(pattern, byte)| match pattern {
            b'0' => byte.is_ascii_digit(),
            b' ' => byte == b' ' || byte == b'T',
            other => byte == other,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(vpc: &str, subnets: [&str; 2], owner: &str) -> Inventory {
        let tags = |name: &str| serde_json::json!({ ADDRESS_TAG: name, "wpstack:owner": owner });
        let subnet = |(id, name): (&str, &str)| serde_json::json!({ "id": id, "tags": tags(name), "attributes": { "VpcId": vpc, "Owner": owner } });
        let account = if vpc.len() > 20 { "200000000001" } else { "200000000002" };
        let json = serde_json::json!({
            "ec2.vpc": [{ "id": vpc, "tags": tags("ec2.vpc:main"), "attributes": {
                "CreateTime": "2026-11-22 16:30:32+00:00",
                "Arn": format!("arn:aws:ec2:eu-west-1:{account}:vpc/{vpc}"),
            }}],
            "ec2.subnet": subnets.into_iter().zip(["a", "b"]).map(subnet).collect::<Vec<_>>(),
            "autoscaling.group": [{ "id": "blog", "tags": {}, "attributes": {
                "VPCZoneIdentifier": subnets.join(","), "InstanceIds": ["i-0123456789abcdef0"],
            }}],
        });
        serde_json::from_value(json).expect("an inventory")
    }

    #[test]
    fn ids_owners_times_and_order_do_not_count() {
        let one = inventory(
            "vpc-0123456789abcdef0",
            ["subnet-11111111111111111", "subnet-22222222222222222"],
            "0123456789abcdef0123456789abcdef",
        );
        let other = inventory(
            "vpc-abcdefabcdefa",
            ["subnet-99999999999999999", "subnet-88888888888888888"],
            "fedcba9876543210fedcba9876543210",
        );
        let nothing: [&str; 0] = [];
        assert_eq!(one.shape().differences(&other.shape()), nothing);
        assert_eq!(one.shape(), other.shape());
    }

    #[test]
    fn a_second_object_and_a_wrong_edge_show() {
        let one = inventory(
            "vpc-0123456789abcdef0",
            ["subnet-11111111111111111", "subnet-22222222222222222"],
            "0123456789abcdef",
        );
        let mut doubled = one.clone();
        let again = one.of("ec2.vpc")[0].clone();
        doubled.types.get_mut("ec2.vpc").expect("listed").push(again);
        assert_eq!(
            one.shape().differences(&doubled.shape()),
            ["ec2.vpc ec2.vpc:main: 1 here, 2 there"]
        );
        let mut wrong = one.clone();
        wrong.types.get_mut("ec2.subnet").expect("listed")[1].attributes["VpcId"] =
            "subnet-11111111111111111".into();
        assert_eq!(
            one.shape().differences(&wrong.shape()),
            [r#"ec2.subnet b.VpcId: "<ec2.vpc ec2.vpc:main>" here, "<ec2.subnet a>" there"#]
        );
    }
}
