//! The whole stack: it comes, serves, is deployed to, goes wrong in known ways, and goes.

use std::time::Duration;

use super::trial::{Trial, counted, shown};
use crate::apply::Summary;
use crate::plan::Verb;
use crate::provider::Consent;
use crate::resource::ec2::Direction;
use crate::sim::World;
use crate::sim::ecs::{App, Rollout, Service, TaskStatus};
use crate::sim::elb::Health;
use crate::stack::Stack;
use crate::value::{Gibibytes, Seconds};
use crate::wordpress::{self, Config};

const REPOSITORY: &str = "blog";
const TAG: &str = "latest";

/// All that goes with the stack, but for the last snapshot of its database.
fn go() -> Consent {
    Consent::to_lose(["ecr.repository:wordpress".parse().unwrap()])
}

fn config() -> Config {
    let mut config = Config::new("blog".parse().unwrap(), "eu-west-1".parse().unwrap());
    config.image.tag = Some(TAG.parse().unwrap());
    config
}

/// One apply, from nothing to a site that serves: the image is built on the way, while the database is made.
#[tokio::test]
async fn the_image_is_built_on_the_way_and_goes_with_the_stack() {
    let mut built = config();
    built.image.tag = None;
    let (mut trial, stack) = (Trial::new(5), wordpress::stack(&built).unwrap());
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete() && summary.advice.is_empty(), "{summary:#?}");
    let image = trial.sim.tamper(|world| {
        assert_eq!(running(world), 1);
        let mut tagged = world.ecr.repositories[REPOSITORY].tagged.clone();
        let (tag, digest) = tagged.pop_first().unwrap();
        assert!(tag.starts_with("wpstack-") && tagged.is_empty(), "{tag}");
        let mut definitions = world.ecs.task_definitions.values();
        let image = &definitions.next().unwrap().containers[0].image;
        assert!(image.ends_with(&format!("/{REPOSITORY}@{digest}")), "{image}");
        image.clone()
    });
    assert_eq!(shown(&trial.plan(&stack).await), "");

    // Another recipe is another image, by which the service is deployed to. The old one stays for a way back.
    built.instances.instance_type = "t4g.small".parse().unwrap();
    let stack = wordpress::stack(&built).unwrap();
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete(), "{summary:#?}");
    trial.sim.tamper(|world| {
        assert_eq!(world.ecr.repositories[REPOSITORY].tagged.len(), 2);
        let active = world.ecs.task_definitions.values().find(|it| it.is_active).unwrap();
        assert_ne!(active.containers[0].image, image);
    });

    // What was deleted behind our back is built again.
    trial
        .sim
        .tamper(|world| {
            world.change_repository(REPOSITORY, |repository| {
                repository.tagged.clear();
                repository.images.clear();
            })
        })
        .unwrap();
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete(), "{summary:#?}");
    trial.sim.tamper(|world| assert_eq!(world.ecr.repositories[REPOSITORY].tagged.len(), 1));
    assert_eq!(shown(&trial.plan(&stack).await), "");

    // No consent is asked for images that can be built again.
    trial.consent = Consent::default();
    let summary = trial.destroy().await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(counted(&trial.sim.inventory()), "rds.snapshot 1");
}

fn stack() -> Stack {
    wordpress::stack(&config()).unwrap()
}

/// A stack that stands, and whose service waits for an image.
async fn standing(seed: u64) -> (Trial, Stack) {
    let (trial, stack) = (Trial::new(seed), stack());
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete(), "seed {seed}: {summary:#?}");
    (trial, stack)
}

/// A stack that serves.
async fn serving(seed: u64) -> (Trial, Stack) {
    let (trial, stack) = standing(seed).await;
    push(&trial);
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete(), "seed {seed}: {summary:#?}");
    (trial, stack)
}

fn push(trial: &Trial) {
    trial.sim.push_image(REPOSITORY, TAG).unwrap();
}

fn service(world: &World) -> &Service {
    world.ecs.services.values().next().unwrap()
}

fn running(world: &World) -> usize {
    world.ecs.tasks.values().filter(|task| task.status == TaskStatus::Running).count()
}

fn healths(world: &World) -> Vec<String> {
    let targets = world.elb.target_groups.values().flat_map(|group| group.targets.values());
    targets.map(|target| target.health.to_string()).collect()
}

