//! Instance profiles: the carriers of roles for instances.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{conflict, limit, no_such};
use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider};
use crate::resource::iam::{self as spec, InstanceProfileState};
use crate::sim::Sim;
use crate::sim::tagged::{Tagging, is_mine};
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};

/// An instance profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// `arn:aws:iam::…:instance-profile/…`
    pub arn: String,
    /// The name of the one role that it may hold.
    pub role: Option<String>,
    /// When other services know it as it is.
    pub visible_at: Timestamp,
}

const TAGGING: Tagging = Tagging {
    service: "iam",
    list: "ListInstanceProfileTags",
    add: "TagInstanceProfile",
    remove: "UntagInstanceProfile",
    not_found: "NoSuchEntity",
};

impl World {
    /// `CreateInstanceProfile`. Returns its ARN.
    ///
    /// # Errors
    /// `EntityAlreadyExists`; `LimitExceeded`.
    pub fn create_instance_profile(&mut self, name: &str, tags: TagMap) -> Result<String, Refusal> {
        if self.iam.profiles.keys().any(|other| other.eq_ignore_ascii_case(name)) {
            let message = format!("Instance Profile {name} already exists.");
            return Err(Refusal::new("EntityAlreadyExists", message));
        }
        if self.iam.profiles.len() >= self.quotas.instance_profiles {
            return Err(limit("InstanceProfilesPerAccount", self.quotas.instance_profiles));
        }
        let arn = self.arn("iam", &format!("instance-profile/{name}"));
        let visible_at = self.iam_propagated();
        self.tags.insert(arn.clone(), tags);
        let profile = InstanceProfile { arn: arn.clone(), role: None, visible_at };
        self.iam.profiles.insert(name.to_owned(), profile);
        Ok(arn)
    }

    /// `GetInstanceProfile`.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub fn get_instance_profile(&self, name: &str) -> Result<&InstanceProfile, Refusal> {
        self.iam.profiles.get(name).ok_or_else(|| no_profile(name))
    }

    fn profile_mut(&mut self, name: &str) -> Result<&mut InstanceProfile, Refusal> {
        self.iam.profiles.get_mut(name).ok_or_else(|| no_profile(name))
    }

    /// `AddRoleToInstanceProfile`.
    ///
    /// # Errors
    /// `NoSuchEntity`; `LimitExceeded` when there is a role in it, even this one.
    pub fn add_role_to_instance_profile(&mut self, name: &str, role: &str) -> Result<(), Refusal> {
        self.get_role(role)?;
        let visible_at = self.iam_propagated();
        let profile = self.profile_mut(name)?;
        if profile.role.is_some() {
            return Err(limit("InstanceSessionsPerInstanceProfile", 1));
        }
        profile.role = Some(role.to_owned());
        profile.visible_at = visible_at;
        Ok(())
    }

    /// `RemoveRoleFromInstanceProfile`.
    ///
    /// # Errors
    /// `NoSuchEntity`, also when the role is not in it.
    pub fn remove_role_from_instance_profile(
        &mut self,
        name: &str,
        role: &str,
    ) -> Result<(), Refusal> {
        let profile = self.profile_mut(name)?;
        match profile.role.take_if(|held| held == role) {
            Some(_) => Ok(()),
            None => {
                Err(no_such(format!("Role {role} in instance profile {name} cannot be found.")))
            }
        }
    }

    /// `DeleteInstanceProfile`.
    ///
    /// # Errors
    /// `NoSuchEntity`; `DeleteConflict` while a role is in it.
    pub fn delete_instance_profile(&mut self, name: &str) -> Result<(), Refusal> {
        let profile = self.get_instance_profile(name)?;
        if profile.role.is_some() {
            return Err(conflict("remove roles from instance profile first"));
        }
        let arn = profile.arn.clone();
        self.iam.profiles.remove(name);
        self.tags.remove(&arn);
        Ok(())
    }
}

fn no_profile(name: &str) -> Refusal {
    no_such(format!("Instance Profile {name} cannot be found."))
}

impl Sim {
    async fn get_profile(
        &self,
        cx: &Cx,
        name: &str,
    ) -> Result<Option<(InstanceProfile, TagMap)>, ProviderError> {
        self.call(cx, "iam", "GetInstanceProfile", |world| {
            let profile = world.get_instance_profile(name)?.clone();
            let tags = world.tags_of(&profile.arn);
            Ok((profile, tags))
        })
        .await
        .gone()
    }

