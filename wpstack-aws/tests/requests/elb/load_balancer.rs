//! `elb.load-balancer`

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::operation::create_load_balancer::CreateLoadBalancerOutput;
use aws_sdk_elasticloadbalancingv2::operation::delete_load_balancer::DeleteLoadBalancerOutput;
use aws_sdk_elasticloadbalancingv2::operation::describe_load_balancer_attributes::DescribeLoadBalancerAttributesOutput;
use aws_sdk_elasticloadbalancingv2::operation::describe_load_balancers::DescribeLoadBalancersOutput;
use aws_sdk_elasticloadbalancingv2::operation::modify_load_balancer_attributes::ModifyLoadBalancerAttributesOutput;
use aws_sdk_elasticloadbalancingv2::operation::set_subnets::SetSubnetsOutput;
use aws_sdk_elasticloadbalancingv2::types::builders::LoadBalancerBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    AvailabilityZone, LoadBalancer as Told, LoadBalancerAttribute, LoadBalancerSchemeEnum,
    LoadBalancerState as ToldState, LoadBalancerStateEnum, LoadBalancerTypeEnum,
};
use serde_json::json;
use wpstack_core::resource::elb::{LoadBalancer, LoadBalancerState};
use wpstack_core::value::{Seconds, Tags};
use wpstack_core::{Condition, Cx, ErrorKind, Observed, Provider};
use wpstack_testkit::mock::{Rule, mock, query_error};

use super::{are_its, describe_tags, tagged};
use crate::support::{Scene, changed, drift, mocked, with_elb};

const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/blog-alb/1";

fn scene() -> (Scene, LoadBalancer) {
    let mut scene = Scene::new();
    for (address, id) in [
        ("ec2.subnet:a", "subnet-1"),
        ("ec2.subnet:b", "subnet-2"),
        ("ec2.security-group:web", "sg-1"),
    ] {
        scene.stands(address, json!({ "id": id }));
    }
    let spec = json!({
        "name": "blog-alb",
        "subnets": [{ "$ref": "ec2.subnet:a" }, { "$ref": "ec2.subnet:b" }],
        "groups": [{ "$ref": "ec2.security-group:web" }],
        "gateway": { "$ref": "ec2.internet-gateway:main", "$needs": "ready" },
        "idle_timeout": 60,
        "deletion_protection": false,
        "drop_invalid_headers": true,
        "tags": {},
    });
    (scene, serde_json::from_value(spec).unwrap())
}

fn cx() -> Cx {
    scene().0.cx::<LoadBalancer>("main")
}

fn state() -> LoadBalancerState {
    LoadBalancerState {
        arn: ARN.to_owned(),
        dns_name: "blog.elb.amazonaws.com".to_owned(),
        zone_id: "Z1".to_owned(),
    }
}

fn told(code: LoadBalancerStateEnum) -> LoadBalancerBuilder {
    let zone = |subnet| AvailabilityZone::builder().subnet_id(subnet).build();
    Told::builder()
        .load_balancer_arn(ARN)
        .dns_name("blog.elb.amazonaws.com")
        .canonical_hosted_zone_id("Z1")
        .availability_zones(zone("subnet-2"))
        .availability_zones(zone("subnet-1"))
        .security_groups("sg-1")
        .state(ToldState::builder().code(code).reason("no addresses").build())
}

#[tokio::test]
async fn it_is_made_facing_the_internet_with_its_tags() {
    let (_, spec) = scene();
    let second = || scene().0.generation::<LoadBalancer>("main", 2);
    let create = mock!(Client::create_load_balancer)
        .match_requests(move |it| {
            it.name() == Some("blog-alb-2")
                && it.scheme() == Some(&LoadBalancerSchemeEnum::InternetFacing)
                && it.r#type() == Some(&LoadBalancerTypeEnum::Application)
                && it.subnets() == ["subnet-1", "subnet-2"]
                && it.security_groups() == ["sg-1"]
                && are_its(it.tags(), &second(), &Tags::new())
        })
        .then_output(|| {
            let told = told(LoadBalancerStateEnum::Provisioning).build();
            CreateLoadBalancerOutput::builder().load_balancers(told).build()
        });
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [create]));
    assert_eq!(aws.create(&second(), &spec).await.unwrap(), state());
}

