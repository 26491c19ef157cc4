//! A policy document.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Statement;
use crate::value::ValueError;

const WHAT: &str = "an IAM policy document";

/// A policy document of IAM, in the language of 2012-10-17.
///
/// Two documents are equal if they hold the same statements in the same order; whether they *mean*
/// the same, as far as writing goes, [`equivalent`](Self::equivalent) tells.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Json", into = "Json")]
pub struct PolicyDocument(Vec<Statement>);

impl PolicyDocument {
    /// The most characters of all inline policies of a role together; IAM does not count white
    /// space.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
    pub const MAX_INLINE: usize = 10_240;

    /// The document with these statements.
    ///
    /// # Errors If there are none, if a condition has no operator or key of IAM's form, or if it is
    /// longer than [`Self::MAX_INLINE`].
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> Result<Self, ValueError> {
        let document = Self(statements.into_iter().collect());
        if document.0.is_empty() {
            return Err(ValueError::new("", WHAT, "it needs one or more statements"));
        }
        document.0.iter().try_for_each(Statement::check)?;
        if let Some(wrong) = document.to_json().chars().find(|one| !(' '..='\u{ff}').contains(one))
        {
            let problem = format!("IAM takes no characters beyond Latin-1, such as `{wrong}`");
            return Err(ValueError::new(document.to_json(), WHAT, problem));
        }
        let size = document.size();
        if size > Self::MAX_INLINE {
            let problem =
                format!("it has {size} characters and may have {} at most", Self::MAX_INLINE);
            return Err(ValueError::new(document.to_json(), WHAT, problem));
        }
        Ok(document)
    }

    /// The statements.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.0
    }

    /// The document as IAM takes it, without white space. Equal documents give equal texts.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a policy has only texts for keys")
    }

    /// Its characters as IAM counts them.
    #[must_use]
    pub fn size(&self) -> usize {
        self.to_json().chars().filter(|one| !one.is_whitespace()).count()
    }

    /// Whether `json` says the same, as IAM returns it: percent-encoded or not, a list of one as a
    /// plain string, lists and statements in any order, actions in any case.
    ///
    /// What cannot be read, or holds elements that are never written here, is not equivalent.
    #[must_use]
    pub fn equivalent(&self, json: &str) -> bool {
        json.parse::<Self>().is_ok_and(|other| self.normal() == other.normal())
    }

    fn normal(&self) -> BTreeSet<Statement> {
        self.0.iter().map(Statement::normal).collect()
    }
}

impl std::fmt::Display for PolicyDocument {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.to_json())
    }
}

impl FromStr for PolicyDocument {
    type Err = ValueError;

    /// Reads JSON, percent-encoded (as IAM returns it) or not.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let refuse = |problem: String| ValueError::new(text, WHAT, problem);
        let json =
            decoded(text).ok_or_else(|| refuse("its percent-encoding is broken".to_owned()))?;
        serde_json::from_str(&json).map_err(|error| refuse(error.to_string()))
    }
}

/// The shape of the document in JSON.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Json {
    version: Version,
    statement: Statements,
}

#[derive(Clone, Serialize, Deserialize)]
enum Version {
    #[serde(rename = "2012-10-17")]
    Y2012,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Statements {
    Many(Vec<Statement>),
    One(Box<Statement>),
}

impl TryFrom<Json> for PolicyDocument {
    type Error = ValueError;

    fn try_from(json: Json) -> Result<Self, ValueError> {
        match json.statement {
            Statements::Many(statements) => Self::new(statements),
            Statements::One(statement) => Self::new([*statement]),
        }
    }
}

impl From<PolicyDocument> for Json {
    fn from(document: PolicyDocument) -> Self {
        Self { version: Version::Y2012, statement: Statements::Many(document.0) }
    }
}

/// The text without percent-encoding. JSON begins with a brace, encoded JSON with `%7B`.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if !text.starts_with('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (code, plain) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend(plain.bytes());
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::round_trip::round_trips;

    const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:blog-??????";

    fn document() -> PolicyDocument {
        let read = Statement::allow(["secretsmanager:GetSecretValue", "kms:Decrypt"], [SECRET]);
        let write = Statement::allow(["logs:PutLogEvents"], ["*"]);
        let statements = [read.expect("a statement"), write.expect("a statement")];
        PolicyDocument::new(statements).expect("a document")
    }

