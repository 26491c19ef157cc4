//! What a role may do.

use serde_json::Value;

use super::{Iam, last};

impl Iam {
    /// Whether the policies of a role, by name or ARN, allow `action` on `resource`, an ARN or `*`: one statement
    /// allows it and none denies it. A statement with a condition never applies, since no request is known here.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>
    #[must_use]
    pub fn allows(&self, role: &str, action: &str, resource: &str) -> bool {
        let Some(role) = self.roles.get(last(role)) else {
            return false;
        };
        let managed = role.managed.iter().filter_map(|arn| self.managed_document(arn));
        let inline = role.inline.values().filter_map(|text| serde_json::from_str(text).ok());
        let documents: Vec<Value> = managed.chain(inline).collect();
        let statements = documents.iter().flat_map(|document| many(&document["Statement"]));
        let effects: Vec<_> = statements
            .filter(|statement| applies(statement, action, resource))
            .map(|statement| &statement["Effect"])
            .collect();
        effects.contains(&&Value::from("Allow")) && !effects.contains(&&Value::from("Deny"))
    }
}

fn applies(statement: &Value, action: &str, resource: &str) -> bool {
    let action = action.to_ascii_lowercase();
    let texts = |element: &str| many(&statement[element]).iter().filter_map(Value::as_str);
    statement.get("Condition").is_none()
        && texts("Action").any(|pattern| fits(&pattern.to_ascii_lowercase(), &action))
        && texts("Resource").any(|pattern| fits(pattern, resource))
}

/// What JSON has as a list or, for one, as itself.
fn many(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        one => std::slice::from_ref(one),
    }
}

/// Whether the text is what the pattern says, in which `*` stands for anything and `?` for one character.
fn fits(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    let Some(first) = rest.next() else {
        return text.is_empty();
    };
    let mut left = text.chars();
    match (first, left.next()) {
        ('*', None) => fits(rest.as_str(), text),
        ('*', Some(_)) => fits(rest.as_str(), text) || fits(pattern, left.as_str()),
        ('?', Some(_)) => fits(rest.as_str(), left.as_str()),
        (letter, Some(other)) => letter == other && fits(rest.as_str(), left.as_str()),
        (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_iam_has_it() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        };
        check("*", "", true);
        check("*", "arn:aws:s3:::a", true);
        check("ecs:submit*", "ecs:submittaskstatechange", true);
        check("ecs:submit*", "ecs:poll", false);
        check("arn:*:log-group:/blog:*", "arn:aws:logs:log-group:/blog:stream", true);
        check("arn:*:log-group:/blog:*", "arn:aws:logs:log-group:/shop:stream", false);
        check("secret:blog-??????", "secret:blog-AbCdEf", true);
        check("secret:blog-??????", "secret:blog-AbCdE", false);
        check("a*b", "ab", true);
        check("a*b", "acbd", false);
    }
}