fn by_name(name: &'static str, found: Vec<Told>) -> Rule {
    mock!(Client::describe_load_balancers)
        .match_requests(move |it| it.names() == [name])
        .then_output(move || {
            DescribeLoadBalancersOutput::builder().set_load_balancers(Some(found.clone())).build()
        })
}

#[tokio::test]
async fn one_of_the_name_is_found_if_it_is_ours_and_claimed_otherwise() {
    let (_, spec) = scene();
    let there = || by_name("blog-alb", vec![told(LoadBalancerStateEnum::Active).build()]);
    let ours = tagged(ARN, &cx());
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [there(), ours]));
    assert_eq!(aws.find(&cx(), &spec).await.unwrap(), Some(state()));

    let foreign = describe_tags(ARN, Vec::new());
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [there(), foreign]));
    let error = aws.find(&cx(), &spec).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists, "{error}");

    let none = mock!(Client::describe_load_balancers)
        .then_http_response(|| query_error(400, "LoadBalancerNotFound", "none of the name"));
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [none]));
    assert_eq!(aws.find(&cx(), &spec).await.unwrap(), None);
}

/// The attributes of a request, as `idle_timeout.timeout_seconds=120`.
fn set(attributes: &'static [&'static str]) -> Rule {
    mock!(Client::modify_load_balancer_attributes)
        .match_requests(move |it| {
            let pair = |it: &LoadBalancerAttribute| {
                format!("{}={}", it.key().unwrap(), it.value().unwrap())
            };
            let pairs: Vec<_> = it.attributes().iter().map(pair).collect();
            it.load_balancer_arn() == Some(ARN) && pairs == attributes
        })
        .then_output(|| ModifyLoadBalancerAttributesOutput::builder().build())
}

#[tokio::test]
async fn attributes_are_set_where_they_differ_from_the_defaults() {
    let (_, spec) = scene();
    let drop = set(&["routing.http.drop_invalid_header_fields.enabled=true"]);
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [drop]));
    aws.configure(&cx(), &spec, &state()).await.unwrap();
    assert_eq!(drop.num_calls(), 1);
    let plain = LoadBalancer { drop_invalid_headers: false, ..spec.clone() };
    aws.configure(&cx(), &plain, &state()).await.unwrap();
    assert_eq!(drop.num_calls(), 1);

    let all = set(&[
        "idle_timeout.timeout_seconds=120",
        "deletion_protection.enabled=true",
        "routing.http.drop_invalid_header_fields.enabled=true",
    ]);
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [all]));
    let spec = LoadBalancer { idle_timeout: Seconds(120), deletion_protection: true, ..spec };
    aws.configure(&cx(), &spec, &state()).await.unwrap();
    assert_eq!(all.num_calls(), 1);
}

fn attributes(idle: &'static str) -> Rule {
    mock!(Client::describe_load_balancer_attributes)
        .match_requests(|it| it.load_balancer_arn() == Some(ARN))
        .then_output(move || {
            let attribute =
                |key, value| LoadBalancerAttribute::builder().key(key).value(value).build();
            DescribeLoadBalancerAttributesOutput::builder()
                .attributes(attribute("idle_timeout.timeout_seconds", idle))
                .attributes(attribute("deletion_protection.enabled", "false"))
                .attributes(attribute("routing.http.drop_invalid_header_fields.enabled", "true"))
                .build()
        })
}

async fn read(told: Told, attributes: Rule, tags: Rule) -> Observed<LoadBalancerState> {
    let (_, spec) = scene();
    let describe = mock!(Client::describe_load_balancers)
        .match_requests(|it| it.load_balancer_arns() == [ARN])
        .then_output(move || {
            DescribeLoadBalancersOutput::builder().load_balancers(told.clone()).build()
        });
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [describe, attributes, tags]));
    aws.read(&cx(), &spec, &state()).await.unwrap().unwrap()
}

#[tokio::test]
async fn its_state_says_whether_it_serves() {
    let read = async |code: LoadBalancerStateEnum| {
        let observed = read(told(code).build(), attributes("60"), tagged(ARN, &cx())).await;
        assert_eq!(observed.drift, []);
        observed.condition
    };
    assert_eq!(read(LoadBalancerStateEnum::Active).await, Condition::Ready);
    assert_eq!(read(LoadBalancerStateEnum::ActiveImpaired).await, Condition::Ready);
    let phase = "provisioning".to_owned();
    let settling = Condition::Settling { phase, again_in: None };
    assert_eq!(read(LoadBalancerStateEnum::Provisioning).await, settling);
    let broken = Condition::Broken { reason: "no addresses".to_owned() };
    assert_eq!(read(LoadBalancerStateEnum::Failed).await, broken);
}

