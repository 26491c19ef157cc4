//! Mermaid, for Markdown: <https://mermaid.js.org/syntax/flowchart.html>.

use std::fmt::Write as _;

use super::Picture;
use super::palette::style_of;
use crate::stack::graph::Need;

/// The picture as a Mermaid flow chart. Nodes are called `n0`, `n1`, … in it, because ids may hold what Mermaid reads
/// as syntax, even inside other words (`end`).
#[must_use]
pub fn mermaid(picture: &Picture) -> String {
    let mut lines = Vec::new();
    if let Some(title) = picture.title() {
        // The header is YAML, and every JSON string is a YAML string.
        let title = serde_json::Value::from(title);
        lines.extend(["---".to_owned(), format!("title: {title}"), "---".to_owned()]);
    }
    lines.push("flowchart BT".to_owned());
    for (at, node) in picture.nodes().iter().enumerate() {
        lines.push(format!("  n{at}[\"{}\"]:::{}", escape(&node.label), class(&node.group)));
    }
    for (from, to, need) in picture.dag.graph().edges() {
        let arrow = match need {
            Need::Exists => "-.->",
            Need::Ready => "-->",
        };
        lines.push(format!("  n{from} {arrow} n{to}"));
    }
    for group in picture.groups() {
        let style = style_of(group);
        let (class, fill, stroke) = (class(group), style.fill, style.stroke);
        lines.push(format!("  classDef {class} fill:{fill},stroke:{stroke},color:#1f2328"));
    }
    lines.join("\n") + "\n"
}

/// Mermaid has no backslash escapes: characters with a meaning become entities, written `#name;` or `#code;`.
fn escape(label: &str) -> String {
    let mut escaped = String::with_capacity(label.len());
    for (at, line) in label.lines().enumerate() {
        if at > 0 {
            escaped.push_str("<br/>");
        }
        for character in line.chars() {
            match character {
                '"' | '#' | '%' | '&' | '<' | '>' | '`' | '\\' => {
                    let code = u32::from(character);
                    write!(escaped, "#{code};").expect("a String takes any text");
                }
                control if control.is_control() => escaped.push(char::REPLACEMENT_CHARACTER),
                plain => escaped.push(plain),
            }
        }
    }
    escaped
}

/// A class name for a group: letters and digits stay, everything else becomes its code, so that no two groups share one.
/// The prefix keeps it apart from Mermaid's own words (`default`, `end`).
fn class(group: &str) -> String {
    let mut class = "group_".to_owned();
    for character in group.chars() {
        if character.is_ascii_alphanumeric() {
            class.push(character);
        } else {
            write!(class, "_{:x}_", u32::from(character)).expect("a String takes any text");
        }
    }
    class
}
