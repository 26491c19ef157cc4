//! How many calls AWS takes: the buckets that it publishes.

/// The calls that draw from one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Class<'a> {
    /// What it is called, within its service.
    pub(crate) name: &'a str,
    /// How large its bucket is; `None` where AWS does not say.
    pub(crate) figures: Option<Figures>,
}

/// How large a bucket is and how fast it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Figures {
    /// How many calls it has room for.
    pub(crate) tokens: u64,
    /// How many it takes from then on, in thousandths of a call per second.
    pub(crate) refill: u64,
}

/// The bucket that a call draws from. EC2 has one for each operation, ECS one for each group of them.
pub(crate) fn class<'a>(service: &str, operation: &'a str) -> Class<'a> {
    match service {
        "ec2" => Class { name: operation, figures: Some(ec2(operation)) },
        "ecs" => {
            let (name, figures) = ecs(operation);
            Class { name, figures: Some(figures) }
        }
        _ => Class { name: operation, figures: None },
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

pub(crate) const fn per_second(tokens: u64, refill: u64) -> Figures {
    Figures { tokens, refill: refill * 1000 }
}

/// Whether the call only asks.
pub(crate) fn is_read(operation: &str) -> bool {
    ["Describe", "Get", "List"].iter().any(|word| operation.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_draw_from_the_published_buckets() {
        #[track_caller]
        fn check(call: &str, group: &str, tokens: u64, refill: u64) {
            let (service, operation) = call.split_once('.').unwrap();
            let figures = Some(Figures { tokens, refill });
            assert_eq!(class(service, operation), Class { name: group, figures });
        }
        check("ec2.DescribeVpcs", "DescribeVpcs", 100, 20_000);
        check("ec2.CreateSubnet", "CreateSubnet", 50, 5_000);
        check("ec2.CreateVpcEndpoint", "CreateVpcEndpoint", 4, 300);
        check("ecs.RegisterTaskDefinition", "task-definition-modify", 20, 1_000);
        check("ecs.PutClusterCapacityProviders", "cluster-modify", 20, 1_000);
        check("ecs.DescribeServices", "service-read", 100, 20_000);
        check("ecs.CreateCapacityProvider", "capacity-provider-modify", 10, 1_000);
        check("ecs.DescribeTasks", "cluster-resource-read", 100, 20_000);
        assert_eq!(class("iam", "CreateRole"), Class { name: "CreateRole", figures: None });
    }
}
