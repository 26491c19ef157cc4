//! Fields of specs and states, as a person would write them.

use serde_json::Value;

use super::style::plain;

/// The address that a serialised reference names.
pub(crate) fn reference(value: &Value) -> Option<&str> {
    value.as_object()?.get("$ref")?.as_str()
}

/// The whole value in one line. References are addresses, strings bare where nothing can be mistaken.
pub(crate) fn inline(value: &Value) -> String {
    if let Some(address) = reference(value) {
        return plain(address);
    }
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => string(text),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let member =
                |(name, value): (&String, &Value)| format!("{}: {}", plain(name), inline(value));
            let members: Vec<_> = members.iter().map(member).collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

/// The value in one line of at most `width` characters: what does not fit is counted.
pub(crate) fn short(value: &Value, width: usize) -> String {
    if let Value::String(text) = value
        && text.contains('\n')
    {
        return format!("({} lines)", text.lines().count());
    }
    let whole = inline(value);
    if whole.chars().count() <= width {
        return whole;
    }
    let inner = width.saturating_sub(2);
    match value {
        Value::Array(items) => match items.as_slice() {
            [item] => format!("[{}]", short(item, inner)),
            items => format!("[{} items]", items.len()),
        },
        Value::Object(members) => {
            let names = members.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            if names.chars().count() > inner {
                return format!("{{{} members}}", members.len());
            }
            format!("{{{}}}", plain(names))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            super::style::fit(&whole, width)
        }
    }
}

fn string(text: &str) -> String {
    // Bare text must not read as another kind of value, nor run into what stands around it.
    let bare = |c: char| !c.is_whitespace() && !c.is_control() && !"\"'[]{},".contains(c);
    let mistaken = text.is_empty()
        || text == "none"
        || serde_json::from_str::<Value>(text).is_ok()
        || !text.chars().all(bare);
    if mistaken { plain(Value::String(text.to_owned())) } else { plain(text) }
}

/// Whether the value says nothing: a field left at none, empty or off.
pub(crate) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(value: Value, expected: &str) {
        assert_eq!(inline(&value), expected);
    }

    #[test]
    fn values_read_as_one_would_write_them() {
        check(json!(null), "none");
        check(json!("none"), "\"none\"");
        check(json!("10.0.0.0/16"), "10.0.0.0/16");
        check(json!("80"), "\"80\"");
        check(json!(80), "80");
        check(json!("two words"), "\"two words\"");
        check(json!("\u{1b}[2J\u{202e}"), "\"\\u001b[2J\\u{202e}\"");
        check(json!({"$ref": "ec2.vpc:main", "$needs": "ready"}), "ec2.vpc:main");
        check(json!([{"$ref": "ec2.vpc:main"}, "a"]), "[ec2.vpc:main, a]");
        check(json!({"port": 80, "path": "/"}), "{port: 80, path: /}");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        assert_eq!(short(&json!("#!/bin/sh\nexit\n"), 40), "(2 lines)");
        assert_eq!(short(&json!(["aaaaaaaa", "bbbbbbbb"]), 10), "[2 items]");
        assert_eq!(short(&json!([{"actions": "aaaaaaaa"}]), 14), "[{actions}]");
        assert_eq!(short(&json!({"actions": "aaaaaaaa"}), 10), "{actions}");
        assert_eq!(short(&json!({"actions": "aaaaaaaa"}), 5), "{1 members}");
        assert_eq!(short(&json!("abcdefghijkl"), 10), "abcdefghi…");
    }
}
