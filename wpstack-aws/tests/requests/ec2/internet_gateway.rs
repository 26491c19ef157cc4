//! `ec2.internet-gateway`

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::attach_internet_gateway::AttachInternetGatewayOutput;
use aws_sdk_ec2::operation::create_internet_gateway::CreateInternetGatewayOutput;
use aws_sdk_ec2::operation::delete_internet_gateway::DeleteInternetGatewayOutput;
use aws_sdk_ec2::operation::describe_internet_gateways::DescribeInternetGatewaysOutput;
use aws_sdk_ec2::types::builders::InternetGatewayBuilder;
use aws_sdk_ec2::types::{InternetGateway as Told, InternetGatewayAttachment};
use wpstack_core::resource::ec2::{InternetGateway, InternetGatewayState, Vpc, VpcState};
use wpstack_core::value::Tags;
use wpstack_core::{ErrorKind, Provider};
use wpstack_testkit::mock::{Rule, ec2_error, mock};

use super::{asks_for, tagged, tags_it};
use crate::support::{Scene, mocked, with_ec2};

fn scene() -> (Scene, InternetGateway) {
    let mut scene = Scene::new();
    let vpc = Vpc::new("10.0.0.0/16".parse().unwrap());
    let vpc = scene.exists("main", vpc, &VpcState { id: "vpc-1".to_owned() });
    (scene, InternetGateway { vpc, tags: Tags::new() })
}

fn state() -> InternetGatewayState {
    InternetGatewayState { id: "igw-1".to_owned(), vpc_id: "vpc-1".to_owned() }
}

fn told(attached: Option<&str>) -> InternetGatewayBuilder {
    let (scene, spec) = scene();
    let tags = tagged(&scene.cx::<InternetGateway>("out"), &spec.tags);
    let attachment = |vpc| InternetGatewayAttachment::builder().vpc_id(vpc).build();
    let attachments = attached.into_iter().map(attachment).collect();
    let gateway = Told::builder().internet_gateway_id("igw-1").set_tags(Some(tags));
    gateway.set_attachments(Some(attachments))
}

fn describes(told: Told) -> Rule {
    mock!(Client::describe_internet_gateways)
        .match_requests(|it| asks_for(it.filters(), "internet-gateway-id", &["igw-1"]))
        .then_output(move || {
            DescribeInternetGatewaysOutput::builder().internet_gateways(told.clone()).build()
        })
}

#[tokio::test]
async fn it_is_made_with_its_tags_and_then_attached() {
    let (scene, spec) = scene();
    let cx = scene.cx::<InternetGateway>("out");
    let (expected, configured) = (cx.clone(), spec.tags.clone());
    let create = mock!(Client::create_internet_gateway)
        .match_requests(move |it| tags_it(it.tag_specifications(), &expected, &configured))
        .then_output(|| {
            let gateway = told(None).build();
            CreateInternetGatewayOutput::builder().internet_gateway(gateway).build()
        });
    let attach = mock!(Client::attach_internet_gateway)
        .match_requests(|it| {
            it.internet_gateway_id() == Some("igw-1") && it.vpc_id() == Some("vpc-1")
        })
        .then_output(|| AttachInternetGatewayOutput::builder().build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [create, attach]));
    let made = aws.create(&cx, &spec).await.unwrap();
    assert_eq!((made.clone(), attach.num_calls()), (state(), 0));
    assert_eq!(aws.configure(&cx, &spec, &made).await.unwrap(), state());
    assert_eq!(attach.num_calls(), 1);
}

async fn attach_again(attached: &str) -> Result<InternetGatewayState, ErrorKind> {
    let (scene, spec) = scene();
    let attach = mock!(Client::attach_internet_gateway)
        .then_http_response(|| ec2_error(400, "Resource.AlreadyAssociated", "igw-1 is attached"));
    let aws = with_ec2(mocked!(aws_sdk_ec2, [attach, describes(told(Some(attached)).build())]));
    let cx = scene.cx::<InternetGateway>("out");
    aws.configure(&cx, &spec, &state()).await.map_err(|error| error.kind)
}

#[tokio::test]
async fn what_is_attached_where_it_should_be_stays_so() {
    assert_eq!(attach_again("vpc-1").await, Ok(state()));
    assert_eq!(attach_again("vpc-2").await, Err(ErrorKind::AlreadyExists));
}

#[tokio::test]
async fn a_lost_attachment_is_told() {
    let (scene, spec) = scene();
    let cx = scene.cx::<InternetGateway>("out");
    for (attached, drift) in [(Some("vpc-1"), 0), (Some("vpc-2"), 1), (None, 1)] {
        let aws = with_ec2(mocked!(aws_sdk_ec2, [describes(told(attached).build())]));
        let observed = aws.read(&cx, &spec, &state()).await.unwrap().unwrap();
        assert_eq!(observed.drift.len(), drift, "{observed:?}");
        assert_eq!(observed.state, state());
    }
}

#[tokio::test]
async fn it_is_detached_before_it_is_deleted() {
    let (scene, spec) = scene();
    let cx = scene.cx::<InternetGateway>("out");
    let detach = mock!(Client::detach_internet_gateway)
        .match_requests(|it| {
            it.internet_gateway_id() == Some("igw-1") && it.vpc_id() == Some("vpc-1")
        })
        .sequence()
        .http_response(|| ec2_error(400, "DependencyViolation", "vpc-1 has mapped addresses"))
        .http_response(|| ec2_error(400, "Gateway.NotAttached", "igw-1 is not attached"))
        .http_response(|| ec2_error(400, "InvalidInternetGatewayID.NotFound", "no igw-1"))
        .build();
    let delete = mock!(Client::delete_internet_gateway)
        .match_requests(|it| it.internet_gateway_id() == Some("igw-1"))
        .sequence()
        .output(|| DeleteInternetGatewayOutput::builder().build())
        .http_response(|| ec2_error(400, "InvalidInternetGatewayID.NotFound", "no igw-1"))
        .build();
    let aws = with_ec2(mocked!(aws_sdk_ec2, [detach, delete]));
    let refused = aws.delete(&cx, &spec, &state()).await.unwrap_err();
    assert_eq!((refused.kind, delete.num_calls()), (ErrorKind::StillInUse, 0));
    aws.delete(&cx, &spec, &state()).await.unwrap();
    aws.delete(&cx, &spec, &state()).await.unwrap();
    assert_eq!(delete.num_calls(), 2);
}
