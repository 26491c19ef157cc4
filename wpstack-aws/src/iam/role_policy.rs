//! `iam.role-policy`

use async_trait::async_trait;
use wpstack_core::resource::iam::{RolePolicy, RolePolicyState};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError};

use super::IAM;
use crate::Aws;
use crate::call::Call;
use crate::provide::Look;

#[async_trait]
impl Provider<RolePolicy> for Aws {
    /// A policy has no tags. It belongs to whom the role belongs.
    async fn find(
        &self,
        cx: &Cx,
        spec: &RolePolicy,
    ) -> Result<Option<RolePolicyState>, ProviderError> {
        let state = state(cx, spec)?;
        Ok(self.policy_text(&state).await?.map(|_| state))
    }

    async fn create(&self, cx: &Cx, spec: &RolePolicy) -> Result<RolePolicyState, ProviderError> {
        let state = state(cx, spec)?;
        self.put_policy(cx, spec, &state).await?;
        Ok(state)
    }

    async fn read(&self, cx: &Cx, spec: &RolePolicy, state: &RolePolicyState) -> Look<RolePolicy> {
        let Some(text) = self.policy_text(state).await? else { return Ok(None) };
        let mut drifts = Drifts::new();
        if !spec.document(cx)?.equivalent(&text) {
            drifts.note("grants", text);
        }
        Ok(Some(Observed::ready(state.clone()).drifted(drifts)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &RolePolicy,
        state: &RolePolicyState,
        _: &[String],
    ) -> Result<RolePolicyState, ProviderError> {
        self.put_policy(cx, spec, state).await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        spec: &RolePolicy,
        id: &str,
    ) -> Result<Option<RolePolicyState>, ProviderError> {
        // Its name is all that tells it from the role's other policies.
        let state = state(cx, spec)?;
        Ok(Some(state).filter(|it| id == it.name || id == format!("{}/{}", it.role, it.name)))
    }

    async fn delete(
        &self,
        _: &Cx,
        _: &RolePolicy,
        state: &RolePolicyState,
    ) -> Result<(), ProviderError> {
        let call = self.iam.delete_role_policy().role_name(&state.role).policy_name(&state.name);
        call.send().await.call(IAM, "DeleteRolePolicy").gone().map(drop)
    }
}

impl Aws {
    async fn put_policy(
        &self,
        cx: &Cx,
        spec: &RolePolicy,
        state: &RolePolicyState,
    ) -> Result<(), ProviderError> {
        let call = self.iam.put_role_policy().role_name(&state.role).policy_name(&state.name);
        let call = call.policy_document(spec.document(cx)?.to_json());
        call.send().await.call(IAM, "PutRolePolicy").map(drop)
    }

    async fn policy_text(&self, state: &RolePolicyState) -> Result<Option<String>, ProviderError> {
        let call = self.iam.get_role_policy().role_name(&state.role).policy_name(&state.name);
        let answer = call.send().await.call(IAM, "GetRolePolicy").gone()?;
        Ok(answer.map(|answer| answer.policy_document))
    }
}

fn state(cx: &Cx, spec: &RolePolicy) -> Result<RolePolicyState, ProviderError> {
    Ok(RolePolicyState { role: cx.state_of(&spec.role)?.name, name: spec.name.to_string() })
}