/// Looks and plans, lets something happen that the plan does not know of, and applies the plan.
async fn apply_blind(trial: &Trial, stack: &Stack, meanwhile: impl FnOnce(&mut World)) -> Summary {
    let plan = trial.plan(stack).await;
    trial.sim.tamper(meanwhile);
    trial.sim.clock().advance(Duration::from_secs(400));
    trial.apply_plan(stack, &plan).await
}

fn restart_instances(world: &mut World) {
    let ids: Vec<_> = world.ec2.instances.keys().cloned().collect();
    ids.iter().for_each(|id| world.terminate_instance(id).unwrap());
}

/// Revokes the rules of a direction that are described so.
fn revoke(world: &mut World, direction: Direction, description: &str) {
    let rules = world.ec2.rules.iter();
    let rules = rules.filter(|(_, it)| it.direction == direction && it.description == description);
    let ids: Vec<_> = rules.map(|(id, _)| id.clone()).collect();
    assert!(!ids.is_empty());
    ids.iter().for_each(|id| world.revoke(id).unwrap());
}

/// The failure of the service, which must be the only one.
#[track_caller]
fn failure(summary: &Summary) -> &str {
    let failed: Vec<_> = summary.failures.iter().map(|it| it.object.to_string()).collect();
    assert_eq!(failed, ["ecs.service:wordpress"], "{summary:#?}");
    &summary.failures[0].error
}

#[track_caller]
fn tells(text: &str, expected: &str) {
    assert!(text.contains(expected), "{text}");
}

/// What is wrong with the agents.
fn reasons(trial: &Trial) -> Vec<String> {
    trial.sim.tamper(|world| world.ecs.agents.values().filter_map(|it| it.reason.clone()).collect())
}

#[tokio::test]
async fn it_comes_serves_and_goes() {
    let (mut trial, stack) = (Trial::new(1), stack());
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(summary.created, stack.len());
    let uri = format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/{REPOSITORY}:{TAG}");
    assert!(summary.advice.iter().any(|advice| advice.contains(&uri)), "{:?}", summary.advice);
    trial.sim.tamper(|world| {
        assert_eq!((service(world).desired, running(world)), (0, 0));
        let joined = world.ecs.agents.values().filter(|agent| agent.joined.is_some());
        assert_eq!(joined.count(), 2);
    });
    let plan = trial.plan(&stack).await;
    assert_eq!((shown(&plan), plan.count(|verb| verb == Verb::Keep)), (String::new(), stack.len()));

    push(&trial);
    insta::assert_snapshot!(shown(&trial.plan(&stack).await));
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(summary.advice, Vec::<String>::new());
    trial.sim.tamper(|world| {
        assert_eq!((service(world).desired, running(world)), (1, 1));
        assert_eq!(service(world).primary().unwrap().rollout, Rollout::Completed);
        assert_eq!(healths(world), ["healthy"]);
    });
    let plan = trial.plan(&stack).await;
    assert_eq!((shown(&plan), plan.count(|verb| verb == Verb::Keep)), (String::new(), stack.len()));

    trial.consent = go();
    let summary = trial.destroy().await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(counted(&trial.sim.inventory()), "rds.snapshot 1");
    trial.sim.tamper(|world| {
        assert!(world.ec2.vpcs.is_empty() && world.ec2.instances.is_empty());
        assert!(world.ec2.interfaces.is_empty() && world.iam.roles.is_empty());
    });
}

#[tokio::test]
async fn any_seed_comes_to_the_same_end() {
    for seed in 100..108 {
        let (mut trial, stack) = serving(seed).await;
        assert_eq!(shown(&trial.plan(&stack).await), "", "seed {seed}");
        trial.consent = go();
        let summary = trial.destroy().await;
        assert!(summary.is_complete(), "seed {seed}: {summary:#?}");
        assert_eq!(counted(&trial.sim.inventory()), "rds.snapshot 1", "seed {seed}");
    }
}

#[tokio::test]
async fn a_new_image_takes_the_place_of_the_old_one_without_a_gap() {
    let (trial, stack) = serving(2).await;
    let before = trial.sim.tamper(|world| world.ecs.tasks.keys().cloned().collect::<Vec<_>>());
    push(&trial);
    let sim = trial.sim.clone();
    let gap = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = std::sync::Arc::clone(&gap);
    let summary = trial
        .apply_until(&stack, move |_| {
            let healthy = sim.tamper(|world| healths(world).iter().any(|it| it == "healthy"));
            seen.fetch_or(!healthy, std::sync::atomic::Ordering::Relaxed);
            false
        })
        .await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert!(!gap.load(std::sync::atomic::Ordering::Relaxed), "nothing served for a while");
    trial.sim.clock().advance(Duration::from_secs(120));
    trial.sim.tamper(|world| {
        let runs = |task: &crate::sim::ecs::Task| task.status == TaskStatus::Running;
        let now: Vec<_> = world.ecs.tasks.iter().filter(|(_, it)| runs(it)).collect();
        assert_eq!(now.len(), 1);
        assert!(!before.contains(now[0].0), "the old task still runs");
    });
    assert_eq!(shown(&trial.plan(&stack).await), "");
}

