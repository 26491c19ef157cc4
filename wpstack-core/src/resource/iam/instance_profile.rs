//! `iam.instance-profile`

use serde::{Deserialize, Serialize};

use super::Role;
use crate::resource::{Expected, Field, Resource};
use crate::stack::Ref;
use crate::value::{InstanceProfileName, Tags};

/// The role that an instance has. Ready once the role is in it.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// Its name, unique in the account, whatever the region.
    pub name: InstanceProfileName,
    /// The role.
    pub role: Ref<Role>,
    /// Further tags.
    pub tags: Tags,
}

/// What IAM tells of an instance profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceProfileState {
    /// The profile's physical name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The physical name of the role that it holds, to take it out before the profile is deleted.
    pub role: String,
}

impl Resource for InstanceProfile {
    const TYPE: &'static str = "iam.instance-profile";
    const FIELDS: &'static [Field] = crate::fields!(InstanceProfile {
        name: Replace(Restart),
        role: Update(NoInterruption),
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(1, 1);

    type State = InstanceProfileState;

    fn id(state: &InstanceProfileState) -> String {
        state.name.clone()
    }

    /// The name carries the generation.
    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
