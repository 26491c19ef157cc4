//! Policies that exist already.

use std::fmt;
use std::str::FromStr;

use crate::value::{Arn, Region, ValueError};

const WHAT: &str = "the ARN of a managed policy";

/// A managed policy, by ARN: AWS's own or one of the account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ManagedPolicy(Arn);

impl ManagedPolicy {
    /// What the ECS agent of an instance needs.
    ///
    /// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEC2ContainerServiceforEC2Role.html>
    #[must_use]
    pub fn ecs_instance() -> Self {
        Self::of_aws("service-role/AmazonEC2ContainerServiceforEC2Role")
    }

    /// What ECS needs to start a task: to pull from ECR and to write logs.
    ///
    /// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSTaskExecutionRolePolicy.html>
    #[must_use]
    pub fn ecs_task_execution() -> Self {
        Self::of_aws("service-role/AmazonECSTaskExecutionRolePolicy")
    }

    /// What an instance needs to be reached through Systems Manager, without SSH.
    ///
    /// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSSMManagedInstanceCore.html>
    #[must_use]
    pub fn ssm_instance() -> Self {
        Self::of_aws("AmazonSSMManagedInstanceCore")
    }

    /// The same policy as the partition of that region has it. Only the ARN's second part differs.
    #[must_use]
    pub fn in_region(&self, region: &Region) -> Self {
        let account =
            self.0.account().map_or_else(|| "aws".to_owned(), |account| account.to_string());
        let arn = Arn::new(region.partition(), "iam", "", &account, self.0.resource());
        Self(arn.expect("the parts of an ARN"))
    }

    /// The ARN.
    #[must_use]
    pub fn arn(&self) -> &Arn {
        &self.0
    }

    fn of_aws(path: &str) -> Self {
        let arn = Arn::new("aws", "iam", "", "aws", &format!("policy/{path}"));
        Self(arn.expect("an ARN written here"))
    }
}

impl fmt::Display for ManagedPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for ManagedPolicy {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let refuse = |problem: &str| ValueError::new(text, WHAT, problem);
        let arn: Arn = text.parse().map_err(|error: ValueError| refuse(error.problem()))?;
        if arn.service() == "iam" && arn.resource().starts_with("policy/") {
            Ok(Self(arn))
        } else {
            Err(refuse("its service must be `iam` and its resource must begin with `policy/`"))
        }
    }
}

text_value!(ManagedPolicy, WHAT, text, schema: {
    "type": "string",
    "description": "The ARN of a managed policy",
    "pattern": "^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[!-~]+$",
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::round_trip::{round_trips, shown};

    #[test]
    fn managed_policies_parse_or_say_why_not() {
        let check = |text: &str, expected: &str| assert_eq!(shown::<ManagedPolicy>(text), expected);
        let own = "arn:aws:iam::123456789012:policy/backup";
        check(own, own);
        let role = "arn:aws:iam::123456789012:role/backup";
        let problem = "its service must be `iam` and its resource must begin with `policy/`";
        check(role, &format!("`{role}` is not the ARN of a managed policy: {problem}"));
        let form = "it must be `arn:partition:service:region:account:resource`";
        check("backup", &format!("`backup` is not the ARN of a managed policy: {form}"));
    }

    #[test]
    fn policies_of_aws_exist_in_every_partition() {
        let check = |policy: ManagedPolicy, path: &str| {
            round_trips(&policy);
            assert_eq!(policy.to_string(), format!("arn:aws:iam::aws:policy/{path}"));
            let china = policy.in_region(&"cn-north-1".parse().expect("a region"));
            assert_eq!(china.to_string(), format!("arn:aws-cn:iam::aws:policy/{path}"));
        };
        let role = "service-role/AmazonEC2ContainerServiceforEC2Role";
        check(ManagedPolicy::ecs_instance(), role);
        let execution = "service-role/AmazonECSTaskExecutionRolePolicy";
        check(ManagedPolicy::ecs_task_execution(), execution);
        check(ManagedPolicy::ssm_instance(), "AmazonSSMManagedInstanceCore");
    }
}
