//! JSON, for programs.

use super::Picture;

/// The picture as indented JSON, which deserialises to an equal [`Picture`]:
/// `{"title": .., "nodes": [{"id", "label", "group"}], "edges": [{"from", "to", "need"}]}`.
#[must_use]
pub fn json(picture: &Picture) -> String {
    // Every key is a field name and every value a string, so there is nothing that JSON could not hold.
    let text = serde_json::to_string_pretty(picture).expect("strings and lists are valid JSON");
    text + "\n"
}
