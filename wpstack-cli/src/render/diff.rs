//! What differs between two values, member by member and item by item.

use serde_json::Value;

use super::style::{ADD, CHANGE, FAINT, REMOVE, paint, plain};
use super::value::{inline, reference};

/// One line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// How far inside the value.
    pub(crate) depth: usize,
    /// What happens to the piece.
    pub(crate) mark: Mark,
    /// The piece.
    pub(crate) text: String,
}

/// What happens to a piece of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Added,
    Removed,
    Changed,
    /// Stays: said so that the rest can be placed.
    Same,
}

impl Mark {
    /// The mark as one coloured character.
    pub(crate) fn symbol(self) -> String {
        match self {
            Self::Added => paint(ADD, "+"),
            Self::Removed => paint(REMOVE, "-"),
            Self::Changed => paint(CHANGE, "~"),
            Self::Same => " ".to_owned(),
        }
    }
}

/// The difference of the member `name`. The first line names it; the values are not equal.
pub(crate) fn member(name: &str, old: &Value, new: &Value) -> Vec<Line> {
    let mut lines = Vec::new();
    push(&mut lines, 0, &plain(name), old, new);
    lines
}

fn push(lines: &mut Vec<Line>, depth: usize, name: &str, old: &Value, new: &Value) {
    let changed = |text| Line { depth, mark: Mark::Changed, text };
    let is_reference = reference(old).is_some() || reference(new).is_some();
    match (old, new) {
        (Value::Object(before), Value::Object(after)) if !is_reference => {
            lines.push(changed(name.to_owned()));
            let removed = before.keys().filter(|name| !after.contains_key(*name));
            let names = after.keys().chain(removed);
            let mut same = 0;
            for name in names {
                match (before.get(name), after.get(name)) {
                    (Some(old), Some(new)) if old == new => same += 1,
                    (Some(old), Some(new)) => push(lines, depth + 1, &plain(name), old, new),
                    (old, new) => lines.extend(lone(depth + 1, name, old, new)),
                }
            }
            lines.extend(unchanged(depth + 1, same));
        }
        (Value::Array(before), Value::Array(after)) => {
            lines.push(changed(name.to_owned()));
            items(lines, depth + 1, before, after);
        }
        (Value::String(before), Value::String(after))
            if before.contains('\n') || after.contains('\n') =>
        {
            lines.push(changed(name.to_owned()));
            text(lines, depth + 1, before, after);
        }
        _ => lines.push(changed(format!("{name}  {} -> {}", inline(old), inline(new)))),
    }
}

/// A member that is on one side only.
fn lone(depth: usize, name: &str, old: Option<&Value>, new: Option<&Value>) -> Option<Line> {
    let (mark, value) = match (old, new) {
        (_, Some(new)) => (Mark::Added, new),
        (Some(old), None) => (Mark::Removed, old),
        (None, None) => return None,
    };
    Some(Line { depth, mark, text: format!("{}  {}", plain(name), inline(value)) })
}

fn unchanged(depth: usize, count: usize) -> Option<Line> {
    let text = paint(FAINT, format!("({count} unchanged)"));
    (count > 0).then_some(Line { depth, mark: Mark::Same, text })
}

fn items(lines: &mut Vec<Line>, depth: usize, before: &[Value], after: &[Value]) {
    let mut same = 0;
    for hunk in hunks(before, after) {
        match hunk {
            Hunk::Same(items) => same += items.len(),
            Hunk::Changed { old, new } if old.len() == new.len() && old.iter().all(nested) => {
                for (old, new) in old.iter().zip(new) {
                    push(lines, depth, "item", old, new);
                }
            }
            Hunk::Changed { old, new } => {
                let line = |mark, text| Line { depth, mark, text };
                lines.extend(old.iter().map(|item| line(Mark::Removed, inline(item))));
                lines.extend(new.iter().map(|item| line(Mark::Added, inline(item))));
            }
        }
    }
    lines.extend(unchanged(depth, same));
}

fn nested(item: &Value) -> bool {
    item.is_object() && reference(item).is_none()
}

