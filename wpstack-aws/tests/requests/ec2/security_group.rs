//! `ec2.security-group`

use std::sync::{Arc, Mutex};

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::create_security_group::CreateSecurityGroupOutput;
use aws_sdk_ec2::operation::delete_security_group::DeleteSecurityGroupOutput;
use aws_sdk_ec2::operation::describe_security_group_rules::DescribeSecurityGroupRulesOutput;
use aws_sdk_ec2::operation::describe_security_groups::DescribeSecurityGroupsOutput;
use aws_sdk_ec2::operation::revoke_security_group_egress::RevokeSecurityGroupEgressOutput;
use aws_sdk_ec2::types::{IpRange, SecurityGroup as Told, SecurityGroupRule as ToldRule, Tag};
use wpstack_core::resource::ec2::{SecurityGroup, SecurityGroupState, Vpc, VpcState};
use wpstack_core::{ErrorKind, Observed, Provider};
use wpstack_testkit::mock::{ec2_error, mock};

use super::{asks_for, asks_for_own, tagged, tags_it};
use crate::support::{Scene, mocked, tags, with_ec2};

fn scene() -> (Scene, SecurityGroup) {
    let mut scene = Scene::new();
    let vpc = Vpc::new("10.0.0.0/16".parse().unwrap());
    let vpc = scene.exists("main", vpc, &VpcState { id: "vpc-1".to_owned() });
    let spec = SecurityGroup {
        vpc,
        name: "blog-web".parse().unwrap(),
        description: "The web servers".to_owned(),
        tags: tags(&[]),
    };
    (scene, spec)
}

fn state() -> SecurityGroupState {
    SecurityGroupState { id: "sg-1".to_owned(), as_given: false }
}

fn fresh() -> SecurityGroupState {
    SecurityGroupState { as_given: true, ..state() }
}

#[tokio::test]
async fn its_name_tells_its_generation() {
    let (scene, spec) = scene();
    for (generation, name) in [(1, "blog-web"), (2, "blog-web-2")] {
        let cx = scene.generation::<SecurityGroup>("web", generation);
        let (expected, configured) = (cx.clone(), spec.tags.clone());
        let create = mock!(Client::create_security_group)
            .match_requests(move |it| {
                it.vpc_id() == Some("vpc-1")
                    && it.group_name() == Some(name)
                    && it.description() == Some("The web servers")
                    && tags_it(it.tag_specifications(), &expected, &configured)
            })
            .then_output(|| CreateSecurityGroupOutput::builder().group_id("sg-1").build());
        let aws = with_ec2(mocked!(aws_sdk_ec2, [create]));
        assert_eq!(aws.create(&cx, &spec).await.unwrap(), fresh());
    }
}

#[tokio::test]
async fn what_an_interrupted_run_made_is_found_by_its_tags() {
    let (scene, spec) = scene();
    let cx = scene.cx::<SecurityGroup>("web");
    let expected = cx.clone();
    let describe = mock!(Client::describe_security_groups)
        .match_requests(move |it| asks_for_own(it.filters(), &expected))
        .then_output(|| {
            let group = Told::builder().group_id("sg-1").build();
            DescribeSecurityGroupsOutput::builder().security_groups(group).build()
        });
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describe]));
    assert_eq!(aws.find(&cx, &spec).await.unwrap(), Some(fresh()));
}

/// Configures a fresh group. Returns the rules that were named to be taken away besides the one for everything.
async fn revoked(rules: Vec<ToldRule>) -> Vec<String> {
    let (scene, spec) = scene();
    let describe = mock!(Client::describe_security_group_rules)
        .match_requests(|it| asks_for(it.filters(), "group-id", &["sg-1"]))
        .then_output(move || {
            let answer = DescribeSecurityGroupRulesOutput::builder();
            answer.set_security_group_rules(Some(rules.clone())).build()
        });
    let everything = mock!(Client::revoke_security_group_egress)
        .match_requests(|it| {
            let [rule] = it.ip_permissions() else { return false };
            it.group_id() == Some("sg-1")
                && rule.ip_protocol() == Some("-1")
                && rule.ip_ranges().iter().map(IpRange::cidr_ip).eq([Some("0.0.0.0/0")])
        })
        .then_output(|| RevokeSecurityGroupEgressOutput::builder().build());
    let named = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&named);
    let others = mock!(Client::revoke_security_group_egress)
        .match_requests(move |it| {
            noted.lock().unwrap().extend_from_slice(it.security_group_rule_ids());
            it.ip_permissions().is_empty()
        })
        .then_output(|| RevokeSecurityGroupEgressOutput::builder().build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describe, everything, others]));
    let cx = scene.cx::<SecurityGroup>("web");
    assert_eq!(aws.configure(&cx, &spec, &fresh()).await.unwrap(), state());
    assert_eq!(everything.num_calls(), 1);
    let named = named.lock().unwrap();
    named.clone()
}

