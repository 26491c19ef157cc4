//! `rds.subnet-group`

use serde::{Deserialize, Serialize};

use crate::resource::ec2::Subnet;
use crate::resource::{Change, Cost, Expected, Field, Resource};
use crate::stack::Ref;
use crate::value::{DbSubnetGroupName, Tags};

/// Where databases may be: subnets of at least two zones.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DbSubnetGroup {
    /// Its name, unique in account and region.
    pub name: DbSubnetGroupName,
    /// What it is for.
    pub description: String,
    /// The subnets.
    pub subnets: Vec<Ref<Subnet>>,
    /// Further tags.
    pub tags: Tags,
}

/// What RDS tells of a subnet group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbSubnetGroupState {
    /// The physical name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

impl Resource for DbSubnetGroup {
    const TYPE: &'static str = "rds.subnet-group";
    const FIELDS: &'static [Field] = crate::fields!(DbSubnetGroup {
        name: Replace(NoInterruption),
        description: Update(NoInterruption),
        subnets: Update(NoInterruption),
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(2, 1);

    type State = DbSubnetGroupState;

    fn id(state: &DbSubnetGroupState) -> String {
        state.name.clone()
    }

    /// RDS lets no subnet go that a database is in, so that a group with none of the old ones left is another group: what
    /// refers to it has to move.
    fn policy(field: &Field, old: &Self, new: &Self) -> Change {
        let shares = old.subnets.iter().any(|subnet| new.subnets.contains(subnet));
        match field.name {
            "subnets" if !shares => Change::Replace(Cost::NoInterruption),
            _ => field.change,
        }
    }

    /// The name carries the generation.
    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
