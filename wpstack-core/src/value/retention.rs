//! How long CloudWatch Logs keeps events.

use std::fmt;
use std::str::FromStr;

use super::{Days, ValueError};

const WHAT: &str = "a retention time of CloudWatch Logs";

/// The times that the API allows, in days, ascending.
const ALLOWED: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// How long CloudWatch Logs keeps the events of a log group. Only certain numbers of days are
/// allowed.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RetentionDays(Days);

impl RetentionDays {
    /// One month.
    pub const MONTH: Self = Self(Days(30));

    /// The number of days.
    #[must_use]
    pub const fn days(self) -> Days {
        self.0
    }
}

impl TryFrom<Days> for RetentionDays {
    type Error = ValueError;

    fn try_from(days: Days) -> Result<Self, ValueError> {
        let above = ALLOWED.partition_point(|allowed| *allowed < days.0);
        if ALLOWED.get(above) == Some(&days.0) {
            return Ok(Self(days));
        }
        let problem = match (above.checked_sub(1).map(|below| ALLOWED[below]), ALLOWED.get(above)) {
            (Some(below), Some(above)) => {
                format!("the nearest that AWS allows are {} and {}", Days(below), Days(*above))
            }
            (Some(only), None) => format!("the longest that AWS allows is {}", Days(only)),
            (None, _) => format!("the shortest that AWS allows is {}", Days(ALLOWED[0])),
        };
        Err(ValueError::new(days.to_string(), WHAT, problem))
    }
}

impl fmt::Display for RetentionDays {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for RetentionDays {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let days: Days = text
            .parse()
            .map_err(|error: ValueError| ValueError::new(text, WHAT, error.problem()))?;
        days.try_into()
    }
}

text_value!(RetentionDays, WHAT, text_or_number, schema: {
    "description": "How long to keep logs: one of the numbers of days that CloudWatch Logs allows",
    "oneOf": [
        { "enum": ALLOWED },
        { "enum": ALLOWED.map(|days| Days(days).to_string()) },
    ],
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::round_trip::{round_trips, shown};

    #[test]
    fn only_what_the_api_allows_is_a_retention_time() {
        let check = |text: &str, expected: &str| assert_eq!(shown::<RetentionDays>(text), expected);
        let refused = |text: &str, shown: &str, problem: &str| {
            check(
                text,
                &format!("`{shown}` is not a retention time of CloudWatch Logs: {problem}"),
            );
        };
        check("30", "30 days");
        check("2 weeks", "14 days");
        check("3653 days", "3653 days");
        refused("45 days", "45 days", "the nearest that AWS allows are 30 days and 60 days");
        refused("2", "2 days", "the nearest that AWS allows are 1 day and 3 days");
        refused("4000", "4000 days", "the longest that AWS allows is 3653 days");
        refused("0", "0 days", "the shortest that AWS allows is 1 day");
        refused("long", "long", "write a whole number and a unit, as in `7 days`");
    }

    #[test]
    fn every_allowed_time_round_trips() {
        for days in ALLOWED {
            round_trips(&RetentionDays::try_from(Days(days)).expect("allowed"));
        }
    }
}
