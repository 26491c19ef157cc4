//! `iam.role-policy`

use serde::{Deserialize, Serialize};

use super::Role;
use crate::failure::{ErrorKind, ProviderError};
use crate::provider::Cx;
use crate::resource::ecr::Repository;
use crate::resource::logs::LogGroup;
use crate::resource::secretsmanager::Secret;
use crate::resource::{Expected, Field, Resource};
use crate::stack::Ref;
use crate::value::{PolicyDocument, RoleName, Statement};

/// An inline policy of a role: what it may do, on which resources of the stack.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RolePolicy {
    /// The role it belongs to.
    pub role: Ref<Role>,
    /// Its name, unique in the role.
    pub name: RoleName,
    /// What it allows.
    pub grants: Vec<Grant>,
}

/// Some actions on some resources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// The actions, as in `secretsmanager:GetSecretValue`.
    pub actions: Vec<String>,
    /// On what.
    pub on: Vec<Target>,
}

/// On what a grant allows its actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Everything. For actions that know no resources, such as `ecr:GetAuthorizationToken`.
    Everything,
    /// A secret.
    Secret(Ref<Secret>),
    /// A log group and its streams.
    LogGroup(Ref<LogGroup>),
    /// A repository.
    Repository(Ref<Repository>),
}

impl RolePolicy {
    /// The policy document, with every target resolved to its ARN.
    ///
    /// # Errors
    /// When a target's state is not known, or the result is no policy that IAM takes.
    pub fn document(&self, cx: &Cx) -> Result<PolicyDocument, ProviderError> {
        let mut statements = Vec::new();
        for grant in &self.grants {
            let targets = grant.on.iter().map(|target| target.resolve(cx));
            let resources = targets.collect::<Result<Vec<_>, _>>()?.concat();
            let actions = grant.actions.iter().map(String::as_str);
            let resources = resources.iter().map(String::as_str);
            statements.push(Statement::allow(actions, resources).map_err(refused)?);
        }
        PolicyDocument::new(statements).map_err(refused)
    }
}

fn refused(source: crate::value::ValueError) -> ProviderError {
    let message = "the policy is not one that IAM takes";
    ProviderError::new(ErrorKind::Refused, "iam", "PutRolePolicy", message).source(source)
}

impl Target {
    fn resolve(&self, cx: &Cx) -> Result<Vec<String>, ProviderError> {
        Ok(match self {
            Self::Everything => vec!["*".to_owned()],
            Self::Secret(secret) => vec![cx.state_of(secret)?.arn],
            Self::LogGroup(group) => {
                let arn = cx.state_of(group)?.arn;
                vec![format!("{arn}:*"), arn]
            }
            Self::Repository(repository) => vec![cx.state_of(repository)?.arn],
        })
    }
}

/// What IAM tells of an inline policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolePolicyState {
    /// The physical name of the role.
    pub role: String,
    /// The policy's name.
    pub name: String,
}

impl Resource for RolePolicy {
    const TYPE: &'static str = "iam.role-policy";
    const FIELDS: &'static [Field] = crate::fields!(RolePolicy {
        role: Replace(NoInterruption),
        name: Replace(NoInterruption),
        grants: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(1, 1);

    type State = RolePolicyState;

    fn id(state: &RolePolicyState) -> String {
        format!("{}/{}", state.role, state.name)
    }

    /// A policy of another name, or of a new role.
    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
