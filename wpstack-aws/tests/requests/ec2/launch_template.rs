//! `ec2.launch-template`

use std::sync::{Arc, Mutex};

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::create_launch_template::CreateLaunchTemplateOutput;
use aws_sdk_ec2::operation::create_launch_template_version::CreateLaunchTemplateVersionOutput;
use aws_sdk_ec2::operation::delete_launch_template::DeleteLaunchTemplateOutput;
use aws_sdk_ec2::operation::describe_launch_template_versions::DescribeLaunchTemplateVersionsOutput;
use aws_sdk_ec2::operation::describe_launch_templates::DescribeLaunchTemplatesOutput;
use aws_sdk_ec2::operation::modify_launch_template::ModifyLaunchTemplateOutput;
use aws_sdk_ec2::types::builders::ResponseLaunchTemplateDataBuilder;
use aws_sdk_ec2::types::{
    LaunchTemplate as Told, LaunchTemplateBlockDeviceMapping, LaunchTemplateEbsBlockDevice,
    LaunchTemplateHttpTokensState, LaunchTemplateIamInstanceProfileSpecification,
    LaunchTemplateInstanceNetworkInterfaceSpecification, LaunchTemplateVersion,
    RequestLaunchTemplateData, ResourceType, ResponseLaunchTemplateData, VolumeType,
};
use wpstack_aws::tags::TagSet;
use wpstack_core::resource::ec2::{
    LaunchTemplate, LaunchTemplateState, MachineImage, SecurityGroup, SecurityGroupState, Vpc,
    VpcState,
};
use wpstack_core::value::{Gibibytes, Tags};
use wpstack_core::{Cx, Observed, Provider};
use wpstack_testkit::mock::{Rule, ec2_error, mock};

use super::{asks_for, tagged, tags_it};
use crate::support::{Scene, changed, mocked, profile, with_ec2};

const IMAGE: &str =
    "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id";

fn scene() -> (Scene, LaunchTemplate) {
    let mut scene = Scene::new();
    let (profile, _) = profile(&mut scene);
    let vpc = Vpc::new("10.0.0.0/16".parse().unwrap());
    let vpc = scene.exists("main", vpc, &VpcState { id: "vpc-1".to_owned() });
    let name = "blog-web".parse().unwrap();
    let group = SecurityGroup { vpc, name, description: "web".to_owned(), tags: Tags::new() };
    let group =
        scene.exists("web", group, &SecurityGroupState { id: "sg-1".to_owned(), as_given: false });
    let spec = LaunchTemplate {
        name: "blog".parse().unwrap(),
        image: MachineImage::EcsAmazonLinux2023,
        instance_type: "t3.small".parse().unwrap(),
        profile,
        groups: vec![group],
        public_address: true,
        volume: Gibibytes(30),
        user_data: "#!/bin/sh\necho hello\n".parse().unwrap(),
        tags: Tags::new(),
    };
    (scene, spec)
}

fn cx() -> Cx {
    scene().0.cx::<LaunchTemplate>("instances")
}

fn state(version: i64) -> LaunchTemplateState {
    LaunchTemplateState { id: "lt-1".to_owned(), version }
}

fn told(version: i64) -> Told {
    let template = Told::builder().launch_template_id("lt-1").launch_template_name("blog");
    let template = template.default_version_number(version);
    template.set_tags(Some(tagged(&cx(), &Tags::new()))).build()
}

/// Whether a version says everything that is wanted.
fn says(data: &RequestLaunchTemplateData, cx: &Cx, spec: &LaunchTemplate) -> bool {
    let [interface] = data.network_interfaces() else { return false };
    let [disk] = data.block_device_mappings() else { return false };
    let ebs = disk.ebs().unwrap();
    let metadata = data.metadata_options().unwrap();
    let profile = data.iam_instance_profile().unwrap();
    let tags: Vec<_> = data
        .tag_specifications()
        .iter()
        .filter(|it| TagSet::actual(it.tags()) == TagSet::wanted(cx, &spec.tags))
        .filter_map(|it| it.resource_type())
        .collect();
    data.image_id() == Some(IMAGE)
        && data.instance_type().map(AsRef::as_ref) == Some("t3.small")
        && profile.arn() == Some("arn:aws:iam::123456789012:instance-profile/blog")
        && (interface.device_index(), interface.associate_public_ip_address())
            == (Some(0), Some(true))
        && interface.groups() == ["sg-1"]
        && disk.device_name() == Some("/dev/xvda")
        && ebs.volume_size() == Some(i32::try_from(spec.volume.0).unwrap())
        && (ebs.volume_type(), ebs.encrypted()) == (Some(&VolumeType::Gp3), Some(true))
        && metadata.http_tokens() == Some(&LaunchTemplateHttpTokensState::Required)
        && data.user_data() == Some(spec.user_data.base64().as_str())
        && tags == [&ResourceType::Instance, &ResourceType::Volume]
}

#[tokio::test]
async fn it_is_made_with_its_first_version() {
    let (scene, spec) = scene();
    let cx = scene.generation::<LaunchTemplate>("instances", 3);
    let (expected, wanted) = (cx.clone(), spec.clone());
    let create = mock!(Client::create_launch_template)
        .match_requests(move |it| {
            it.launch_template_name() == Some("blog-3")
                && it.client_token() == Some(expected.token("create").as_str())
                && tags_it(it.tag_specifications(), &expected, &wanted.tags)
                && says(it.launch_template_data().unwrap(), &expected, &wanted)
        })
        .then_output(|| CreateLaunchTemplateOutput::builder().launch_template(told(1)).build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [create]));
    assert_eq!(aws.create(&cx, &spec).await.unwrap(), state(1));
}

