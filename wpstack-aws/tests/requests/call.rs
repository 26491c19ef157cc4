//! What the results of calls mean, from the bodies that services write.

use std::io;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::body::SdkBody;
use wpstack_aws::Aws;
use wpstack_aws::call::{Call, Told};
use wpstack_core::failure::Chain;
use wpstack_core::rate::Held;
use wpstack_core::{ErrorKind, ProviderError};
use wpstack_testkit::mock::{ec2_error, json_error, mock, query_error};

use crate::support::mocked;

#[track_caller]
fn check(error: &ProviderError, kind: ErrorKind, told: &str) {
    assert_eq!((error.kind, error.to_string().as_str()), (kind, told));
}

async fn ec2_says(status: u16, code: &'static str, message: &'static str) -> ProviderError {
    let rule = mock!(aws_sdk_ec2::Client::create_vpc)
        .then_http_response(move || ec2_error(status, code, message));
    let ec2 = mocked!(aws_sdk_ec2, [rule]);
    let mut error = ec2.create_vpc().send().await.call("ec2", "CreateVpc").unwrap_err();
    assert!(error.request_id.is_some(), "{error:?}");
    error = error.request_id(None);
    error
}

#[tokio::test]
async fn answers_of_ec2_are_classified() {
    let told = "The maximum number of VPCs has been reached.";
    check(
        &ec2_says(400, "VpcLimitExceeded", told).await,
        ErrorKind::Quota,
        "ec2 CreateVpc failed with VpcLimitExceeded: The maximum number of VPCs has been reached.",
    );
    let kind = |error: ProviderError| error.kind;
    assert_eq!(kind(ec2_says(503, "RequestLimitExceeded", "").await), ErrorKind::Throttled);
    assert_eq!(kind(ec2_says(400, "InvalidVpcID.NotFound", "").await), ErrorKind::NotYetVisible);
    assert_eq!(kind(ec2_says(400, "InvalidVpcRange", "").await), ErrorKind::Refused);
    assert_eq!(kind(ec2_says(500, "SomethingNew", "").await), ErrorKind::Unclear);
}

#[tokio::test]
async fn answers_in_the_query_protocol_are_classified() {
    let rule = mock!(aws_sdk_iam::Client::create_role)
        .then_http_response(|| query_error(409, "EntityAlreadyExists", "Role blog exists."));
    let iam = mocked!(aws_sdk_iam, [rule]);
    let call = iam.create_role().role_name("blog").assume_role_policy_document("{}");
    let error = call.send().await.call("iam", "CreateRole").unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert_eq!(error.code.as_deref(), Some("EntityAlreadyExists"));
    assert_eq!(error.message, "Role blog exists.");

    let rule = mock!(aws_sdk_rds::Client::delete_db_instance)
        .then_http_response(|| query_error(404, "DBInstanceNotFound", "No blog."));
    let rds = mocked!(aws_sdk_rds, [rule]);
    let call = rds.delete_db_instance().db_instance_identifier("blog");
    let error = call.send().await.call("rds", "DeleteDBInstance").unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn answers_in_the_json_protocol_are_classified() {
    let rule = mock!(aws_sdk_ecr::Client::delete_repository)
        .then_http_response(|| json_error(400, "RepositoryNotFoundException", "No blog."));
    let ecr = mocked!(aws_sdk_ecr, [rule]);
    let call = ecr.delete_repository().repository_name("blog");
    let error = call.send().await.call("ecr", "DeleteRepository").unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::NotFound, "No blog."));

    let rule = mock!(aws_sdk_ecs::Client::create_cluster)
        .then_http_response(|| json_error(400, "ThrottlingException", "Rate exceeded"));
    let ecs = mocked!(aws_sdk_ecs, [rule]);
    let error = ecs.create_cluster().send().await.call("ecs", "CreateCluster").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Throttled);
}