#[tokio::test]
async fn an_image_that_fails_is_rolled_back_and_the_site_stays_up() {
    let (trial, stack) = serving(3).await;
    let (name, tag) = (REPOSITORY.to_owned(), TAG);
    trial.sim.tamper(|world| {
        let digest = world.push_image(&name, tag).unwrap();
        let image = format!("{}@{digest}", world.repository(&name).unwrap().uri);
        world.ecs.apps.insert(image, App { exits: Some(1), ..App::default() });
    });
    let summary = trial.apply(&stack).await;
    let error = failure(&summary);
    tells(error, "ECS deployment circuit breaker: tasks failed to start.");
    tells(error, "Essential container in task exited with code 1");
    trial.sim.clock().advance(Duration::from_secs(300));
    trial.sim.tamper(|world| {
        assert_eq!((running(world), healths(world)), (1, vec!["healthy".to_owned()]));
        assert_eq!(service(world).primary().unwrap().rollout, Rollout::Completed);
        world.ecs.apps.clear();
    });
    // The service works: it is told again, and not replaced.
    insta::assert_snapshot!(shown(&trial.plan(&stack).await));
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(shown(&trial.plan(&stack).await), "");
}

#[tokio::test]
async fn a_changed_template_renews_the_instances() {
    let (trial, _) = serving(10).await;
    let before = trial.sim.tamper(|world| world.ec2.instances.keys().cloned().collect::<Vec<_>>());
    let mut config = config();
    config.instances.volume = Gibibytes(40);
    let stack = wordpress::stack(&config).unwrap();
    insta::assert_snapshot!(shown(&trial.plan(&stack).await));
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete(), "{summary:#?}");
    trial.sim.clock().advance(Duration::from_secs(20 * 60));
    trial.sim.tamper(|world| {
        assert!(!world.ec2.instances.keys().any(|id| before.contains(id)), "old ones are left");
        assert_eq!((running(world), healths(world)), (1, vec!["healthy".to_owned()]));
    });
    assert_eq!(shown(&trial.plan(&stack).await), "");
}

#[tokio::test]
async fn a_task_that_dies_is_replaced() {
    let (trial, stack) = serving(4).await;
    trial.sim.tamper(restart_instances);
    trial.sim.clock().advance(Duration::from_secs(30));
    assert_eq!(trial.sim.tamper(|world| running(world)), 0);
    trial.sim.clock().advance(Duration::from_secs(400));
    trial.sim.tamper(|world| {
        assert_eq!(running(world), 1, "{:#?}", service(world).events);
        assert!(healths(world).contains(&Health::Healthy.to_string()));
    });
    assert_eq!(shown(&trial.plan(&stack).await), "");
}

#[tokio::test]
async fn idle_instances_go_and_busy_groups_grow_without_being_drift() {
    let (trial, stack) = serving(5).await;
    trial.sim.clock().advance(Duration::from_secs(20 * 60));
    let desired = |world: &mut World| world.autoscaling.groups.values().next().unwrap().desired;
    assert_eq!(trial.sim.tamper(desired), 1);
    assert_eq!(trial.sim.tamper(|world| running(world)), 1);
    assert_eq!(shown(&trial.plan(&stack).await), "");
    trial.sim.tamper(|world| world.set_desired("blog-cluster", "blog-wordpress", 5).unwrap());
    trial.sim.clock().advance(Duration::from_secs(5 * 60));
    assert_eq!(trial.sim.tamper(desired), 2);
    assert_eq!(trial.sim.tamper(|world| running(world)), 5);
    insta::assert_snapshot!(shown(&trial.plan(&stack).await));
    assert!(trial.apply(&stack).await.is_complete());
    assert_eq!(trial.sim.tamper(|world| service(world).desired), 1);
}

