//! `autoscaling.group`

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::operation::create_auto_scaling_group::CreateAutoScalingGroupOutput;
use aws_sdk_autoscaling::operation::create_or_update_tags::CreateOrUpdateTagsOutput;
use aws_sdk_autoscaling::operation::delete_auto_scaling_group::DeleteAutoScalingGroupOutput;
use aws_sdk_autoscaling::operation::delete_tags::DeleteTagsOutput;
use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::DescribeAutoScalingGroupsOutput;
use aws_sdk_autoscaling::operation::describe_scaling_activities::DescribeScalingActivitiesOutput;
use aws_sdk_autoscaling::operation::start_instance_refresh::StartInstanceRefreshOutput;
use aws_sdk_autoscaling::operation::update_auto_scaling_group::UpdateAutoScalingGroupOutput;
use aws_sdk_autoscaling::types::builders::AutoScalingGroupBuilder;
use aws_sdk_autoscaling::types::{
    Activity, AutoScalingGroup as Told, Instance, LaunchTemplateSpecification, LifecycleState,
    ScalingActivityStatusCode, Tag, TagDescription,
};
use wpstack_aws::Aws;
use wpstack_aws::tags::TagSet;
use wpstack_core::provider::Condition;
use wpstack_core::resource::autoscaling::{AutoScalingGroup, AutoScalingGroupState};
use wpstack_core::resource::ec2::{
    LaunchTemplate, LaunchTemplateState, MachineImage, Subnet, SubnetState, Vpc, VpcState,
};
use wpstack_core::resource::ecs::{Cluster, ClusterState};
use wpstack_core::value::{Gibibytes, Seconds, Tags};
use wpstack_core::{Cx, ErrorKind, Observed, Provider};
use wpstack_testkit::mock::{Rule, mock, query_error};

use crate::support::{Scene, changed, mocked, nowhere, profile, tags};

fn scene() -> (Scene, AutoScalingGroup) {
    let mut scene = Scene::new();
    let (profile, role) = profile(&mut scene);
    let vpc = Vpc::new("10.0.0.0/16".parse().unwrap());
    let vpc = scene.exists("main", vpc, &VpcState { id: "vpc-1".to_owned() });
    let mut subnet = |name: &str, cidr: &str| {
        let zone = format!("eu-west-1{name}").parse().unwrap();
        let subnet = Subnet::new(&vpc, cidr.parse().unwrap(), zone);
        scene.exists(name, subnet, &SubnetState { id: format!("subnet-{name}") })
    };
    let subnets = vec![subnet("a", "10.0.0.0/24"), subnet("b", "10.0.1.0/24")];
    let template = LaunchTemplate {
        name: "blog".parse().unwrap(),
        image: MachineImage::EcsAmazonLinux2023,
        instance_type: "t3.small".parse().unwrap(),
        profile: profile.clone(),
        groups: vec![],
        public_address: true,
        volume: Gibibytes(30),
        user_data: "#!/bin/sh\n".parse().unwrap(),
        tags: Tags::new(),
    };
    let state = LaunchTemplateState { id: "lt-1".to_owned(), version: 3 };
    let template = scene.exists("instances", template, &state);
    let cluster = Cluster { name: "blog".parse().unwrap(), insights: false, tags: Tags::new() };
    let state = ClusterState { name: "blog".to_owned(), arn: "arn:cluster".to_owned() };
    let cluster = scene.exists("main", cluster, &state);
    let spec = AutoScalingGroup {
        name: "blog".parse().unwrap(),
        template,
        subnets,
        min: 1,
        desired: 2,
        max: 4,
        health_grace: Seconds(60),
        cluster,
        profile: profile.ready(),
        role: role.ready(),
        routes: vec![],
        rules: vec![],
        tags: tags(&[("team", "web")]),
    };
    (scene, spec)
}

fn cx() -> Cx {
    scene().0.cx::<AutoScalingGroup>("instances")
}

fn state() -> AutoScalingGroupState {
    AutoScalingGroupState { name: "blog".to_owned(), arn: "arn:group".to_owned() }
}

fn with(autoscaling: Client) -> Aws {
    Aws { autoscaling, ..nowhere() }
}

fn template(version: &str) -> LaunchTemplateSpecification {
    LaunchTemplateSpecification::builder().launch_template_id("lt-1").version(version).build()
}

/// The tags as a group takes them, all for its instances too.
fn sent(tags: &TagSet) -> Vec<Tag> {
    let tag = |(key, value)| {
        let tag = Tag::builder().resource_id("blog").resource_type("auto-scaling-group");
        tag.propagate_at_launch(true).key(key).value(value).build()
    };
    tags.iter().map(tag).collect()
}

