//! Managed policies: which of AWS's own exist, and what those say that the simulation goes by.

use serde_json::{Value, json};

use super::Iam;

/// Those of AWS's policies that a role of instances or tasks may have. What is not described below says nothing
/// here: a role may have it, and [`Iam::allows`] learns nothing from it.
const OF_AWS: &[&str] = &[
    "AdministratorAccess",
    "AmazonEC2ContainerRegistryPowerUser",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess",
    "AmazonSSMManagedInstanceCore",
    "AmazonSSMReadOnlyAccess",
    "AWSXRayDaemonWriteAccess",
    "CloudWatchAgentServerPolicy",
    "CloudWatchLogsFullAccess",
    "ReadOnlyAccess",
    "SecretsManagerReadWrite",
    "service-role/AmazonEC2ContainerServiceEventsRole",
    "service-role/AmazonEC2ContainerServiceRole",
    "service-role/AmazonEC2ContainerServiceforEC2Role",
    "service-role/AmazonECSInfrastructureRolePolicyForVolumes",
    "service-role/AmazonECSTaskExecutionRolePolicy",
    "service-role/AmazonRDSEnhancedMonitoringRole",
];

impl Iam {
    /// Whether there is such a managed policy.
    pub(super) fn has_policy(&self, arn: &str) -> bool {
        let of_aws = path(arn).is_some_and(|path| OF_AWS.contains(&path));
        of_aws || self.policies.contains_key(arn)
    }

    /// The document of a managed policy.
    pub(super) fn managed_document(&self, arn: &str) -> Option<Value> {
        match self.policies.get(arn) {
            Some(document) => serde_json::from_str(document).ok(),
            None => of_aws(path(arn)?),
        }
    }
}

/// The path of a policy that is AWS's own.
fn path(arn: &str) -> Option<&str> {
    arn.split_once(":iam::aws:policy/").map(|(_, path)| path)
}

/// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html>
fn of_aws(path: &str) -> Option<Value> {
    let statements = match path {
        "AdministratorAccess" => json!([allow(&["*"])]),
        "service-role/AmazonEC2ContainerServiceforEC2Role" => {
            let on_creation = json!({
                "Effect": "Allow", "Action": "ecs:TagResource", "Resource": "*",
                "Condition": { "StringEquals": {
                    "ecs:CreateAction": ["CreateCluster", "RegisterContainerInstance"],
                } },
            });
            json!([allow(ECS_INSTANCE), allow(PULL), allow(WRITE_LOGS), on_creation])
        }
        "service-role/AmazonECSTaskExecutionRolePolicy" => json!([allow(PULL), allow(WRITE_LOGS)]),
        "AmazonEC2ContainerRegistryPullOnly" => json!([allow(PULL)]),
        "AmazonSSMManagedInstanceCore" => json!([allow(SSM_INSTANCE)]),
        _ => return None,
    };
    Some(json!({ "Version": "2012-10-17", "Statement": statements }))
}

fn allow(actions: &[&str]) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": "*" })
}

const ECS_INSTANCE: &[&str] = &[
    "ec2:DescribeTags",
    "ecs:CreateCluster",
    "ecs:DeregisterContainerInstance",
    "ecs:DiscoverPollEndpoint",
    "ecs:ListTagsForResource",
    "ecs:Poll",
    "ecs:RegisterContainerInstance",
    "ecs:StartTelemetrySession",
    "ecs:Submit*",
    "ecs:UpdateContainerInstancesState",
];

const PULL: &[&str] = &[
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
];

const WRITE_LOGS: &[&str] = &["logs:CreateLogStream", "logs:PutLogEvents"];

const SSM_INSTANCE: &[&str] = &[
    "ec2messages:AcknowledgeMessage",
    "ec2messages:DeleteMessage",
    "ec2messages:FailMessage",
    "ec2messages:GetEndpoint",
    "ec2messages:GetMessages",
    "ec2messages:SendReply",
    "ssm:DescribeAssociation",
    "ssm:DescribeDocument",
    "ssm:GetDeployablePatchSnapshotForInstance",
    "ssm:GetDocument",
    "ssm:GetManifest",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:ListAssociations",
    "ssm:ListInstanceAssociations",
    "ssm:PutComplianceItems",
    "ssm:PutConfigurePackageResult",
    "ssm:PutInventory",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
];
