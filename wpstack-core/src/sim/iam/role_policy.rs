//! Inline policies of roles.

use async_trait::async_trait;
use serde_json::Value;

use super::no_such;
use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider};
use crate::resource::iam::{self as spec, RolePolicyState};
use crate::sim::Sim;
use crate::sim::world::{Refusal, World};
use crate::value::PolicyDocument;

impl World {
    /// `PutRolePolicy`. Writes over a policy of that name.
    ///
    /// # Errors
    /// `NoSuchEntity`; `LimitExceeded` when all inline policies of the role together are too long.
    pub fn put_role_policy(
        &mut self,
        role: &str,
        name: &str,
        document: &str,
    ) -> Result<(), Refusal> {
        let policies = &mut self.role_mut(role)?.inline;
        let others = policies.iter().filter(|(other, _)| *other != name);
        let texts = others.map(|(_, text)| text.as_str()).chain([document]);
        if texts.map(size).sum::<usize>() > PolicyDocument::MAX_INLINE {
            let most = PolicyDocument::MAX_INLINE;
            let message = format!("Maximum policy size of {most} bytes exceeded for role {role}");
            return Err(Refusal::new("LimitExceeded", message));
        }
        policies.insert(name.to_owned(), document.to_owned());
        Ok(())
    }

    /// `GetRolePolicy`.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub fn get_role_policy(&self, role: &str, name: &str) -> Result<&str, Refusal> {
        let policy = self.get_role(role)?.inline.get(name);
        policy.map(String::as_str).ok_or_else(|| no_policy(name))
    }

    /// `DeleteRolePolicy`.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub fn delete_role_policy(&mut self, role: &str, name: &str) -> Result<(), Refusal> {
        let deleted = self.role_mut(role)?.inline.remove(name);
        deleted.map(drop).ok_or_else(|| no_policy(name))
    }
}

fn no_policy(name: &str) -> Refusal {
    no_such(format!("The role policy with name {name} cannot be found."))
}

/// The characters of a document that IAM counts.
fn size(document: &str) -> usize {
    document.chars().filter(|one| !one.is_whitespace()).count()
}

impl Sim {
    async fn put_policy(
        &self,
        cx: &Cx,
        spec: &spec::RolePolicy,
        state: &RolePolicyState,
    ) -> Result<(), ProviderError> {
        let document = spec.document(cx)?.to_json();
        self.call(cx, "iam", "PutRolePolicy", |world| {
            world.put_role_policy(&state.role, &state.name, &document)
        })
        .await
    }

    async fn get_policy(
        &self,
        cx: &Cx,
        state: &RolePolicyState,
    ) -> Result<Option<String>, ProviderError> {
        self.call(cx, "iam", "GetRolePolicy", |world| {
            world.get_role_policy(&state.role, &state.name).map(str::to_owned)
        })
        .await
        .gone()
    }
}

fn state_of(cx: &Cx, spec: &spec::RolePolicy) -> Result<RolePolicyState, ProviderError> {
    Ok(RolePolicyState { role: cx.state_of(&spec.role)?.name, name: spec.name.to_string() })
}

#[async_trait]
impl Provider<spec::RolePolicy> for Sim {
    /// The role is the stack's own, so a policy in it of that name is this one.
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::RolePolicy,
    ) -> Result<Option<RolePolicyState>, ProviderError> {
        let state = state_of(cx, spec)?;
        Ok(self.get_policy(cx, &state).await?.map(|_| state))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::RolePolicy,
    ) -> Result<RolePolicyState, ProviderError> {
        let state = state_of(cx, spec)?;
        self.put_policy(cx, spec, &state).await?;
        Ok(state)
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::RolePolicy,
        state: &RolePolicyState,
    ) -> Result<Option<Observed<RolePolicyState>>, ProviderError> {
        let Some(document) = self.get_policy(cx, state).await? else {
            return Ok(None);
        };
        let mut drift = Drifts::new();
        if !spec.document(cx)?.equivalent(&document) {
            drift.note("grants", serde_json::from_str(&document).unwrap_or(Value::Null));
        }
        Ok(Some(Observed::ready(state.clone()).drifted(drift)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::RolePolicy,
        state: &RolePolicyState,
        _: &[String],
    ) -> Result<RolePolicyState, ProviderError> {
        self.put_policy(cx, spec, state).await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        spec: &spec::RolePolicy,
        id: &str,
    ) -> Result<Option<RolePolicyState>, ProviderError> {
        // Its name is all that tells it from the role's other policies, and `find` asks for it.
        let state = state_of(cx, spec)?;
        Ok(Some(state)
            .filter(|state| id == state.name || id == format!("{}/{}", state.role, state.name)))
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::RolePolicy,
        state: &RolePolicyState,
    ) -> Result<(), ProviderError> {
        let deleted = self.call(cx, "iam", "DeleteRolePolicy", |world| {
            world.delete_role_policy(&state.role, &state.name)
        });
        deleted.await.gone().map(drop)
    }
}
