//! `ec2.security-group-rule`

use serde::{Deserialize, Serialize};

use super::SecurityGroup;
use crate::resource::{Expected, Field, Resource};
use crate::stack::{Ready, Ref};
use crate::value::{Cidr, Tags, Traffic};

/// What one security group lets in or out.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroupRule {
    /// The group it belongs to. Ready, because until then the group may still have the rule that AWS gave it, which
    /// an outward rule for everything would repeat.
    pub group: Ready<SecurityGroup>,
    /// Which way.
    pub direction: Direction,
    /// The other end.
    pub peer: Peer,
    /// Protocol and ports.
    pub traffic: Traffic,
    /// What it is for.
    pub description: String,
    /// Further tags.
    pub tags: Tags,
}

/// Which way traffic goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Into members of the group.
    Ingress,
    /// Out of members of the group.
    Egress,
}

/// The other end of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// Addresses.
    Cidr(Cidr),
    /// Members of a group.
    Group(Ref<SecurityGroup>),
}

/// What EC2 tells of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroupRuleState {
    /// `sgr-…`
    pub id: String,
    /// The group it belongs to: `sg-…`
    pub group_id: String,
    /// Which way.
    pub direction: Direction,
}

impl Resource for SecurityGroupRule {
    const TYPE: &'static str = "ec2.security-group-rule";
    const FIELDS: &'static [Field] = crate::fields!(SecurityGroupRule {
        group: Replace(NoInterruption),
        direction: Replace(NoInterruption),
        peer: Replace(NoInterruption),
        traffic: Replace(NoInterruption),
        description: Update(NoInterruption),
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(1, 1);

    type State = SecurityGroupRuleState;

    fn id(state: &SecurityGroupRuleState) -> String {
        state.id.clone()
    }

    /// Two rules of one group cannot be the same in what they let through.
    fn coexists(old: &Self, new: &Self) -> bool {
        (old.direction, &old.peer, &old.traffic) != (new.direction, &new.peer, &new.traffic)
    }
}
