//! The file that a person begins with.

use std::fmt::Write;

use super::config::{Config, Key, Section, Written};
use crate::value::{Region, StackName};

const HEAD: &str = "\
# What wpstack builds: WordPress on AWS.
# Every key is here with its default. Delete the lines that you do not want to change.

";

const WRITTEN: &str = "\
# What wpstack builds: WordPress on AWS.
# Every key is here, with what there is now.

";

/// A commented `wpstack.toml` with every key and its default, for a stack of that name in that
/// region. [`Config::parse`] reads it as [`Config::new`] of the two.
#[must_use]
pub fn template(name: &StackName, region: &Region) -> String {
    with_head(HEAD, &Config::new(name.clone(), region.clone()))
}

/// A commented `wpstack.toml` that says just that configuration. [`Config::parse`] reads it as the same again.
#[must_use]
pub fn written(config: &Config) -> String {
    with_head(WRITTEN, config)
}

fn with_head(head: &str, config: &Config) -> String {
    let mut text = head.to_owned();
    table(&mut text, "", <Config as Section>::KEYS, Section::written(config));
    text
}

/// The keys of a table, values first: a key that follows a section's header would belong to it.
fn table(text: &mut String, above: &str, keys: &[Key], written: Vec<Written>) {
    let (sections, values): (Vec<_>, Vec<_>) = keys
        .iter()
        .zip(written)
        .partition(|(_, written)| matches!(written, Written::Section(_) | Written::Map(_)));
    for (key, written) in values.into_iter().chain(sections) {
        entry(text, above, key, written).expect("a string takes any text");
    }
}

fn entry(text: &mut String, above: &str, key: &Key, written: Written) -> std::fmt::Result {
    let Key { name, doc, example, keys } = key;
    let doc = doc.trim();
    match written {
        Written::Value(value) => writeln!(text, "# {doc}\n{name} = {value}"),
        Written::Unset if keys.is_empty() => writeln!(text, "# {doc}\n# {name} = {example}"),
        // On one line: a table that is commented out would leave the header of the one before in force.
        Written::Unset => writeln!(text, "# {doc}\n# {name} = {{ {} }}", examples(keys)),
        Written::Section(written) => {
            writeln!(text, "\n# {doc}\n[{above}{name}]")?;
            table(text, &format!("{above}{name}."), keys, written);
            Ok(())
        }
        Written::Map(pairs) => {
            writeln!(text, "\n# {doc}\n[{above}{name}]")?;
            if pairs.is_empty() {
                writeln!(text, "# {}", example.trim_matches(['{', ' ', '}']))?;
            }
            pairs.iter().try_for_each(|(key, value)| {
                let (key, value) = (quoted(key), quoted(value));
                writeln!(text, "{key} = {value}")
            })
        }
    }
}

/// The keys of a section with an example each, as they stand between braces.
fn examples(keys: &[Key]) -> String {
    let pairs = keys.iter().map(|key| format!("{} = {}", key.name, key.example));
    pairs.collect::<Vec<_>>().join(", ")
}

fn quoted(text: &str) -> toml::Value {
    toml::Value::String(text.to_owned())
}
