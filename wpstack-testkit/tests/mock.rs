//! How a mocked client is used: a matched request, a throttled attempt, an error in its own words.

use aws_sdk_ec2::error::ProvideErrorMetadata;
use aws_sdk_ec2::operation::RequestId;
use aws_sdk_ec2::operation::create_vpc::CreateVpcOutput;
use aws_sdk_ec2::types::Vpc;
use wpstack_testkit::NoSleep;
use wpstack_testkit::mock::{RuleMode, ec2_error, json_error, mock, mock_client, query_error};

#[tokio::test]
async fn create_vpc_is_retried_when_throttled() {
    let rule = mock!(aws_sdk_ec2::Client::create_vpc)
        .match_requests(|request| request.cidr_block() == Some("10.0.0.0/16"))
        .sequence()
        .http_response(|| ec2_error(503, "RequestLimitExceeded", "Request limit exceeded."))
        .times(2)
        .output(|| CreateVpcOutput::builder().vpc(Vpc::builder().vpc_id("vpc-1").build()).build())
        .build();
    let ec2 = mock_client!(aws_sdk_ec2, RuleMode::Sequential, [&rule], |config| config
        .sleep_impl(NoSleep));
    let made = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
    assert_eq!(made.vpc().unwrap().vpc_id(), Some("vpc-1"));
    assert_eq!(rule.num_calls(), 3);
}

#[tokio::test]
async fn errors_of_each_protocol_are_understood() {
    let limit = mock!(aws_sdk_ec2::Client::create_vpc)
        .then_http_response(|| ec2_error(400, "VpcLimitExceeded", "too many"));
    let ec2 = mock_client!(aws_sdk_ec2, [&limit]);
    let refused = ec2.create_vpc().send().await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Some("VpcLimitExceeded"), Some("too many")));
    assert!(refused.request_id().is_some());

    let missing = mock!(aws_sdk_iam::Client::get_role)
        .then_http_response(|| query_error(404, "NoSuchEntity", "no role"));
    let iam = mock_client!(aws_sdk_iam, [&missing]);
    let refused = iam.get_role().role_name("a").send().await.unwrap_err().into_service_error();
    assert!(refused.is_no_such_entity_exception(), "{refused:?}");

    let missing = mock!(aws_sdk_ecr::Client::describe_repositories)
        .then_http_response(|| json_error(400, "RepositoryNotFoundException", "no repository"));
    let ecr = mock_client!(aws_sdk_ecr, [&missing]);
    let refused = ecr.describe_repositories().send().await.unwrap_err().into_service_error();
    assert!(refused.is_repository_not_found_exception(), "{refused:?}");
}