#[tokio::test]
async fn it_is_made_with_its_template_subnets_and_tags() {
    let (scene, spec) = scene();
    let cx = scene.cx::<AutoScalingGroup>("instances");
    let wanted = sent(&TagSet::wanted(&cx, &spec.tags));
    let create = mock!(Client::create_auto_scaling_group)
        .match_requests(move |it| {
            it.auto_scaling_group_name() == Some("blog")
                && it.launch_template() == Some(&template("3"))
                && it.vpc_zone_identifier() == Some("subnet-a,subnet-b")
                && (it.min_size(), it.desired_capacity(), it.max_size())
                    == (Some(1), Some(2), Some(4))
                && it.health_check_type() == Some("EC2")
                && it.health_check_grace_period() == Some(60)
                && it.tags() == wanted
        })
        .then_output(|| CreateAutoScalingGroupOutput::builder().build());
    let aws = with(mocked!(aws_sdk_autoscaling, [create]));
    let made = aws.create(&cx, &spec).await.unwrap();
    assert_eq!(made, AutoScalingGroupState { arn: String::new(), ..state() });
}

/// The group with its two instances, as AWS tells it.
fn told(configured: &Tags) -> AutoScalingGroupBuilder {
    let tags = TagSet::wanted(&cx(), configured);
    let tags = tags.iter().chain([("AmazonECSManaged", "true")]);
    let tags = tags.map(|(key, value)| TagDescription::builder().key(key).value(value).build());
    Told::builder()
        .auto_scaling_group_name("blog")
        .auto_scaling_group_arn("arn:group")
        .launch_template(template("3"))
        .vpc_zone_identifier("subnet-b,subnet-a")
        .min_size(1)
        .desired_capacity(2)
        .max_size(4)
        .health_check_grace_period(60)
        .set_tags(Some(tags.collect()))
        .instances(instance(LifecycleState::InService))
}

fn instance(state: LifecycleState) -> Instance {
    Instance::builder().lifecycle_state(state).build()
}

fn describes(told: Option<Told>) -> Rule {
    mock!(Client::describe_auto_scaling_groups)
        .match_requests(|it| it.auto_scaling_group_names() == ["blog"])
        .then_output(move || {
            let groups = told.clone().into_iter().collect();
            DescribeAutoScalingGroupsOutput::builder().set_auto_scaling_groups(Some(groups)).build()
        })
}

async fn find(told: Told) -> Result<Option<AutoScalingGroupState>, ErrorKind> {
    let (_, spec) = scene();
    let aws = with(mocked!(aws_sdk_autoscaling, [describes(Some(told))]));
    aws.find(&cx(), &spec).await.map_err(|error| error.kind)
}

#[tokio::test]
async fn a_namesake_is_not_taken_for_ours() {
    let (_, spec) = scene();
    assert_eq!(find(told(&spec.tags).build()).await, Ok(Some(state())));
    let foreign = told(&spec.tags).set_tags(None).build();
    assert_eq!(find(foreign).await, Err(ErrorKind::AlreadyExists));
}

async fn read(told: Told, activity: Activity) -> Option<Observed<AutoScalingGroupState>> {
    let (_, spec) = scene();
    let activities = mock!(Client::describe_scaling_activities)
        .match_requests(|it| it.auto_scaling_group_name() == Some("blog"))
        .then_output(move || {
            DescribeScalingActivitiesOutput::builder().activities(activity.clone()).build()
        });
    let aws = with(mocked!(aws_sdk_autoscaling, [describes(Some(told)), activities]));
    aws.read(&cx(), &spec, &state()).await.unwrap()
}

fn no_activity() -> Activity {
    Activity::builder().build()
}

#[tokio::test]
async fn it_is_ready_with_its_instances_in_service() {
    let (_, spec) = scene();
    let ready = told(&spec.tags).instances(instance(LifecycleState::InService));
    assert_eq!(read(ready.build(), no_activity()).await, Some(Observed::ready(state())));

    let pending = told(&spec.tags).instances(instance(LifecycleState::Pending)).build();
    let observed = read(pending.clone(), no_activity()).await;
    assert_eq!(observed, Some(Observed::settling(state(), "1 of 2 instances in service")));

    let failed = Activity::builder()
        .status_code(ScalingActivityStatusCode::Failed)
        .status_message("no capacity in eu-west-1a")
        .build();
    let Some(Observed { condition: Condition::Settling { phase, .. }, .. }) =
        read(pending, failed).await
    else {
        panic!("it is not settling")
    };
    let told = "1 of 2 instances in service; the last attempt failed: no capacity in eu-west-1a";
    assert_eq!(phase, told);
}

