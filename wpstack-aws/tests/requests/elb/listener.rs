//! `elb.listener`

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::operation::create_listener::CreateListenerOutput;
use aws_sdk_elasticloadbalancingv2::operation::describe_listeners::DescribeListenersOutput;
use aws_sdk_elasticloadbalancingv2::operation::modify_listener::ModifyListenerOutput;
use aws_sdk_elasticloadbalancingv2::types::builders::ListenerBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, Listener as Told, ProtocolEnum, TargetGroupTuple,
};
use serde_json::{Value, json};
use wpstack_core::resource::elb::{Listener, ListenerState};
use wpstack_core::value::Tags;
use wpstack_core::{Cx, Observed, Provider};
use wpstack_testkit::mock::{mock, query_error};

use super::{are_its, tagged};
use crate::support::{Scene, changed, drift, mocked, with_elb};

const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/blog-alb/1/2";

/// A listener refers to two objects that are of no interest here but for their states.
fn scene() -> (Scene, Listener) {
    let mut scene = Scene::new();
    let balancer = json!({ "arn": "arn:balancer", "dns_name": "blog.elb", "zone_id": "Z1" });
    scene.stands("elb.load-balancer:main", balancer);
    scene.stands("elb.target-group:wordpress", json!({ "arn": "arn:group" }));
    let reference = |address: &str| -> Value { json!({ "$ref": address }) };
    let spec = json!({
        "load_balancer": reference("elb.load-balancer:main"),
        "port": 80,
        "target_group": reference("elb.target-group:wordpress"),
        "tags": {},
    });
    (scene, serde_json::from_value(spec).unwrap())
}

fn cx() -> Cx {
    scene().0.cx::<Listener>("http")
}

fn state() -> ListenerState {
    ListenerState { arn: ARN.to_owned() }
}

fn forward(group: &str) -> Action {
    Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(group).build()
}

fn told(action: Action) -> ListenerBuilder {
    Told::builder()
        .listener_arn(ARN)
        .load_balancer_arn("arn:balancer")
        .port(80)
        .default_actions(action)
}

#[tokio::test]
async fn it_forwards_to_its_group() {
    let (_, spec) = scene();
    let create = mock!(Client::create_listener)
        .match_requests(|it| {
            it.load_balancer_arn() == Some("arn:balancer")
                && it.protocol() == Some(&ProtocolEnum::Http)
                && it.port() == Some(80)
                && it.default_actions() == [forward("arn:group")]
                && are_its(it.tags(), &cx(), &Tags::new())
        })
        .then_output(|| {
            let told = told(forward("arn:group")).build();
            CreateListenerOutput::builder().listeners(told).build()
        });
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [create]));
    assert_eq!(aws.create(&cx(), &spec).await.unwrap(), state());
}

#[tokio::test]
async fn the_one_on_the_port_is_found() {
    let (_, spec) = scene();
    let describe = mock!(Client::describe_listeners)
        .match_requests(|it| it.load_balancer_arn() == Some("arn:balancer"))
        .then_output(|| {
            let other = told(forward("arn:group")).port(8080).listener_arn("arn:other");
            DescribeListenersOutput::builder()
                .listeners(other.build())
                .listeners(told(forward("arn:group")).build())
                .build()
        });
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [describe, tagged(ARN, &cx())]));
    assert_eq!(aws.find(&cx(), &spec).await.unwrap(), Some(state()));

    let gone = mock!(Client::describe_listeners)
        .then_http_response(|| query_error(400, "LoadBalancerNotFound", "no such balancer"));
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [gone]));
    assert_eq!(aws.find(&cx(), &spec).await.unwrap(), None);
}

async fn read(told: Told) -> Observed<ListenerState> {
    let (_, spec) = scene();
    let describe = mock!(Client::describe_listeners)
        .match_requests(|it| it.listener_arns() == [ARN])
        .then_output(move || DescribeListenersOutput::builder().listeners(told.clone()).build());
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [describe, tagged(ARN, &cx())]));
    aws.read(&cx(), &spec, &state()).await.unwrap().unwrap()
}

#[tokio::test]
async fn drift_is_told_where_there_is_any() {
    assert_eq!(read(told(forward("arn:group")).build()).await, Observed::ready(state()));
    let tuple = TargetGroupTuple::builder().target_group_arn("arn:group").build();
    let config = ForwardActionConfig::builder().target_groups(tuple).build();
    let forwards = Action::builder().r#type(ActionTypeEnum::Forward).forward_config(config);
    assert_eq!(read(told(forwards.build()).build()).await, Observed::ready(state()));

    let elsewhere = told(forward("arn:other")).port(8080).build();
    assert_eq!(drift(&read(elsewhere).await), ["port 8080", r#"target_group "arn:other""#]);
    let redirect = Action::builder().r#type(ActionTypeEnum::Redirect).build();
    assert_eq!(drift(&read(told(redirect).build()).await), [r#"target_group "redirect""#]);
}

#[tokio::test]
async fn an_update_changes_what_changed() {
    let (_, spec) = scene();
    let modify = mock!(Client::modify_listener)
        .match_requests(|it| {
            it.listener_arn() == Some(ARN)
                && it.port().is_none()
                && it.default_actions() == [forward("arn:group")]
        })
        .then_output(|| ModifyListenerOutput::builder().build());
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [modify]));
    aws.update(&cx(), &spec, &state(), &changed(&["target_group"])).await.unwrap();
    assert_eq!(modify.num_calls(), 1);
}

#[tokio::test]
async fn a_second_delete_succeeds() {
    let (_, spec) = scene();
    let delete = mock!(Client::delete_listener)
        .then_http_response(|| query_error(400, "ListenerNotFound", "no such listener"));
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [delete]));
    aws.delete(&cx(), &spec, &state()).await.unwrap();
}
