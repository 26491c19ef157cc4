//! `ecs.task-definition`

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::describe_task_definition::DescribeTaskDefinitionOutput;
use aws_sdk_ecs::operation::list_task_definitions::ListTaskDefinitionsOutput;
use aws_sdk_ecs::operation::register_task_definition::{
    RegisterTaskDefinitionInput, RegisterTaskDefinitionOutput,
};
use aws_sdk_ecs::types::{
    Compatibility, ContainerDefinition, NetworkMode, SortOrder, Tag, TaskDefinition as Told,
    TaskDefinitionField, TaskDefinitionStatus, TransportProtocol,
};
use serde_json::{Value, json};
use wpstack_core::resource::ecs::{TaskDefinition, TaskDefinitionState};
use wpstack_core::{Cx, ErrorKind, Observed, Provider};
use wpstack_testkit::mock::{Rule, json_error, mock};

use super::{are_its, tagged};
use crate::support::{Scene, drift, mocked, with_ecs};

const ARN: &str = "arn:aws:ecs:eu-west-1:1:task-definition/blog-wordpress:7";
const REPOSITORY: &str = "1.dkr.ecr.eu-west-1.amazonaws.com/blog";

fn digest() -> String {
    format!("sha256:{}", "a".repeat(64))
}

fn scene(digest: Option<String>) -> (Scene, TaskDefinition) {
    let mut scene = Scene::new();
    scene.stands("iam.role:execution", json!({ "name": "execution", "arn": "arn:execution" }));
    let image = json!({ "repository_uri": REPOSITORY, "tag": "latest", "digest": digest });
    scene.stands("ecr.image:wordpress", image);
    scene.stands("secretsmanager.secret:keys", json!({ "name": "keys", "arn": "arn:keys" }));
    scene.stands("logs.group:wordpress", json!({ "name": "/blog", "arn": "arn:logs" }));
    let database = json!({ "identifier": "db", "arn": "arn:db", "host": "db.aws", "port": 3306 });
    scene.stands("rds.instance:main", database);
    let reference = |address: &str| -> Value { json!({ "$ref": address }) };
    let container = json!({
        "name": "wordpress",
        "image": { "repository": reference("ecr.image:wordpress") },
        "cpu": 256,
        "memory": 512,
        "ports": [80],
        "environment": {
            "DB_HOST": { "db-endpoint": { "$ref": "rds.instance:main", "$needs": "ready" } },
            "DB_NAME": { "text": "wordpress" },
        },
        "secrets": { "AUTH_KEY": { "secret": reference("secretsmanager.secret:keys"), "key": "auth" } },
        "mounts": [{ "volume": "www-data", "path": "/www" }],
        "log": { "group": reference("logs.group:wordpress"), "region": "eu-west-1", "prefix": "web" },
    });
    let spec = json!({
        "family": "blog-wordpress",
        "execution_role": reference("iam.role:execution"),
        "task_role": null,
        "volumes": ["www-data"],
        "containers": [container],
        "tags": {},
    });
    (scene, serde_json::from_value(spec).unwrap())
}

fn cx() -> Cx {
    scene(Some(digest())).0.cx::<TaskDefinition>("wordpress")
}

fn state(runnable: bool) -> TaskDefinitionState {
    TaskDefinitionState { arn: ARN.to_owned(), runnable }
}

fn told(image: &str, status: TaskDefinitionStatus) -> Told {
    let container = ContainerDefinition::builder().name("wordpress").image(image).build();
    Told::builder().task_definition_arn(ARN).status(status).container_definitions(container).build()
}

/// What a registration asks for besides names and tags, as text.
fn asked(it: &RegisterTaskDefinitionInput) -> Vec<String> {
    let [container] = it.container_definitions() else { return Vec::new() };
    let port = &container.port_mappings()[0];
    assert_eq!(port.protocol(), Some(&TransportProtocol::Tcp));
    let volume = &it.volumes()[0];
    assert!(volume.host().is_some() && volume.docker_volume_configuration().is_none());
    let environment = container.environment().iter();
    let environment =
        environment.map(|it| format!("{}={}", it.name().unwrap(), it.value().unwrap()));
    let secrets = container.secrets().iter();
    let secrets = secrets.map(|it| format!("{}={}", it.name(), it.value_from()));
    let log = container.log_configuration().unwrap();
    let options = log.options().unwrap();
    let mount = &container.mount_points()[0];
    let mut asked = vec![
        container.image().unwrap().to_owned(),
        format!("{} cpu, {} MiB", container.cpu(), container.memory().unwrap()),
        format!("{}:{}", port.host_port().unwrap(), port.container_port().unwrap()),
        format!("{} at {}", mount.source_volume().unwrap(), mount.container_path().unwrap()),
        format!("{} {}", log.log_driver(), options["awslogs-group"]),
        format!("{} {}", options["awslogs-region"], options["awslogs-stream-prefix"]),
    ];
    asked.extend(environment.chain(secrets));
    asked
}

fn register(image: String) -> Rule {
    let answer = told(&image, TaskDefinitionStatus::Active);
    mock!(Client::register_task_definition)
        .match_requests(move |it| {
            let expected = [
                image.as_str(),
                "256 cpu, 512 MiB",
                "0:80",
                "www-data at /www",
                "awslogs /blog",
                "eu-west-1 web",
                "DB_HOST=db.aws:3306",
                "DB_NAME=wordpress",
                "AUTH_KEY=arn:keys:auth::",
            ];
            assert_eq!(asked(it), expected);
            it.family() == Some("blog-wordpress")
                && it.network_mode() == Some(&NetworkMode::Bridge)
                && it.requires_compatibilities() == [Compatibility::Ec2]
                && it.execution_role_arn() == Some("arn:execution")
                && it.task_role_arn().is_none()
                && are_its(it.tags(), &cx())
        })
        .then_output(move || {
            RegisterTaskDefinitionOutput::builder().task_definition(answer.clone()).build()
        })
}

