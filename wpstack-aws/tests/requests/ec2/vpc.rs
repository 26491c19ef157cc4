//! `ec2.vpc`

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::create_tags::CreateTagsOutput;
use aws_sdk_ec2::operation::create_vpc::CreateVpcOutput;
use aws_sdk_ec2::operation::delete_tags::DeleteTagsOutput;
use aws_sdk_ec2::operation::delete_vpc::DeleteVpcOutput;
use aws_sdk_ec2::operation::describe_tags::DescribeTagsOutput;
use aws_sdk_ec2::operation::describe_vpc_attribute::DescribeVpcAttributeOutput;
use aws_sdk_ec2::operation::describe_vpcs::DescribeVpcsOutput;
use aws_sdk_ec2::operation::modify_vpc_attribute::ModifyVpcAttributeOutput;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, Tag, TagDescription, Vpc as Told, VpcAttributeName,
};
use wpstack_aws::Aws;
use wpstack_aws::tags::TagSet;
use wpstack_core::resource::ec2::{Vpc, VpcState};
use wpstack_core::{Cx, ErrorKind, Observed, Provider};
use wpstack_testkit::mock::{Rule, ec2_error, mock};

use super::{asks_for, asks_for_own, tagged, tags_it};
use crate::support::{Scene, changed, mocked, tags, with_ec2};

fn spec() -> Vpc {
    Vpc { tags: tags(&[("team", "web")]), ..Vpc::new("10.0.0.0/16".parse().unwrap()) }
}

fn cx() -> Cx {
    Scene::new().cx::<Vpc>("main")
}

fn state() -> VpcState {
    VpcState { id: "vpc-1".to_owned() }
}

fn told() -> aws_sdk_ec2::types::builders::VpcBuilder {
    let tags = tagged(&cx(), &spec().tags);
    Told::builder().vpc_id("vpc-1").cidr_block("10.0.0.0/16").set_tags(Some(tags))
}

#[tokio::test]
async fn the_creating_call_tags_what_it_makes() {
    let create = mock!(Client::create_vpc)
        .match_requests(|it| it.cidr_block() == Some("10.0.0.0/16"))
        .match_requests(|it| tags_it(it.tag_specifications(), &cx(), &spec().tags))
        .then_output(|| CreateVpcOutput::builder().vpc(told().build()).build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [create]));
    assert_eq!(aws.create(&cx(), &spec()).await.unwrap(), state());
    assert_eq!(create.num_calls(), 1);
}

#[tokio::test]
async fn what_an_interrupted_run_made_is_found_by_its_tags() {
    let describe = mock!(Client::describe_vpcs)
        .match_requests(|it| asks_for_own(it.filters(), &cx()))
        .then_output(|| DescribeVpcsOutput::builder().vpcs(told().build()).build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describe]));
    assert_eq!(aws.find(&cx(), &spec()).await.unwrap(), Some(state()));
}

fn switched(support: Option<bool>, hostnames: Option<bool>) -> Rule {
    mock!(Client::modify_vpc_attribute)
        .match_requests(move |it| {
            let is = |it: Option<&AttributeBooleanValue>| it.and_then(AttributeBooleanValue::value);
            it.vpc_id() == Some("vpc-1")
                && is(it.enable_dns_support()) == support
                && is(it.enable_dns_hostnames()) == hostnames
        })
        .then_output(|| ModifyVpcAttributeOutput::builder().build())
}

#[tokio::test]
async fn only_what_differs_from_the_defaults_is_set() {
    let (no_support, hostnames) = (switched(Some(false), None), switched(None, Some(true)));
    let aws = with_ec2(mocked!(aws_sdk_ec2, [no_support, hostnames]));
    aws.configure(&cx(), &spec(), &state()).await.unwrap();
    assert_eq!((no_support.num_calls(), hostnames.num_calls()), (0, 1));
    let plain = Vpc { dns_hostnames: false, ..spec() };
    aws.configure(&cx(), &plain, &state()).await.unwrap();
    assert_eq!((no_support.num_calls(), hostnames.num_calls()), (0, 1));
    let dark = Vpc { dns_support: false, ..plain };
    aws.configure(&cx(), &dark, &state()).await.unwrap();
    assert_eq!((no_support.num_calls(), hostnames.num_calls()), (1, 1));
}

/// The rule of a question about one switch.
fn attribute(name: VpcAttributeName, on: bool) -> Rule {
    let value = AttributeBooleanValue::builder().value(on).build();
    let answer = match name {
        VpcAttributeName::EnableDnsSupport => {
            DescribeVpcAttributeOutput::builder().enable_dns_support(value)
        }
        _ => DescribeVpcAttributeOutput::builder().enable_dns_hostnames(value),
    };
    mock!(Client::describe_vpc_attribute)
        .match_requests(move |it| it.vpc_id() == Some("vpc-1") && it.attribute() == Some(&name))
        .then_output(move || answer.clone().build())
}

async fn read(aws: &Aws) -> Option<Observed<VpcState>> {
    aws.read(&cx(), &spec(), &state()).await.unwrap()
}

#[tokio::test]
async fn what_is_as_recorded_has_no_drift() {
    let describe = mock!(Client::describe_vpcs)
        .match_requests(|it| asks_for(it.filters(), "vpc-id", &["vpc-1"]))
        .then_output(|| DescribeVpcsOutput::builder().vpcs(told().build()).build());
    let support = attribute(VpcAttributeName::EnableDnsSupport, true);
    let hostnames = attribute(VpcAttributeName::EnableDnsHostnames, true);
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describe, support, hostnames]));
    assert_eq!(read(&aws).await, Some(Observed::ready(state())));
}

