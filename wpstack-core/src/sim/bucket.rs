//! How many calls AWS takes: token buckets with the published figures.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::world::Refusal;
use crate::time::between;

/// The buckets of the account, filled to where they were at the last call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Buckets(BTreeMap<String, Bucket>);

/// One bucket. Counts in billionths of a token, so that a saved bucket fills exactly like one that was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Bucket {
    level: u64,
    at: Timestamp,
}

/// How large a bucket is and how fast it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Figures {
    tokens: u64,
    /// Thousandths of a token per second.
    refill: u64,
}

const TOKEN: u64 = 1_000_000_000;

impl Buckets {
    /// Takes a token for the call.
    ///
    /// # Errors
    /// The service's own throttling error when there is none.
    pub(super) fn charge(
        &mut self,
        service: &str,
        operation: &str,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let (group, figures) = figures(service, operation);
        let full = figures.tokens * TOKEN;
        let bucket = self.0.entry(format!("{service}.{group}"));
        let bucket = bucket.or_insert(Bucket { level: full, at: now });
        let passed = between(bucket.at, now).as_nanos() as u64;
        bucket.level = full.min(bucket.level + (passed / 1000).saturating_mul(figures.refill));
        bucket.at = now;
        if bucket.level < TOKEN {
            return Err(throttled(service));
        }
        bucket.level -= TOKEN;
        Ok(())
    }
}

/// How the service says that it limits the rate.
pub(super) fn throttled(service: &str) -> Refusal {
    let (code, message) = match service {
        "ec2" => ("RequestLimitExceeded", "Request limit exceeded."),
        "iam" | "rds" | "elb" | "autoscaling" => ("Throttling", "Rate exceeded"),
        _ => ("ThrottlingException", "Rate exceeded"),
    };
    Refusal::new(code, message)
}

/// The bucket that a call draws from. EC2 has one for each operation, ECS one for each group of them.
fn figures<'a>(service: &str, operation: &'a str) -> (&'a str, Figures) {
    match service {
        "ec2" => (operation, ec2(operation)),
        "ecs" => ecs(operation),
        // Nothing is published for the others. These figures were never seen to be reached by one stack.
        _ if is_read(operation) => (operation, per_second(100, 20)),
        _ => (operation, per_second(50, 10)),
    }
}

/// <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>
fn ec2(operation: &str) -> Figures {
    match operation {
        "RunInstances" => per_second(5, 2),
        "CreateNatGateway" => per_second(10, 1),
        "CreateVpcEndpoint" => Figures { tokens: 4, refill: 300 },
        "CreateTags" => per_second(100, 10),
        "TerminateInstances"
        | "CreateNetworkInterface"
        | "AssociateIamInstanceProfile"
        | "CreateLaunchTemplateVersion" => per_second(100, 5),
        _ if is_read(operation) => per_second(100, 20),
        _ => per_second(50, 5),
    }
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/request-throttling.html>
fn ecs(operation: &str) -> (&'static str, Figures) {
    let read = is_read(operation);
    match operation {
        _ if operation.contains("TaskDefinition") => match operation {
            "DeleteTaskDefinitions" => ("task-definition-delete", per_second(5, 1)),
            _ if read => ("task-definition-read", per_second(50, 20)),
            _ => ("task-definition-modify", per_second(20, 1)),
        },
        // PutClusterCapacityProviders changes the cluster.
        _ if operation.contains("Cluster") => match read {
            true => ("cluster-read", per_second(50, 20)),
            false => ("cluster-modify", per_second(20, 1)),
        },
        _ if operation.contains("CapacityProvider") && !read => {
            ("capacity-provider-modify", per_second(10, 1))
        }
        _ if operation.contains("Service") => match read {
            true => ("service-read", per_second(100, 20)),
            false => ("service-modify", per_second(50, 5)),
        },
        _ if read => ("cluster-resource-read", per_second(100, 20)),
        _ => ("cluster-resource-modify", per_second(100, 40)),
    }
}

const fn per_second(tokens: u64, refill: u64) -> Figures {
    Figures { tokens, refill: refill * 1000 }
}

/// Whether the call only asks.
pub(super) fn is_read(operation: &str) -> bool {
    ["Describe", "Get", "List"].iter().any(|word| operation.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_empties_at_once_and_fills_slowly() {
        let mut buckets = Buckets::default();
        let mut now = Timestamp::UNIX_EPOCH;
        let mut calls = |now, times: usize| {
            let charge = |_| buckets.charge("ec2", "RunInstances", now).is_ok();
            (0..times).map(charge).filter(|taken| *taken).count()
        };
        assert_eq!(calls(now, 9), 5);
        now += Duration::from_secs(1);
        assert_eq!(calls(now, 9), 2);
        now += Duration::from_secs(3600);
        assert_eq!(calls(now, 9), 5);
    }

    #[test]
    fn operations_draw_from_the_published_buckets() {
        #[track_caller]
        fn check(call: &str, group: &str, tokens: u64, refill: u64) {
            let (service, operation) = call.split_once('.').unwrap();
            assert_eq!(figures(service, operation), (group, Figures { tokens, refill }));
        }
        check("ec2.DescribeVpcs", "DescribeVpcs", 100, 20_000);
        check("ec2.CreateSubnet", "CreateSubnet", 50, 5_000);
        check("ec2.CreateVpcEndpoint", "CreateVpcEndpoint", 4, 300);
        check("ecs.RegisterTaskDefinition", "task-definition-modify", 20, 1_000);
        check("ecs.PutClusterCapacityProviders", "cluster-modify", 20, 1_000);
        check("ecs.DescribeServices", "service-read", 100, 20_000);
        check("ecs.CreateCapacityProvider", "capacity-provider-modify", 10, 1_000);
        check("ecs.DescribeTasks", "cluster-resource-read", 100, 20_000);
        check("iam.CreateRole", "CreateRole", 50, 10_000);
    }
}
