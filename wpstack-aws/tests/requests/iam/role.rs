//! `iam.role`

use std::collections::BTreeSet;

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::delete_role::DeleteRoleOutput;
use aws_sdk_iam::operation::detach_role_policy::DetachRolePolicyOutput;
use aws_sdk_iam::operation::list_attached_role_policies::ListAttachedRolePoliciesOutput;
use aws_sdk_iam::types::AttachedPolicy;
use wpstack_core::resource::iam::{Role, RoleState};
use wpstack_core::value::{ManagedPolicy, ServicePrincipal, TrustPolicy};
use wpstack_core::{Cx, ErrorKind, Provider};
use wpstack_testkit::mock::{Rule, mock, query_error};

use crate::support::{Scene, mocked, tags, with_iam};

const ECS: &str = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role";
const OTHER: &str = "arn:aws:iam::123456789012:policy/other";

fn scene(managed: &[ManagedPolicy]) -> (Cx, Role) {
    let spec = Role {
        name: "blog".parse().unwrap(),
        trust: TrustPolicy::service(&ServicePrincipal::EC2),
        managed: BTreeSet::from_iter(managed.iter().cloned()),
        tags: tags(&[]),
    };
    (Scene::new().cx::<Role>("instances"), spec)
}

fn state() -> RoleState {
    RoleState { name: "blog".to_owned(), arn: "arn:aws:iam::123456789012:role/blog".to_owned() }
}

fn lists(attached: &'static [&'static str]) -> Rule {
    mock!(Client::list_attached_role_policies).then_output(move || {
        let policies =
            attached.iter().map(|arn| AttachedPolicy::builder().policy_arn(*arn).build());
        let answer = ListAttachedRolePoliciesOutput::builder();
        answer.set_attached_policies(Some(policies.collect())).build()
    })
}

fn detaches(arn: &'static str) -> Rule {
    mock!(Client::detach_role_policy)
        .match_requests(move |it| it.role_name() == Some("blog") && it.policy_arn() == Some(arn))
        .then_output(|| DetachRolePolicyOutput::builder().build())
}

/// The deletion, which is refused first where the role is still used.
fn deletes(used: bool) -> Rule {
    let deletes =
        mock!(Client::delete_role).match_requests(|it| it.role_name() == Some("blog")).sequence();
    let conflict = || query_error(409, "DeleteConflict", "Cannot delete entity, must detach all");
    let done = || DeleteRoleOutput::builder().build();
    match used {
        true => deletes.http_response(conflict).output(done).build(),
        false => deletes.output(done).build(),
    }
}

#[tokio::test]
async fn its_policies_leave_before_it_is_deleted() {
    let (cx, spec) = scene(&[ECS.parse().unwrap()]);
    let (detach, delete) = (detaches(ECS), deletes(false));
    let aws = with_iam(mocked!(aws_sdk_iam, [detach, delete]));
    aws.delete(&cx, &spec, &state()).await.unwrap();
    assert_eq!((detach.num_calls(), delete.num_calls()), (1, 1));
}

#[tokio::test]
async fn policies_that_no_record_knows_of_leave_too() {
    let (cx, spec) = scene(&[]);
    let (list, detach, delete) = (lists(&[OTHER]), detaches(OTHER), deletes(true));
    let aws = with_iam(mocked!(aws_sdk_iam, [list, detach, delete]));
    aws.delete(&cx, &spec, &state()).await.unwrap();
    assert_eq!((detach.num_calls(), delete.num_calls()), (1, 2));
}

#[tokio::test]
async fn what_else_uses_it_is_said() {
    let (cx, spec) = scene(&[]);
    let (list, delete) = (lists(&[]), deletes(true));
    let aws = with_iam(mocked!(aws_sdk_iam, [list, delete]));
    let error = aws.delete(&cx, &spec, &state()).await.unwrap_err();
    assert_eq!((error.kind, delete.num_calls()), (ErrorKind::StillInUse, 1));
}

#[tokio::test]
async fn a_second_delete_succeeds() {
    let (cx, spec) = scene(&[ECS.parse().unwrap()]);
    let gone = || query_error(404, "NoSuchEntity", "The role with name blog cannot be found.");
    let detach = mock!(Client::detach_role_policy).then_http_response(gone);
    let delete = mock!(Client::delete_role).then_http_response(gone);
    let aws = with_iam(mocked!(aws_sdk_iam, [detach, delete]));
    aws.delete(&cx, &spec, &state()).await.unwrap();
}
