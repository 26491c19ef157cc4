//! Pictures are written as `ec2.vpc; ec2.subnet: ec2.vpc!`: the part before the dot is the group, `!` needs it ready.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{Picture, PictureEdge, PictureError, PictureNode, dot, json, mermaid, svg};
use crate::stack::graph::Need;

const SMALL: &str = "ec2.vpc; ec2.subnet: ec2.vpc!; rds.database: ec2.subnet!, ec2.vpc";
/// Everything that means something in one of the formats.
const NASTY: &str = "a \"b\" <c> & [d] {e} #f; `g` \\n %%{h}%% 'i' é 漢 🙂 &lt; \u{1}\nend";

#[test]
fn mermaid_of_a_small_stack() {
    assert_snapshot!(mermaid(&written(SMALL).reduced()), @r##"
    flowchart BT
      n0["vpc"]:::group_ec2
      n1["subnet"]:::group_ec2
      n2["database"]:::group_rds
      n1 --> n0
      n2 --> n1
      classDef group_ec2 fill:#fff1e2,stroke:#b35309,color:#1f2328
      classDef group_rds fill:#e7f6ea,stroke:#23753a,color:#1f2328
    "##);
}

#[test]
fn dot_of_a_small_stack() {
    assert_snapshot!(dot(&written(SMALL).with_title("blog")), @r##"
    digraph stack {
      graph [rankdir=BT, ranksep=0.6, nodesep=0.25, fontname="Helvetica", bgcolor="white"];
      node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11];
      edge [arrowsize=0.7];
      graph [label="blog", labelloc=t, fontsize=16];
      "ec2.vpc" [label="vpc", tooltip="EC2 and VPC", fillcolor="#fff1e2", color="#b35309"];
      "ec2.subnet" [label="subnet", tooltip="EC2 and VPC", fillcolor="#fff1e2", color="#b35309"];
      "rds.database" [label="database", tooltip="RDS", fillcolor="#e7f6ea", color="#23753a"];
      "ec2.subnet" -> "ec2.vpc" [style=solid, color="#e3a063"];
      "rds.database" -> "ec2.vpc" [style=dashed, color="#e3a063"];
      "rds.database" -> "ec2.subnet" [style=solid, color="#e3a063"];
    }
    "##);
}

#[test]
fn json_of_a_small_stack() {
    assert_snapshot!(json(&written("ec2.vpc; ec2.subnet: ec2.vpc!").with_title("blog")), @r##"
    {
      "title": "blog",
      "nodes": [
        {
          "id": "ec2.vpc",
          "label": "vpc",
          "group": "ec2"
        },
        {
          "id": "ec2.subnet",
          "label": "subnet",
          "group": "ec2"
        }
      ],
      "edges": [
        {
          "from": "ec2.subnet",
          "to": "ec2.vpc",
          "need": "ready"
        }
      ]
    }
    "##);
}

#[test]
fn svg_of_a_small_stack() {
    assert_snapshot!(svg(&written("ec2.vpc; ec2.subnet: ec2.vpc")), @r##"
    <svg xmlns="http://www.w3.org/2000/svg" width="516" height="290.8" viewBox="0 0 516 290.8" role="img" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif">
    <title>Stack: 2 resources, 1 dependency</title>
    <rect x="0.5" y="0.5" width="515" height="289.8" rx="12" fill="#fcfcfd" stroke="#d0d7de"/>
    <text x="28" y="44" font-size="19" font-weight="600" fill="#1f2328">Stack</text>
    <text x="28" y="65" font-size="12" fill="#57606a">2 resources, 1 dependency</text>
    <g transform="translate(218 90)">
    <g fill="none" stroke-width="1.5">
    <path d="M40 48 L40 90" stroke="#e3a063" stroke-dasharray="5 4"/>
    </g>
    <path d="M40 45 L44 53 L36 53 Z" fill="#e3a063"/>
    <g><title>ec2.vpc (EC2 and VPC)</title>
    <rect x="0" y="0" width="80" height="44" rx="8" fill="#fff1e2" stroke="#b35309" stroke-width="1.2"/>
    <text x="13" y="16.5" font-size="10" fill="#b35309">EC2</text>
    <text x="13" y="33.5" font-size="13" font-weight="600" fill="#1f2328">vpc</text>
    </g>
    <g><title>ec2.subnet (EC2 and VPC)</title>
    <rect x="0" y="90" width="80" height="44" rx="8" fill="#fff1e2" stroke="#b35309" stroke-width="1.2"/>
    <text x="13" y="106.5" font-size="10" fill="#b35309">EC2</text>
    <text x="13" y="123.5" font-size="13" font-weight="600" fill="#1f2328">subnet</text>
    </g>
    </g>
    <g transform="translate(28 252)" font-size="11.5" fill="#57606a">
    <g transform="translate(0 0)"><rect x="0" y="-10" width="20" height="12" rx="3.5" fill="#fff1e2" stroke="#b35309"/><text x="27">EC2 and VPC</text></g>
    <g transform="translate(125.4 0)"><path d="M0 -4 H14" fill="none" stroke="#6e7781" stroke-width="1.5" stroke-dasharray="5 4"/><path d="M21 -4 L13 -8 L13 0 Z" fill="#6e7781"/><text x="27">needs it to exist</text></g>
    </g>
    </svg>
    "##);
}

#[test]
fn reducing_drops_the_edge_that_another_path_implies() {
    let picture = written(SMALL);
    assert_eq!(picture.edges().len(), 3);
    let reduced = picture.reduced();
    let edge = |from: &str, to: &str| PictureEdge::new(from, to, Need::Ready);
    assert_eq!(
        reduced.edges(),
        [edge("ec2.subnet", "ec2.vpc"), edge("rds.database", "ec2.subnet")]
    );
    assert_eq!(reduced.nodes(), picture.nodes());
}

#[test]
fn mermaid_escapes_with_entities() {
    let text = mermaid(&nasty());
    let expected = "  n0[\"a #34;b#34; #60;c#62; #38; [d] {e} #35;f; #96;g#96; #92;n #37;#37;{h}#37;#37; 'i' \
                    é 漢 🙂 #38;lt; \u{fffd}<br/>end\"]:::group_odd_20_one";
    assert!(text.lines().any(|line| line == expected), "{text}");
    assert!(text.contains("title: \"a \\\"b\\\" <c>"), "{text}");
}

#[test]
fn no_two_groups_share_a_mermaid_class() {
    let groups = ["a-b", "a_b", "a_2d_b", "a b", "default", "end", ""];
    let nodes = groups.iter().map(|group| PictureNode::new(*group, "x", *group)).collect();
    let text = mermaid(&Picture::new(nodes, vec![]).expect("a picture"));
    let classes: BTreeSet<_> =
        text.lines().filter_map(|line| line.split_once(":::")).map(|(_, class)| class).collect();
    assert_eq!(classes.len(), groups.len(), "{text}");
}

#[test]
fn dot_escapes_with_backslashes() {
    let text = dot(&nasty());
    let expected = r#"[label="a \"b\" <c> &amp; [d] {e} #f; `g` \\n %%{h}%% 'i' é 漢 🙂 &amp;lt; "#;
    assert!(text.contains(expected), "{text}");
    assert!(text.contains(" \u{fffd}\\nend\", tooltip="), "{text}");
}

#[test]
fn svg_escapes_as_xml_and_holds_no_control_characters() {
    let text = svg(&nasty());
    assert!(text.contains("a &quot;b&quot; &lt;c&gt; &amp; [d]"), "{text}");
    assert!(text.contains("odd one · end</text>"), "{text}");
    assert!(!text.contains("<c>") && !text.contains('\u{1}'), "{text}");
    check_xml(&text);
}

#[test]
fn a_picture_must_be_a_graph() {
    let nodes = |ids: &[&str]| ids.iter().map(|id| PictureNode::new(*id, *id, "ec2")).collect();
    let edge = |from: &str, to: &str| PictureEdge::new(from, to, Need::Ready);
    assert_eq!(
        Picture::new(nodes(&["a", "a"]), vec![]),
        Err(PictureError::DuplicateId("a".to_owned()))
    );
    assert_eq!(
        Picture::new(nodes(&["a"]), vec![edge("a", "b")]),
        Err(PictureError::UnknownId("b".to_owned()))
    );
    let cycle = Picture::new(nodes(&["a", "b"]), vec![edge("a", "b"), edge("b", "a")]);
    let error = cycle.expect_err("a cycle");
    assert_eq!(
        error.to_string(),
        "the nodes `a`, `b` of the picture depend on each other in a circle"
    );
    let json = r#"{"nodes": [], "edges": [{"from": "a", "to": "b", "need": "ready"}]}"#;
    assert!(serde_json::from_str::<Picture>(json).is_err());
}

#[test]
fn an_empty_picture_is_a_picture() {
    let empty = Picture::new(vec![], vec![]).expect("nothing is wrong with nothing");
    check_xml(&svg(&empty));
    assert_eq!(mermaid(&empty), "flowchart BT\n");
}

proptest! {
    // A drawing takes a while without optimisation.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn json_comes_back_equal(picture in any_picture()) {
        let back: Picture = serde_json::from_str(&json(&picture)).expect("our own JSON");
        prop_assert_eq!(back, picture);
    }

    #[test]
    fn svg_is_sound_whatever_the_graph(picture in any_picture()) {
        let text = svg(&picture);
        prop_assert_eq!(&text, &svg(&picture.clone()));
        check_xml(&text);
        check_boxes(&text, picture.nodes().len());
    }
}

/// No two boxes touch, and all are within the card.
fn check_boxes(text: &str, count: usize) {
    let number = |line: &str, name: &str| -> f64 {
        let (_, rest) = line.split_once(&format!(" {name}=\"")).expect("an attribute");
        rest.split('"').next().expect("a value").parse().expect("a number")
    };
    let boxes: Vec<[f64; 3]> = text
        .lines()
        .filter(|line| line.starts_with("<rect") && line.contains("rx=\"8\""))
        .map(|line| ["x", "y", "width"].map(|name| number(line, name)))
        .collect();
    assert_eq!(boxes.len(), count);
    let whole = number(text.lines().next().expect("a line"), "width");
    for (at, &[x, y, width]) in boxes.iter().enumerate() {
        assert!(x >= 0.0 && x + width <= whole, "{text}");
        for &[other_x, other_y, other_width] in &boxes[..at] {
            let apart_x = x + width + 8.0 < other_x || other_x + other_width + 8.0 < x;
            let apart_y = (y - other_y).abs() >= 60.0;
            assert!(apart_x || apart_y, "{text}");
        }
    }
}

/// Every tag is closed in order, and every ampersand begins one of our entities.
fn check_xml(text: &str) {
    let mut open = Vec::new();
    for piece in text.split('<').skip(1) {
        let (tag, after) = piece.split_once('>').expect("a tag ends");
        assert!(!after.contains('>'), "stray > after {tag}");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().expect("a name");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{text}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} left open");
    for entity in text.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
        assert!(known.iter().any(|known| entity.starts_with(known)), "&{entity}");
    }
    assert!(text.chars().all(|character| character == '\n' || !character.is_control()));
}

fn any_picture() -> impl Strategy<Value = Picture> {
    let nodes = prop::collection::vec((any::<String>(), "[a-z]{0,12}"), 1..40);
    let edges = prop::collection::vec((0..40_usize, 0..40_usize, any::<bool>()), 0..80);
    (nodes, edges, prop::option::of(any::<String>())).prop_map(|(nodes, edges, title)| {
        let count = nodes.len();
        let id = |at: usize| format!("n{at}");
        let edges = edges.into_iter().map(|(a, b, ready)| (a % count, b % count, ready));
        let edges = edges.filter(|(a, b, _)| a != b).map(|(a, b, ready)| {
            let need = if ready { Need::Ready } else { Need::Exists };
            PictureEdge::new(id(a.max(b)), id(a.min(b)), need)
        });
        let nodes = nodes.into_iter().enumerate();
        let nodes = nodes.map(|(at, (label, group))| PictureNode::new(id(at), label, group));
        let picture = Picture::new(nodes.collect(), edges.collect()).expect("edges go one way");
        match title {
            Some(title) => picture.with_title(title),
            None => picture,
        }
    })
}

fn nasty() -> Picture {
    let node = PictureNode::new(NASTY, NASTY, "odd one");
    Picture::new(vec![node], vec![]).expect("ids may be anything").with_title(NASTY)
}

fn written(text: &str) -> Picture {
    let (mut nodes, mut edges) = (Vec::new(), Vec::new());
    for line in text.split(';').map(str::trim) {
        let (id, needs) = line.split_once(": ").unwrap_or((line, ""));
        let (group, label) = id.split_once('.').expect("group.label");
        nodes.push(PictureNode::new(id, label, group));
        for need in needs.split(", ").filter(|need| !need.is_empty()) {
            edges.push(match need.strip_suffix('!') {
                Some(to) => PictureEdge::new(id, to, Need::Ready),
                None => PictureEdge::new(id, need, Need::Exists),
            });
        }
    }
    Picture::new(nodes, edges).expect("a well written picture")
}