#[tokio::test]
async fn the_rules_that_aws_gives_are_taken_away() {
    let rule = |id: &str| ToldRule::builder().security_group_rule_id(id).is_egress(true);
    let v4 = rule("v4").ip_protocol("-1").cidr_ipv4("0.0.0.0/0").build();
    let v6 = rule("v6").ip_protocol("-1").cidr_ipv6("::/0").build();
    assert_eq!(revoked(vec![v4.clone()]).await, [""; 0]);
    assert_eq!(revoked(vec![v4, v6]).await, ["v6"]);
}

#[tokio::test]
async fn no_other_rule_is_taken_away() {
    let outward = |id: &str| {
        let rule = ToldRule::builder().security_group_rule_id(id).is_egress(true);
        rule.ip_protocol("-1").cidr_ipv6("::/0")
    };
    let tag = Tag::builder().key("wpstack:owner").value("lineage").build();
    let others = vec![
        outward("ours").tags(tag).build(),
        outward("inward").is_egress(false).build(),
        outward("narrow").cidr_ipv6("fd00::/8").build(),
        outward("tcp").ip_protocol("tcp").from_port(443).to_port(443).build(),
    ];
    assert_eq!(revoked(others).await, [""; 0]);
}

#[tokio::test]
async fn a_rule_that_was_taken_already_is_told_from_a_group_that_is_not_visible_yet() {
    let configure = async |code: &'static str| {
        let (scene, spec) = scene();
        let describe = mock!(Client::describe_security_group_rules)
            .then_output(|| DescribeSecurityGroupRulesOutput::builder().build());
        let revoke = mock!(Client::revoke_security_group_egress)
            .then_http_response(move || ec2_error(400, code, "it is not there"));
        let aws = with_ec2(mocked!(aws_sdk_ec2, [describe, revoke]));
        aws.configure(&scene.cx::<SecurityGroup>("web"), &spec, &fresh()).await
    };
    assert_eq!(configure("InvalidPermission.NotFound").await.unwrap(), state());
    let error = configure("InvalidGroup.NotFound").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn of_a_group_that_lost_them_nothing_is_taken() {
    let (scene, spec) = scene();
    let aws = with_ec2(mocked!(aws_sdk_ec2, []));
    let cx = scene.cx::<SecurityGroup>("web");
    assert_eq!(aws.configure(&cx, &spec, &state()).await.unwrap(), state());
}

#[tokio::test]
async fn drift_is_told_where_there_is_any() {
    let (scene, spec) = scene();
    let cx = scene.cx::<SecurityGroup>("web");
    let told = Told::builder()
        .group_id("sg-1")
        .vpc_id("vpc-1")
        .group_name("blog-web")
        .description("The web servers")
        .set_tags(Some(tagged(&cx, &spec.tags)));
    let stripped = told.clone().set_tags(None).build();
    for (told, drift) in [(told.build(), 0), (stripped, 1)] {
        let describe = mock!(Client::describe_security_groups)
            .match_requests(|it| asks_for(it.filters(), "group-id", &["sg-1"]))
            .then_output(move || {
                DescribeSecurityGroupsOutput::builder().security_groups(told.clone()).build()
            });
        let aws = with_ec2(mocked!(aws_sdk_ec2, [describe]));
        let observed = aws.read(&cx, &spec, &state()).await.unwrap().unwrap();
        assert_eq!(observed.drift.len(), drift);
        let Observed { state: seen, .. } = observed;
        assert_eq!(seen, state());
    }
}

#[tokio::test]
async fn a_group_in_use_is_deleted_later() {
    let (scene, spec) = scene();
    let cx = scene.cx::<SecurityGroup>("web");
    let delete = mock!(Client::delete_security_group)
        .match_requests(|it| it.group_id() == Some("sg-1"))
        .sequence()
        .http_response(|| ec2_error(400, "DependencyViolation", "sg-1 has a dependent object"))
        .output(|| DeleteSecurityGroupOutput::builder().build())
        .http_response(|| ec2_error(400, "InvalidGroup.NotFound", "no sg-1"))
        .build();
    let aws = with_ec2(mocked!(aws_sdk_ec2, [delete]));
    let refused = aws.delete(&cx, &spec, &state()).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::StillInUse);
    aws.delete(&cx, &spec, &state()).await.unwrap();
    aws.delete(&cx, &spec, &state()).await.unwrap();
}
