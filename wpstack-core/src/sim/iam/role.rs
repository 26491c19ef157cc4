//! Roles.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{conflict, limit, no_such};
use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider};
use crate::resource::iam::{self as spec, RoleState};
use crate::sim::Sim;
use crate::sim::tagged::{Tagging, is_mine};
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};
use crate::value::{ManagedPolicy, TrustPolicy};

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// `arn:aws:iam::…:role/…`
    pub arn: String,
    /// Who may take it: a policy document.
    pub trust: String,
    /// The ARNs of the managed policies attached to it.
    pub managed: BTreeSet<String>,
    /// The documents of its inline policies, by name.
    pub inline: BTreeMap<String, String>,
    /// When other services know it.
    pub visible_at: Timestamp,
}

const TAGGING: Tagging = Tagging {
    service: "iam",
    list: "ListRoleTags",
    add: "TagRole",
    remove: "UntagRole",
    not_found: "NoSuchEntity",
};

impl World {
    /// `CreateRole`. Returns its ARN.
    ///
    /// # Errors
    /// `EntityAlreadyExists`; `LimitExceeded` for too many roles or too long a trust policy.
    pub fn create_role(
        &mut self,
        name: &str,
        trust: &str,
        tags: TagMap,
    ) -> Result<String, Refusal> {
        if self.iam.roles.keys().any(|other| other.eq_ignore_ascii_case(name)) {
            let message = format!("Role with name {name} already exists.");
            return Err(Refusal::new("EntityAlreadyExists", message));
        }
        if self.iam.roles.len() >= self.quotas.roles {
            return Err(limit("RolesPerAccount", self.quotas.roles));
        }
        check_trust(trust)?;
        let arn = self.arn("iam", &format!("role/{name}"));
        let role = Role {
            arn: arn.clone(),
            trust: trust.to_owned(),
            managed: BTreeSet::new(),
            inline: BTreeMap::new(),
            visible_at: self.iam_propagated(),
        };
        self.tags.insert(arn.clone(), tags);
        self.iam.roles.insert(name.to_owned(), role);
        Ok(arn)
    }

    /// `GetRole`.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub fn get_role(&self, name: &str) -> Result<&Role, Refusal> {
        self.iam.roles.get(name).ok_or_else(|| no_role(name))
    }

    pub(super) fn role_mut(&mut self, name: &str) -> Result<&mut Role, Refusal> {
        self.iam.roles.get_mut(name).ok_or_else(|| no_role(name))
    }

    /// `UpdateAssumeRolePolicy`.
    ///
    /// # Errors
    /// `NoSuchEntity`; `LimitExceeded` when it is too long.
    pub fn update_assume_role_policy(&mut self, name: &str, trust: &str) -> Result<(), Refusal> {
        let role = self.role_mut(name)?;
        check_trust(trust)?;
        trust.clone_into(&mut role.trust);
        Ok(())
    }

    /// `AttachRolePolicy`. Attaching one that is attached does nothing.
    ///
    /// # Errors
    /// `NoSuchEntity` when there is no such role or policy; `LimitExceeded`.
    pub fn attach_role_policy(&mut self, name: &str, policy: &str) -> Result<(), Refusal> {
        let most = self.quotas.policies_per_role;
        if !self.iam.has_policy(policy) {
            let message = format!("Policy {policy} does not exist or is not attachable.");
            return Err(no_such(message));
        }
        let role = self.role_mut(name)?;
        if !role.managed.contains(policy) && role.managed.len() >= most {
            return Err(limit("PoliciesPerRole", most));
        }
        role.managed.insert(policy.to_owned());
        Ok(())
    }

    /// `DetachRolePolicy`.
    ///
    /// # Errors
    /// `NoSuchEntity`, also when the policy is not attached.
    pub fn detach_role_policy(&mut self, name: &str, policy: &str) -> Result<(), Refusal> {
        if self.role_mut(name)?.managed.remove(policy) {
            Ok(())
        } else {
            Err(no_such(format!("Policy {policy} was not found.")))
        }
    }

    /// `DeleteRole`.
    ///
    /// # Errors
    /// `NoSuchEntity`; `DeleteConflict` while it has policies or is in an instance profile.
    pub fn delete_role(&mut self, name: &str) -> Result<(), Refusal> {
        let role = self.get_role(name)?;
        if !role.managed.is_empty() {
            return Err(conflict("detach all policies first"));
        }
        if !role.inline.is_empty() {
            return Err(conflict("delete policies first"));
        }
        if self.iam.profiles.values().any(|profile| profile.role.as_deref() == Some(name)) {
            return Err(conflict("remove roles from instance profile first"));
        }
        let arn = role.arn.clone();
        self.iam.roles.remove(name);
        self.tags.remove(&arn);
        Ok(())
    }
}

fn no_role(name: &str) -> Refusal {
    no_such(format!("The role with name {name} cannot be found."))
}

fn check_trust(trust: &str) -> Result<(), Refusal> {
    match trust.chars().filter(|one| !one.is_whitespace()).count() {
        0..=TrustPolicy::MAX => Ok(()),
        _ => Err(limit("ACLSizePerRole", TrustPolicy::MAX)),
    }
}