fn text(lines: &mut Vec<Line>, depth: usize, before: &str, after: &str) {
    let (before, after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    for hunk in hunks(&before, &after) {
        match hunk {
            Hunk::Same(same) => lines.extend(unchanged(depth, same.len())),
            Hunk::Changed { old, new } => {
                let line = |mark, text: &&str| Line { depth, mark, text: plain(text) };
                lines.extend(old.iter().map(|text| line(Mark::Removed, text)));
                lines.extend(new.iter().map(|text| line(Mark::Added, text)));
            }
        }
    }
}

/// A stretch of two sequences.
enum Hunk<'a, T> {
    Same(&'a [T]),
    Changed { old: &'a [T], new: &'a [T] },
}

/// Two sequences as alternating stretches, by their longest common subsequence.
fn hunks<'a, T: PartialEq>(old: &'a [T], new: &'a [T]) -> Vec<Hunk<'a, T>> {
    let lengths = common(old, new);
    let (mut hunks, mut i, mut j) = (Vec::new(), 0, 0);
    while i < old.len() || j < new.len() {
        let (from_i, from_j) = (i, j);
        while i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        }
        if i > from_i {
            hunks.push(Hunk::Same(&old[from_i..i]));
            continue;
        }
        while (i < old.len() || j < new.len())
            && !(i < old.len() && j < new.len() && old[i] == new[j])
        {
            if j == new.len() || (i < old.len() && lengths[i + 1][j] >= lengths[i][j + 1]) {
                i += 1;
            } else {
                j += 1;
            }
        }
        hunks.push(Hunk::Changed { old: &old[from_i..i], new: &new[from_j..j] });
    }
    hunks
}

/// `common[i][j]`: how long the longest common subsequence of `old[i..]` and `new[j..]` is.
fn common<T: PartialEq>(old: &[T], new: &[T]) -> Vec<Vec<usize>> {
    let mut lengths = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            lengths[i][j] = if old[i] == new[j] {
                lengths[i + 1][j + 1] + 1
            } else {
                lengths[i + 1][j].max(lengths[i][j + 1])
            };
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(old: Value, new: Value, expected: &str) {
        let show = |line: &Line| {
            format!("{}{} {}", "  ".repeat(line.depth), line.mark.symbol(), line.text)
        };
        let lines: Vec<_> = member("it", &old, &new).iter().map(show).collect();
        let shown = anstream::adapter::strip_str(&lines.join("\n")).to_string();
        assert_eq!(shown, expected);
    }

    #[test]
    fn scalars_and_references_stand_in_one_line() {
        check(json!(1), json!(2), "~ it  1 -> 2");
        check(json!(null), json!("a b"), "~ it  none -> \"a b\"");
        let (old, new) = (json!({"$ref": "ec2.vpc:a"}), json!({"$ref": "ec2.vpc:b"}));
        check(old, new, "~ it  ec2.vpc:a -> ec2.vpc:b");
        check(json!({"$ref": "ec2.vpc:a"}), json!(null), "~ it  ec2.vpc:a -> none");
    }

    #[test]
    fn objects_differ_by_member() {
        check(
            json!({"a": 1, "b": {"c": 1, "d": 2}, "e": 1}),
            json!({"b": {"c": 1, "d": 3}, "e": 1, "f": [1]}),
            "~ it\n  ~ b\n    ~ d  2 -> 3\n      (1 unchanged)\n  + f  [1]\n  - a  1\n    (1 unchanged)",
        );
    }

    #[test]
    fn lists_differ_by_item() {
        check(
            json!(["a", "b", "c"]),
            json!(["b", "x", "c", "y"]),
            "~ it\n  - a\n  + x\n  + y\n    (2 unchanged)",
        );
        check(
            json!([{"port": 80, "path": "/"}]),
            json!([{"port": 81, "path": "/"}]),
            "~ it\n  ~ item\n    ~ port  80 -> 81\n      (1 unchanged)",
        );
    }

    #[test]
    fn texts_differ_by_line() {
        check(
            json!("#!/bin/sh\nset -eu\nexit\n"),
            json!("#!/bin/sh\nset -eu\ntrue\nexit\n"),
            "~ it\n    (2 unchanged)\n  + true\n    (1 unchanged)",
        );
    }
}