    #[test]
    fn the_text_is_always_the_same() {
        let expected = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:Decrypt","secretsmanager:GetSecretValue"],"Resource":"arn:aws:secretsmanager:eu-west-1:123456789012:secret:blog-??????"},{"Effect":"Allow","Action":"logs:PutLogEvents","Resource":"*"}]}"#;
        assert_eq!(document().to_json(), expected);
        assert_eq!(document().size(), expected.len());
        round_trips(&document());
    }

    #[test]
    fn what_iam_returns_is_equivalent() {
        let check = |json: &str, expected: bool| {
            assert_eq!(document().equivalent(json), expected, "{json}");
        };
        let reordered = format!(
            r#"{{ "Statement": [
                {{ "Action": ["logs:putlogevents"], "Resource": ["*"], "Effect": "Allow" }},
                {{ "Effect": "Allow", "Resource": "{SECRET}",
                   "Action": ["secretsmanager:GetSecretValue", "KMS:Decrypt"] }}
            ], "Version": "2012-10-17" }}"#
        );
        check(&document().to_json(), true);
        check(&reordered, true);
        check(&percent_encoded(&reordered), true);
        check(&reordered.replace("2012-10-17", "2008-10-17"), false);
        check(&reordered.replace("Allow", "Deny"), false);
        check(&reordered.replace("\"Effect\"", "\"Sid\": \"a\", \"Effect\""), false);
        check(&reordered.replace("\"Resource\"", "\"NotResource\""), false);
        check(&reordered.replace("blog-", "shop-"), false);
        check("", false);
        check("{}", false);
        check("%7", false);
        check("%7B%zz", false);
    }

    #[test]
    fn one_statement_needs_no_list_and_conditions_no_strings() {
        let statement = Statement::allow(["s3:GetObject"], ["*"]).expect("a statement");
        let statement = statement.when("Bool", "aws:SecureTransport", "true");
        let document = PolicyDocument::new([statement]).expect("a document");
        let json = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow",
            "Action":"s3:GetObject","Resource":["*"],"Condition":{"Bool":{"aws:SecureTransport":true}}}}"#;
        assert!(document.equivalent(json));
    }

    #[test]
    fn documents_are_refused_with_a_reason() {
        let check = |json: &str, expected: &str| {
            let error = json.parse::<PolicyDocument>().expect_err("not a document");
            assert!(error.problem().contains(expected), "{error}");
        };
        check(r#"{"Version":"2012-10-17","Statement":[]}"#, "it needs one or more statements");
        check("{", "EOF while parsing");
        check("%7B%", "its percent-encoding is broken");
        let foreign = Statement::allow(["s3:*"], ["*"]).expect("a statement");
        let foreign = foreign.when("StringEquals", "aws:PrincipalTag/a", "\u{142}");
        let error = PolicyDocument::new([foreign]).expect_err("beyond Latin-1");
        assert!(error.problem().starts_with("IAM takes no characters beyond Latin-1"), "{error}");
        let many = (0..300).map(|n| format!("logs:Action{n}000000000000000000000000"));
        let statement = Statement::allow(many, ["*"]).expect("a statement");
        let error = PolicyDocument::new([statement]).expect_err("too long");
        assert!(error.problem().ends_with("may have 10240 at most"), "{error}");
    }

    fn percent_encoded(text: &str) -> String {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
        let encode = |byte: u8| {
            if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
        };
        text.bytes().map(encode).collect()
    }

    proptest! {
        #[test]
        fn every_document_is_equivalent_to_its_encoding(
            actions in prop::collection::vec("[a-z]{2,9}:[A-Za-z*]{1,9}", 1..5),
            resource in "arn:aws:s3:::[ -$&-~äöü%]{1,9}",
            value in "[ -~ß%]{0,9}",
        ) {
            let resource = resource.replace(' ', "");
            let statement = Statement::allow(&actions, [&resource]).expect("a statement");
            let statement = statement.when("StringEquals", "aws:PrincipalTag/a", &value);
            let document = PolicyDocument::new([statement]).expect("a document");
            round_trips(&document);
            prop_assert!(document.equivalent(&document.to_json()));
            prop_assert!(document.equivalent(&percent_encoded(&document.to_json())));
        }
    }
}
