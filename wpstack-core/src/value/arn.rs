//! Accounts and the names that AWS gives to everything.

use std::fmt;
use std::str::FromStr;

use super::{Region, ValueError};

const ACCOUNT: &str = "an AWS account id";
const ARN: &str = "an ARN";
const KMS: &str = "the ARN of a KMS key";

/// The twelve digits of an AWS account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(String);

impl AccountId {
    /// The twelve digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for AccountId {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ValueError::new(text, ACCOUNT, "it must be 12 digits"))
        }
    }
}

// Text only: an account with leading zeros would not survive being a number.
text_value!(AccountId, ACCOUNT, text, schema: {
    "type": "string",
    "description": "The twelve digits of an AWS account",
    "pattern": "^[0-9]{12}$",
});

/// An Amazon Resource Name: `arn:partition:service:region:account:resource`.
///
/// Region and account are empty for global services such as IAM; the account is `aws` for what AWS
/// owns.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arn(String);

impl Arn {
    /// The ARN made of these parts; `region` and `account` may be empty.
    ///
    /// # Errors
    /// As for parsing the joined text.
    pub fn new(
        partition: &str,
        service: &str,
        region: &str,
        account: &str,
        resource: &str,
    ) -> Result<Self, ValueError> {
        format!("arn:{partition}:{service}:{region}:{account}:{resource}").parse()
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition: `aws`, `aws-cn`, `aws-us-gov`.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// The service: `iam`, `ecs`, `elasticloadbalancing`.
    #[must_use]
    pub fn service(&self) -> &str {
        self.part(2)
    }

    /// The region, unless the service is global.
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        self.part(3).parse().ok()
    }

    /// The account, unless there is none or the resource is AWS's own.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.part(4).parse().ok()
    }

    /// Everything after the account: `role/blog-task`, `targetgroup/blog/73e2d6bc24d8a067`.
    #[must_use]
    pub fn resource(&self) -> &str {
        self.part(5)
    }

    /// The resource without its kind: what follows the first `/` or `:`, or all of it where there
    /// is none.
    ///
    /// `role/blog-task` gives `blog-task`, `log-group:blog` gives `blog`.
    #[must_use]
    pub fn resource_name(&self) -> &str {
        let resource = self.resource();
        resource.split_once(['/', ':']).map_or(resource, |(_, name)| name)
    }

    fn part(&self, index: usize) -> &str {
        self.0.splitn(6, ':').nth(index).unwrap_or_default()
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Arn {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match problem(text) {
            None => Ok(Self(text.to_owned())),
            Some(problem) => Err(ValueError::new(text, ARN, problem)),
        }
    }
}

text_value!(Arn, ARN, text, schema: {
    "type": "string",
    "description": "An Amazon Resource Name",
    "pattern": "^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12}|aws)?:[!-~]+$",
    "examples": ["arn:aws:iam::123456789012:role/blog-task"],
});

fn problem(text: &str) -> Option<&'static str> {
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next();
    let parts = (next(), next(), next(), next(), next(), next());
    let (Some("arn"), Some(partition), Some(service), Some(region), Some(account), Some(resource)) =
        parts
    else {
        return Some("it must be `arn:partition:service:region:account:resource`");
    };
    let of_words = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if !(partition == "aws" || partition.starts_with("aws-")) || !of_words(partition) {
        Some("the partition (the second part) must be `aws` or begin with `aws-`")
    } else if service.is_empty() || !of_words(service) {
        Some("the service (the third part) must be lowercase letters, digits and hyphens")
    } else if !region.is_empty() && region.parse::<Region>().is_err() {
        Some("the region (the fourth part) must be a region such as `eu-west-1`, or empty")
    } else if !matches!(account, "" | "aws") && account.parse::<AccountId>().is_err() {
        Some("the account (the fifth part) must be 12 digits, `aws` or empty")
    } else if resource.is_empty() || !resource.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some("the resource (the sixth part) must be text without spaces")
    } else {
        None
    }
}

/// The ARN of a KMS key or of an alias of one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KmsKeyArn(Arn);

impl KmsKeyArn {
    /// The ARN.
    #[must_use]
    pub fn arn(&self) -> &Arn {
        &self.0
    }
}

impl fmt::Display for KmsKeyArn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for KmsKeyArn {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let refuse = |problem: &str| ValueError::new(text, KMS, problem);
        let arn: Arn = text.parse().map_err(|error: ValueError| refuse(error.problem()))?;
        let resource = arn.resource();
        if arn.service() == "kms"
            && (resource.starts_with("key/") || resource.starts_with("alias/"))
        {
            Ok(Self(arn))
        } else {
            Err(refuse("it must end in `key/…` or `alias/…` and its service must be `kms`"))
        }
    }
}

