//! Schema, reader and template know the same keys.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::{Key, Section};
use crate::wordpress::{Config, template};

/// The keys that the reader takes, as `section.key`, but for those that a person chooses.
fn read() -> BTreeSet<String> {
    fn paths(above: &str, keys: &[Key]) -> Vec<String> {
        let path = |key: &Key| {
            let name = format!("{above}{}", key.name);
            let mut paths = paths(&format!("{name}."), key.keys);
            paths.push(name);
            paths
        };
        keys.iter().flat_map(path).collect()
    }
    paths("", <Config as Section>::KEYS).into_iter().collect()
}

/// The keys of a JSON Schema, the references in it followed.
fn schema_keys(schema: &Value) -> BTreeSet<String> {
    fn below(schema: &Value, of: &Value, above: &str, keys: &mut BTreeSet<String>) {
        for (name, property) in of["properties"].as_object().into_iter().flatten() {
            let variants = property["anyOf"].as_array();
            let property = variants.and_then(|variants| variants.first()).unwrap_or(property);
            let target = property["$ref"].as_str().map(|to| to.strip_prefix('#').unwrap());
            let target = target.map_or(property, |to| schema.pointer(to).unwrap());
            let name = format!("{above}{name}");
            below(schema, target, &format!("{name}."), keys);
            keys.insert(name);
        }
    }
    let mut keys = BTreeSet::new();
    below(schema, schema, "", &mut keys);
    keys
}

/// The keys of a template, whether commented out or not.
fn template_keys(text: &str) -> BTreeSet<String> {
    let mut section = String::new();
    let mut keys = BTreeSet::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
            keys.insert(section.clone());
        } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ") {
            let key = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
            keys.insert(key);
        }
    }
    let chosen = ["tags.", "image.build.plugins.", "image.build.themes.", "image.build.files."];
    keys.retain(|key| !chosen.iter().any(|table| key.starts_with(table)));
    keys.remove("image.build.php.ini.max_input_vars");
    // On one line, for it is a section that need not be there.
    keys.extend(
        ["bucket", "key", "region", "kms_key", "lease"].map(|key| format!("state.s3.{key}")),
    );
    keys
}

#[test]
fn schema_reader_and_template_know_the_same_keys() {
    let config = Config::default();
    assert_eq!(schema_keys(&Config::schema()), read());
    assert_eq!(template_keys(&template(&config.name, &config.region)), read());
}

#[test]
fn every_key_is_explained_in_one_line() {
    let keys = <Config as Section>::KEYS.iter();
    for key in keys.flat_map(|section| section.keys.iter().chain([section])) {
        let doc = key.doc.trim();
        assert!(doc.ends_with(['.', ':']) && doc.len() <= 98, "{}: {doc}", key.name);
    }
}

#[test]
fn every_object_of_the_schema_is_closed_and_described() {
    let schema = Config::schema();
    let definitions = schema["$defs"].as_object().unwrap().values();
    let objects = definitions.chain([&schema]).filter(|one| one["properties"].is_object());
    for object in objects {
        assert_eq!(object["additionalProperties"], false, "{object}");
        for (name, property) in object["properties"].as_object().unwrap() {
            assert!(property["description"].is_string(), "{name} has no description");
            assert!(property.get("default").is_some(), "{name} has no default");
        }
    }
}

#[test]
fn the_schema_is_what_editors_were_given() {
    insta::assert_json_snapshot!(Config::schema());
}
