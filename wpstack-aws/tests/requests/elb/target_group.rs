//! `elb.target-group`

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::operation::create_target_group::CreateTargetGroupOutput;
use aws_sdk_elasticloadbalancingv2::operation::delete_target_group::DeleteTargetGroupOutput;
use aws_sdk_elasticloadbalancingv2::operation::describe_target_group_attributes::DescribeTargetGroupAttributesOutput;
use aws_sdk_elasticloadbalancingv2::operation::describe_target_groups::DescribeTargetGroupsOutput;
use aws_sdk_elasticloadbalancingv2::operation::modify_target_group::ModifyTargetGroupOutput;
use aws_sdk_elasticloadbalancingv2::operation::modify_target_group_attributes::ModifyTargetGroupAttributesOutput;
use aws_sdk_elasticloadbalancingv2::types::builders::TargetGroupBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, ProtocolEnum, TargetGroup as Told, TargetGroupAttribute, TargetTypeEnum,
};
use wpstack_core::resource::ec2::{Vpc, VpcState};
use wpstack_core::resource::elb::{HealthCheck, TargetGroup, TargetGroupState};
use wpstack_core::value::{Port, Seconds, Tags};
use wpstack_core::{Cx, ErrorKind, Observed, Provider};
use wpstack_testkit::mock::{Rule, mock, query_error};

use super::{are_its, tagged};
use crate::support::{Scene, changed, drift, mocked, with_elb};

const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/blog-wordpress/1";

fn scene() -> (Scene, TargetGroup) {
    let mut scene = Scene::new();
    let vpc = Vpc::new("10.0.0.0/16".parse().unwrap());
    let vpc = scene.exists("main", vpc, &VpcState { id: "vpc-1".to_owned() });
    let spec = TargetGroup {
        name: "blog-wordpress".parse().unwrap(),
        vpc,
        port: Port::HTTP,
        health_check: HealthCheck {
            path: "/wp-login.php".parse().unwrap(),
            codes: "200-299".parse().unwrap(),
            interval: Seconds(15),
            timeout: Seconds(5),
            healthy: 2,
            unhealthy: 3,
        },
        deregistration_delay: Seconds(30),
        tags: Tags::new(),
    };
    (scene, spec)
}

fn cx() -> Cx {
    scene().0.cx::<TargetGroup>("wordpress")
}

fn state() -> TargetGroupState {
    TargetGroupState { arn: ARN.to_owned() }
}

fn told() -> TargetGroupBuilder {
    Told::builder()
        .target_group_arn(ARN)
        .vpc_id("vpc-1")
        .port(80)
        .health_check_path("/wp-login.php")
        .matcher(Matcher::builder().http_code("200-299").build())
        .health_check_interval_seconds(15)
        .health_check_timeout_seconds(5)
        .healthy_threshold_count(2)
        .unhealthy_threshold_count(3)
}

#[tokio::test]
async fn it_is_made_with_its_health_check_and_tags() {
    let (_, spec) = scene();
    let create = mock!(Client::create_target_group)
        .match_requests(|it| {
            it.name() == Some("blog-wordpress")
                && it.protocol() == Some(&ProtocolEnum::Http)
                && (it.port(), it.vpc_id()) == (Some(80), Some("vpc-1"))
                && it.target_type() == Some(&TargetTypeEnum::Instance)
                && it.health_check_path() == Some("/wp-login.php")
                && it.matcher().and_then(|it| it.http_code()) == Some("200-299")
                && it.health_check_interval_seconds() == Some(15)
                && it.health_check_timeout_seconds() == Some(5)
                && it.healthy_threshold_count() == Some(2)
                && it.unhealthy_threshold_count() == Some(3)
                && are_its(it.tags(), &cx(), &Tags::new())
        })
        .then_output(|| CreateTargetGroupOutput::builder().target_groups(told().build()).build());
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [create]));
    assert_eq!(aws.create(&cx(), &spec).await.unwrap(), state());
}

