//! Versions of MySQL on RDS.

use std::fmt;
use std::str::FromStr;

use super::ValueError;
use super::text::digits;

const WHAT: &str = "a MySQL version";

/// A version of MySQL on RDS: `8.4` (RDS picks the patch), `8.4.5`, or `5.7.44-rds.20240408`.
///
/// Ordered as versions are; a version without patch comes before all its patches.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MySqlVersion {
    major: u16,
    minor: u16,
    patch: Option<u16>,
    /// What follows a hyphen: RDS's own builds of versions that MySQL has left.
    build: Option<String>,
}

impl MySqlVersion {
    /// A version without a patch, of which RDS picks its default.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor, patch: None, build: None }
    }

    /// The family of DB parameter groups for this version: `mysql8.4`.
    #[must_use]
    pub fn family(&self) -> String {
        format!("mysql{}.{}", self.major, self.minor)
    }

    /// Whether an instance that runs `running` is what this version asks for: `8.4` includes
    /// `8.4.5`.
    ///
    /// RDS upgrades minor versions by itself, so a version without a patch must not see that as
    /// drift.
    #[must_use]
    pub fn includes(&self, running: &Self) -> bool {
        let same_series = (self.major, self.minor) == (running.major, running.minor);
        let same_patch = self.patch.is_none() || self.patch == running.patch;
        same_series && same_patch && (self.build.is_none() || self.build == running.build)
    }

    /// What RDS still does for this version.
    ///
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html>
    #[must_use]
    pub fn support(&self) -> Support {
        let newest_gone = match (self.major, self.minor) {
            (0..=4, _) | (5, 0..=6) | (8, 1..=3) => return Support::Deprecated,
            (5, 7) => Some(43),
            (8, 0) => Some(41),
            (8, 4) => Some(4),
            _ => None,
        };
        match (self.patch, newest_gone) {
            (Some(patch), Some(gone)) if patch <= gone => Support::Deprecated,
            _ if (self.major, self.minor) == (5, 7) => Support::Extended,
            _ => Support::Standard,
        }
    }

    /// Whether RDS makes no new instances of this version, or is about to stop.
    #[must_use]
    pub fn is_deprecated(&self) -> bool {
        self.support() == Support::Deprecated
    }
}

/// What RDS does for a version of MySQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Support {
    /// RDS no longer offers it for new instances, and upgrades those that run it.
    Deprecated,
    /// RDS Extended Support only, which is charged for by vCPU and hour.
    Extended,
    /// Offered without conditions.
    Standard,
}

impl fmt::Display for MySqlVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)?;
        if let Some(patch) = self.patch {
            write!(formatter, ".{patch}")?;
        }
        self.build.iter().try_for_each(|build| write!(formatter, "-{build}"))
    }
}

impl FromStr for MySqlVersion {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let refuse = || {
            ValueError::new(text, WHAT, "it must be numbers with dots between: `8.4` or `8.4.5`")
        };
        let (numbers, build) = match text.split_once('-') {
            None => (text, None),
            Some((numbers, build)) => (numbers, Some(build)),
        };
        let number = |part: &str| {
            let canonical = part == "0" || !part.starts_with('0');
            digits(part).filter(|_| canonical).ok_or_else(refuse)
        };
        let parts: Vec<_> = numbers.split('.').map(number).collect::<Result<_, _>>()?;
        let (major, minor, patch) = match (&parts[..], build) {
            ([major, minor], None) => (*major, *minor, None),
            ([major, minor, patch], _) => (*major, *minor, Some(*patch)),
            _ => return Err(refuse()),
        };
        let plain = |build: &str| {
            !build.is_empty() && build.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'.')
        };
        if build.is_some_and(|build| !plain(build)) {
            return Err(refuse());
        }
        Ok(Self { major, minor, patch, build: build.map(str::to_owned) })
    }
}

// Text only: as a number, 8.10 would be 8.1.
text_value!(MySqlVersion, WHAT, text, schema: {
    "type": "string",
    "description": "A version of MySQL; without a patch, RDS picks it",
    "pattern": r"^[0-9]+\.[0-9]+(\.[0-9]+(-[A-Za-z0-9.]+)?)?$",
    "examples": ["8.4", "8.4.5"],
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::round_trip::{round_trips, shown};

    fn version(text: &str) -> MySqlVersion {
        text.parse().expect("a version")
    }

    #[test]
    fn versions_parse_or_say_why_not() {
        let check = |text: &str, expected: &str| assert_eq!(shown::<MySqlVersion>(text), expected);
        for text in ["8.0", "8.0.46", "8.4", "5.7.44-rds.20240408"] {
            check(text, text);
        }
        for text in ["", "8", "8.", "8.4.", "8.4.5.6", "v8.4", "8.4-rds", "8.4.5-", "8.04", "8.4.x"]
        {
            let problem = "it must be numbers with dots between: `8.4` or `8.4.5`";
            check(text, &format!("`{text}` is not a MySQL version: {problem}"));
        }
        let number = serde_json::from_str::<MySqlVersion>("8.4").expect_err("a number");
        assert!(number.to_string().contains("expected a MySQL version"), "{number}");
    }

    #[test]
    fn versions_are_ordered_as_numbers() {
        let ascending = ["5.7.44", "8.0", "8.0.9", "8.0.46", "8.4", "8.4.5", "8.4.11", "9.0"];
        assert!(ascending.map(version).is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn versions_know_family_and_support() {
        let check = |text: &str, family: &str, support| {
            assert_eq!(version(text).family(), family);
            assert_eq!(version(text).support(), support, "{text}");
            assert_eq!(version(text).is_deprecated(), support == Support::Deprecated);
        };
        check("8.0", "mysql8.0", Support::Standard);
        check("8.0.41", "mysql8.0", Support::Deprecated);
        check("8.0.42", "mysql8.0", Support::Standard);
        check("8.4", "mysql8.4", Support::Standard);
        check("8.4.4", "mysql8.4", Support::Deprecated);
        check("8.4.5", "mysql8.4", Support::Standard);
        check("8.3.0", "mysql8.3", Support::Deprecated);
        check("5.7", "mysql5.7", Support::Extended);
        check("5.7.44-rds.20240408", "mysql5.7", Support::Extended);
        check("5.7.43", "mysql5.7", Support::Deprecated);
        check("5.6", "mysql5.6", Support::Deprecated);
    }

    #[test]
    fn a_version_includes_what_rds_may_make_of_it() {
        let check = |asked: &str, running: &str, expected: bool| {
            assert_eq!(version(asked).includes(&version(running)), expected, "{asked} {running}");
        };
        check("8.4", "8.4.5", true);
        check("8.4.5", "8.4.5", true);
        check("8.4.5", "8.4.6", false);
        check("8.4.5", "8.4", false);
        check("8.0", "8.4.5", false);
        check("5.7.44", "5.7.44-rds.20240408", true);
        check("5.7.44-rds.20240408", "5.7.44-rds.20240529", false);
    }

    proptest! {
        #[test]
        fn every_version_round_trips(major: u16, minor: u16, patch: u16, build in "[a-z.]{1,9}") {
            round_trips(&MySqlVersion::new(major, minor));
            round_trips(&version(&format!("{major}.{minor}.{patch}")));
            round_trips(&version(&format!("{major}.{minor}.{patch}-{build}")));
        }
    }
}