/// The tokens of the calls that made versions.
type Tokens = Arc<Mutex<Vec<String>>>;

fn makes_version(tokens: &Tokens, number: i64, spec: LaunchTemplate) -> Rule {
    let tokens = Arc::clone(tokens);
    mock!(Client::create_launch_template_version)
        .match_requests(move |it| {
            let token = it.client_token().unwrap().to_owned();
            tokens.lock().unwrap().push(token);
            it.launch_template_id() == Some("lt-1")
                && says(it.launch_template_data().unwrap(), &cx(), &spec)
        })
        .then_output(move || {
            let version = LaunchTemplateVersion::builder().version_number(number).build();
            CreateLaunchTemplateVersionOutput::builder().launch_template_version(version).build()
        })
}

#[tokio::test]
async fn a_change_makes_a_version_and_makes_it_the_default() {
    let (_, spec) = scene();
    let wider = LaunchTemplate { volume: Gibibytes(60), ..spec.clone() };
    let default = mock!(Client::modify_launch_template)
        .match_requests(|it| it.launch_template_id() == Some("lt-1"))
        .match_requests(|it| matches!(it.default_version(), Some("2" | "3")))
        .then_output(|| ModifyLaunchTemplateOutput::builder().build());
    let tokens = Tokens::default();
    let fields = changed(&["volume"]);
    // Twice the same, as after a lost answer; then back again.
    for (wanted, from, to) in [(&wider, 1, 2), (&wider, 1, 2), (&spec, 2, 3)] {
        let make = makes_version(&tokens, to, wanted.clone());
        let aws = with_ec2(mocked!(aws_sdk_ec2, [make, default]));
        let updated = aws.update(&cx(), wanted, &state(from), &fields).await.unwrap();
        assert_eq!(updated, state(to));
    }
    assert_eq!(default.num_calls(), 3);
    let tokens = tokens.lock().unwrap();
    assert_eq!(tokens[0], tokens[1]);
    assert_ne!(tokens[1], tokens[2]);
}

fn version() -> ResponseLaunchTemplateDataBuilder {
    let (_, spec) = scene();
    let profile = LaunchTemplateIamInstanceProfileSpecification::builder()
        .arn("arn:aws:iam::123456789012:instance-profile/blog");
    let disk = LaunchTemplateEbsBlockDevice::builder().volume_size(30).build();
    let interface = LaunchTemplateInstanceNetworkInterfaceSpecification::builder()
        .associate_public_ip_address(true)
        .groups("sg-1");
    ResponseLaunchTemplateData::builder()
        .image_id(IMAGE)
        .instance_type("t3.small".into())
        .iam_instance_profile(profile.build())
        .block_device_mappings(LaunchTemplateBlockDeviceMapping::builder().ebs(disk).build())
        .network_interfaces(interface.build())
        .user_data(spec.user_data.base64())
}

async fn read(
    told: Told,
    version: ResponseLaunchTemplateData,
) -> Option<Observed<LaunchTemplateState>> {
    let (_, spec) = scene();
    let describe = mock!(Client::describe_launch_templates)
        .match_requests(|it| asks_for(it.filters(), "launch-template-name", &["blog"]))
        .then_output(move || {
            DescribeLaunchTemplatesOutput::builder().launch_templates(told.clone()).build()
        });
    let versions = mock!(Client::describe_launch_template_versions)
        .match_requests(|it| {
            it.launch_template_id() == Some("lt-1") && it.versions() == ["$Default"]
        })
        .then_output(move || {
            let data = LaunchTemplateVersion::builder().launch_template_data(version.clone());
            let answer = DescribeLaunchTemplateVersionsOutput::builder();
            answer.launch_template_versions(data.build()).build()
        });
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describe, versions]));
    aws.read(&cx(), &spec, &state(1)).await.unwrap()
}

#[tokio::test]
async fn the_default_version_is_compared() {
    assert_eq!(read(told(1), version().build()).await, Some(Observed::ready(state(1))));
    let other = version().image_id("ami-1").instance_type("t3.large".into()).user_data("aGVsbG8=");
    let observed = read(told(2), other.build()).await.unwrap();
    assert_eq!(observed.state, state(2));
    let drift: Vec<_> = observed.drift.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(drift, ["image", "instance_type", "user_data"]);
}

#[tokio::test]
async fn a_namesake_is_another() {
    let namesake = Told::builder().launch_template_id("lt-2").launch_template_name("blog");
    let told = namesake.default_version_number(1).build();
    assert_eq!(read(told, version().build()).await, None);
}

#[tokio::test]
async fn a_second_delete_succeeds() {
    let (_, spec) = scene();
    let delete = mock!(Client::delete_launch_template)
        .match_requests(|it| it.launch_template_id() == Some("lt-1"))
        .sequence()
        .output(|| DeleteLaunchTemplateOutput::builder().build())
        .http_response(|| ec2_error(400, "InvalidLaunchTemplateId.NotFound", "no lt-1"))
        .build();
    let aws = with_ec2(mocked!(aws_sdk_ec2, [delete]));
    aws.delete(&cx(), &spec, &state(1)).await.unwrap();
    aws.delete(&cx(), &spec, &state(1)).await.unwrap();
    assert_eq!(delete.num_calls(), 2);
}
