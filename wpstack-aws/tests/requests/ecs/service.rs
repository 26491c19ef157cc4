//! `ecs.service`

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::create_service::CreateServiceOutput;
use aws_sdk_ecs::operation::delete_service::DeleteServiceOutput;
use aws_sdk_ecs::operation::describe_services::DescribeServicesOutput;
use aws_sdk_ecs::operation::update_service::UpdateServiceOutput;
use aws_sdk_ecs::types::builders::ServiceBuilder;
use aws_sdk_ecs::types::{
    CapacityProviderStrategyItem, Deployment, DeploymentCircuitBreaker, DeploymentConfiguration,
    DeploymentRolloutState, LoadBalancer, PropagateTags, SchedulingStrategy, Service as Told,
    ServiceEvent, ServiceField,
};
use serde_json::{Value, json};
use wpstack_core::resource::ecs::{Service, ServiceState};
use wpstack_core::{Condition, Cx, ErrorKind, Observed, Provider};
use wpstack_testkit::mock::{Rule, json_error, mock};

use super::{are_its, missing, tagged};
use crate::support::{Scene, changed, drift, mocked, with_ecs};

use DeploymentRolloutState::{Completed, Failed, InProgress};

const ARN: &str = "arn:aws:ecs:eu-west-1:1:service/blog/web";
const TASK: &str = "arn:aws:ecs:eu-west-1:1:task-definition/web:2";
const OLD: &str = "arn:aws:ecs:eu-west-1:1:task-definition/web:1";

fn scene(runnable: bool) -> (Scene, Service) {
    let mut scene = Scene::new();
    scene.stands("ecs.cluster:main", json!({ "name": "blog", "arn": "arn:cluster" }));
    scene.stands("ecs.task-definition:web", json!({ "arn": TASK, "runnable": runnable }));
    scene.stands("ecs.capacity-provider:a", json!({ "name": "blog-a", "arn": "arn:a" }));
    scene.stands("elb.target-group:web", json!({ "arn": "arn:group" }));
    let reference = |address: &str| -> Value { json!({ "$ref": address }) };
    let ready = |address: &str| -> Value { json!({ "$ref": address, "$needs": "ready" }) };
    let group = reference("elb.target-group:web");
    let spec = json!({
        "name": "web",
        "cluster": reference("ecs.cluster:main"),
        "task": reference("ecs.task-definition:web"),
        "desired": 2,
        "capacity": [reference("ecs.capacity-provider:a")],
        "load_balancer": { "target_group": group, "container": "wordpress", "port": 80 },
        "deployment": { "minimum_healthy": 100, "maximum": 200 },
        "grace_period": 60,
        "listener": ready("elb.listener:http"),
        "providers": ready("ecs.cluster-capacity-providers:main"),
        "roles": [],
        "policies": [],
        "tags": {},
    });
    (scene, serde_json::from_value(spec).unwrap())
}

fn cx() -> Cx {
    scene(true).0.cx::<Service>("web")
}

fn state() -> ServiceState {
    ServiceState {
        arn: ARN.to_owned(),
        name: "web".to_owned(),
        cluster: "blog".to_owned(),
        task_definition: TASK.to_owned(),
        desired: 2,
    }
}

fn share(name: &str) -> CapacityProviderStrategyItem {
    CapacityProviderStrategyItem::builder().capacity_provider(name).weight(1).build().unwrap()
}

fn balancer() -> LoadBalancer {
    let balancer = LoadBalancer::builder().target_group_arn("arn:group");
    balancer.container_name("wordpress").container_port(80).build()
}

fn rolling() -> DeploymentConfiguration {
    let breaker = DeploymentCircuitBreaker::builder().enable(true).rollback(true).build();
    DeploymentConfiguration::builder()
        .minimum_healthy_percent(100)
        .maximum_percent(200)
        .deployment_circuit_breaker(breaker)
        .build()
}

fn create(desired: i32) -> Rule {
    mock!(Client::create_service)
        .match_requests(move |it| {
            it.client_token() == Some(&cx().token("create"))
                && (it.service_name(), it.cluster()) == (Some("web"), Some("blog"))
                && it.task_definition() == Some(TASK)
                && it.scheduling_strategy() == Some(&SchedulingStrategy::Replica)
                && it.desired_count() == Some(desired)
                && it.capacity_provider_strategy() == [share("blog-a")]
                && it.load_balancers() == [balancer()]
                && it.deployment_configuration() == Some(&rolling())
                && it.health_check_grace_period_seconds() == Some(60)
                && it.propagate_tags() == Some(&PropagateTags::Service)
                && it.enable_ecs_managed_tags() == Some(true)
                && it.launch_type().is_none()
                && are_its(it.tags(), &cx())
        })
        .then_output(|| {
            let told = Told::builder().service_arn(ARN).build();
            CreateServiceOutput::builder().service(told).build()
        })
}

