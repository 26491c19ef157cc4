//! The laws of all name types, and what each refuses.

use proptest::prelude::*;
use proptest::string::string_regex;

use super::*;
use crate::value::ValueError;
use crate::value::round_trip::shown;

/// The laws of one name type, for names made after its own pattern and for any short text.
fn laws<T>(pattern: &str, max: usize, generation: fn(&T, u32) -> T)
where
    T: std::fmt::Display + std::str::FromStr<Err = ValueError> + PartialEq + std::fmt::Debug,
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
    let names = prop_oneof![string_regex(pattern).expect("a pattern"), "[ -~]{0,6}"];
    // Each type has its own run, so a few cases of each are many of the shared code.
    let few = ProptestConfig::with_cases(48);
    proptest!(few, |(start in names, tail in "[a-z]{0,600}", n in 2_u32..)| {
        for text in [start.clone(), format!("{start}{tail}")] {
            prop_assert!(!shown::<T>(&text).is_empty());
            let Ok(name) = text.parse::<T>() else { continue };
            prop_assert!(text.len() <= max);
            prop_assert_eq!(&generation(&name, 0), &name);
            prop_assert_eq!(&generation(&name, 1), &name);
            let later = generation(&name, n);
            prop_assert!(later.to_string().ends_with(&n.to_string()));
            prop_assert_ne!(&later, &generation(&name, n - 1));
            prop_assert_eq!(later.to_string().parse(), Ok(later));
        }
    });
}

macro_rules! test_laws {
    ($($test:ident: $type:ident),* $(,)?) => {
        $(
            #[test]
            fn $test() {
                laws(&$type::RULE.pattern(), $type::MAX, $type::generation);
            }
        )*
    };
}

test_laws! {
    laws_of_stack: StackName,
    laws_of_load_balancer: LoadBalancerName,
    laws_of_target_group: TargetGroupName,
    laws_of_security_group: SecurityGroupName,
    laws_of_role: RoleName,
    laws_of_instance_profile: InstanceProfileName,
    laws_of_launch_template: LaunchTemplateName,
    laws_of_auto_scaling_group: AutoScalingGroupName,
    laws_of_cluster: ClusterName,
    laws_of_capacity_provider: CapacityProviderName,
    laws_of_service: ServiceName,
    laws_of_task_family: TaskFamily,
    laws_of_repository: RepositoryName,
    laws_of_image_tag: ImageTag,
    laws_of_log_group: LogGroupName,
    laws_of_secret: SecretName,
    laws_of_bucket: BucketName,
    laws_of_object_prefix: ObjectPrefix,
    laws_of_kms_key: KmsKey,
    laws_of_db_identifier: DbIdentifier,
    laws_of_db_parameter_group: DbParameterGroupName,
    laws_of_db_subnet_group: DbSubnetGroupName,
    laws_of_snapshot: SnapshotName,
    laws_of_db: DbName,
    laws_of_db_user: DbUserName,
    laws_of_table_prefix: TablePrefix,
    laws_of_charset: TableCharset,
    laws_of_collation: Collation,
}

/// Asserts that `name` is a name of the type, or that it is refused with `problem`.
fn check<T>(name: &str, problem: &str)
where
    T: std::fmt::Display + std::str::FromStr<Err = ValueError> + PartialEq + std::fmt::Debug,
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    shown::<T>(name);
    let found =
        name.parse::<T>().map_or_else(|error| error.problem().to_owned(), |_| String::new());
    assert_eq!(found, problem, "about {name:?}");
}

#[test]
fn rules_of_length() {
    check::<StackName>("", "it is empty");
    check::<StackName>(&"a".repeat(24), "");
    check::<StackName>(&"a".repeat(25), "it has 25 characters and may have 24 at most");
    check::<LaunchTemplateName>("ab", "it is too short: 3 characters or more are needed");
    check::<DbUserName>(&"u".repeat(17), "it has 17 characters and may have 16 at most");
    check::<RoleName>(&"r".repeat(65), "it has 65 characters and may have 64 at most");
    check::<RepositoryName>("a", "it is too short: 2 characters or more are needed");
}

#[test]
fn rules_of_characters() {
    let stack = "use lowercase letters, digits and hyphens";
    check::<StackName>("my-blog2", "");
    check::<StackName>("My-blog", &format!("`M` (character 1) is not allowed; {stack}"));
    check::<StackName>("my blog", &format!("` ` (character 3) is not allowed; {stack}"));
    check::<StackName>("blog\n", &format!("`\\n` (character 5) is not allowed; {stack}"));
    check::<StackName>("blög", &format!("`ö` (character 3) is not allowed; {stack}"));
    check::<StackName>("1blog", "it must start with a lowercase letter");
    check::<StackName>("blog-", "it must end with a lowercase letter or digit");
    check::<StackName>("my--blog", "it must not contain `--`");
    check::<LoadBalancerName>("-blog", "it must start with a letter or digit");
    check::<SecurityGroupName>("web [80/443] $5; {a}", "");
    check::<SecurityGroupName>("web ", "it must end with anything but a space");
    check::<RoleName>("wp+role=,.@-_", "");
    check::<LogGroupName>("/ecs/blog#1", "");
    check::<SecretName>("blog/db_1+=.@-", "");
    check::<DbName>("1st", "it must start with a letter");
    check::<DbIdentifier>("a--b", "it must not contain `--`");
    check::<TablePrefix>("wp_", "");
    let hyphen = "`-` (character 3) is not allowed; use letters, digits and underscores";
    check::<TablePrefix>("wp-", hyphen);
    check::<Collation>("utf8mb4_unicode_520_ci", "");
    check::<TableCharset>("utf8mb4", "");
}

