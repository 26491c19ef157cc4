//! Roles, their policies and instance profiles.

use std::collections::BTreeSet;
use std::time::Duration;

use super::trial::{Trial, counted, shown};
use crate::Stack;
use crate::failure::ErrorKind;
use crate::resource::ecr::{Lifecycle, Repository};
use crate::resource::iam::{Grant, InstanceProfile, Role, RolePolicy, Target};
use crate::resource::logs::LogGroup;
use crate::sim::iam::Iam;
use crate::value::{Days, ManagedPolicy, RetentionDays, ServicePrincipal, Tags, TrustPolicy};

/// A role of instances in a profile, and one of tasks that may write to a log group and pull from a repository.
fn roles(managed: &[ManagedPolicy]) -> Stack {
    let mut stack = Stack::new("blog".parse().unwrap());
    let role = |name: &str, service, managed: &[ManagedPolicy]| Role {
        name: name.parse().unwrap(),
        trust: TrustPolicy::service(&service),
        managed: managed.iter().cloned().collect(),
        tags: Tags::default(),
    };
    let instance = role("blog-instance", ServicePrincipal::EC2, managed);
    let instance = stack.add("instance", instance).unwrap();
    let profile = InstanceProfile {
        name: "blog-instance".parse().unwrap(),
        role: instance,
        tags: Tags::default(),
    };
    stack.add("instance", profile).unwrap();
    let group = LogGroup {
        name: "/blog".parse().unwrap(),
        retention: RetentionDays::MONTH,
        tags: Tags::default(),
    };
    let repository = Repository {
        name: "blog".parse().unwrap(),
        scan_on_push: true,
        lifecycle: Lifecycle { untagged_after: Days(7), keep: 10 },
        force_delete: false,
        tags: Tags::default(),
    };
    let group = stack.add("main", group).unwrap();
    let repository = stack.add("main", repository).unwrap();
    let task = stack.add("task", role("blog-task", ServicePrincipal::ECS_TASKS, &[])).unwrap();
    let grant = |actions: &[&str], on| Grant {
        actions: actions.iter().map(|&action| action.to_owned()).collect(),
        on: vec![on],
    };
    let policy = RolePolicy {
        role: task,
        name: "own".parse().unwrap(),
        grants: vec![
            grant(&["logs:PutLogEvents"], Target::LogGroup(group)),
            grant(&["ecr:BatchGetImage"], Target::Repository(repository)),
            grant(&["ecr:GetAuthorizationToken"], Target::Everything),
        ],
    };
    stack.add("task", policy).unwrap();
    stack
}

fn standard() -> Stack {
    roles(&[ManagedPolicy::ecs_instance(), ManagedPolicy::ssm_instance()])
}

const ALL: &str =
    "ecr.repository 1, iam.instance-profile 1, iam.role 2, iam.role-policy 1, logs.group 1";

#[tokio::test]
async fn roles_come_stay_and_go() {
    let trial = Trial::new(1);
    let summary = trial.apply(&standard()).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(counted(&trial.sim.inventory()), ALL);
    assert_eq!(shown(&trial.plan(&standard()).await), "");
    let summary = trial.destroy().await;
    assert!(summary.is_complete(), "{summary:#?}");
    let changes = trial.changes();
    let refused: Vec<_> = changes.iter().filter(|change| change.contains('!')).collect();
    assert!(refused.is_empty(), "the order spares AWS its refusals: {refused:?}");
    trial.sim.tamper(|world| {
        assert_eq!(serde_json::json!(world.iam), serde_json::json!(Iam::default()));
        assert!(world.tags.is_empty(), "{:?}", world.tags);
    });
}

#[tokio::test]
async fn what_is_changed_outside_is_seen_and_set_right() {
    let trial = Trial::new(2);
    assert!(trial.apply(&standard()).await.is_complete());
    trial.sim.tamper(|world| {
        let ssm = ManagedPolicy::ssm_instance().to_string();
        world.detach_role_policy("blog-instance", &ssm).unwrap();
        let other = "arn:aws:iam::aws:policy/ReadOnlyAccess";
        world.attach_role_policy("blog-instance", other).unwrap();
        let trust = TrustPolicy::service(&ServicePrincipal::ECS).to_json();
        world.update_assume_role_policy("blog-task", &trust).unwrap();
        let open = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        world.put_role_policy("blog-task", "own", open).unwrap();
        world.remove_role_from_instance_profile("blog-instance", "blog-instance").unwrap();
        let profile = world.get_instance_profile("blog-instance").unwrap().arn.clone();
        world.tags.get_mut(&profile).unwrap().insert("who".to_owned(), "somebody".to_owned());
    });
    insta::assert_snapshot!(shown(&trial.plan(&standard()).await));
    let summary = trial.apply(&standard()).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(shown(&trial.plan(&standard()).await), "");
}