#[tokio::test]
async fn what_was_changed_outside_is_told() {
    let describe = mock!(Client::describe_vpcs).then_output(|| {
        let tags = [("team", "db"), ("aws:cloud", "it")]
            .iter()
            .map(|(key, value)| Tag::builder().key(*key).value(*value).build());
        let vpc = told().set_tags(Some(tags.collect())).build();
        DescribeVpcsOutput::builder().vpcs(vpc).build()
    });
    let support = attribute(VpcAttributeName::EnableDnsSupport, true);
    let hostnames = attribute(VpcAttributeName::EnableDnsHostnames, false);
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describe, support, hostnames]));
    let drift = read(&aws).await.unwrap().drift;
    let drift: Vec<_> = drift.iter().map(|it| format!("{} {}", it.field, it.actual)).collect();
    assert_eq!(drift, ["dns_hostnames false", r#"tags {"team":"db"}"#]);
}

#[tokio::test]
async fn what_is_not_told_is_gone() {
    let describe =
        mock!(Client::describe_vpcs).then_output(|| DescribeVpcsOutput::builder().build());
    let attribute = mock!(Client::describe_vpc_attribute)
        .then_http_response(|| ec2_error(400, "InvalidVpcID.NotFound", "no vpc-1"));
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describe, attribute]));
    assert_eq!(read(&aws).await, None);
}

#[tokio::test]
async fn many_are_read_with_one_question() {
    let describe = mock!(Client::describe_vpcs)
        .match_requests(|it| asks_for(it.filters(), "vpc-id", &["vpc-2", "vpc-1"]))
        .then_output(|| DescribeVpcsOutput::builder().vpcs(told().build()).build());
    let attribute = mock!(Client::describe_vpc_attribute)
        .then_output(|| DescribeVpcAttributeOutput::builder().build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describe, attribute]));
    let scene = Scene::new();
    let gone = scene.recorded("gone", &spec(), &VpcState { id: "vpc-2".to_owned() });
    let there = scene.recorded("main", &spec(), &state());
    let looks = aws.read_many(&[gone, there]).await;
    let looks: Vec<_> = looks.into_iter().map(Result::unwrap).collect();
    assert_eq!(looks, [None, Some(Observed::ready(state()))]);
    assert_eq!(describe.num_calls(), 1);
}

#[tokio::test]
async fn a_failed_question_fails_for_each() {
    let describe = mock!(Client::describe_vpcs)
        .then_http_response(|| ec2_error(503, "RequestLimitExceeded", "slow down"));
    let attribute = mock!(Client::describe_vpc_attribute)
        .then_output(|| DescribeVpcAttributeOutput::builder().build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describe, attribute]));
    let object = Scene::new().recorded("main", &spec(), &state());
    let looks = aws.read_many(&[object.clone(), object.clone(), object]).await;
    let kinds: Vec<_> = looks.into_iter().map(|look| look.unwrap_err().kind).collect();
    assert_eq!(kinds, [ErrorKind::Throttled; 3]);
}

#[tokio::test]
async fn an_update_sets_what_changed_and_nothing_else() {
    let hostnames = switched(None, Some(true));
    let aws = with_ec2(mocked!(aws_sdk_ec2, [hostnames]));
    aws.update(&cx(), &spec(), &state(), &changed(&["dns_hostnames"])).await.unwrap();
    assert_eq!(hostnames.num_calls(), 1);
}

#[tokio::test]
async fn tags_are_set_and_unset_where_they_differ() {
    let describe = mock!(Client::describe_tags)
        .match_requests(|it| asks_for(it.filters(), "resource-id", &["vpc-1"]))
        .then_output(|| {
            let wanted = TagSet::wanted(&cx(), &tags(&[("old", "1"), ("team", "db")]));
            let told = wanted
                .iter()
                .map(|(key, value)| TagDescription::builder().key(key).value(value).build());
            DescribeTagsOutput::builder().set_tags(Some(told.collect())).build()
        });
    let set = mock!(Client::create_tags)
        .match_requests(|it| {
            let team = Tag::builder().key("team").value("web").build();
            it.resources() == ["vpc-1"] && it.tags() == [team]
        })
        .then_output(|| CreateTagsOutput::builder().build());
    let unset = mock!(Client::delete_tags)
        .match_requests(|it| {
            it.resources() == ["vpc-1"] && it.tags() == [Tag::builder().key("old").build()]
        })
        .then_output(|| DeleteTagsOutput::builder().build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describe, set, unset]));
    aws.update(&cx(), &spec(), &state(), &changed(&["tags"])).await.unwrap();
    assert_eq!((set.num_calls(), unset.num_calls()), (1, 1));
}

#[tokio::test]
async fn a_second_delete_succeeds() {
    let delete = mock!(Client::delete_vpc)
        .match_requests(|it| it.vpc_id() == Some("vpc-1"))
        .sequence()
        .output(|| DeleteVpcOutput::builder().build())
        .http_response(|| ec2_error(400, "InvalidVpcID.NotFound", "no vpc-1"))
        .build();
    let aws = with_ec2(mocked!(aws_sdk_ec2, [delete]));
    aws.delete(&cx(), &spec(), &state()).await.unwrap();
    aws.delete(&cx(), &spec(), &state()).await.unwrap();
    assert_eq!(delete.num_calls(), 2);
}
