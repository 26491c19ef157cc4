//! The SDK through the proxy to the emulator: calls are recorded, refused, cut and lost as told.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::error::ProvideErrorMetadata;
use aws_types::SdkConfig;
use wpstack_testkit::Moto;
use wpstack_testkit::proxy::{Fault, Faults, Moment, Proxy};

const REGION: &str = "eu-west-1";

/// A proxy with those faults, and the configuration of clients that go through it into an account of their own.
fn through(faults: Faults) -> (Proxy, SdkConfig) {
    let moto = Moto::shared();
    let proxy = Proxy::start(moto.endpoint(), faults).unwrap();
    let config = moto.account().unwrap().sdk_config(proxy.endpoint(), REGION);
    let quick = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    (proxy, config.to_builder().retry_config(quick).build())
}

fn log(proxy: &Proxy) -> Vec<String> {
    let line = |call: &wpstack_testkit::proxy::Call| {
        let status = call.status.map_or_else(|| "cut".to_owned(), |status| status.to_string());
        format!("{} {} {status}", call.service, call.operation)
    };
    proxy.calls().iter().map(line).collect()
}

#[tokio::test]
async fn calls_of_every_protocol_are_recorded_by_name() {
    let (proxy, config) = through(Faults::none());
    let account = aws_sdk_ec2::Client::new(&config);
    account.create_vpc().cidr_block("10.9.0.0/16").send().await.unwrap();
    aws_sdk_iam::Client::new(&config).list_roles().send().await.unwrap();
    aws_sdk_ecs::Client::new(&config).list_clusters().send().await.unwrap();
    aws_sdk_elasticloadbalancingv2::Client::new(&config)
        .describe_target_groups()
        .send()
        .await
        .unwrap();
    let expected = [
        "ec2 CreateVpc 200",
        "iam ListRoles 200",
        "ecs ListClusters 200",
        "elasticloadbalancing DescribeTargetGroups 200",
    ];
    assert_eq!(log(&proxy), expected);
    assert!(proxy.calls()[0].body.contains("CidrBlock=10.9.0.0%2F16"));
}

#[tokio::test]
async fn throttled_calls_are_retried_by_the_sdk() {
    let (proxy, config) = through(
        Faults::none()
            .on("DescribeVpcs", 1..=1, Fault::request_limit_exceeded())
            .on("ListRoles", 1..=2, Fault::throttling())
            .on("ListClusters", 1..=1, Fault::throttling_exception()),
    );
    aws_sdk_ec2::Client::new(&config).describe_vpcs().send().await.unwrap();
    aws_sdk_iam::Client::new(&config).list_roles().send().await.unwrap();
    aws_sdk_ecs::Client::new(&config).list_clusters().send().await.unwrap();
    let expected = [
        "ec2 DescribeVpcs 503",
        "ec2 DescribeVpcs 200",
        "iam ListRoles 400",
        "iam ListRoles 400",
        "iam ListRoles 200",
        "ecs ListClusters 400",
        "ecs ListClusters 200",
    ];
    assert_eq!(log(&proxy), expected);
}

#[tokio::test]
async fn a_refusal_reaches_the_caller_in_its_own_words() {
    let denied = Fault::error(403, "UnauthorizedOperation", "not <allowed>");
    let (_proxy, config) = through(Faults::none().on("CreateVpc", 1..=1, denied));
    let ec2 = aws_sdk_ec2::Client::new(&config);
    let refused = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap_err();
    let said = (refused.code(), refused.message());
    assert_eq!(said, (Some("UnauthorizedOperation"), Some("not <allowed>")));
}

#[tokio::test]
async fn a_reset_leaves_nothing_and_a_lost_answer_leaves_a_duplicate() {
    for (fault, left) in [(Fault::Reset, 1), (Fault::LoseAnswer, 2)] {
        let (proxy, config) = through(Faults::none().on("CreateVpc", 1..=1, fault));
        let ec2 = aws_sdk_ec2::Client::new(&config);
        ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
        assert_eq!(log(&proxy), ["ec2 CreateVpc cut", "ec2 CreateVpc 200"]);
        let found = ec2.describe_vpcs().send().await.unwrap();
        let made = found.vpcs().iter().filter(|vpc| vpc.is_default() != Some(true));
        assert_eq!(made.count(), left);
    }
}

#[tokio::test]
async fn latency_and_faults_can_change_on_the_way() {
    const LATENCY: Duration = Duration::from_millis(100);
    let (proxy, config) = through(Faults::none());
    let ec2 = aws_sdk_ec2::Client::new(&config);
    ec2.describe_vpcs().send().await.unwrap();
    proxy.take_calls();
    proxy.set_faults(Faults::none().latency(LATENCY).on_any(2..=2, Fault::Delay(LATENCY)));
    for _ in 0..2 {
        ec2.describe_vpcs().send().await.unwrap();
    }
    let calls = proxy.calls();
    assert_eq!(calls.len(), 2);
    assert!(calls[0].duration() >= LATENCY, "{calls:?}");
    assert!(calls[1].duration() >= 2 * LATENCY, "{calls:?}");
}

#[tokio::test]
async fn what_took_effect_is_there_whatever_was_answered() {
    let faults = [
        (Fault::internal(), "500", 1),
        (Fault::internal_after(), "500", 2),
        (Fault::CutAnswer, "cut", 2),
        (Fault::Throttle, "503", 1),
    ];
    for (fault, status, left) in faults {
        let (proxy, config) = through(Faults::none().on("CreateVpc", 1..=1, fault));
        let ec2 = aws_sdk_ec2::Client::new(&config);
        ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
        assert_eq!(
            log(&proxy),
            [format!("ec2 CreateVpc {status}"), "ec2 CreateVpc 200".to_owned()]
        );
        let found = ec2.describe_vpcs().send().await.unwrap();
        let made = found.vpcs().iter().filter(|vpc| vpc.is_default() != Some(true));
        assert_eq!(made.count(), left, "{status}");
    }
}

#[tokio::test]
async fn something_can_be_done_at_a_moment_of_a_call() {
    for moment in Moment::ALL {
        let (proxy, config) = through(Faults::none());
        let (tell, told) = std::sync::mpsc::channel();
        let ec2 = aws_sdk_ec2::Client::new(&config);
        proxy.at(2, moment, move || tell.send(()).unwrap());
        ec2.describe_vpcs().send().await.unwrap();
        assert!(told.try_recv().is_err(), "{moment:?}: too early");
        ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
        assert!(told.recv().is_ok(), "{moment:?}");
        let expected: &[_] = match moment {
            Moment::Lost => &["ec2 DescribeVpcs 200", "ec2 CreateVpc cut", "ec2 CreateVpc 200"],
            _ => &["ec2 DescribeVpcs 200", "ec2 CreateVpc 200"],
        };
        assert_eq!(log(&proxy), expected, "{moment:?}");
    }
}