#[tokio::test]
async fn it_keeps_its_tasks_running_once_they_can_run() {
    let (_, spec) = scene(true);
    let aws = with_ecs(mocked!(aws_sdk_ecs, [create(2)]));
    assert_eq!(aws.create(&cx(), &spec).await.unwrap(), state());

    let (scene, spec) = scene(false);
    let aws = with_ecs(mocked!(aws_sdk_ecs, [create(0)]));
    let none = ServiceState { desired: 0, ..state() };
    assert_eq!(aws.create(&scene.cx::<Service>("web"), &spec).await.unwrap(), none);
}

fn deployment(
    status: &str,
    definition: &str,
    rollout: DeploymentRolloutState,
    reason: &str,
) -> Deployment {
    Deployment::builder()
        .status(status)
        .task_definition(definition)
        .rollout_state(rollout)
        .rollout_state_reason(reason)
        .running_count(1)
        .build()
}

fn told() -> ServiceBuilder {
    Told::builder()
        .service_arn(ARN)
        .service_name("web")
        .status("ACTIVE")
        .task_definition(TASK)
        .desired_count(2)
        .running_count(2)
        .load_balancers(balancer())
        .capacity_provider_strategy(share("blog-a"))
        .deployment_configuration(rolling())
        .health_check_grace_period_seconds(60)
        .set_tags(tagged(&cx()))
}

fn steady() -> ServiceBuilder {
    told().deployments(deployment("PRIMARY", TASK, Completed, "completed"))
}

fn describe(told: Told) -> Rule {
    mock!(Client::describe_services)
        .match_requests(|it| {
            it.cluster() == Some("blog")
                && it.services() == ["web"]
                && it.include() == [ServiceField::Tags]
        })
        .then_output(move || DescribeServicesOutput::builder().services(told.clone()).build())
}

async fn read(told: ServiceBuilder) -> Option<Observed<ServiceState>> {
    let (_, spec) = scene(true);
    let aws = with_ecs(mocked!(aws_sdk_ecs, [describe(told.build())]));
    aws.read(&cx(), &spec, &state()).await.unwrap()
}

/// How it is: `ready`, `settling: phase`, `broken: reason`.
async fn condition(told: ServiceBuilder) -> String {
    match read(told).await.unwrap().condition {
        Condition::Ready => "ready".to_owned(),
        Condition::Settling { phase, .. } => format!("settling: {phase}"),
        Condition::Broken { reason } => format!("broken: {reason}"),
    }
}

#[tokio::test]
async fn it_is_ready_when_its_definition_is_rolled_out() {
    assert_eq!(read(steady()).await, Some(Observed::ready(state())));
    let rolls = deployment("PRIMARY", TASK, InProgress, "in progress");
    let old = deployment("ACTIVE", OLD, Completed, "completed");
    let rolling = told().running_count(3).deployments(rolls).deployments(old);
    assert_eq!(condition(rolling).await, "settling: 1 of 2 tasks running");
    assert_eq!(condition(steady().running_count(1)).await, "settling: 1 of 2 tasks running");
    // Emulators tell of no rollout, or of the deployment that the service began with.
    assert_eq!(condition(told()).await, "ready");
    let first = deployment("PRIMARY", OLD, Completed, "completed");
    assert_eq!(condition(told().deployments(first)).await, "ready");
}

#[tokio::test]
async fn a_failed_rollout_is_not_taken_for_a_success() {
    let event = |message| ServiceEvent::builder().message(message).build();
    let failed = deployment("PRIMARY", TASK, Failed, "tasks failed to start");
    let failed = told().deployments(failed).events(event("unable to place a task"));
    let expected = "broken: tasks failed to start; unable to place a task";
    assert_eq!(condition(failed).await, expected);

    let back = deployment("PRIMARY", OLD, InProgress, "circuit breaker: rolling back to 1");
    let going_back = || told().task_definition(OLD).deployments(back.clone());
    let expected = "broken: circuit breaker: rolling back to 1";
    assert_eq!(condition(going_back()).await, expected);
    let ours = deployment("ACTIVE", TASK, Failed, "circuit breaker: tasks failed to start");
    let expected = "broken: circuit breaker: tasks failed to start";
    assert_eq!(condition(going_back().deployments(ours.clone())).await, expected);

    // The next attempt counts, not the one before.
    let again = deployment("PRIMARY", TASK, InProgress, "in progress");
    let again = told().deployments(ours).deployments(again);
    assert_eq!(condition(again).await, "settling: 1 of 2 tasks running");
}

#[tokio::test]
async fn one_that_works_with_another_definition_is_to_be_told_again() {
    let primary = deployment("PRIMARY", OLD, Completed, "completed");
    let other = || told().task_definition(OLD).deployments(primary.clone());
    assert_eq!(condition(other()).await, "settling: running web:1 instead of web:2");
    assert_eq!(drift(&read(other()).await.unwrap()), [format!("task {OLD:?}")]);
}

