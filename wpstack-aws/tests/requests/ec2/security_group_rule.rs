//! `ec2.security-group-rule`

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::authorize_security_group_egress::AuthorizeSecurityGroupEgressOutput;
use aws_sdk_ec2::operation::authorize_security_group_ingress::AuthorizeSecurityGroupIngressOutput;
use aws_sdk_ec2::operation::describe_security_group_rules::DescribeSecurityGroupRulesOutput;
use aws_sdk_ec2::operation::revoke_security_group_ingress::RevokeSecurityGroupIngressOutput;
use aws_sdk_ec2::operation::update_security_group_rule_descriptions_ingress::UpdateSecurityGroupRuleDescriptionsIngressOutput as UpdatedOutput;
use aws_sdk_ec2::types::builders::SecurityGroupRuleBuilder;
use aws_sdk_ec2::types::{
    IpPermission, IpRange, ReferencedSecurityGroup, SecurityGroupRule as Told, UserIdGroupPair,
};
use wpstack_core::resource::ec2::{
    Direction, Peer, SecurityGroup, SecurityGroupRule, SecurityGroupRuleState, SecurityGroupState,
    Vpc, VpcState,
};
use wpstack_core::value::{Tags, Traffic};
use wpstack_core::{Cx, ErrorKind, Observed, Provider};
use wpstack_testkit::mock::{Rule, ec2_error, mock};

use super::{asks_for, tagged, tags_it};
use crate::support::{Scene, changed, mocked, with_ec2};

/// A rule that lets the world in to port 80, and one that lets everything out to another group.
fn scene() -> (Scene, SecurityGroupRule, SecurityGroupRule) {
    let mut scene = Scene::new();
    let vpc = Vpc::new("10.0.0.0/16".parse().unwrap());
    let vpc = scene.exists("main", vpc, &VpcState { id: "vpc-1".to_owned() });
    let group = |name: &str| SecurityGroup {
        vpc: vpc.clone(),
        name: name.parse().unwrap(),
        description: name.to_owned(),
        tags: Tags::new(),
    };
    let state = |id: &str| SecurityGroupState { id: id.to_owned(), as_given: false };
    let web = scene.exists("web", group("web"), &state("sg-1"));
    let db = scene.exists("db", group("db"), &state("sg-2"));
    let inward = SecurityGroupRule {
        group: web.ready(),
        direction: Direction::Ingress,
        peer: Peer::Cidr("0.0.0.0/0".parse().unwrap()),
        traffic: Traffic::tcp(80),
        description: "visitors".to_owned(),
        tags: Tags::new(),
    };
    let outward = SecurityGroupRule {
        direction: Direction::Egress,
        peer: Peer::Group(db),
        traffic: Traffic::All,
        description: String::new(),
        ..inward.clone()
    };
    (scene, inward, outward)
}

fn state(direction: Direction) -> SecurityGroupRuleState {
    SecurityGroupRuleState { id: "sgr-1".to_owned(), group_id: "sg-1".to_owned(), direction }
}

fn told_inward() -> SecurityGroupRuleBuilder {
    let rule = Told::builder().security_group_rule_id("sgr-1").group_id("sg-1").is_egress(false);
    rule.ip_protocol("tcp").from_port(80).to_port(80).cidr_ipv4("0.0.0.0/0").description("visitors")
}

fn told_outward() -> SecurityGroupRuleBuilder {
    let db = ReferencedSecurityGroup::builder().group_id("sg-2").build();
    let rule = Told::builder().security_group_rule_id("sgr-1").group_id("sg-1").is_egress(true);
    rule.ip_protocol("-1").from_port(-1).to_port(-1).referenced_group_info(db)
}

fn inward_permission() -> IpPermission {
    let range = IpRange::builder().cidr_ip("0.0.0.0/0").description("visitors").build();
    IpPermission::builder().ip_protocol("tcp").from_port(80).to_port(80).ip_ranges(range).build()
}

fn describes(told: Vec<Told>) -> Rule {
    mock!(Client::describe_security_group_rules)
        .match_requests(|it| {
            asks_for(it.filters(), "group-id", &["sg-1"])
                || asks_for(it.filters(), "security-group-rule-id", &["sgr-1"])
        })
        .then_output(move || {
            let answer = DescribeSecurityGroupRulesOutput::builder();
            answer.set_security_group_rules(Some(told.clone())).build()
        })
}

#[tokio::test]
async fn an_inward_rule_is_made_with_its_tags() {
    let (scene, inward, _) = scene();
    let cx = scene.cx::<SecurityGroupRule>("in");
    let (expected, configured) = (cx.clone(), inward.tags.clone());
    let authorize = mock!(Client::authorize_security_group_ingress)
        .match_requests(move |it| {
            it.group_id() == Some("sg-1")
                && it.ip_permissions() == [inward_permission()]
                && tags_it(it.tag_specifications(), &expected, &configured)
        })
        .then_output(|| {
            let answer = AuthorizeSecurityGroupIngressOutput::builder();
            answer.security_group_rules(told_inward().build()).build()
        });
    let aws = with_ec2(mocked!(aws_sdk_ec2, [authorize]));
    assert_eq!(aws.create(&cx, &inward).await.unwrap(), state(Direction::Ingress));
}

