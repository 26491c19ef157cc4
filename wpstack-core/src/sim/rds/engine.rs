//! What RDS offers: versions of MySQL, classes, sizes, passwords.

use crate::sim::world::Refusal;
use crate::value::{DbInstanceClass, Gibibytes, MySqlVersion};

/// The versions of one family that RDS makes new instances of.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html>
struct Series {
    family: &'static str,
    /// What an instance runs when no patch is asked for.
    default: &'static str,
    /// All of them, oldest first.
    versions: &'static [&'static str],
}

const SERIES: &[Series] = &[
    Series {
        family: "mysql5.7",
        default: "5.7.44-rds.20250103",
        versions: &["5.7.44-rds.20240408", "5.7.44-rds.20240808", "5.7.44-rds.20250103"],
    },
    Series {
        family: "mysql8.0",
        default: "8.0.44",
        versions: &["8.0.42", "8.0.43", "8.0.44", "8.0.45", "8.0.46"],
    },
    Series {
        family: "mysql8.4",
        default: "8.4.7",
        versions: &["8.4.5", "8.4.6", "8.4.7", "8.4.8", "8.4.9", "8.4.10", "8.4.11"],
    },
];

/// Whether parameter groups can be of that family.
pub(super) fn is_family(family: &str) -> bool {
    SERIES.iter().any(|series| series.family == family)
}

/// The version that an instance runs for which `asked` is asked.
pub(super) fn resolve(asked: &MySqlVersion) -> Result<MySqlVersion, Refusal> {
    let series = SERIES.iter().find(|series| series.family == asked.family());
    let found = series.and_then(|series| {
        let mut offered = [series.default].into_iter().chain(series.versions.iter().copied());
        offered.find_map(|text| text.parse().ok().filter(|version| asked.includes(version)))
    });
    found.ok_or_else(|| combination(format!("Cannot find version {asked} for mysql")))
}

/// The newest version of the same family.
pub(super) fn newest(running: &MySqlVersion) -> Option<MySqlVersion> {
    let series = SERIES.iter().find(|series| series.family == running.family())?;
    series.versions.last()?.parse().ok()
}

const BURSTABLE: &[&str] = &["t2", "t3", "t4g"];
const STEADY: &[&str] = &[
    "m5", "m5d", "m6g", "m6gd", "m6i", "m6id", "m7g", "m7i", "m8g", "r5", "r5b", "r5d", "r6g",
    "r6gd", "r6i", "r6id", "r7g", "r7i", "r8g",
];

