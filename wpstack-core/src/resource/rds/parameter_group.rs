//! `rds.parameter-group`

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::resource::{Expected, Field, Resource};
use crate::value::{DbParameterGroupName, MySqlVersion, Tags};

/// Settings of a database engine. Ready once its parameters are set.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DbParameterGroup {
    /// Its name, unique in account and region.
    pub name: DbParameterGroupName,
    /// The engine version whose family it is for.
    pub version: MySqlVersion,
    /// What it is for.
    pub description: String,
    /// The parameters that differ from the engine's defaults. Static ones take effect at the next restart.
    pub parameters: BTreeMap<String, String>,
    /// Further tags.
    pub tags: Tags,
}

/// What RDS tells of a parameter group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DbParameterGroupState {
    /// The physical name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

impl Resource for DbParameterGroup {
    const TYPE: &'static str = "rds.parameter-group";
    const FIELDS: &'static [Field] = crate::fields!(DbParameterGroup {
        name: Replace(NoInterruption),
        version: Replace(Restart),
        description: Replace(NoInterruption),
        parameters: Update(NoInterruption),
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(2, 1);

    type State = DbParameterGroupState;

    fn id(state: &DbParameterGroupState) -> String {
        state.name.clone()
    }

    /// Only another family needs another group.
    fn policy(field: &Field, old: &Self, new: &Self) -> crate::Change {
        if field.name == "version" && old.version.family() == new.version.family() {
            return crate::Change::Order;
        }
        field.change
    }

    /// The name carries the generation.
    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