#[tokio::test]
async fn an_answer_without_a_code_tells_its_status() {
    let page = || HttpResponse::new(502.try_into().unwrap(), SdkBody::from("<html>Bad Gateway"));
    let rule = mock!(aws_sdk_ec2::Client::create_vpc).then_http_response(page);
    let ec2 = mocked!(aws_sdk_ec2, [rule]);
    let error = ec2.create_vpc().send().await.call("ec2", "CreateVpc").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unclear, "{error:?}");
}

fn at(endpoint: &str, credentials: impl ProvideCredentials + 'static) -> aws_sdk_ec2::Client {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(endpoint)
        .build();
    Aws::new(&config).ec2
}

fn signed_at(endpoint: &str) -> aws_sdk_ec2::Client {
    at(endpoint, Credentials::new("key", "secret", None, None, "test"))
}

/// Credentials that are not there.
#[derive(Debug)]
struct LoggedOut;

impl ProvideCredentials for LoggedOut {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("logged out")))
    }
}

async fn describe(ec2: &aws_sdk_ec2::Client) -> ProviderError {
    ec2.describe_vpcs().send().await.call("ec2", "DescribeVpcs").unwrap_err()
}

#[tokio::test]
async fn nothing_was_sent_where_nothing_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = describe(&signed_at(&format!("http://{address}"))).await;
    check(
        &error,
        ErrorKind::Unreachable,
        "ec2 DescribeVpcs failed: nothing was reached at the address of the service",
    );
    let chain = Chain(&error).to_string();
    assert!(chain.contains("refused"), "{chain}");

    let error = describe(&signed_at("http://nowhere.invalid")).await;
    assert_eq!(error.kind, ErrorKind::Unreachable, "{}", Chain(&error));
}

#[tokio::test]
async fn nothing_was_sent_without_credentials() {
    let error = describe(&at("http://nowhere.invalid", LoggedOut)).await;
    check(&error, ErrorKind::Unreachable, "ec2 DescribeVpcs failed: no credentials were found");
    let chain = Chain(&error).to_string();
    assert!(chain.contains("logged out"), "{chain}");
}

#[tokio::test]
async fn a_call_whose_answer_never_came_may_have_taken_effect() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ec2 = signed_at(&format!("http://{}", listener.local_addr().unwrap()));
    let server = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        io::Read::read(&mut connection, &mut [0; 16]).unwrap();
    });
    let error = describe(&ec2).await;
    server.join().unwrap();
    assert_eq!(error.kind, ErrorKind::Unclear, "{}", Chain(&error));
}

#[test]
fn a_time_out_is_unclear() {
    type Failed = SdkError<aws_sdk_ec2::operation::create_vpc::CreateVpcError, HttpResponse>;
    let late = || io::Error::other("60 s");
    // The whole call's, and that of the connection.
    let connector = ConnectorError::timeout(late().into());
    for failed in [SdkError::timeout_error(late()), SdkError::dispatch_failure(connector)] {
        let failed: Result<(), Failed> = Err(failed);
        check(
            &failed.call("ec2", "CreateVpc").unwrap_err(),
            ErrorKind::Unclear,
            "ec2 CreateVpc failed: no answer came in time",
        );
    }
}

#[test]
fn what_waited_for_its_turn_and_was_not_sent_may_be_tried_again() {
    type Failed = SdkError<aws_sdk_ec2::operation::create_vpc::CreateVpcError, HttpResponse>;
    let held = ConnectorError::other(Held::Crowded.into(), None);
    let failed: Result<(), Failed> = Err(SdkError::dispatch_failure(held));
    let error = failed.call("ec2", "CreateVpc").unwrap_err();
    check(&error, ErrorKind::Throttled, "ec2 CreateVpc failed: the call was not made");
    let chain = Chain(&error).to_string();
    assert!(chain.contains("too many calls wait for the same rate limit"), "{chain}");
}

#[test]
fn what_is_missing_from_an_answer_is_named() {
    check(
        &None::<String>.told("ec2", "CreateVpc", "the VPC's id").unwrap_err(),
        ErrorKind::Unexpected,
        "ec2 CreateVpc failed: the answer lacks the VPC's id",
    );
}