text_value!(KmsKeyArn, KMS, text, schema: {
    "type": "string",
    "description": "The ARN of a KMS key or alias",
    "pattern": "^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/[!-~]+$",
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::round_trip::{round_trips, shown};

    #[test]
    fn accounts_parse_or_say_why_not() {
        let check = |text: &str, expected: &str| assert_eq!(shown::<AccountId>(text), expected);
        check("012345678901", "012345678901");
        for text in ["", "12345678901", "1234567890123", "12345678901a", "１２３４"] {
            check(text, &format!("`{text}` is not an AWS account id: it must be 12 digits"));
        }
    }

    #[test]
    fn arns_parse_or_say_why_not() {
        let check = |text: &str, expected: &str| assert_eq!(shown::<Arn>(text), expected);
        for arn in [
            "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
            "arn:aws:iam::123456789012:role/blog-task",
            "arn:aws-cn:ecs:cn-north-1:123456789012:cluster/blog",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:blog/db-AbCdEf",
            "arn:aws:s3:::bucket/key",
        ] {
            check(arn, arn);
        }
        let refused = |text: &str, problem: &str| {
            check(text, &format!("`{text}` is not an ARN: {problem}"));
        };
        let form = "it must be `arn:partition:service:region:account:resource`";
        refused("", form);
        refused("arn:aws:iam::123456789012", form);
        refused("urn:aws:iam::123456789012:role/a", form);
        let partition = "the partition (the second part) must be `aws` or begin with `aws-`";
        refused("arn:azure:iam:::role/a", partition);
        let service = "the service (the third part) must be lowercase letters, digits and hyphens";
        refused("arn:aws::::role/a", service);
        let region = "the region (the fourth part) must be a region such as `eu-west-1`, or empty";
        refused("arn:aws:ecs:europe:123456789012:cluster/a", region);
        let account = "the account (the fifth part) must be 12 digits, `aws` or empty";
        refused("arn:aws:ecs:eu-west-1:12:cluster/a", account);
        let resource = "the resource (the sixth part) must be text without spaces";
        refused("arn:aws:ecs:eu-west-1:123456789012:", resource);
        refused("arn:aws:ecs:eu-west-1:123456789012:a b", resource);
    }

    #[test]
    fn an_arn_tells_its_parts() {
        let arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blog/73e2";
        let arn: Arn = arn.parse().expect("an ARN");
        assert_eq!(arn.partition(), "aws");
        assert_eq!(arn.service(), "elasticloadbalancing");
        assert_eq!(arn.region().as_ref().map(Region::as_str), Some("eu-west-1"));
        assert_eq!(arn.account().as_ref().map(AccountId::as_str), Some("123456789012"));
        assert_eq!(arn.resource(), "targetgroup/blog/73e2");
        assert_eq!(arn.resource_name(), "blog/73e2");
        let managed = Arn::new("aws", "iam", "", "aws", "policy/ReadOnlyAccess").expect("an ARN");
        assert_eq!((managed.region(), managed.account()), (None, None));
        let secret = Arn::new("aws", "logs", "eu-west-1", "123456789012", "log-group:/a/b:*");
        assert_eq!(secret.expect("an ARN").resource_name(), "/a/b:*");
        assert_eq!(
            Arn::new("aws", "s3", "", "", "bucket").expect("an ARN").resource_name(),
            "bucket"
        );
    }

    #[test]
    fn keys_are_of_kms() {
        let check = |text: &str, expected: &str| assert_eq!(shown::<KmsKeyArn>(text), expected);
        let key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        check(key, key);
        let role = "arn:aws:iam::123456789012:role/key";
        let problem = "it must end in `key/…` or `alias/…` and its service must be `kms`";
        check(role, &format!("`{role}` is not the ARN of a KMS key: {problem}"));
    }

    proptest! {
        #[test]
        fn every_arn_round_trips(
            service in "[a-z0-9-]{1,12}",
            region in "|[a-z]{2}-[a-z]{4,9}-[1-9]",
            account in "|aws|[0-9]{12}",
            resource in "[!-~]{1,40}",
        ) {
            let arn = Arn::new("aws", &service, &region, &account, &resource).expect("an ARN");
            round_trips(&arn);
            prop_assert_eq!(arn.resource(), resource);
        }
    }
}