    /// Makes `role` the one in the profile.
    async fn put_role(&self, cx: &Cx, name: &str, role: &str) -> Result<(), ProviderError> {
        // The answer to an earlier attempt may have been lost, and a second role is refused, even the same.
        let held = self.get_profile(cx, name).await?.and_then(|(profile, _)| profile.role);
        if held.as_deref() == Some(role) {
            return Ok(());
        }
        if let Some(held) = held {
            self.take_role(cx, name, &held).await?;
        }
        self.call(cx, "iam", "AddRoleToInstanceProfile", |world| {
            world.add_role_to_instance_profile(name, role)
        })
        .await
    }

    async fn take_role(&self, cx: &Cx, name: &str, role: &str) -> Result<(), ProviderError> {
        let taken = self.call(cx, "iam", "RemoveRoleFromInstanceProfile", |world| {
            world.remove_role_from_instance_profile(name, role)
        });
        taken.await.gone().map(drop)
    }
}

#[async_trait]
impl Provider<spec::InstanceProfile> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::InstanceProfile,
    ) -> Result<Option<InstanceProfileState>, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let Some((InstanceProfile { arn, role, .. }, tags)) = self.get_profile(cx, &name).await?
        else {
            return Ok(None);
        };
        let what = format!("the instance profile `{name}`");
        let mine = is_mine(cx, "iam", "GetInstanceProfile", &what, &tags)?;
        let role = role.unwrap_or_default();
        Ok(mine.then_some(InstanceProfileState { name, arn, role }))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::InstanceProfile,
    ) -> Result<InstanceProfileState, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let role = cx.state_of(&spec.role)?.name;
        self.call(cx, "iam", "CreateInstanceProfile", |world| {
            let arn = world.create_instance_profile(&name, owned(cx, &spec.tags))?;
            Ok(InstanceProfileState { name: name.clone(), arn, role })
        })
        .await
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &spec::InstanceProfile,
        state: &InstanceProfileState,
    ) -> Result<InstanceProfileState, ProviderError> {
        let role = cx.state_of(&spec.role)?.name;
        self.put_role(cx, &state.name, &role).await?;
        Ok(InstanceProfileState { role, ..state.clone() })
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::InstanceProfile,
        state: &InstanceProfileState,
    ) -> Result<Option<Observed<InstanceProfileState>>, ProviderError> {
        let Some((profile, tags)) = self.get_profile(cx, &state.name).await? else {
            return Ok(None);
        };
        let role = profile.role.unwrap_or_default();
        let mut drift = Drifts::new();
        drift
            .reference("role", &cx.state_of(&spec.role)?.name, Some(&role))
            .tags(cx, &spec.tags, &tags);
        let state = InstanceProfileState { role, ..state.clone() };
        Ok(Some(Observed::ready(state).drifted(drift)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::InstanceProfile,
        state: &InstanceProfileState,
        changed: &[String],
    ) -> Result<InstanceProfileState, ProviderError> {
        let mut state = state.clone();
        for field in changed {
            match field.as_str() {
                "role" => {
                    state.role = cx.state_of(&spec.role)?.name;
                    self.put_role(cx, &state.name, &state.role).await?;
                }
                _ => self.retag(cx, TAGGING, &state.arn, &spec.tags).await?,
            }
        }
        Ok(state)
    }

    async fn identify(
        &self,
        cx: &Cx,
        _: &spec::InstanceProfile,
        id: &str,
    ) -> Result<Option<InstanceProfileState>, ProviderError> {
        let found = self.get_profile(cx, id).await?;
        Ok(found.map(|(InstanceProfile { arn, role, .. }, _)| {
            let role = role.unwrap_or_default();
            InstanceProfileState { name: id.to_owned(), arn, role }
        }))
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::InstanceProfile,
        state: &InstanceProfileState,
    ) -> Result<(), ProviderError> {
        let Some((profile, _)) = self.get_profile(cx, &state.name).await? else {
            return Ok(());
        };
        if let Some(role) = profile.role {
            self.take_role(cx, &state.name, &role).await?;
        }
        let deleted = self.call(cx, "iam", "DeleteInstanceProfile", |world| {
            world.delete_instance_profile(&state.name)
        });
        deleted.await.gone().map(drop)
    }
}