#[tokio::test]
async fn what_was_changed_outside_is_told() {
    let moved = told(LoadBalancerStateEnum::Active).set_availability_zones(None);
    let moved = moved.security_groups("sg-2").build();
    let observed = read(moved, attributes("90"), describe_tags(ARN, Vec::new())).await;
    let expected = ["subnets []", r#"groups ["sg-1","sg-2"]"#, r#"idle_timeout "90s""#, "tags {}"];
    assert_eq!(drift(&observed), expected);
}

#[tokio::test]
async fn one_that_is_gone_does_not_hide_the_others() {
    let (scene, spec) = scene();
    let gone = || query_error(400, "LoadBalancerNotFound", "one of them");
    let both = mock!(Client::describe_load_balancers)
        .match_requests(|it| it.load_balancer_arns().len() == 2)
        .then_http_response(gone);
    let second = mock!(Client::describe_load_balancers)
        .match_requests(|it| it.load_balancer_arns() == ["arn:gone"])
        .then_http_response(gone);
    let first = mock!(Client::describe_load_balancers)
        .match_requests(|it| it.load_balancer_arns() == [ARN])
        .then_output(|| {
            let told = told(LoadBalancerStateEnum::Active).build();
            DescribeLoadBalancersOutput::builder().load_balancers(told).build()
        });
    let attributes_gone = mock!(Client::describe_load_balancer_attributes)
        .match_requests(|it| it.load_balancer_arn() == Some("arn:gone"))
        .then_http_response(gone);
    let tags_gone = mock!(Client::describe_tags)
        .match_requests(|it| it.resource_arns() != [ARN])
        .then_http_response(gone);
    let aws = with_elb(mocked!(
        aws_sdk_elasticloadbalancingv2,
        [both, second, first, attributes("60"), attributes_gone, tagged(ARN, &cx()), tags_gone]
    ));
    let lost = LoadBalancerState {
        arn: "arn:gone".to_owned(),
        dns_name: "gone.elb.amazonaws.com".to_owned(),
        ..state()
    };
    let lost = scene.recorded("lost", &spec, &lost);
    let there = scene.recorded("main", &spec, &state());
    let looks = aws.read_many(&[lost, there]).await;
    let looks: Vec<_> = looks.into_iter().map(Result::unwrap).collect();
    assert_eq!(looks, [None, Some(Observed::ready(state()))]);
}

#[tokio::test]
async fn an_update_makes_the_calls_of_the_changed_fields() {
    let (_, spec) = scene();
    let subnets = mock!(Client::set_subnets)
        .match_requests(|it| it.subnets() == ["subnet-1", "subnet-2"])
        .then_output(|| SetSubnetsOutput::builder().build());
    let idle = set(&["idle_timeout.timeout_seconds=60"]);
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [subnets, idle]));
    let fields = changed(&["subnets", "idle_timeout"]);
    aws.update(&cx(), &spec, &state(), &fields).await.unwrap();
    assert_eq!((subnets.num_calls(), idle.num_calls()), (1, 1));
}

#[tokio::test]
async fn one_that_is_protected_goes_only_with_consent() {
    let (scene, spec) = scene();
    let spec = LoadBalancer { deletion_protection: true, ..spec };
    let unprotect = set(&["deletion_protection.enabled=false"]);
    let delete = mock!(Client::delete_load_balancer)
        .match_requests(|it| it.load_balancer_arn() == Some(ARN))
        .then_output(|| DeleteLoadBalancerOutput::builder().build());
    let aws = with_elb(mocked!(aws_sdk_elasticloadbalancingv2, [unprotect, delete]));
    let error = aws.delete(&cx(), &spec, &state()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Protected);
    assert_eq!((unprotect.num_calls(), delete.num_calls()), (0, 0));
    let cx = scene.unprotecting::<LoadBalancer>("main");
    aws.delete(&cx, &spec, &state()).await.unwrap();
    assert_eq!((unprotect.num_calls(), delete.num_calls()), (1, 1));
}
