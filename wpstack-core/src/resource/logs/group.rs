//! `logs.group`

use serde::{Deserialize, Serialize};

use crate::resource::{Expected, Field, Resource};
use crate::value::{LogGroupName, RetentionDays, Tags};

/// A place for log lines. Ready once its retention is set.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogGroup {
    /// Its name, unique in account and region.
    pub name: LogGroupName,
    /// How long lines are kept.
    pub retention: RetentionDays,
    /// Further tags.
    pub tags: Tags,
}

/// What CloudWatch Logs tells of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGroupState {
    /// Its name.
    pub name: String,
    /// Its ARN, without the `:*` that the service appends.
    pub arn: String,
}

impl Resource for LogGroup {
    const TYPE: &'static str = "logs.group";
    const FIELDS: &'static [Field] = crate::fields!(LogGroup {
        name: Replace(NoInterruption),
        retention: Update(NoInterruption),
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(1, 1);

    type State = LogGroupState;

    fn id(state: &LogGroupState) -> String {
        state.name.clone()
    }

    fn coexists(old: &Self, new: &Self) -> bool {
        old.name != new.name
    }
}