#[tokio::test]
async fn other_policies_are_attached_in_place() {
    let trial = Trial::new(3);
    assert!(trial.apply(&standard()).await.is_complete());
    let calls = trial.changes().len();
    let summary = trial.apply(&roles(&[ManagedPolicy::ecs_task_execution()])).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(
        trial.changes()[calls..],
        ["AttachRolePolicy", "DetachRolePolicy", "DetachRolePolicy"]
    );
    let attached = trial.sim.tamper(|world| world.iam.roles["blog-instance"].managed.clone());
    assert_eq!(attached, BTreeSet::from([ManagedPolicy::ecs_task_execution().to_string()]));
}

#[tokio::test]
async fn whatever_answer_is_lost_nothing_is_made_twice() {
    for seed in 0..30 {
        let trial = Trial::new(seed);
        trial
            .sim
            .faults(
                "CreateRole: lost x2\nCreateInstanceProfile: lost\nAddRoleToInstanceProfile: lost\n\
                 PutRolePolicy: lost\nAttachRolePolicy: lost\nCreateRepository: lost\n\
                 CreateLogGroup: lost\nDeleteRole: lost\nRemoveRoleFromInstanceProfile: lost\n\
                 DetachRolePolicy: lost\nDelete*: lost",
            )
            .unwrap();
        let summary = trial.apply(&standard()).await;
        assert!(summary.is_complete(), "seed {seed}: {summary:#?}");
        assert_eq!(counted(&trial.sim.inventory()), ALL);
        assert_eq!(shown(&trial.plan(&standard()).await), "");
        let summary = trial.destroy().await;
        assert!(summary.is_complete(), "seed {seed}: {summary:#?}");
        assert_eq!(trial.sim.faults_left(), Vec::<String>::new());
        assert_eq!(counted(&trial.sim.inventory()), "");
    }
}

#[tokio::test]
async fn a_foreign_role_of_the_name_is_left_alone() {
    let trial = Trial::new(4);
    trial.sim.tamper(|world| {
        let trust = TrustPolicy::service(&ServicePrincipal::EC2).to_json();
        world.create_role("Blog-Task", &trust, crate::sim::TagMap::new()).map(drop).unwrap();
    });
    let summary = trial.apply(&standard()).await;
    let [failure] = &summary.failures[..] else { panic!("{summary:#?}") };
    assert_eq!(failure.kind, Some(ErrorKind::AlreadyExists));
    let expected =
        "iam CreateRole failed with EntityAlreadyExists: Role with name blog-task already exists.";
    assert!(failure.error.contains(expected), "{}", failure.error);
    trial.sim.tamper(|world| {
        let role = world.iam.roles.remove("Blog-Task").unwrap();
        world.iam.roles.insert("blog-task".to_owned(), role);
    });
    let summary = trial.apply(&standard()).await;
    let expected = "the role `blog-task` is there and belongs to nobody known";
    assert!(summary.failures[0].error.contains(expected), "{summary:#?}");
}

#[tokio::test]
async fn a_policy_that_does_not_exist_is_waited_for_in_vain() {
    let trial = Trial::new(5);
    let policy: ManagedPolicy = "arn:aws:iam::aws:policy/AmazonNothing".parse().unwrap();
    let summary = trial.apply(&roles(&[policy])).await;
    let [failure] = &summary.failures[..] else { panic!("{summary:#?}") };
    let expected =
        "Policy arn:aws:iam::aws:policy/AmazonNothing does not exist or is not attachable.";
    assert!(failure.error.contains(expected), "{}", failure.error);
    assert!(trial.seconds() > 120.0);
}

#[tokio::test]
async fn other_services_learn_of_roles_late() {
    let trial = Trial::new(6);
    trial.sim.tamper(|world| {
        let (start, mut waits) = (world.now, BTreeSet::new());
        for number in 0..50 {
            let name = format!("role-{number}");
            world.create_role(&name, "{}", crate::sim::TagMap::new()).map(drop).unwrap();
            world.create_instance_profile(&name, crate::sim::TagMap::new()).map(drop).unwrap();
            let arn = world.iam.roles[&name].arn.clone();
            let wait = (0..20).find(|seconds| {
                let now = start + Duration::from_secs(*seconds);
                world.iam.visible_role(&arn, now).is_some()
            });
            waits.insert(wait.unwrap());
            let late = start + Duration::from_secs(60);
            assert!(world.iam.visible_profile(&name, late).is_none(), "it has no role");
            world.add_role_to_instance_profile(&name, &name).unwrap();
            assert!(world.iam.visible_profile(&name, start).is_none());
            assert!(world.iam.visible_profile(&name, late).is_some());
        }
        let (least, most) = (waits.first().unwrap(), waits.last().unwrap());
        assert!((3..=5).contains(least) && (13..=15).contains(most), "{waits:?}");
    });
}

