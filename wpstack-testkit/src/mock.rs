//! SDK clients without a socket, for the tests of how requests are built and answers understood.
//!
//! [`mock!`] gives the answer to one operation, [`mock_client!`] makes a client of such rules; the crates of the
//! services come with the feature they need for it. Everything above the socket is the SDK's own, so a rule that
//! answers with [`ec2_error`] and its like goes through the real parsers and the real retries.
//!
//! ```
//! use aws_sdk_ec2::Client;
//! use aws_sdk_ec2::operation::create_vpc::CreateVpcOutput;
//! use wpstack_testkit::NoSleep;
//! use wpstack_testkit::mock::{RuleMode, ec2_error, mock, mock_client};
//!
//! let rule = mock!(Client::create_vpc)
//!     .match_requests(|request| request.cidr_block() == Some("10.0.0.0/16"))
//!     .sequence()
//!     .http_response(|| ec2_error(503, "RequestLimitExceeded", "Request limit exceeded."))
//!     .output(|| CreateVpcOutput::builder().build())
//!     .build();
//! let ec2 = mock_client!(aws_sdk_ec2, RuleMode::Sequential, [&rule], |config| config
//!     .sleep_impl(NoSleep));
//! ```

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

pub use aws_smithy_mocks::{
    MockResponse, MockResponseInterceptor, Rule, RuleBuilder, RuleMode, create_mock_http_client,
    mock, mock_client,
};

use crate::proxy::{AwsError, Protocol};

/// An error as EC2 writes it.
///
/// # Panics
///
/// As all of these, if `status` is not one of HTTP.
pub fn ec2_error(status: u16, code: &str, message: &str) -> HttpResponse {
    answer(Protocol::Ec2, status, code, message)
}

/// An error as IAM, RDS, Elastic Load Balancing, Auto Scaling and STS write it.
pub fn query_error(status: u16, code: &str, message: &str) -> HttpResponse {
    answer(Protocol::Query, status, code, message)
}

/// An error as ECS, ECR, CloudWatch Logs and Secrets Manager write it.
pub fn json_error(status: u16, code: &str, message: &str) -> HttpResponse {
    answer(Protocol::Json, status, code, message)
}

fn answer(protocol: Protocol, status: u16, code: &str, message: &str) -> HttpResponse {
    let error = AwsError { status, code: code.to_owned(), message: message.to_owned() };
    let rendered = error.rendered(protocol);
    let Ok(status) = StatusCode::try_from(status) else { panic!("no HTTP status: {status}") };
    let mut response = HttpResponse::new(status, SdkBody::from(rendered.body));
    response.headers_mut().insert("content-type", rendered.content_type);
    response.headers_mut().insert("x-amzn-requestid", rendered.request_id);
    response
}