fn delay(seconds: &'static str) -> Rule {
    mock!(Client::modify_target_group_attributes)
        .match_requests(move |it| {
            let [only] = it.attributes() else { return false };
            it.target_group_arn() == Some(ARN)
                && only.key() == Some("deregistration_delay.timeout_seconds")
                && only.value() == Some(seconds)
        })
        .then_output(|| ModifyTargetGroupAttributesOutput::builder().build())
}

#[tokio::test]
async fn the_delay_is_set_where_it_differs_from_the_default() {
    let (_, spec) = scene();
    let delay = delay("30");
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [delay]));
    aws.configure(&cx(), &spec, &state()).await.unwrap();
    let default = TargetGroup { deregistration_delay: Seconds(300), ..spec };
    aws.configure(&cx(), &default, &state()).await.unwrap();
    assert_eq!(delay.num_calls(), 1);
}

async fn read(told: Told, delay: &'static str) -> Observed<TargetGroupState> {
    let (_, spec) = scene();
    let describe = mock!(Client::describe_target_groups)
        .match_requests(|it| it.target_group_arns() == [ARN])
        .then_output(move || {
            DescribeTargetGroupsOutput::builder().target_groups(told.clone()).build()
        });
    let attributes = mock!(Client::describe_target_group_attributes).then_output(move || {
        let key = "deregistration_delay.timeout_seconds";
        let attribute = TargetGroupAttribute::builder().key(key).value(delay).build();
        DescribeTargetGroupAttributesOutput::builder().attributes(attribute).build()
    });
    let tags = tagged(ARN, &cx());
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [describe, attributes, tags]));
    aws.read(&cx(), &spec, &state()).await.unwrap().unwrap()
}

#[tokio::test]
async fn drift_is_told_where_there_is_any() {
    assert_eq!(read(told().build(), "30").await, Observed::ready(state()));
    let moved = told().vpc_id("vpc-2").health_check_path("/").port(8080).build();
    let check = r#"{"path":"/","codes":"200-299","interval":"15s","timeout":"5s","healthy":2,"unhealthy":3}"#;
    let expected = [
        r#"vpc "vpc-2""#.to_owned(),
        "port 8080".to_owned(),
        format!("health_check {check}"),
        r#"deregistration_delay "5m""#.to_owned(),
    ];
    assert_eq!(drift(&read(moved, "300").await), expected);
}

#[tokio::test]
async fn an_update_makes_the_calls_of_the_changed_fields() {
    let (_, spec) = scene();
    let check = mock!(Client::modify_target_group)
        .match_requests(|it| {
            it.target_group_arn() == Some(ARN)
                && it.health_check_path() == Some("/wp-login.php")
                && it.matcher().and_then(|it| it.http_code()) == Some("200-299")
                && it.unhealthy_threshold_count() == Some(3)
        })
        .then_output(|| ModifyTargetGroupOutput::builder().build());
    let delay = delay("30");
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [check, delay]));
    aws.update(&cx(), &spec, &state(), &changed(&["health_check"])).await.unwrap();
    assert_eq!((check.num_calls(), delay.num_calls()), (1, 0));
}

#[tokio::test]
async fn one_in_use_is_waited_for_and_one_gone_is_deleted() {
    let (_, spec) = scene();
    let delete = mock!(Client::delete_target_group)
        .match_requests(|it| it.target_group_arn() == Some(ARN))
        .sequence()
        .http_response(|| query_error(400, "ResourceInUse", "a listener forwards to it"))
        .output(|| DeleteTargetGroupOutput::builder().build())
        .http_response(|| query_error(400, "TargetGroupNotFound", "no such group"))
        .build();
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [delete]));
    let error = aws.delete(&cx(), &spec, &state()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::StillInUse);
    aws.delete(&cx(), &spec, &state()).await.unwrap();
    aws.delete(&cx(), &spec, &state()).await.unwrap();
}
