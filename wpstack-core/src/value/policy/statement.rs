//! One statement of a policy.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ServicePrincipal;
use super::texts::Texts;
use crate::value::ValueError;

const ACTION: &str = "an IAM action";
const RESOURCE: &str = "a resource of an IAM policy";
const OPERATOR: &str = "an operator of IAM conditions";
const CONDITION_KEY: &str = "a key of IAM conditions";

/// Whether a statement allows or denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Effect {
    /// What matches is allowed, unless another statement denies it.
    Allow,
    /// What matches is denied, whatever other statements say.
    Deny,
}

/// One statement of a policy: who may (or may not) do what, with what, under which conditions.
///
/// Lists are sets here: their order means nothing to IAM, and IAM turns lists of one into plain
/// strings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Statement {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    effect: Effect,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    principal: Option<Principal>,
    action: Texts,
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    resource: Texts,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<String, BTreeMap<String, Texts>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Principal {
    service: Texts,
}

impl Statement {
    /// Allows `actions` (such as `logs:PutLogEvents`) on `resources` (ARNs, with wildcards or
    /// without, or `*`).
    ///
    /// # Errors
    /// If one of them has not that form, or if there are none.
    pub fn allow(
        actions: impl IntoIterator<Item = impl AsRef<str>>,
        resources: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, ValueError> {
        Self::new(Effect::Allow, actions, resources)
    }

    /// Denies `actions` on `resources`.
    ///
    /// # Errors
    /// As [`Statement::allow`].
    pub fn deny(
        actions: impl IntoIterator<Item = impl AsRef<str>>,
        resources: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, ValueError> {
        Self::new(Effect::Deny, actions, resources)
    }

    /// Lets a service take the role that the statement stands in.
    #[must_use]
    pub(super) fn assumed_by(service: &ServicePrincipal) -> Self {
        Self {
            sid: None,
            effect: Effect::Allow,
            principal: Some(Principal { service: Texts::one(service.as_str()) }),
            action: Texts::one("sts:AssumeRole"),
            resource: Texts::default(),
            condition: BTreeMap::new(),
        }
    }

    /// The statement under one more condition, for example
    /// `when("StringEquals", "aws:SourceAccount", "123456789012")`.
    ///
    /// A key that is there already takes the value as well as its others. Operator and key are
    /// checked when the statement becomes part of a document.
    #[must_use]
    pub fn when(mut self, operator: &str, key: &str, value: &str) -> Self {
        let keys = self.condition.entry(operator.to_owned()).or_default();
        keys.entry(key.to_owned()).or_default().insert(value);
        self
    }

    /// Whether the statement says who it is about, as only those of trust policies do.
    #[must_use]
    pub fn has_principal(&self) -> bool {
        self.principal.is_some()
    }

    /// The statement with its actions in lowercase, in which IAM does not tell them apart.
    pub(super) fn normal(&self) -> Self {
        let action = self.action.iter().map(str::to_ascii_lowercase).collect();
        Self { action, ..self.clone() }
    }

    pub(super) fn check(&self) -> Result<(), ValueError> {
        self.action.iter().try_for_each(check_action)?;
        self.resource.iter().try_for_each(check_resource)?;
        for (operator, keys) in &self.condition {
            check_operator(operator)?;
            keys.keys().try_for_each(|key| check_condition_key(key))?;
        }
        if self.action.is_empty() {
            return Err(ValueError::new("", ACTION, "a statement needs one or more"));
        }
        if self.resource.is_empty() && self.principal.is_none() {
            return Err(ValueError::new("", RESOURCE, "a statement needs one or more, or `*`"));
        }
        Ok(())
    }

    fn new(
        effect: Effect,
        actions: impl IntoIterator<Item = impl AsRef<str>>,
        resources: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, ValueError> {
        let statement = Self {
            sid: None,
            effect,
            principal: None,
            action: actions.into_iter().collect(),
            resource: resources.into_iter().collect(),
            condition: BTreeMap::new(),
        };
        statement.check()?;
        Ok(statement)
    }
}

fn check_action(action: &str) -> Result<(), ValueError> {
    let word = |part: &str, extra: &str| {
        !part.is_empty()
            && part.chars().all(|one| one.is_ascii_alphanumeric() || extra.contains(one))
    };
    let well_formed = action == "*"
        || action
            .split_once(':')
            .is_some_and(|(service, verb)| word(service, "-") && word(verb, "*?"));
    if well_formed {
        Ok(())
    } else {
        Err(ValueError::new(
            action,
            ACTION,
            "it must be `service:Action` as in `logs:PutLogEvents`",
        ))
    }
}

fn check_resource(resource: &str) -> Result<(), ValueError> {
    let is_arn = resource.starts_with("arn:")
        && resource.splitn(6, ':').filter(|part| !part.contains(' ')).count() == 6;
    if resource == "*" || is_arn {
        Ok(())
    } else {
        Err(ValueError::new(
            resource,
            RESOURCE,
            "it must be an ARN, with wildcards or without, or `*`",
        ))
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
fn check_operator(operator: &str) -> Result<(), ValueError> {
    let (quantifier, plain) = operator.split_once(':').unwrap_or(("ForAnyValue", operator));
    let plain = plain.strip_suffix("IfExists").unwrap_or(plain);
    let known = OPERATORS.split_whitespace().any(|known| known == plain);
    if known && matches!(quantifier, "ForAnyValue" | "ForAllValues") {
        Ok(())
    } else {
        Err(ValueError::new(operator, OPERATOR, "write one such as `StringEquals` or `ArnLike`"))
    }
}

const OPERATORS: &str = "\
    StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike \
    StringNotLike NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals \
    NumericGreaterThan NumericGreaterThanEquals DateEquals DateNotEquals DateLessThan \
    DateLessThanEquals DateGreaterThan DateGreaterThanEquals Bool BinaryEquals IpAddress \
    NotIpAddress ArnEquals ArnLike ArnNotEquals ArnNotLike Null";

fn check_condition_key(key: &str) -> Result<(), ValueError> {
    match key.split_once(':') {
        Some((service, name)) if !service.is_empty() && !name.is_empty() => Ok(()),
        _ => {
            let problem = "it must be `service:name` as in `aws:SourceAccount`";
            Err(ValueError::new(key, CONDITION_KEY, problem))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::round_trip::survives_json;

    #[test]
    fn statements_name_actions_and_resources() {
        let check = |action: &str, resource: &str, expected: &str| {
            let found = Statement::allow([action], [resource]).err().map(|error| error.to_string());
            assert_eq!(found.as_deref().unwrap_or_default(), expected);
        };
        check("logs:PutLogEvents", "arn:aws:logs:eu-west-1:123456789012:log-group:blog:*", "");
        check("ecr:Batch*", "*", "");
        check("*", "*", "");
        let form = "is not an IAM action: it must be `service:Action` as in `logs:PutLogEvents`";
        check("PutLogEvents", "*", &format!("`PutLogEvents` {form}"));
        check("logs:", "*", &format!("`logs:` {form}"));
        check("logs:Put Events", "*", &format!("`logs:Put Events` {form}"));
        let form = "it must be an ARN, with wildcards or without, or `*`";
        check("s3:*", "bucket", &format!("`bucket` is not a resource of an IAM policy: {form}"));
        let nothing: [&str; 0] = [];
        assert!(Statement::allow(nothing, ["*"]).is_err());
        assert!(Statement::deny(["s3:*"], nothing).is_err());
    }

    #[test]
    fn conditions_have_operators_and_keys_of_iam() {
        let check = |operator: &str, key: &str, expected: &str| {
            let statement = Statement::allow(["s3:*"], ["*"]).expect("a statement");
            let found = statement.when(operator, key, "v").check();
            let found = found.err().map(|error| error.to_string());
            assert_eq!(found.as_deref().unwrap_or_default(), expected);
        };
        check("ForAllValues:StringLikeIfExists", "aws:TagKeys", "");
        check("ArnLike", "aws:SourceArn", "");
        let one =
            "is not an operator of IAM conditions: write one such as `StringEquals` or `ArnLike`";
        check("Equals", "aws:SourceArn", &format!("`Equals` {one}"));
        check("ForSome:ArnLike", "aws:SourceArn", &format!("`ForSome:ArnLike` {one}"));
        let form = "it must be `service:name` as in `aws:SourceAccount`";
        let key = format!("`SourceArn` is not a key of IAM conditions: {form}");
        check("ArnLike", "SourceArn", &key);
    }

    #[test]
    fn conditions_gather_their_values() {
        let statement = Statement::deny(["s3:*"], ["*"]).expect("a statement");
        let statement = statement.when("Bool", "aws:SecureTransport", "false");
        survives_json(&statement);
        let json = serde_json::to_string(&statement).expect("json");
        let expected = r#"{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#;
        assert_eq!(json, expected);
        let more = statement.when("Bool", "aws:SecureTransport", "true");
        let json = serde_json::to_string(&more).expect("json");
        assert!(json.contains(r#"["false","true"]"#), "{json}");
    }
}