/// Whether that version runs on that class.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html>
pub(super) fn check_class(class: &DbInstanceClass, version: &MySqlVersion) -> Result<(), Refusal> {
    let (family, size) = (class.machine().family(), class.machine().size());
    let offered = match size {
        "micro" | "small" | "medium" => BURSTABLE.contains(&family),
        "large" | "xlarge" | "2xlarge" => BURSTABLE.contains(&family) || STEADY.contains(&family),
        "4xlarge" | "8xlarge" | "12xlarge" | "16xlarge" | "24xlarge" => STEADY.contains(&family),
        _ => false,
    };
    if !offered {
        let message = format!("Invalid DB Instance class: {class}");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    // The t2 family ended with MySQL 5.7.
    if family == "t2" && version.family() != "mysql5.7" {
        return Err(combination(format!(
            "RDS does not support creating a DB instance with the following combination: DBInstanceClass={class}, \
             Engine=mysql, EngineVersion={version}, LicenseModel=general-public-license. For supported combinations \
             of instance class and database engine version, see the documentation."
        )));
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html>
pub(super) fn check_storage(
    storage: Gibibytes,
    max_storage: Option<Gibibytes>,
) -> Result<(), Refusal> {
    if !(20..=65_536).contains(&storage.0) {
        let message = format!(
            "Invalid storage size for engine name mysql and storage type gp3: {}",
            storage.0
        );
        return Err(Refusal::new("InvalidParameterCombination", message));
    }
    match max_storage {
        Some(most) if most <= storage => {
            Err(combination("Max storage size must be greater than storage size"))
        }
        _ => Ok(()),
    }
}

/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>
pub(super) fn check_password(password: &str) -> Result<(), Refusal> {
    let refuse = |why: &str| {
        let message = format!("The parameter MasterUserPassword is not a valid password{why}");
        Err(Refusal::new("InvalidParameterValue", message))
    };
    let printable = |one: char| one.is_ascii_graphic() && !"/@\"'".contains(one);
    match password.len() {
        0..8 => refuse(" because it is shorter than 8 characters."),
        42.. => refuse(" because it is longer than 41 characters."),
        _ if !password.chars().all(printable) => {
            refuse(". Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.")
        }
        _ => Ok(()),
    }
}

pub(super) fn check_retention(days: u32) -> Result<(), Refusal> {
    if days <= 35 {
        return Ok(());
    }
    let message = format!("Invalid backup retention period: {days}. It must be between 0 and 35.");
    Err(Refusal::new("InvalidParameterValue", message))
}

pub(super) fn combination(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterCombination", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said<T>(result: Result<T, Refusal>) -> String {
        result
            .err()
            .map(|Refusal { code, message }| format!("{code}: {message}"))
            .unwrap_or_default()
    }

    #[test]
    fn versions_are_resolved_or_not_found() {
        let check = |asked: &str, expected: &str| {
            let found = resolve(&asked.parse().unwrap());
            assert_eq!(found.map(|it| it.to_string()).unwrap_or_else(|it| it.message), expected);
        };
        check("8.4", "8.4.7");
        check("8.4.5", "8.4.5");
        check("8.0", "8.0.44");
        check("5.7", "5.7.44-rds.20250103");
        check("8.0.30", "Cannot find version 8.0.30 for mysql");
        check("9.9", "Cannot find version 9.9 for mysql");
        assert_eq!(newest(&"8.0.42".parse().unwrap()).unwrap().to_string(), "8.0.46");
        for series in SERIES {
            assert!(series.versions.contains(&series.default));
            for version in series.versions {
                assert!(!version.parse::<MySqlVersion>().unwrap().is_deprecated(), "{version}");
            }
        }
    }

    #[test]
    fn classes_run_what_rds_supports() {
        let check = |class: &str, version: &str, expected: &str| {
            let result = check_class(&class.parse().unwrap(), &version.parse().unwrap());
            assert!(said(result).starts_with(expected), "{class} {version}");
            if expected.is_empty() {
                assert_eq!(check_class(&class.parse().unwrap(), &version.parse().unwrap()), Ok(()));
            }
        };
        check("db.t3.micro", "8.4.5", "");
        check("db.t4g.2xlarge", "8.0.44", "");
        check("db.m7g.16xlarge", "8.4.5", "");
        check("db.t2.micro", "5.7.44-rds.20250103", "");
        let combination = "InvalidParameterCombination: RDS does not support creating a DB instance with the \
                           following combination: DBInstanceClass=db.t2.micro, Engine=mysql, EngineVersion=8.4.5,";
        check("db.t2.micro", "8.4.5", combination);
        check(
            "db.t3.nano",
            "8.4.5",
            "InvalidParameterValue: Invalid DB Instance class: db.t3.nano",
        );
        check("db.z9.large", "8.4.5", "InvalidParameterValue: Invalid DB Instance class: db.z9");
    }

    #[test]
    fn sizes_and_passwords_have_their_limits() {
        let storage =
            |size, most: Option<u32>| said(check_storage(Gibibytes(size), most.map(Gibibytes)));
        assert_eq!(storage(20, None), "");
        assert_eq!(storage(20, Some(100)), "");
        let small = "InvalidParameterCombination: Invalid storage size for engine name mysql and storage type gp3: 19";
        assert_eq!(storage(19, None), small);
        let most =
            "InvalidParameterCombination: Max storage size must be greater than storage size";
        assert_eq!(storage(20, Some(20)), most);
        let password = |text: &str| said(check_password(text));
        assert_eq!(password("abcdefgh"), "");
        assert_eq!(password(&"a!".repeat(20)), "");
        assert!(password("abcdefg").ends_with("because it is shorter than 8 characters."));
        assert!(password(&"a".repeat(42)).ends_with("because it is longer than 41 characters."));
        for wrong in ["abcd/efgh", "abcd@efgh", "abcd\"efgh", "abcd efgh", "abcd'efgh"] {
            assert!(password(wrong).contains("Only printable ASCII characters"), "{wrong}");
        }
    }
}
