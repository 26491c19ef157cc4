//! `iam.instance-profile`

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::delete_instance_profile::DeleteInstanceProfileOutput;
use aws_sdk_iam::operation::get_instance_profile::GetInstanceProfileOutput;
use aws_sdk_iam::operation::remove_role_from_instance_profile::RemoveRoleFromInstanceProfileOutput;
use aws_sdk_iam::types::{InstanceProfile as Told, Role as ToldRole};
use aws_smithy_types::DateTime;
use wpstack_core::resource::iam::{InstanceProfile, InstanceProfileState};
use wpstack_core::{Cx, ErrorKind, Provider};
use wpstack_testkit::mock::{Rule, mock, query_error};

use crate::support::{Scene, mocked, profile, tags, with_iam};

fn scene() -> (Cx, InstanceProfile) {
    let mut scene = Scene::new();
    let (_, role) = profile(&mut scene);
    let spec = InstanceProfile { name: "blog".parse().unwrap(), role, tags: tags(&[]) };
    (scene.cx::<InstanceProfile>("instances"), spec)
}

fn holding(role: &str) -> InstanceProfileState {
    InstanceProfileState {
        name: "blog".to_owned(),
        arn: "arn:aws:iam::123456789012:instance-profile/blog".to_owned(),
        role: role.to_owned(),
    }
}

fn told(role: Option<&str>) -> Told {
    let epoch = DateTime::from_secs(0);
    let role = role.map(|name| {
        let role = ToldRole::builder().path("/").role_name(name).role_id("AROA1");
        role.arn("arn:aws:iam::123456789012:role/blog").create_date(epoch).build().unwrap()
    });
    let told = Told::builder().path("/").instance_profile_name("blog").instance_profile_id("AIPA1");
    let told = told.arn("arn:aws:iam::123456789012:instance-profile/blog").create_date(epoch);
    told.set_roles(Some(role.into_iter().collect())).build().unwrap()
}

fn gets(told: Told) -> Rule {
    mock!(Client::get_instance_profile).then_output(move || {
        GetInstanceProfileOutput::builder().instance_profile(told.clone()).build()
    })
}

fn releases(role: &'static str) -> Rule {
    mock!(Client::remove_role_from_instance_profile)
        .match_requests(move |it| {
            it.instance_profile_name() == Some("blog") && it.role_name() == Some(role)
        })
        .then_output(|| RemoveRoleFromInstanceProfileOutput::builder().build())
}

/// The deletion, refused as often as `refused` says before it succeeds.
fn deletes(refused: usize) -> Rule {
    let deletes = mock!(Client::delete_instance_profile)
        .match_requests(|it| it.instance_profile_name() == Some("blog"))
        .sequence();
    let used = || query_error(409, "DeleteConflict", "Cannot delete entity, must remove roles");
    let done = || DeleteInstanceProfileOutput::builder().build();
    match refused {
        0 => deletes.output(done).build(),
        refused => deletes.http_response(used).times(refused).output(done).build(),
    }
}

#[tokio::test]
async fn the_recorded_role_leaves_before_it_is_deleted() {
    let (cx, spec) = scene();
    let (release, delete) = (releases("blog"), deletes(0));
    let aws = with_iam(mocked!(aws_sdk_iam, [release, delete]));
    aws.delete(&cx, &spec, &holding("blog")).await.unwrap();
    assert_eq!((release.num_calls(), delete.num_calls()), (1, 1));
}

#[tokio::test]
async fn a_role_that_no_record_knows_of_leaves_too() {
    let (cx, spec) = scene();
    let (get, release, delete) = (gets(told(Some("other"))), releases("other"), deletes(1));
    let aws = with_iam(mocked!(aws_sdk_iam, [get, release, delete]));
    // As after a run that was killed between putting it in and writing it down.
    aws.delete(&cx, &spec, &holding("")).await.unwrap();
    assert_eq!((release.num_calls(), delete.num_calls()), (1, 2));
}

#[tokio::test]
async fn what_else_uses_it_is_said() {
    let (cx, spec) = scene();
    let (get, delete) = (gets(told(None)), deletes(1));
    let aws = with_iam(mocked!(aws_sdk_iam, [get, delete]));
    let error = aws.delete(&cx, &spec, &holding("")).await.unwrap_err();
    assert_eq!((error.kind, delete.num_calls()), (ErrorKind::StillInUse, 1));
}

#[tokio::test]
async fn a_second_delete_succeeds() {
    let (cx, spec) = scene();
    let gone = || query_error(404, "NoSuchEntity", "Instance Profile blog cannot be found.");
    let release = mock!(Client::remove_role_from_instance_profile).then_http_response(gone);
    let delete = mock!(Client::delete_instance_profile).then_http_response(gone);
    let aws = with_iam(mocked!(aws_sdk_iam, [release, delete]));
    aws.delete(&cx, &spec, &holding("blog")).await.unwrap();
}
