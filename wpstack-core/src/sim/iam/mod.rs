//! AWS Identity and Access Management: roles, their policies, and the instance profiles that carry them.

mod access;
mod instance_profile;
mod managed;
mod role;
mod role_policy;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use instance_profile::InstanceProfile;
pub use role::Role;

use super::world::{Inventory, Refusal, World, list};

/// Everything of IAM. Names are unique in the account, whatever their case.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Iam {
    /// The roles, by name.
    pub roles: BTreeMap<String, Role>,
    /// The instance profiles, by name.
    pub profiles: BTreeMap<String, InstanceProfile>,
    /// The documents of the account's own managed policies, by ARN. AWS's own need no entry.
    pub policies: BTreeMap<String, String>,
}

impl Iam {
    /// A role as another service sees it, by name or ARN: `None` as well for a few seconds after it was made.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html#troubleshoot_general_eventual-consistency>
    #[must_use]
    pub fn visible_role(&self, role: &str, now: Timestamp) -> Option<&Role> {
        self.roles.get(last(role)).filter(|role| role.visible_at <= now)
    }

    /// An instance profile as another service sees it, by name or ARN: `None` as well for a few seconds after it was
    /// made or its role was put in, and while it has none.
    #[must_use]
    pub fn visible_profile(&self, profile: &str, now: Timestamp) -> Option<&InstanceProfile> {
        let profile = self.profiles.get(last(profile))?;
        (profile.visible_at <= now && profile.role.is_some()).then_some(profile)
    }
}

impl World {
    /// When what IAM does now is known to all other services. Of one report, three seconds were too few and half a
    /// minute was enough. <https://github.com/eksctl-io/eksctl/issues/8039>
    fn iam_propagated(&mut self) -> Timestamp {
        let pause = self.chance.between(Duration::from_secs(3), Duration::from_secs(15));
        let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
        self.now.checked_add(pause).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn iam_inventory(&self, into: &mut Inventory) {
        for (name, role) in &self.iam.roles {
            let tags = self.tags_of(&role.arn);
            list(into, "iam.role", name, role, &tags);
            for (policy, document) in &role.inline {
                let id = format!("{name}/{policy}");
                list(into, "iam.role-policy", &id, document, &tags);
            }
        }
        for (name, profile) in &self.iam.profiles {
            list(into, "iam.instance-profile", name, profile, &self.tags_of(&profile.arn));
        }
    }
}

/// The name in an ARN, or the name itself.
fn last(name_or_arn: &str) -> &str {
    name_or_arn.rsplit_once('/').map_or(name_or_arn, |(_, name)| name)
}

fn no_such(message: impl Into<String>) -> Refusal {
    Refusal::new("NoSuchEntity", message)
}

fn conflict(message: &str) -> Refusal {
    Refusal::new("DeleteConflict", format!("Cannot delete entity, must {message}."))
}

fn limit(quota: &str, value: usize) -> Refusal {
    Refusal::new("LimitExceeded", format!("Cannot exceed quota for {quota}: {value}"))
}