#[tokio::test]
async fn instances_whose_user_data_is_ignored_never_join() {
    let (trial, stack) = standing(6).await;
    push(&trial);
    let summary = apply_blind(&trial, &stack, |world| {
        for template in world.ec2.launch_templates.values_mut() {
            for data in template.versions.values_mut() {
                data.user_data.insert(0, ' ');
            }
        }
        restart_instances(world);
    })
    .await;
    tells(failure(&summary), "No Container Instances were found in your capacity provider");
    let reasons = reasons(&trial);
    assert!(
        !reasons.is_empty() && reasons.iter().all(|it| it.contains("begin with `#!`")),
        "{reasons:?}"
    );
    trial.sim.tamper(|world| assert!(world.cluster("default").is_ok()));
}

#[tokio::test]
async fn instances_that_no_rule_lets_out_never_join() {
    let (trial, stack) = standing(7).await;
    push(&trial);
    let summary = apply_blind(&trial, &stack, |world| {
        revoke(world, Direction::Egress, "AWS, images, updates");
        restart_instances(world);
    })
    .await;
    tells(failure(&summary), "No Container Instances were found in your capacity provider");
    let reasons = reasons(&trial);
    assert!(
        !reasons.is_empty() && reasons.iter().all(|it| it.contains("lets TCP 443 out")),
        "{reasons:?}"
    );
    // Once the rule is back, the agents come in by themselves, and the service with them.
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(trial.sim.tamper(|world| running(world)), 1);
}

#[tokio::test]
async fn instances_whose_role_may_nothing_never_join() {
    let (trial, stack) = standing(8).await;
    push(&trial);
    let summary = apply_blind(&trial, &stack, |world| {
        for (name, role) in &mut world.iam.roles {
            if name.ends_with("instance") {
                role.managed.clear();
            }
        }
        restart_instances(world);
    })
    .await;
    tells(failure(&summary), "No Container Instances were found in your capacity provider");
    let reasons = reasons(&trial);
    let expected = "AccessDeniedException";
    assert!(!reasons.is_empty() && reasons.iter().all(|it| it.contains(expected)), "{reasons:?}");
}

#[tokio::test]
async fn tasks_that_lack_something_say_what() {
    async fn check(seed: u64, meanwhile: fn(&mut World), expected: &[&str]) {
        let (trial, stack) = standing(seed).await;
        push(&trial);
        let summary = apply_blind(&trial, &stack, meanwhile).await;
        let error = failure(&summary);
        tells(error, "ECS deployment circuit breaker");
        expected.iter().for_each(|expected| tells(error, expected));
        assert!(!trial.sim.tamper(|world| healths(world).contains(&"healthy".to_owned())));
    }
    let no_image = |world: &mut World| {
        world.ecr.repositories.values_mut().for_each(|it| it.images.clear());
    };
    check(20, no_image, &["CannotPullContainerError", "not found"]).await;
    let no_policy = |world: &mut World| {
        world.iam.roles.values_mut().for_each(|role| role.inline.clear());
    };
    check(21, no_policy, &["ResourceInitializationError", "secretsmanager:GetSecretValue"]).await;
    let no_log = |world: &mut World| world.logs.groups.clear();
    check(22, no_log, &["failed to initialize logging driver", "log group does not exist"]).await;
    let no_way_in = |world: &mut World| revoke(world, Direction::Ingress, "tasks");
    check(23, no_way_in, &["Task failed ELB health checks", "Target.Timeout", "lets TCP 3"]).await;
    let no_database = |world: &mut World| revoke(world, Direction::Ingress, "MySQL");
    let code = "Health checks failed with these codes: [500]";
    check(24, no_database, &["Task failed ELB health checks", code]).await;
}

#[tokio::test]
async fn an_application_that_is_slow_to_start_has_its_grace_period() {
    async fn check(seconds: u32) -> Summary {
        let (trial, stack) = standing(9).await;
        trial.sim.tamper(|world| {
            let digest = world.push_image(REPOSITORY, TAG).unwrap();
            let image = format!("{}@{digest}", world.repository(REPOSITORY).unwrap().uri);
            let app = App { boots_in: Seconds(seconds), ..App::default() };
            world.ecs.apps.insert(image, app);
        });
        trial.apply(&stack).await
    }
    // Two good answers are needed, 30 s apart, before 120 s are over.
    let summary = check(50).await;
    assert!(summary.is_complete(), "{summary:#?}");
    tells(failure(&check(130).await), "Target.FailedHealthChecks");
}