#[tokio::test]
async fn its_references_are_resolved() {
    let (scene, spec) = scene(Some(digest()));
    let aws = with_ecs(mocked!(aws_sdk_ecs, [register(format!("{REPOSITORY}@{}", digest()))]));
    let cx = scene.cx::<TaskDefinition>("wordpress");
    assert_eq!(aws.create(&cx, &spec).await.unwrap(), state(true));
}

#[tokio::test]
async fn one_without_its_image_cannot_run() {
    let (scene, spec) = scene(None);
    let cx = scene.cx::<TaskDefinition>("wordpress");
    let (image, _) = spec.containers[0].image.resolve(&cx).unwrap();
    let aws = with_ecs(mocked!(aws_sdk_ecs, [register(image)]));
    assert_eq!(aws.create(&cx, &spec).await.unwrap(), state(false));
}

fn describe(arn: &'static str, told: Told, tags: Option<Vec<Tag>>) -> Rule {
    mock!(Client::describe_task_definition)
        .match_requests(move |it| {
            it.task_definition() == Some(arn) && it.include() == [TaskDefinitionField::Tags]
        })
        .then_output(move || {
            let answer = DescribeTaskDefinitionOutput::builder().task_definition(told.clone());
            answer.set_tags(tags.clone()).build()
        })
}

#[tokio::test]
async fn an_earlier_registration_is_found_among_the_newest_revisions() {
    const FOREIGN: &str = "arn:aws:ecs:eu-west-1:1:task-definition/blog-wordpress:10";
    let list = || {
        mock!(Client::list_task_definitions)
            .match_requests(|it| {
                it.family_prefix() == Some("blog-wordpress")
                    && it.status() == Some(&TaskDefinitionStatus::Active)
                    && it.sort() == Some(&SortOrder::Desc)
            })
            .then_output(|| {
                let arns = vec![ARN.to_owned(), FOREIGN.to_owned()];
                ListTaskDefinitionsOutput::builder().set_task_definition_arns(Some(arns)).build()
            })
    };
    let (_, spec) = scene(Some(digest()));
    let foreign = || describe(FOREIGN, told("php", TaskDefinitionStatus::Active), None);
    let image = format!("{REPOSITORY}@{}", digest());
    let ours = describe(ARN, told(&image, TaskDefinitionStatus::Active), tagged(&cx()));
    let aws = with_ecs(mocked!(aws_sdk_ecs, [list(), foreign(), ours]));
    assert_eq!(aws.find(&cx(), &spec).await.unwrap(), Some(state(true)));

    // Registered when there was no image yet.
    let early = describe(ARN, told("none", TaskDefinitionStatus::Active), tagged(&cx()));
    let aws = with_ecs(mocked!(aws_sdk_ecs, [list(), foreign(), early]));
    assert_eq!(aws.find(&cx(), &spec).await.unwrap(), Some(state(false)));

    let untagged = describe(ARN, told(&image, TaskDefinitionStatus::Active), None);
    let aws = with_ecs(mocked!(aws_sdk_ecs, [list(), foreign(), untagged]));
    assert_eq!(aws.find(&cx(), &spec).await.unwrap(), None);
}

async fn read(rule: Rule) -> Option<Observed<TaskDefinitionState>> {
    let (_, spec) = scene(Some(digest()));
    let aws = with_ecs(mocked!(aws_sdk_ecs, [rule]));
    aws.read(&cx(), &spec, &state(true)).await.unwrap()
}

fn unknown() -> Rule {
    mock!(Client::describe_task_definition).then_http_response(|| {
        json_error(400, "ClientException", "Unable to describe task definition.")
    })
}

#[tokio::test]
async fn only_an_active_one_is_there() {
    let there = describe(ARN, told("php", TaskDefinitionStatus::Active), tagged(&cx()));
    assert_eq!(read(there).await, Some(Observed::ready(state(true))));
    let untagged = describe(ARN, told("php", TaskDefinitionStatus::Active), None);
    assert_eq!(drift(&read(untagged).await.unwrap()), ["tags {}"]);
    let inactive = describe(ARN, told("php", TaskDefinitionStatus::Inactive), tagged(&cx()));
    assert_eq!(read(inactive).await, None);
    assert_eq!(read(unknown()).await, None);
}

#[tokio::test]
async fn a_refused_deletion_of_an_inactive_one_is_a_repeat() {
    let (_, spec) = scene(Some(digest()));
    let refuse = || {
        mock!(Client::deregister_task_definition)
            .match_requests(|it| it.task_definition() == Some(ARN))
            .then_http_response(|| json_error(400, "ClientException", "It is inactive."))
    };
    let inactive = describe(ARN, told("php", TaskDefinitionStatus::Inactive), None);
    let aws = with_ecs(mocked!(aws_sdk_ecs, [refuse(), inactive]));
    aws.delete(&cx(), &spec, &state(true)).await.unwrap();
    let active = describe(ARN, told("php", TaskDefinitionStatus::Active), None);
    let aws = with_ecs(mocked!(aws_sdk_ecs, [refuse(), active]));
    let error = aws.delete(&cx(), &spec, &state(true)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
}
