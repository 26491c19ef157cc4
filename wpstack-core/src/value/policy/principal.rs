//! Services as principals.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::value::ValueError;

const WHAT: &str = "an AWS service principal";

/// A service that can take roles, for example `ec2.amazonaws.com`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServicePrincipal(Cow<'static, str>);

impl ServicePrincipal {
    /// Instances of EC2.
    pub const EC2: Self = Self(Cow::Borrowed("ec2.amazonaws.com"));
    /// The ECS service scheduler.
    pub const ECS: Self = Self(Cow::Borrowed("ecs.amazonaws.com"));
    /// Tasks of ECS.
    pub const ECS_TASKS: Self = Self(Cow::Borrowed("ecs-tasks.amazonaws.com"));
    /// Enhanced monitoring of RDS.
    pub const RDS_MONITORING: Self = Self(Cow::Borrowed("monitoring.rds.amazonaws.com"));

    /// The name of the service.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServicePrincipal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for ServicePrincipal {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let service = text.strip_suffix(".cn").unwrap_or(text).strip_suffix(".amazonaws.com");
        let label = |label: &str| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-')
        };
        if service.is_some_and(|service| service.split('.').all(label)) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(ValueError::new(text, WHAT, "it must end in `.amazonaws.com`"))
        }
    }
}

text_value!(ServicePrincipal, WHAT, text, schema: {
    "type": "string",
    "description": "A service that can take roles",
    "pattern": r"^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$",
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::round_trip::shown;

    #[test]
    fn services_are_principals() {
        let check =
            |text: &str, expected: &str| assert_eq!(shown::<ServicePrincipal>(text), expected);
        check("ec2.amazonaws.com", "ec2.amazonaws.com");
        check("ec2.amazonaws.com.cn", "ec2.amazonaws.com.cn");
        for text in ["", "ec2", ".amazonaws.com", "*", "ec2.example.com"] {
            let problem = "it must end in `.amazonaws.com`";
            check(text, &format!("`{text}` is not an AWS service principal: {problem}"));
        }
        let known = "ec2.amazonaws.com".parse();
        assert_eq!(known, Ok(ServicePrincipal::EC2));
    }
}