/// The ARNs of the managed policies, in the partition of the region.
fn arns<'a>(world: &World, policies: impl IntoIterator<Item = &'a ManagedPolicy>) -> Policies {
    policies.into_iter().map(|policy| policy.in_region(&world.region).to_string()).collect()
}

type Policies = BTreeSet<String>;

impl Sim {
    async fn list_attached(&self, cx: &Cx, name: &str) -> Result<Policies, ProviderError> {
        self.call(cx, "iam", "ListAttachedRolePolicies", |world| {
            Ok(world.get_role(name)?.managed.clone())
        })
        .await
    }

    async fn attach(&self, cx: &Cx, name: &str, policy: &str) -> Result<(), ProviderError> {
        self.call(cx, "iam", "AttachRolePolicy", |world| world.attach_role_policy(name, policy))
            .await
    }

    /// Takes a policy off, unless it is off already.
    async fn detach(&self, cx: &Cx, name: &str, policy: &str) -> Result<(), ProviderError> {
        let detached = self
            .call(cx, "iam", "DetachRolePolicy", |world| world.detach_role_policy(name, policy))
            .await;
        detached.gone().map(drop)
    }

    /// Brings the attached policies to those of the spec.
    async fn reattach(&self, cx: &Cx, spec: &spec::Role, name: &str) -> Result<(), ProviderError> {
        let old = self.list_attached(cx, name).await?;
        let new = arns(&self.world(), &spec.managed);
        for policy in new.difference(&old) {
            self.attach(cx, name, policy).await?;
        }
        for policy in old.difference(&new) {
            self.detach(cx, name, policy).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Provider<spec::Role> for Sim {
    async fn find(&self, cx: &Cx, spec: &spec::Role) -> Result<Option<RoleState>, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let found = self.call(cx, "iam", "GetRole", |world| {
            let arn = world.get_role(&name)?.arn.clone();
            Ok((world.tags_of(&arn), arn))
        });
        let Some((tags, arn)) = found.await.gone()? else {
            return Ok(None);
        };
        let mine = is_mine(cx, "iam", "GetRole", &format!("the role `{name}`"), &tags)?;
        Ok(mine.then_some(RoleState { name, arn }))
    }

    async fn create(&self, cx: &Cx, spec: &spec::Role) -> Result<RoleState, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        self.call(cx, "iam", "CreateRole", |world| {
            let arn = world.create_role(&name, &spec.trust.to_json(), owned(cx, &spec.tags))?;
            Ok(RoleState { name: name.clone(), arn })
        })
        .await
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &spec::Role,
        state: &RoleState,
    ) -> Result<RoleState, ProviderError> {
        let policies = arns(&self.world(), &spec.managed);
        for policy in &policies {
            self.attach(cx, &state.name, policy).await?;
        }
        Ok(state.clone())
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::Role,
        state: &RoleState,
    ) -> Result<Option<Observed<RoleState>>, ProviderError> {
        let found = self.call(cx, "iam", "GetRole", |world| {
            let role = world.get_role(&state.name)?;
            Ok((role.trust.clone(), world.tags_of(&role.arn)))
        });
        let Some((trust, tags)) = found.await.gone()? else {
            return Ok(None);
        };
        let Some(attached) = self.list_attached(cx, &state.name).await.gone()? else {
            return Ok(None);
        };
        let mut drift = Drifts::new();
        if !spec.trust.equivalent(&trust) {
            drift.note("trust", serde_json::from_str(&trust).unwrap_or(Value::Null));
        }
        if attached != arns(&self.world(), &spec.managed) {
            drift.note("managed", attached);
        }
        drift.tags(cx, &spec.tags, &tags);
        Ok(Some(Observed::ready(state.clone()).drifted(drift)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::Role,
        state: &RoleState,
        changed: &[String],
    ) -> Result<RoleState, ProviderError> {
        for field in changed {
            match field.as_str() {
                "trust" => {
                    self.call(cx, "iam", "UpdateAssumeRolePolicy", |world| {
                        world.update_assume_role_policy(&state.name, &spec.trust.to_json())
                    })
                    .await?;
                }
                "managed" => self.reattach(cx, spec, &state.name).await?,
                _ => self.retag(cx, TAGGING, &state.arn, &spec.tags).await?,
            }
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        _: &spec::Role,
        id: &str,
    ) -> Result<Option<RoleState>, ProviderError> {
        let arn = self.call(cx, "iam", "GetRole", |world| Ok(world.get_role(id)?.arn.clone()));
        Ok(arn.await.gone()?.map(|arn| RoleState { name: id.to_owned(), arn }))
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::Role,
        state: &RoleState,
    ) -> Result<(), ProviderError> {
        // What somebody else attached has to go, too, or the role stays.
        let attached = self.list_attached(cx, &state.name).await.gone()?.unwrap_or_default();
        for policy in &attached {
            self.detach(cx, &state.name, policy).await?;
        }
        let deleted =
            self.call(cx, "iam", "DeleteRole", |world| world.delete_role(&state.name)).await;
        deleted.gone().map(drop)
    }
}