#[test]
fn rules_of_services() {
    check::<LoadBalancerName>("internal-blog", "it must not start with `internal-`");
    check::<LoadBalancerName>("Internal-blog", "it must not start with `internal-`");
    check::<LoadBalancerName>("internals", "");
    check::<SecurityGroupName>("sg-web", "it must not start with `sg-`");
    check::<SecurityGroupName>("default", "every VPC has a security group of that name already");
    check::<CapacityProviderName>("ecs-blog", "it must not start with `ecs`");
    check::<CapacityProviderName>("FargateLike", "it must not start with `fargate`");
    check::<CapacityProviderName>("awesome", "");
    check::<CapacityProviderName>("aws1", "it must not start with `aws`");
    check::<LogGroupName>("aws/ecs", "it must not start with `aws/`");
    check::<DbSubnetGroupName>("default", "RDS keeps that name for its own");
    check::<SnapshotName>("blog-db-2026-10-01", "");
    check::<SnapshotName>("rds:blog-db-2026-10-01-03-05", "");
    check::<SnapshotName>("blog-db-", "it must end with a lowercase letter or digit");
    check::<SnapshotName>("blog--db", "it must not contain `--`");
    check::<SnapshotName>("1blog", "it must start with a lowercase letter");
    check::<SnapshotName>(&"a".repeat(255), "");
    let long = "it has 256 characters and may have 255 at most";
    check::<SnapshotName>(&"a".repeat(256), long);
    check::<SnapshotName>("awsbackup:job-1", "");
    let colon =
        "a colon stands only in the `rds:` or `awsbackup:` of a snapshot that AWS took by itself";
    for name in ["blog:db", "rds:blog:db", "rds:1blog", "rds:rds:blog"] {
        check::<SnapshotName>(name, colon);
    }
    check::<DbName>("Select", "it is a reserved word of MySQL");
    check::<DbName>("mysql", "MySQL keeps a database of that name for itself");
    check::<DbName>("wordpress", "");
    check::<DbUserName>("table", "it is a reserved word of MySQL");
    check::<DbUserName>("rdsadmin", "RDS keeps a user of that name for itself");
    check::<DbUserName>("wp_admin", "");
    check::<RepositoryName>("team/wordpress-6.8_php", "");
    for name in ["team//wordpress", "word--press", "a._b"] {
        check::<RepositoryName>(name, storage::REPOSITORY_PATH);
    }
    check::<RepositoryName>("/wordpress", "it must start with a lowercase letter or digit");
    check::<ImageTag>("6.8.1-php8.4", "");
    check::<ImageTag>(".latest", "it must start with a letter, digit or underscore");
}

#[test]
fn later_generations_append_their_number_and_fit() {
    let check = |name: &str, n, expected: &str| {
        let name: LoadBalancerName = name.parse().expect("a load balancer name");
        assert_eq!(name.generation(n).as_str(), expected);
    };
    check("blog-alb", 0, "blog-alb");
    check("blog-alb", 1, "blog-alb");
    check("blog-alb", 2, "blog-alb-2");
    check("a-name-with-thirty-one-letters-a", 2, "a-name-with-thirty-on-a6c91942-2");
    check("a-name-with-thirty-one-letters-b", 2, "a-name-with-thirty-on-a848ff50-2");
    let database: DbName = "wordpress".parse().expect("a database name");
    assert_eq!(database.generation(3).as_str(), "wordpress_3");
}

#[test]
fn names_join_from_parts() {
    let blog: StackName = "blog".parse().expect("a stack name");
    let join = |part| LoadBalancerName::join(&[blog.as_str(), part]).map(|name| name.to_string());
    assert_eq!(join("alb").as_deref(), Ok("blog-alb"));
    let long = join("load-balancer-in-front-of-it").expect("it is shortened");
    assert_eq!(long.len(), LoadBalancerName::MAX);
    assert!(join("load balancer").is_err());
}

#[test]
fn the_schema_says_the_rule() {
    let schema = schemars::schema_for!(StackName);
    let expected = serde_json::json!("^[a-z]([a-z0-9-]*[a-z0-9])?$");
    assert_eq!(schema.get("pattern"), Some(&expected));
    assert_eq!(schema.get("maxLength"), Some(&serde_json::json!(24)));
}
