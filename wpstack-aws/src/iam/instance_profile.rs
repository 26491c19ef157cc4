//! `iam.instance-profile`

use async_trait::async_trait;
use aws_sdk_iam::types::{InstanceProfile as Told, Tag};
use futures::future::{join_all, try_join, try_join_all};
use wpstack_core::resource::iam::{InstanceProfile, InstanceProfileState};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::IAM;
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, delete_unless_used, has, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<InstanceProfile> for Aws {
    async fn find(
        &self,
        cx: &Cx,
        spec: &InstanceProfile,
    ) -> Result<Option<InstanceProfileState>, ProviderError> {
        let name = spec.name.generation(cx.generation());
        let Some(told) = self.profile(name.as_str()).await? else { return Ok(None) };
        let what = format!("an instance profile `{name}`");
        TagSet::actual(told.tags()).claim(cx, IAM, "GetInstanceProfile", &what)?;
        Ok(Some(state(&told, held(&told).unwrap_or_default())))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &InstanceProfile,
    ) -> Result<InstanceProfileState, ProviderError> {
        let call = self
            .iam
            .create_instance_profile()
            .instance_profile_name(spec.name.generation(cx.generation()).as_str())
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(IAM, "CreateInstanceProfile")?;
        let told = answer.instance_profile.told(IAM, "CreateInstanceProfile", "the profile")?;
        Ok(state(&told, ""))
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &InstanceProfile,
        state: &InstanceProfileState,
    ) -> Result<InstanceProfileState, ProviderError> {
        self.hold(cx, spec, state).await
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &InstanceProfile,
        state: &InstanceProfileState,
    ) -> Look<InstanceProfile> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<InstanceProfile>]) -> Vec<Look<InstanceProfile>> {
        join_all(objects.iter().map(|object| self.look_at_profile(object))).await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &InstanceProfile,
        state: &InstanceProfileState,
        changed: &[String],
    ) -> Result<InstanceProfileState, ProviderError> {
        when(has(changed, "tags"), self.retag_profile(cx, spec, state)).await?;
        if !has(changed, "role") {
            return Ok(state.clone());
        }
        // A profile holds one role: the old one goes first.
        let told = self.profile(&state.name).await?;
        if let Some(role) = told.as_ref().and_then(held) {
            self.release(state, role).await?;
        }
        self.hold(cx, spec, state).await
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &InstanceProfile,
        id: &str,
    ) -> Result<Option<InstanceProfileState>, ProviderError> {
        let told = self.profile(id).await?;
        Ok(told.map(|told| state(&told, held(&told).unwrap_or_default())))
    }

    async fn delete(
        &self,
        _: &Cx,
        _: &InstanceProfile,
        state: &InstanceProfileState,
    ) -> Result<(), ProviderError> {
        if !state.role.is_empty() {
            self.release(state, &state.role).await?;
        }
        // A run that was killed may have put a role in that it did not record.
        let release = async {
            let told = self.profile(&state.name).await?;
            let roles = told.as_ref().map(Told::roles).unwrap_or_default();
            try_join_all(roles.iter().map(|role| self.release(state, role.role_name()))).await
        };
        delete_unless_used(|| self.delete_profile(&state.name), release).await
    }
}

impl Aws {
    async fn look_at_profile(&self, object: &Recorded<InstanceProfile>) -> Look<InstanceProfile> {
        let Recorded { cx, spec, state: before } = object;
        let Some(told) = self.profile(&before.name).await? else { return Ok(None) };
        let mut drifts = Drifts::new();
        let role = held(&told).unwrap_or_default();
        drifts.reference("role", &cx.state_of(&spec.role)?.name, Some(role));
        TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(told.tags()), &mut drifts);
        Ok(Some(Observed::ready(state(&told, role)).drifted(drifts)))
    }

    async fn delete_profile(&self, name: &str) -> Result<(), ProviderError> {
        let call = self.iam.delete_instance_profile().instance_profile_name(name);
        call.send().await.call(IAM, "DeleteInstanceProfile").gone().map(drop)
    }

    async fn profile(&self, name: &str) -> Result<Option<Told>, ProviderError> {
        let call = self.iam.get_instance_profile().instance_profile_name(name);
        let answer = call.send().await.call(IAM, "GetInstanceProfile").gone()?;
        Ok(answer.and_then(|answer| answer.instance_profile))
    }

    /// Puts the role in. It may be there already, from a run that was interrupted behind this call.
    async fn hold(
        &self,
        cx: &Cx,
        spec: &InstanceProfile,
        state: &InstanceProfileState,
    ) -> Result<InstanceProfileState, ProviderError> {
        let role = cx.state_of(&spec.role)?.name;
        let call = self.iam.add_role_to_instance_profile().instance_profile_name(&state.name);
        let added = call.role_name(&role).send().await.call(IAM, "AddRoleToInstanceProfile");
        if let Err(error) = added {
            let told = self.profile(&state.name).await?;
            if told.as_ref().and_then(held) != Some(role.as_str()) {
                return Err(error);
            }
        }
        Ok(InstanceProfileState { role, ..state.clone() })
    }

    async fn release(&self, state: &InstanceProfileState, role: &str) -> Result<(), ProviderError> {
        let call = self.iam.remove_role_from_instance_profile().role_name(role);
        let call = call.instance_profile_name(&state.name);
        call.send().await.call(IAM, "RemoveRoleFromInstanceProfile").gone().map(drop)
    }

    async fn retag_profile(
        &self,
        cx: &Cx,
        spec: &InstanceProfile,
        state: &InstanceProfileState,
    ) -> Result<(), ProviderError> {
        let actual = self.profile(&state.name).await?;
        let actual = actual.map(|told| TagSet::actual(told.tags())).unwrap_or_default();
        let changes = TagSet::wanted(cx, &spec.tags).changes(&actual);
        let set: Vec<Tag> = changes.set.to_sdk();
        let (is_set, is_unset) = (!set.is_empty(), !changes.unset.is_empty());
        let setting = self.iam.tag_instance_profile().instance_profile_name(&state.name);
        let setting = setting.set_tags(Some(set));
        let unsetting = self.iam.untag_instance_profile().instance_profile_name(&state.name);
        let unsetting = unsetting.set_tag_keys(Some(changes.unset));
        let setting = async { setting.send().await.call(IAM, "TagInstanceProfile").map(drop) };
        let unsetting =
            async { unsetting.send().await.call(IAM, "UntagInstanceProfile").map(drop) };
        try_join(when(is_set, setting), when(is_unset, unsetting)).await?;
        Ok(())
    }
}

/// The name of the role that a profile holds.
fn held(told: &Told) -> Option<&str> {
    told.roles().first().map(|role| role.role_name())
}

fn state(told: &Told, role: &str) -> InstanceProfileState {
    InstanceProfileState {
        name: told.instance_profile_name().to_owned(),
        arn: told.arn().to_owned(),
        role: role.to_owned(),
    }
}
