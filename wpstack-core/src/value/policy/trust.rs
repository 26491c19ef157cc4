//! Who may take a role.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{PolicyDocument, ServicePrincipal, Statement};
use crate::value::{AccountId, ValueError};

const WHAT: &str = "a trust policy";

/// The policy that says who may take a role: here always a service of AWS.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html>
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "PolicyDocument", into = "PolicyDocument")]
pub struct TrustPolicy(PolicyDocument);

impl TrustPolicy {
    /// The most characters that IAM takes by default.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
    pub const MAX: usize = 2048;

    /// Lets that service take the role.
    #[must_use]
    pub fn service(service: &ServicePrincipal) -> Self {
        Self::of(Statement::assumed_by(service))
    }

    /// Lets that service take the role, on behalf of that account only.
    ///
    /// Without the condition, the service could be made to use the role for someone else (the
    /// "confused deputy"). Not every service sends the account, and a role that asks for one that
    /// is not sent cannot be taken: see the documentation of the service first.
    #[must_use]
    pub fn service_for(service: &ServicePrincipal, account: &AccountId) -> Self {
        let statement = Statement::assumed_by(service);
        Self::of(statement.when("StringEquals", "aws:SourceAccount", account.as_str()))
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &PolicyDocument {
        &self.0
    }

    /// The document as IAM takes it.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// Whether `json` says the same, as [`PolicyDocument::equivalent`] tells.
    #[must_use]
    pub fn equivalent(&self, json: &str) -> bool {
        self.0.equivalent(json)
    }

    fn of(statement: Statement) -> Self {
        let document = PolicyDocument::new([statement]).expect("one short statement");
        Self(document)
    }
}

impl fmt::Display for TrustPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for TrustPolicy {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        text.parse::<PolicyDocument>()?.try_into()
    }
}

impl TryFrom<PolicyDocument> for TrustPolicy {
    type Error = ValueError;

    fn try_from(document: PolicyDocument) -> Result<Self, ValueError> {
        let size = document.to_json().chars().count();
        let refuse = |problem| Err(ValueError::new(document.to_json(), WHAT, problem));
        if !document.statements().iter().all(Statement::has_principal) {
            refuse("each of its statements must name a service as principal".to_owned())
        } else if size > Self::MAX {
            refuse(format!("it has {size} characters and may have {} at most", Self::MAX))
        } else {
            Ok(Self(document))
        }
    }
}

impl From<TrustPolicy> for PolicyDocument {
    fn from(trust: TrustPolicy) -> Self {
        trust.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::round_trip::round_trips;

    #[test]
    fn a_service_may_take_the_role() {
        let trust = TrustPolicy::service(&ServicePrincipal::EC2);
        let expected = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
        assert_eq!(trust.to_json(), expected);
        round_trips(&trust);
        assert!(trust.equivalent(&expected.replace("\"sts:AssumeRole\"", "[\"sts:AssumeRole\"]")));
        let account = "123456789012".parse().expect("an account");
        let tasks = TrustPolicy::service_for(&ServicePrincipal::ECS_TASKS, &account);
        round_trips(&tasks);
        assert!(!tasks.equivalent(expected));
        assert!(tasks.to_json().contains(r#"{"aws:SourceAccount":"123456789012"}"#));
    }

    #[test]
    fn other_documents_are_no_trust_policies() {
        let check = |document: PolicyDocument, expected: &str| {
            let error = TrustPolicy::try_from(document).expect_err("no trust policy");
            assert_eq!(error.problem(), expected);
        };
        let plain = Statement::allow(["s3:*"], ["*"]).expect("a statement");
        let document = PolicyDocument::new([plain]).expect("a document");
        check(document, "each of its statements must name a service as principal");
        let long = Statement::assumed_by(&ServicePrincipal::EC2).when(
            "StringLike",
            "a:b",
            &"x".repeat(2000),
        );
        let document = PolicyDocument::new([long]).expect("a document");
        check(document, "it has 2165 characters and may have 2048 at most");
    }
}
