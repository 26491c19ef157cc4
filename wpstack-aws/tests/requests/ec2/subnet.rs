//! `ec2.subnet`

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::create_subnet::CreateSubnetOutput;
use aws_sdk_ec2::operation::delete_subnet::DeleteSubnetOutput;
use aws_sdk_ec2::operation::describe_subnets::DescribeSubnetsOutput;
use aws_sdk_ec2::operation::modify_subnet_attribute::ModifySubnetAttributeOutput;
use aws_sdk_ec2::types::Subnet as Told;
use wpstack_core::resource::ec2::{Subnet, SubnetState, Vpc, VpcState};
use wpstack_core::{Observed, Provider};
use wpstack_testkit::mock::{Rule, ec2_error, mock};

use super::{asks_for, asks_for_own, tagged, tags_it};
use crate::support::{Scene, changed, mocked, with_ec2};

fn scene() -> (Scene, Subnet) {
    let mut scene = Scene::new();
    let vpc = Vpc::new("10.0.0.0/16".parse().unwrap());
    let vpc = scene.exists("main", vpc, &VpcState { id: "vpc-1".to_owned() });
    let spec = Subnet::new(&vpc, "10.0.1.0/24".parse().unwrap(), "eu-west-1a".parse().unwrap());
    (scene, spec)
}

fn state() -> SubnetState {
    SubnetState { id: "subnet-1".to_owned() }
}

fn told() -> aws_sdk_ec2::types::builders::SubnetBuilder {
    let (scene, spec) = scene();
    Told::builder()
        .subnet_id("subnet-1")
        .vpc_id("vpc-1")
        .cidr_block("10.0.1.0/24")
        .availability_zone("eu-west-1a")
        .map_public_ip_on_launch(true)
        .set_tags(Some(tagged(&scene.cx::<Subnet>("a"), &spec.tags)))
}

#[tokio::test]
async fn it_is_made_in_its_network_with_its_tags() {
    let (scene, spec) = scene();
    let cx = scene.cx::<Subnet>("a");
    let (expected, configured) = (cx.clone(), spec.tags.clone());
    let create = mock!(Client::create_subnet)
        .match_requests(move |it| {
            it.vpc_id() == Some("vpc-1")
                && it.cidr_block() == Some("10.0.1.0/24")
                && it.availability_zone() == Some("eu-west-1a")
                && tags_it(it.tag_specifications(), &expected, &configured)
        })
        .then_output(|| CreateSubnetOutput::builder().subnet(told().build()).build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [create]));
    assert_eq!(aws.create(&cx, &spec).await.unwrap(), state());
}

#[tokio::test]
async fn what_an_interrupted_run_made_is_found_by_its_tags() {
    let (scene, spec) = scene();
    let cx = scene.cx::<Subnet>("a");
    let expected = cx.clone();
    let describe = mock!(Client::describe_subnets)
        .match_requests(move |it| asks_for_own(it.filters(), &expected))
        .then_output(|| DescribeSubnetsOutput::builder().build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describe]));
    assert_eq!(aws.find(&cx, &spec).await.unwrap(), None);
}

fn public(on: bool) -> Rule {
    mock!(Client::modify_subnet_attribute)
        .match_requests(move |it| {
            it.subnet_id() == Some("subnet-1")
                && it.map_public_ip_on_launch().and_then(|it| it.value()) == Some(on)
        })
        .then_output(|| ModifySubnetAttributeOutput::builder().build())
}

#[tokio::test]
async fn public_addresses_are_set_where_they_differ_from_the_default() {
    let (scene, spec) = scene();
    let cx = scene.cx::<Subnet>("a");
    let (on, off) = (public(true), public(false));
    let aws = with_ec2(mocked!(aws_sdk_ec2, [on, off]));
    aws.configure(&cx, &spec, &state()).await.unwrap();
    assert_eq!((on.num_calls(), off.num_calls()), (1, 0));
    let private = Subnet { public_addresses: false, ..spec };
    aws.configure(&cx, &private, &state()).await.unwrap();
    assert_eq!((on.num_calls(), off.num_calls()), (1, 0));
    let fields = changed(&["public_addresses"]);
    aws.update(&cx, &private, &state(), &fields).await.unwrap();
    assert_eq!((on.num_calls(), off.num_calls()), (1, 1));
}

async fn read(told: Told) -> Option<Observed<SubnetState>> {
    let (scene, spec) = scene();
    let describe = mock!(Client::describe_subnets)
        .match_requests(|it| asks_for(it.filters(), "subnet-id", &["subnet-1"]))
        .then_output(move || DescribeSubnetsOutput::builder().subnets(told.clone()).build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describe]));
    aws.read(&scene.cx::<Subnet>("a"), &spec, &state()).await.unwrap()
}

#[tokio::test]
async fn drift_is_told_where_there_is_any() {
    assert_eq!(read(told().build()).await, Some(Observed::ready(state())));
    assert_eq!(read(told().subnet_id("subnet-2").build()).await, None);
    let moved = told().vpc_id("vpc-2").availability_zone("eu-west-1b");
    let drift = read(moved.map_public_ip_on_launch(false).build()).await.unwrap().drift;
    let drift: Vec<_> = drift.iter().map(|it| format!("{} {}", it.field, it.actual)).collect();
    assert_eq!(drift, [r#"vpc "vpc-2""#, r#"zone "eu-west-1b""#, "public_addresses false"]);
}

#[tokio::test]
async fn a_second_delete_succeeds() {
    let (scene, spec) = scene();
    let delete = mock!(Client::delete_subnet)
        .match_requests(|it| it.subnet_id() == Some("subnet-1"))
        .sequence()
        .output(|| DeleteSubnetOutput::builder().build())
        .http_response(|| ec2_error(400, "InvalidSubnetID.NotFound", "no subnet-1"))
        .build();
    let aws = with_ec2(mocked!(aws_sdk_ec2, [delete]));
    let cx = scene.cx::<Subnet>("a");
    aws.delete(&cx, &spec, &state()).await.unwrap();
    aws.delete(&cx, &spec, &state()).await.unwrap();
    assert_eq!(delete.num_calls(), 2);
}