#[tokio::test]
async fn drift_is_told_where_there_is_any() {
    let deployment = DeploymentConfiguration::builder().minimum_healthy_percent(50);
    let changed = steady()
        .desired_count(1)
        .set_load_balancers(None)
        .set_capacity_provider_strategy(Some(vec![share("other")]))
        .deployment_configuration(deployment.maximum_percent(200).build())
        .health_check_grace_period_seconds(0);
    let expected = [
        "desired 1",
        r#"capacity ["other"]"#,
        "load_balancer []",
        r#"deployment {"minimum_healthy":"50%","maximum":"200%"}"#,
        r#"grace_period "0s""#,
    ];
    assert_eq!(drift(&read(changed).await.unwrap()), expected);
    let untold = steady()
        .set_capacity_provider_strategy(None)
        .set_deployment_configuration(None)
        .set_health_check_grace_period_seconds(None);
    assert_eq!(read(untold).await, Some(Observed::ready(state())));
}

#[tokio::test]
async fn it_leaves_by_draining() {
    let draining = read(told().status("DRAINING").desired_count(0)).await.unwrap();
    assert_eq!(draining, Observed::settling(state(), "draining"));
    assert_eq!(read(told().status("INACTIVE")).await, None);
    let (_, spec) = scene(true);
    let unknown = mock!(Client::describe_services)
        .then_output(|| DescribeServicesOutput::builder().failures(missing(ARN)).build());
    let aws = with_ecs(mocked!(aws_sdk_ecs, [unknown]));
    assert_eq!(aws.read(&cx(), &spec, &state()).await.unwrap(), None);
    let gone = mock!(Client::describe_services)
        .then_http_response(|| json_error(400, "ClusterNotFoundException", "Cluster not found."));
    let aws = with_ecs(mocked!(aws_sdk_ecs, [gone]));
    assert_eq!(aws.read(&cx(), &spec, &state()).await.unwrap(), None);
}

#[tokio::test]
async fn an_active_one_of_the_name_is_found_if_it_is_ours_and_claimed_otherwise() {
    let (_, spec) = scene(true);
    let find = async |told: ServiceBuilder| {
        let aws = with_ecs(mocked!(aws_sdk_ecs, [describe(told.build())]));
        aws.find(&cx(), &spec).await
    };
    let other = steady().task_definition(OLD).desired_count(1);
    let found = ServiceState { task_definition: OLD.to_owned(), desired: 1, ..state() };
    assert_eq!(find(other).await.unwrap(), Some(found));
    assert_eq!(find(told().status("DRAINING")).await.unwrap(), None);
    let error = find(steady().set_tags(None)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn an_update_tells_what_changed() {
    let (no_image, spec) = scene(false);
    let move_on = mock!(Client::update_service)
        .match_requests(|it| {
            (it.cluster(), it.service()) == (Some("blog"), Some("web"))
                && it.task_definition() == Some(TASK)
                && it.desired_count() == Some(0)
                && it.force_new_deployment().is_none()
                && it.capacity_provider_strategy.is_none()
                && it.load_balancers.is_none()
                && it.deployment_configuration().is_none()
                && it.health_check_grace_period_seconds().is_none()
        })
        .then_output(|| UpdateServiceOutput::builder().build());
    let aws = with_ecs(mocked!(aws_sdk_ecs, [move_on]));
    let before = ServiceState { task_definition: OLD.to_owned(), ..state() };
    let cx = no_image.cx::<Service>("web");
    let after = aws.update(&cx, &spec, &before, &changed(&["task"])).await.unwrap();
    assert_eq!(after, ServiceState { desired: 0, ..state() });

    let spread = mock!(Client::update_service)
        .match_requests(|it| {
            it.capacity_provider_strategy() == [share("blog-a")]
                && it.force_new_deployment() == Some(true)
                && it.deployment_configuration() == Some(&rolling())
                && it.health_check_grace_period_seconds() == Some(60)
                && it.load_balancers() == [balancer()]
                && it.task_definition().is_none()
                && it.desired_count().is_none()
        })
        .then_output(|| UpdateServiceOutput::builder().build());
    let aws = with_ecs(mocked!(aws_sdk_ecs, [spread]));
    let fields = changed(&["capacity", "load_balancer", "deployment", "grace_period"]);
    assert_eq!(aws.update(&cx, &spec, &state(), &fields).await.unwrap(), state());
}

#[tokio::test]
async fn it_is_deleted_with_its_tasks_and_once() {
    let (_, spec) = scene(true);
    let delete = mock!(Client::delete_service)
        .match_requests(|it| it.service() == Some("web") && it.force() == Some(true))
        .sequence()
        .output(|| DeleteServiceOutput::builder().build())
        .http_response(|| json_error(400, "ServiceNotActiveException", "It is draining."))
        .build();
    let aws = with_ecs(mocked!(aws_sdk_ecs, [delete]));
    aws.delete(&cx(), &spec, &state()).await.unwrap();
    aws.delete(&cx(), &spec, &state()).await.unwrap();
    assert_eq!(delete.num_calls(), 2);
}
