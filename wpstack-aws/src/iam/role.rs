//! `iam.role`

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_iam::types::{Role as Told, Tag};
use futures::future::{join_all, try_join, try_join_all};
use wpstack_core::resource::iam::{Role, RoleState};
use wpstack_core::value::ManagedPolicy;
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::IAM;
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, delete_unless_used, has, parsed, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<Role> for Aws {
    async fn find(&self, cx: &Cx, spec: &Role) -> Result<Option<RoleState>, ProviderError> {
        let name = spec.name.generation(cx.generation());
        let Some(told) = self.role(name.as_str()).await? else { return Ok(None) };
        TagSet::actual(told.tags()).claim(cx, IAM, "GetRole", &format!("a role `{name}`"))?;
        Ok(Some(state(&told)))
    }

    async fn create(&self, cx: &Cx, spec: &Role) -> Result<RoleState, ProviderError> {
        let call = self
            .iam
            .create_role()
            .role_name(spec.name.generation(cx.generation()).as_str())
            .assume_role_policy_document(spec.trust.to_json())
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(IAM, "CreateRole")?;
        Ok(state(&answer.role.told(IAM, "CreateRole", "the role")?))
    }

    async fn configure(
        &self,
        _: &Cx,
        spec: &Role,
        state: &RoleState,
    ) -> Result<RoleState, ProviderError> {
        try_join_all(spec.managed.iter().map(|policy| self.attach(state, policy))).await?;
        Ok(state.clone())
    }

    async fn read(&self, cx: &Cx, spec: &Role, state: &RoleState) -> Look<Role> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<Role>]) -> Vec<Look<Role>> {
        join_all(objects.iter().map(|object| self.look_at_role(object))).await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &Role,
        state: &RoleState,
        changed: &[String],
    ) -> Result<RoleState, ProviderError> {
        let trust = self.iam.update_assume_role_policy().role_name(&state.name);
        let trust = trust.policy_document(spec.trust.to_json());
        let trust = async { trust.send().await.call(IAM, "UpdateAssumeRolePolicy").map(drop) };
        when(has(changed, "trust"), trust).await?;
        when(has(changed, "managed"), self.reattach(spec, state)).await?;
        when(has(changed, "tags"), self.retag_role(cx, spec, state)).await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &Role,
        id: &str,
    ) -> Result<Option<RoleState>, ProviderError> {
        Ok(self.role(id).await?.map(|told| state(&told)))
    }

    /// IAM refuses to delete a role that has policies. Its inline ones are resources of their own and gone by now.
    async fn delete(&self, _: &Cx, spec: &Role, state: &RoleState) -> Result<(), ProviderError> {
        let wanted = spec.managed.iter().map(|policy| policy.arn().to_string());
        try_join_all(wanted.map(async |arn| self.detach(state, &arn).await)).await?;
        // It may have more policies, from an update that did not get far or from elsewhere.
        let detach = async {
            let attached = self.attached(&state.name).await?.unwrap_or_default();
            try_join_all(attached.iter().map(|policy| self.detach(state, policy))).await
        };
        delete_unless_used(|| self.delete_role(&state.name), detach).await
    }
}

impl Aws {
    async fn look_at_role(&self, object: &Recorded<Role>) -> Look<Role> {
        let Recorded { cx, spec, state: before } = object;
        let told = try_join(self.role(&before.name), self.attached(&before.name)).await?;
        let (Some(told), Some(attached)) = told else { return Ok(None) };
        let mut drifts = Drifts::new();
        let managed = attached.iter().filter_map(|arn| parsed(Some(arn))).collect();
        drifts.field("managed", &spec.managed, Some(managed));
        // IAM encodes the document as part of a URL.
        if let Some(document) = told.assume_role_policy_document()
            && !spec.trust.equivalent(document)
        {
            drifts.note("trust", document);
        }
        TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(told.tags()), &mut drifts);
        Ok(Some(Observed::ready(state(&told)).drifted(drifts)))
    }

    async fn role(&self, name: &str) -> Result<Option<Told>, ProviderError> {
        let answer = self.iam.get_role().role_name(name).send().await.call(IAM, "GetRole");
        Ok(answer.gone()?.and_then(|answer| answer.role))
    }

    async fn delete_role(&self, name: &str) -> Result<(), ProviderError> {
        let call = self.iam.delete_role().role_name(name);
        call.send().await.call(IAM, "DeleteRole").gone().map(drop)
    }

    /// The ARNs of the managed policies of a role; `None` when there is no such role.
    async fn attached(&self, name: &str) -> Result<Option<BTreeSet<String>>, ProviderError> {
        let pages = self.iam.list_attached_role_policies().role_name(name).into_paginator();
        let told: Result<Vec<_>, _> = pages.items().send().collect().await;
        let told = told.call(IAM, "ListAttachedRolePolicies").gone()?;
        Ok(told.map(|told| told.into_iter().filter_map(|policy| policy.policy_arn).collect()))
    }

    async fn attach(&self, role: &RoleState, policy: &ManagedPolicy) -> Result<(), ProviderError> {
        let call = self.iam.attach_role_policy().role_name(&role.name);
        let call = call.policy_arn(policy.arn().to_string());
        call.send().await.call(IAM, "AttachRolePolicy").map(drop)
    }

    async fn detach(&self, role: &RoleState, policy: &str) -> Result<(), ProviderError> {
        let call = self.iam.detach_role_policy().role_name(&role.name).policy_arn(policy);
        call.send().await.call(IAM, "DetachRolePolicy").gone().map(drop)
    }

    async fn reattach(&self, spec: &Role, state: &RoleState) -> Result<(), ProviderError> {
        let attached = self.attached(&state.name).await?.unwrap_or_default();
        let is_wanted = |arn: &String| spec.managed.iter().any(|it| it.arn().to_string() == *arn);
        let gone = attached.iter().filter(|arn| !is_wanted(arn));
        try_join_all(gone.map(|arn| self.detach(state, arn))).await?;
        let new = spec.managed.iter().filter(|it| !attached.contains(&it.arn().to_string()));
        try_join_all(new.map(|policy| self.attach(state, policy))).await?;
        Ok(())
    }

    async fn retag_role(
        &self,
        cx: &Cx,
        spec: &Role,
        state: &RoleState,
    ) -> Result<(), ProviderError> {
        let actual = self.role(&state.name).await?;
        let actual = actual.map(|told| TagSet::actual(told.tags())).unwrap_or_default();
        let changes = TagSet::wanted(cx, &spec.tags).changes(&actual);
        let set: Vec<Tag> = changes.set.to_sdk();
        let (is_set, is_unset) = (!set.is_empty(), !changes.unset.is_empty());
        let setting = self.iam.tag_role().role_name(&state.name).set_tags(Some(set));
        let unsetting = self.iam.untag_role().role_name(&state.name);
        let unsetting = unsetting.set_tag_keys(Some(changes.unset));
        let setting = async { setting.send().await.call(IAM, "TagRole").map(drop) };
        let unsetting = async { unsetting.send().await.call(IAM, "UntagRole").map(drop) };
        try_join(when(is_set, setting), when(is_unset, unsetting)).await?;
        Ok(())
    }
}

fn state(told: &Told) -> RoleState {
    RoleState { name: told.role_name().to_owned(), arn: told.arn().to_owned() }
}