#[tokio::test]
async fn drift_is_told_but_for_what_managed_scaling_owns() {
    let (_, spec) = scene();
    let changed = told(&spec.tags)
        .desired_capacity(1)
        .max_size(9)
        .launch_template(template("2"))
        .vpc_zone_identifier("subnet-a")
        .build();
    let drift = read(changed, no_activity()).await.unwrap().drift;
    let drift: Vec<_> = drift.iter().map(|it| format!("{} {}", it.field, it.actual)).collect();
    let expected = [r#"template ["lt-1","2"]"#, r#"subnets ["subnet-a"]"#, "max 9"];
    assert_eq!(drift, expected);
}

#[tokio::test]
async fn a_group_that_goes_is_waited_for() {
    let (_, spec) = scene();
    let going = told(&spec.tags).status("Delete in progress").build();
    let observed = read(going, no_activity()).await;
    assert_eq!(observed, Some(Observed::settling(state(), "Delete in progress")));
    let aws = with(mocked!(aws_sdk_autoscaling, [describes(None)]));
    assert_eq!(aws.read(&cx(), &spec, &state()).await.unwrap(), None);
}

#[tokio::test]
async fn an_update_sends_what_changed_and_nothing_else() {
    let (_, spec) = scene();
    let update = mock!(Client::update_auto_scaling_group)
        .match_requests(|it| {
            it.auto_scaling_group_name() == Some("blog")
                && (it.min_size(), it.desired_capacity(), it.max_size()) == (None, None, Some(4))
                && it.launch_template().is_none()
                && it.vpc_zone_identifier().is_none()
                && it.health_check_grace_period().is_none()
        })
        .then_output(|| UpdateAutoScalingGroupOutput::builder().build());
    let aws = with(mocked!(aws_sdk_autoscaling, [update]));
    aws.update(&cx(), &spec, &state(), &changed(&["max"])).await.unwrap();
    assert_eq!(update.num_calls(), 1);
}

#[tokio::test]
async fn a_new_template_replaces_the_instances() {
    let (_, spec) = scene();
    let update = mock!(Client::update_auto_scaling_group)
        .match_requests(|it| it.launch_template() == Some(&template("3")))
        .then_output(|| UpdateAutoScalingGroupOutput::builder().build());
    let refresh = mock!(Client::start_instance_refresh)
        .match_requests(|it| it.auto_scaling_group_name() == Some("blog"))
        .sequence()
        .http_response(|| query_error(400, "InstanceRefreshInProgress", "one is under way"))
        .output(|| StartInstanceRefreshOutput::builder().build())
        .build();
    let aws = with(mocked!(aws_sdk_autoscaling, [update, refresh]));
    let fields = changed(&["template"]);
    let refused = aws.update(&cx(), &spec, &state(), &fields).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::StillInUse);
    aws.update(&cx(), &spec, &state(), &fields).await.unwrap();
    assert_eq!(refresh.num_calls(), 2);
}

#[tokio::test]
async fn tags_are_set_and_unset_where_they_differ() {
    let (_, spec) = scene();
    let stray = told(&tags(&[("team", "db"), ("old", "1")])).build();
    let wanted = sent(&[("team", "web")].into_iter().collect());
    let set = mock!(Client::create_or_update_tags)
        .match_requests(move |it| it.tags() == wanted)
        .then_output(|| CreateOrUpdateTagsOutput::builder().build());
    let unset = mock!(Client::delete_tags)
        .match_requests(|it| matches!(it.tags(), [tag] if tag.key() == Some("old")))
        .then_output(|| DeleteTagsOutput::builder().build());
    let aws = with(mocked!(aws_sdk_autoscaling, [describes(Some(stray)), set, unset]));
    aws.update(&cx(), &spec, &state(), &changed(&["tags"])).await.unwrap();
    assert_eq!((set.num_calls(), unset.num_calls()), (1, 1));
}

#[tokio::test]
async fn a_second_delete_succeeds() {
    let (_, spec) = scene();
    let delete = mock!(Client::delete_auto_scaling_group)
        .match_requests(|it| {
            it.auto_scaling_group_name() == Some("blog") && it.force_delete() == Some(true)
        })
        .sequence()
        .output(|| DeleteAutoScalingGroupOutput::builder().build())
        .http_response(|| {
            query_error(400, "ValidationError", "AutoScalingGroup name not found - null")
        })
        .build();
    let aws = with(mocked!(aws_sdk_autoscaling, [delete]));
    aws.delete(&cx(), &spec, &state()).await.unwrap();
    aws.delete(&cx(), &spec, &state()).await.unwrap();
    assert_eq!(delete.num_calls(), 2);
}
