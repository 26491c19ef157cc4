//! AWS's error codes, by service: which of them pass, and which mean something.

use super::ErrorKind;

/// One row: what a code of a service means.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The service, or `*` for all.
    pub service: &'static str,
    /// The operation's prefix, as in `Delete`; empty for all.
    pub operation: &'static str,
    /// The code; a `*` at its start or end matches anything there.
    pub code: &'static str,
    /// Text that the message must contain, in capitals or not; empty for any.
    pub message: &'static str,
    /// What it means.
    pub kind: ErrorKind,
    /// Where that was learnt.
    pub source: &'static str,
}

/// What an answer means. The first row that fits decides; an unknown code is a refusal.
#[must_use]
pub fn classify(service: &str, operation: &str, code: &str, message: &str) -> ErrorKind {
    ROWS.iter()
        .find(|row| row.fits(service, operation, code, message))
        .map_or(ErrorKind::Refused, |row| row.kind)
}

impl Row {
    fn fits(&self, service: &str, operation: &str, code: &str, message: &str) -> bool {
        (self.service == "*" || self.service == service)
            && operation.starts_with(self.operation)
            && matches(self.code, code)
            && message.to_ascii_lowercase().contains(&self.message.to_ascii_lowercase())
    }
}

fn matches(pattern: &str, code: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) => code.contains(pattern.trim_matches('*')),
        (Some(end), None) => code.ends_with(end),
        (None, Some(start)) => code.starts_with(start),
        (None, None) => code == pattern,
    }
}

const fn row(
    service: &'static str,
    operation: &'static str,
    code: &'static str,
    message: &'static str,
    kind: ErrorKind,
    source: &'static str,
) -> Row {
    Row { service, operation, code, message, kind, source }
}

const EC2_CODES: &str =
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html";
const SDK: &str = "aws-runtime THROTTLING_ERRORS and TRANSIENT_ERRORS";
const MODEL: &str = "the service model of the AWS SDK";
const TERRAFORM: &str = "terraform-provider-aws, internal/service";

use ErrorKind::{
    AlreadyExists, Denied, NotFound, NotYetVisible, Protected, Quota, StillInUse, Throttled,
    Unclear,
};

