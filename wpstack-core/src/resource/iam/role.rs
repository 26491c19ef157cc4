//! `iam.role`

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::resource::{Expected, Field, Resource};
use crate::value::{ManagedPolicy, RoleName, Tags, TrustPolicy};

/// Somebody who may do something: who takes the role, and the managed policies it has. Inline policies are resources
/// of their own ([`RolePolicy`](super::RolePolicy)), since they name other resources. Ready once the policies are
/// attached. <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// Its name, unique in the account, whatever the region.
    pub name: RoleName,
    /// Who may take it.
    pub trust: TrustPolicy,
    /// The managed policies attached to it.
    pub managed: BTreeSet<ManagedPolicy>,
    /// Further tags.
    pub tags: Tags,
}

/// What IAM tells of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleState {
    /// The role's physical name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

impl Resource for Role {
    const TYPE: &'static str = "iam.role";
    const FIELDS: &'static [Field] = crate::fields!(Role {
        name: Replace(Restart),
        trust: Update(NoInterruption),
        managed: Update(NoInterruption),
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(2, 1);

    type State = RoleState;

    fn id(state: &RoleState) -> String {
        state.name.clone()
    }

    /// The name carries the generation.
    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
