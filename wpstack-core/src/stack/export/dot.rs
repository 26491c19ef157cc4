//! Graphviz: <https://graphviz.org/doc/info/lang.html>.

use super::Picture;
use super::palette::{style_of, title_of};
use crate::stack::graph::Need;

/// The picture in Graphviz's language. Nodes carry their own ids.
#[must_use]
pub fn dot(picture: &Picture) -> String {
    let mut lines = vec![
        "digraph stack {".to_owned(),
        "  graph [rankdir=BT, ranksep=0.6, nodesep=0.25, fontname=\"Helvetica\", bgcolor=\"white\"];"
            .to_owned(),
        "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11];"
            .to_owned(),
        "  edge [arrowsize=0.7];".to_owned(),
    ];
    if let Some(title) = picture.title() {
        lines.push(format!("  graph [label=\"{}\", labelloc=t, fontsize=16];", label(title)));
    }
    for node in picture.nodes() {
        let style = style_of(&node.group);
        lines.push(format!(
            "  \"{}\" [label=\"{}\", tooltip=\"{}\", fillcolor=\"{}\", color=\"{}\"];",
            id(&node.id),
            label(&node.label),
            label(title_of(&node.group)),
            style.fill,
            style.stroke,
        ));
    }
    for (edge, (_, to, _)) in picture.edges().iter().zip(picture.dag.graph().edges()) {
        let look = match edge.need {
            Need::Exists => "dashed",
            Need::Ready => "solid",
        };
        let colour = style_of(&picture.nodes()[to].group).line;
        lines.push(format!(
            "  \"{}\" -> \"{}\" [style={look}, color=\"{colour}\"];",
            id(&edge.from),
            id(&edge.to),
        ));
    }
    lines.push("}".to_owned());
    lines.join("\n") + "\n"
}

/// An id inside quotes.
fn id(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\0' => quoted.push(char::REPLACEMENT_CHARACTER),
            plain => quoted.push(plain),
        }
    }
    quoted
}

/// A label inside quotes. Unlike in ids, Graphviz reads HTML entities in it; and what it draws cannot hold control
/// characters.
fn label(text: &str) -> String {
    let visible = |character: char| match character {
        '\n' => character,
        control if control.is_control() => char::REPLACEMENT_CHARACTER,
        plain => plain,
    };
    id(&text.replace('&', "&amp;").chars().map(visible).collect::<String>())
}