#[tokio::test]
async fn a_rule_that_the_answer_does_not_tell_is_looked_up() {
    let (scene, _, outward) = scene();
    let cx = scene.cx::<SecurityGroupRule>("out");
    let authorize = mock!(Client::authorize_security_group_egress)
        .match_requests(|it| {
            let pair = UserIdGroupPair::builder().group_id("sg-2").build();
            let everything = IpPermission::builder().ip_protocol("-1").user_id_group_pairs(pair);
            it.ip_permissions() == [everything.build()]
        })
        .then_output(|| AuthorizeSecurityGroupEgressOutput::builder().build());
    let tags = tagged(&cx, &outward.tags);
    let others = vec![told_inward().build(), told_outward().set_tags(Some(tags)).build()];
    let aws = with_ec2(mocked!(aws_sdk_ec2, [authorize, describes(others)]));
    assert_eq!(aws.create(&cx, &outward).await.unwrap(), state(Direction::Egress));
}

async fn find(cx: &Cx, told: Told) -> Result<Option<SecurityGroupRuleState>, ErrorKind> {
    let (_, inward, _) = scene();
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describes(vec![told])]));
    aws.find(cx, &inward).await.map_err(|error| error.kind)
}

#[tokio::test]
async fn a_rule_is_known_by_what_it_lets_through() {
    let (scene, inward, _) = scene();
    let cx = scene.cx::<SecurityGroupRule>("in");
    let found = Ok(Some(state(Direction::Ingress)));
    assert_eq!(find(&cx, told_inward().build()).await, found);
    let tags = tagged(&cx, &inward.tags);
    assert_eq!(find(&cx, told_inward().set_tags(Some(tags)).build()).await, found);
    assert_eq!(find(&cx, told_inward().to_port(81).build()).await, Ok(None));
    assert_eq!(find(&cx, told_inward().is_egress(true).build()).await, Ok(None));
    assert_eq!(find(&cx, told_inward().cidr_ipv4("10.0.0.0/8").build()).await, Ok(None));
    let others = tagged(&scene.cx::<SecurityGroupRule>("other"), &inward.tags);
    let taken = told_inward().set_tags(Some(others)).build();
    assert_eq!(find(&cx, taken).await, Err(ErrorKind::AlreadyExists));
}

async fn read(spec: &SecurityGroupRule, told: SecurityGroupRuleBuilder) -> Vec<String> {
    let (scene, ..) = scene();
    let cx = scene.cx::<SecurityGroupRule>("rule");
    let told = told.set_tags(Some(tagged(&cx, &spec.tags))).build();
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describes(vec![told])]));
    let state = state(spec.direction);
    let Observed { drift, .. } = aws.read(&cx, spec, &state).await.unwrap().unwrap();
    drift.iter().map(|it| format!("{} {}", it.field, it.actual)).collect()
}

#[tokio::test]
async fn drift_is_told_where_there_is_any() {
    let (_, inward, outward) = scene();
    let none: [&str; 0] = [];
    assert_eq!(read(&inward, told_inward()).await, none);
    assert_eq!(read(&outward, told_outward()).await, none);
    let wide = told_inward().from_port(-1).to_port(-1).ip_protocol("-1").description("all");
    assert_eq!(read(&inward, wide).await, [r#"traffic "all""#, r#"description "all""#]);
    let range = told_inward().to_port(443).cidr_ipv4("10.0.0.0/8");
    assert_eq!(read(&inward, range).await, [r#"peer "10.0.0.0/8""#, r#"traffic "tcp 80-443""#]);
}

#[tokio::test]
async fn a_description_is_changed_in_place() {
    let (scene, inward, _) = scene();
    let update = mock!(Client::update_security_group_rule_descriptions_ingress)
        .match_requests(|it| {
            it.group_id() == Some("sg-1") && it.ip_permissions() == [inward_permission()]
        })
        .then_output(|| UpdatedOutput::builder().build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [update]));
    let (cx, state) = (scene.cx::<SecurityGroupRule>("in"), state(Direction::Ingress));
    aws.update(&cx, &inward, &state, &changed(&["description"])).await.unwrap();
    assert_eq!(update.num_calls(), 1);
}

#[tokio::test]
async fn a_second_delete_succeeds() {
    let (scene, inward, _) = scene();
    let revoke = mock!(Client::revoke_security_group_ingress)
        .match_requests(|it| {
            it.group_id() == Some("sg-1") && it.security_group_rule_ids() == ["sgr-1"]
        })
        .sequence()
        .output(|| RevokeSecurityGroupIngressOutput::builder().build())
        .http_response(|| ec2_error(400, "InvalidSecurityGroupRuleId.NotFound", "no sgr-1"))
        .build();
    let aws = with_ec2(mocked!(aws_sdk_ec2, [revoke]));
    let (cx, state) = (scene.cx::<SecurityGroupRule>("in"), state(Direction::Ingress));
    aws.delete(&cx, &inward, &state).await.unwrap();
    aws.delete(&cx, &inward, &state).await.unwrap();
    assert_eq!(revoke.num_calls(), 2);
}
