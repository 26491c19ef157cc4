//! `ecs.capacity-provider`

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::create_capacity_provider::CreateCapacityProviderOutput;
use aws_sdk_ecs::operation::describe_capacity_providers::DescribeCapacityProvidersOutput;
use aws_sdk_ecs::types::builders::CapacityProviderBuilder;
use aws_sdk_ecs::types::{
    AutoScalingGroupProvider, CapacityProvider as Told, CapacityProviderField,
    CapacityProviderStatus, CapacityProviderUpdateStatus, ManagedDraining, ManagedScaling,
    ManagedScalingStatus, ManagedTerminationProtection,
};
use serde_json::json;
use wpstack_core::resource::ecs::{CapacityProvider, CapacityProviderState};
use wpstack_core::{Condition, Cx, ErrorKind, Observed, Provider};
use wpstack_testkit::mock::{json_error, mock};

use super::{are_its, tagged};
use crate::support::{Scene, drift, mocked, with_ecs};

const NAME: &str = "blog-capacity";
const GROUP: &str = "arn:aws:autoscaling:eu-west-1:1:autoScalingGroup:1:autoScalingGroupName/blog";

fn scene(group_arn: &str) -> (Scene, CapacityProvider) {
    let mut scene = Scene::new();
    scene.stands("autoscaling.group:instances", json!({ "name": "blog", "arn": group_arn }));
    let group = json!({ "$ref": "autoscaling.group:instances" });
    let spec = json!({ "name": NAME, "group": group, "target": 90, "tags": {} });
    (scene, serde_json::from_value(spec).unwrap())
}

fn cx() -> Cx {
    scene(GROUP).0.cx::<CapacityProvider>("instances")
}

fn state() -> CapacityProviderState {
    CapacityProviderState { name: NAME.to_owned(), arn: "arn:capacity".to_owned() }
}

fn provider(group: &str, target: i32) -> AutoScalingGroupProvider {
    let scaling = ManagedScaling::builder().status(ManagedScalingStatus::Enabled);
    let provider = AutoScalingGroupProvider::builder()
        .auto_scaling_group_arn(group)
        .managed_scaling(scaling.target_capacity(target).build())
        .managed_termination_protection(ManagedTerminationProtection::Disabled)
        .managed_draining(ManagedDraining::Enabled);
    provider.build().unwrap()
}

fn told() -> CapacityProviderBuilder {
    Told::builder()
        .name(NAME)
        .capacity_provider_arn("arn:capacity")
        .status(CapacityProviderStatus::Active)
        .auto_scaling_group_provider(provider(GROUP, 90))
        .set_tags(tagged(&cx()))
}

#[tokio::test]
async fn it_scales_its_group_by_arn_or_name() {
    for (arn, named) in [(GROUP, GROUP), ("", "blog")] {
        let (scene, spec) = scene(arn);
        let cx = scene.cx::<CapacityProvider>("instances");
        let expected = cx.clone();
        let create = mock!(Client::create_capacity_provider)
            .match_requests(move |it| {
                it.name() == Some(NAME)
                    && it.auto_scaling_group_provider() == Some(&provider(named, 90))
                    && are_its(it.tags(), &expected)
            })
            .then_output(|| {
                CreateCapacityProviderOutput::builder().capacity_provider(told().build()).build()
            });
        let aws = with_ecs(mocked!(aws_sdk_ecs, [create]));
        assert_eq!(aws.create(&cx, &spec).await.unwrap(), state());
    }
}

async fn read(told: Told) -> Option<Observed<CapacityProviderState>> {
    let (_, spec) = scene(GROUP);
    let describe = mock!(Client::describe_capacity_providers)
        .match_requests(|it| {
            it.capacity_providers() == [NAME] && it.include() == [CapacityProviderField::Tags]
        })
        .then_output(move || {
            DescribeCapacityProvidersOutput::builder().capacity_providers(told.clone()).build()
        });
    let aws = with_ecs(mocked!(aws_sdk_ecs, [describe]));
    aws.read(&cx(), &spec, &state()).await.unwrap()
}

#[tokio::test]
async fn drift_is_told_where_there_is_any() {
    assert_eq!(read(told().build()).await, Some(Observed::ready(state())));
    let named = told().auto_scaling_group_provider(provider("blog", 90)).build();
    assert_eq!(read(named).await, Some(Observed::ready(state())));
    let other = told().auto_scaling_group_provider(provider("other", 80)).build();
    let expected = [r#"group "other""#, r#"target "80%""#];
    assert_eq!(drift(&read(other).await.unwrap()), expected);
}

#[tokio::test]
async fn its_statuses_say_what_ecs_is_doing() {
    use CapacityProviderUpdateStatus::{CreateFailed, DeleteFailed, DeleteInProgress};
    let deleting = read(told().update_status(DeleteInProgress).build()).await.unwrap();
    let settling = |phase: &str| Condition::Settling { phase: phase.to_owned(), again_in: None };
    assert_eq!(deleting.condition, settling("DELETE_IN_PROGRESS"));
    let kept = told().update_status(DeleteFailed).update_status_reason("in use").build();
    assert_eq!(read(kept).await.unwrap().condition, settling("DELETE_FAILED: in use"));
    let failed = told().update_status(CreateFailed).update_status_reason("no group").build();
    let broken = Condition::Broken { reason: "no group".to_owned() };
    assert_eq!(read(failed).await.unwrap().condition, broken);
    let gone = told().status(CapacityProviderStatus::Inactive).build();
    assert_eq!(read(gone).await, None);
}

#[tokio::test]
async fn one_in_use_is_waited_for_and_one_gone_is_deleted() {
    let (_, spec) = scene(GROUP);
    let in_use = "The specified capacity provider is in use and cannot be removed.";
    let gone = "The specified capacity provider does not exist. Specify a valid name or ARN.";
    let delete = mock!(Client::delete_capacity_provider)
        .match_requests(|it| it.capacity_provider() == Some(NAME))
        .sequence()
        .http_response(move || json_error(400, "InvalidParameterException", in_use))
        .http_response(move || json_error(400, "ClientException", gone))
        .build();
    let aws = with_ecs(mocked!(aws_sdk_ecs, [delete]));
    let error = aws.delete(&cx(), &spec, &state()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::StillInUse);
    aws.delete(&cx(), &spec, &state()).await.unwrap();
}