#[tokio::test]
async fn iam_refuses_what_it_refuses() {
    let trial = Trial::new(7);
    assert!(trial.apply(&standard()).await.is_complete());
    let refusal = |result: Result<(), crate::sim::Refusal>| {
        let refusal = result.unwrap_err();
        format!("{}: {}", refusal.code, refusal.message)
    };
    trial.sim.tamper(|world| {
        let cannot = "DeleteConflict: Cannot delete entity, must";
        let policies = format!("{cannot} detach all policies first.");
        assert_eq!(refusal(world.delete_role("blog-instance")), policies);
        let inline = format!("{cannot} delete policies first.");
        assert_eq!(refusal(world.delete_role("blog-task")), inline);
        world.iam.roles.get_mut("blog-instance").unwrap().managed.clear();
        let profile = format!("{cannot} remove roles from instance profile first.");
        assert_eq!(refusal(world.delete_role("blog-instance")), profile);
        assert_eq!(refusal(world.delete_instance_profile("blog-instance")), profile);
        let second = refusal(world.add_role_to_instance_profile("blog-instance", "blog-task"));
        let quota = "LimitExceeded: Cannot exceed quota for";
        assert_eq!(second, format!("{quota} InstanceSessionsPerInstanceProfile: 1"));
        world.quotas.policies_per_role = 0;
        let policy = ManagedPolicy::ssm_instance().to_string();
        let one_more = refusal(world.attach_role_policy("blog-task", &policy));
        assert_eq!(one_more, format!("{quota} PoliciesPerRole: 0"));
        let long = format!("\"{}\"", "x".repeat(2048));
        let trust = refusal(world.update_assume_role_policy("blog-task", &long));
        assert_eq!(trust, format!("{quota} ACLSizePerRole: 2048"));
        let long = format!("\"{}\"", "x".repeat(10_240));
        let inline = refusal(world.put_role_policy("blog-task", "more", &long));
        let size = "LimitExceeded: Maximum policy size of 10240 bytes exceeded for role blog-task";
        assert_eq!(inline, size);
    });
}

#[tokio::test]
async fn roles_may_do_what_their_policies_say() {
    let trial = Trial::new(8);
    assert!(trial.apply(&standard()).await.is_complete());
    trial.sim.tamper(|world| {
        let group = world.arn("logs", "log-group:/blog:log-stream:1");
        let repository = world.arn("ecr", "repository/blog");
        let role = world.iam.roles["blog-task"].arn.clone();
        let deny = r#"{"Version":"2012-10-17","Statement":[
            {"Effect":"Deny","Action":["ecr:*"],"Resource":"*","Condition":{"Bool":{"a:b":"c"}}},
            {"Effect":"Deny","Action":"logs:*","Resource":"arn:*:log-group:/blog:*:2"}]}"#;
        world.put_role_policy("blog-task", "deny", deny).unwrap();
        let check = |role: &str, action: &str, resource: &str, expected: bool| {
            let allowed = world.iam.allows(role, action, resource);
            assert_eq!(allowed, expected, "{role} {action} {resource}");
        };
        check(&role, "logs:PutLogEvents", &group, true);
        check("blog-task", "logs:putlogevents", &group, true);
        check(&role, "logs:PutLogEvents", &group.replace("/blog:", "/shop:"), false);
        check(&role, "logs:PutLogEvents", &group.replace(":1", ":2"), false);
        check(&role, "logs:CreateLogStream", &group, false);
        check(&role, "ecr:BatchGetImage", &repository, true);
        check(&role, "ecr:GetAuthorizationToken", "*", true);
        check("blog-instance", "ecs:RegisterContainerInstance", "*", true);
        check("blog-instance", "ecs:SubmitTaskStateChange", "*", true);
        check("blog-instance", "ssmmessages:OpenDataChannel", "*", true);
        check("blog-instance", "ecs:TagResource", "*", false);
        check("blog-instance", "s3:GetObject", "*", false);
        check("nobody", "s3:GetObject", "*", false);
    });
}