/// The whole table. Order matters: special rows before general ones.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    // Rates.
    row("*", "", "Throttl*", "", Throttled, SDK),
    row("*", "", "RequestLimitExceeded", "", Throttled, "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"),
    row("*", "", "RequestThrottled*", "", Throttled, SDK),
    row("*", "", "TooManyRequestsException", "", Throttled, SDK),
    row("*", "", "SlowDown", "", Throttled, SDK),
    row("*", "", "BandwidthLimitExceeded", "", Throttled, SDK),
    row("*", "", "EC2ThrottledException", "", Throttled, SDK),
    // The service's own failures.
    row("*", "", "InternalError", "", Unclear, SDK),
    row("*", "", "InternalFailure", "", Unclear, SDK),
    row("*", "", "InternalServerError", "", Unclear, SDK),
    row("*", "", "InternalServiceError", "", Unclear, SDK),
    row("*", "", "ServerException", "", Unclear, SDK),
    row("*", "", "ServiceUnavailable*", "", Unclear, SDK),
    row("*", "", "ServiceFailure", "", Unclear, "the IAM service model"),
    row("*", "", "Unavailable", "", Unclear, EC2_CODES),
    row("*", "", "RequestTimeout*", "", Unclear, SDK),
    // Eventual consistency: something made a moment ago.
    row("autoscaling", "", "ValidationError", "Invalid IAM Instance Profile", NotYetVisible, "hashicorp/terraform#15341"),
    row("autoscaling", "", "ValidationError", "iamInstanceProfile", NotYetVisible, "hashicorp/terraform-provider-aws#5217"),
    row("autoscaling", "", "ValidationError", "is invalid for launch template", NotYetVisible, TERRAFORM),
    row("ec2", "Create", "InvalidParameterValue", "iamInstanceProfile", NotYetVisible, "hashicorp/terraform-provider-aws#838"),
    row("ec2", "Create", "*.NotFound", "", NotYetVisible, "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"),
    row("ec2", "Associate", "*.NotFound", "", NotYetVisible, "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"),
    row("ec2", "Attach", "*.NotFound", "", NotYetVisible, "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"),
    row("ec2", "Authorize", "*.NotFound", "", NotYetVisible, "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"),
    row("ec2", "Modify", "*.NotFound", "", NotYetVisible, "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"),
    row("ecs", "Create", "ClusterNotFoundException", "", NotYetVisible, TERRAFORM),
    row("ecs", "CreateService", "InvalidParameterException", "does not have an associated load balancer", NotYetVisible, "hashicorp/terraform#32908"),
    row("ecs", "", "InvalidParameterException", "Unable to assume", NotYetVisible, "hashicorp/terraform#4375"),
    row("ecs", "", "InvalidParameterException", "service linked role", NotYetVisible, "hashicorp/terraform-provider-aws#11417"),
    row("ecs", "RegisterTaskDefinition", "ClientException", "role", NotYetVisible, TERRAFORM),
    row("iam", "AddRoleToInstanceProfile", "NoSuchEntity", "", NotYetVisible, "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html"),
    row("iam", "AttachRolePolicy", "NoSuchEntity", "", NotYetVisible, "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html"),
    row("iam", "PutRolePolicy", "NoSuchEntity", "", NotYetVisible, "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html"),
    row("elb", "Create", "SubnetNotFound", "", NotYetVisible, TERRAFORM),
    row("elb", "Create", "InvalidSecurityGroup", "", NotYetVisible, "https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html"),
    row("elb", "CreateListener", "TargetGroupNotFound", "", NotYetVisible, TERRAFORM),
    row("elb", "CreateListener", "LoadBalancerNotFound", "", NotYetVisible, TERRAFORM),
    row("rds", "CreateDBInstance", "DBSubnetGroupNotFoundFault", "", NotYetVisible, TERRAFORM),
    row("rds", "CreateDBInstance", "DBParameterGroupNotFound", "", NotYetVisible, TERRAFORM),
    row("rds", "RestoreDBInstance", "DBSubnetGroupNotFoundFault", "", NotYetVisible, TERRAFORM),
    row("rds", "RestoreDBInstance", "DBParameterGroupNotFound", "", NotYetVisible, TERRAFORM),
    // Still in use, still changing, still going away.
    row("ec2", "", "DependencyViolation", "", StillInUse, "hashicorp/terraform#3758"),
    row("ec2", "", "*.InUse", "", StillInUse, EC2_CODES),
    row("ec2", "", "IncorrectState", "", StillInUse, EC2_CODES),
    row("ec2", "", "IncorrectInstanceState", "", StillInUse, EC2_CODES),
    row("iam", "", "DeleteConflict", "", StillInUse, MODEL),
    row("iam", "", "ConcurrentModification", "", StillInUse, MODEL),
    row("iam", "", "EntityTemporarilyUnmodifiable", "", StillInUse, MODEL),
    row("autoscaling", "", "ScalingActivityInProgress", "", StillInUse, MODEL),
    row("autoscaling", "", "ResourceInUse", "", StillInUse, MODEL),
    row("autoscaling", "", "ResourceContention", "", StillInUse, MODEL),
    row("autoscaling", "StartInstanceRefresh", "InstanceRefreshInProgress", "", StillInUse, MODEL),
    row("ecs", "", "ClusterContains*", "", StillInUse, MODEL),
    row("ecs", "", "UpdateInProgressException", "", StillInUse, MODEL),
    row("ecs", "", "ResourceInUseException", "", StillInUse, MODEL),
    row("ecs", "DeleteCapacityProvider", "InvalidParameterException", "in use", StillInUse, "hashicorp/terraform-provider-aws#11409"),
    row("ecs", "CreateService", "InvalidParameterException", "still Draining", StillInUse, "hashicorp/terraform-provider-aws#2283"),
    row("elb", "", "ResourceInUse", "", StillInUse, MODEL),
    row("rds", "", "InvalidDB*", "", StillInUse, "aws-controllers-k8s/community#2799"),
    row("logs", "", "OperationAbortedException", "", StillInUse, MODEL),
    row("secretsmanager", "CreateSecret", "InvalidRequestException", "scheduled for deletion", AlreadyExists, "hashicorp/terraform-provider-aws#4467"),
    // Protection.
    row("ecr", "Delete", "RepositoryNotEmptyException", "", Protected, "aws-cloudformation/cloudformation-coverage-roadmap#515"),
    row("elb", "Delete", "OperationNotPermitted", "", Protected, MODEL),
    row("rds", "Delete", "InvalidParameterCombination", "protect", Protected, "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html"),
    // It is there.
    row("ec2", "", "*.Duplicate", "", AlreadyExists, EC2_CODES),
    row("ec2", "", "*AlreadyExists", "", AlreadyExists, EC2_CODES),
    row("ec2", "", "*AlreadyExistsException", "", AlreadyExists, EC2_CODES),
    row("ec2", "CreateSubnet", "InvalidSubnet.Conflict", "", AlreadyExists, EC2_CODES),
    row("ec2", "AttachInternetGateway", "Resource.AlreadyAssociated", "", AlreadyExists, EC2_CODES),
    row("ec2", "", "Resource.AlreadyAssociated", "", AlreadyExists, EC2_CODES),
    row("iam", "", "EntityAlreadyExists", "", AlreadyExists, MODEL),
    row("ecr", "", "RepositoryAlreadyExistsException", "", AlreadyExists, MODEL),
    row("ecs", "CreateService", "InvalidParameterException", "not idempotent", AlreadyExists, "hashicorp/terraform-provider-aws#605"),
    row("ecs", "CreateCapacityProvider", "InvalidParameterException", "already exists", AlreadyExists, TERRAFORM),
    row("elb", "", "Duplicate*", "", AlreadyExists, MODEL),
    row("rds", "", "*AlreadyExists", "", AlreadyExists, MODEL),
    row("rds", "", "*AlreadyExistsFault", "", AlreadyExists, MODEL),
    row("logs", "", "ResourceAlreadyExistsException", "", AlreadyExists, MODEL),
    row("secretsmanager", "", "ResourceExistsException", "", AlreadyExists, MODEL),
    row("autoscaling", "", "AlreadyExists", "", AlreadyExists, MODEL),
    // It is not there.
    row("ec2", "", "*.NotFound", "", NotFound, EC2_CODES),
    row("ec2", "", "*NotFoundException", "", NotFound, EC2_CODES),
    row("ec2", "Describe", "*.Malformed", "", NotFound, EC2_CODES),
    row("ec2", "Detach", "Gateway.NotAttached", "", NotFound, EC2_CODES),
    row("iam", "", "NoSuchEntity", "", NotFound, MODEL),
    row("ecr", "", "*NotFoundException", "", NotFound, MODEL),
    row("ecs", "", "*NotFoundException", "", NotFound, MODEL),
    row("ecs", "", "ServiceNotActiveException", "", NotFound, MODEL),
    row("ecs", "DescribeTaskDefinition", "ClientException", "Unable to describe task definition", NotFound, TERRAFORM),
    row("ecs", "DeregisterTaskDefinition", "ClientException", "Unable to describe task definition", NotFound, TERRAFORM),
    row("ecs", "DeleteCapacityProvider", "ClientException", "does not exist", NotFound, TERRAFORM),
    row("elb", "", "*NotFound", "", NotFound, MODEL),
    row("rds", "", "*NotFound", "", NotFound, MODEL),
    row("rds", "", "*NotFoundFault", "", NotFound, MODEL),
    row("logs", "", "ResourceNotFoundException", "", NotFound, MODEL),
    row("secretsmanager", "", "ResourceNotFoundException", "", NotFound, MODEL),
    row("autoscaling", "", "ValidationError", "not found", NotFound, TERRAFORM),
    // Permissions.
    row("*", "", "AccessDenied*", "", Denied, "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"),
    row("*", "", "UnauthorizedOperation", "", Denied, EC2_CODES),
    row("*", "", "AuthFailure", "", Denied, EC2_CODES),
    row("*", "", "UnrecognizedClientException", "", Denied, SDK),
    row("*", "", "InvalidClientTokenId", "", Denied, SDK),
    row("*", "", "ExpiredToken*", "", Denied, SDK),
    row("*", "", "SignatureDoesNotMatch", "", Denied, SDK),
    // Quotas.
    row("ec2", "", "*LimitExceeded", "", Quota, EC2_CODES),
    row("ec2", "", "InsufficientInstanceCapacity", "", Quota, EC2_CODES),
    row("iam", "", "LimitExceeded", "", Quota, MODEL),
    row("autoscaling", "", "LimitExceeded", "", Quota, MODEL),
    row("elb", "", "TooMany*", "", Quota, MODEL),
    row("rds", "", "*QuotaExceeded*", "", Quota, MODEL),
    row("*", "", "LimitExceededException", "", Quota, MODEL),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_fits_in_capitals_or_not() {
        let (code, message) = ("ClientException", "Role is not valid");
        check("ecs", "RegisterTaskDefinition", code, message, NotYetVisible);
    }

    #[track_caller]
    fn check(service: &str, operation: &str, code: &str, message: &str, expected: ErrorKind) {
        assert_eq!(classify(service, operation, code, message), expected, "{service} {code}");
    }

    #[test]
    fn codes_mean_what_the_services_say() {
        check("ec2", "DescribeVpcs", "RequestLimitExceeded", "", Throttled);
        check("ec2", "CreateVpc", "VpcLimitExceeded", "", Quota);
        check("ec2", "CreateSubnet", "InvalidVpcID.NotFound", "", NotYetVisible);
        check("ec2", "DescribeVpcs", "InvalidVpcID.NotFound", "", NotFound);
        check("ec2", "DeleteSecurityGroup", "DependencyViolation", "", StillInUse);
        check("ec2", "DeleteSecurityGroup", "InvalidGroup.InUse", "", StillInUse);
        check("ecs", "CreateService", "InvalidParameterException", "desired", ErrorKind::Refused);
        check("rds", "DeleteDBInstance", "DBInstanceNotFound", "", NotFound);
        let message = "Unable to describe task definition.";
        check("ecs", "DescribeTaskDefinition", "ClientException", message, NotFound);
        check("iam", "CreateRole", "EntityAlreadyExists", "", AlreadyExists);
        check("kms", "CreateKey", "LimitExceededException", "", Quota);
        check("elb", "CreateLoadBalancer", "InvalidSubnet", "", ErrorKind::Refused);
    }

    #[test]
    fn every_row_can_be_reached() {
        for (at, row) in ROWS.iter().enumerate() {
            let code = row.code.replace('*', "X");
            let service = if row.service == "*" { "any" } else { row.service };
            let first = ROWS
                .iter()
                .position(|other| other.fits(service, row.operation, &code, row.message));
            assert_eq!(first, Some(at), "an earlier row hides {row:?}");
        }
    }
}
