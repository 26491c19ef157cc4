//! Where tasks run, and what they run.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{ClusterSetting, ClusterSettingName};
use wpstack_core::Stack;
use wpstack_core::resource::ecs::{
    Cluster, Container, ContainerImage, EnvironmentValue, LogDestination, Mount, TaskDefinition,
};
use wpstack_core::resource::iam::Role;
use wpstack_core::resource::logs::LogGroup;
use wpstack_core::value::{
    CpuUnits, Mebibytes, Port, RetentionDays, ServicePrincipal, Tags, TrustPolicy,
};

use crate::support::{Life, REGION, stack};

fn cluster(stack: &mut Stack, insights: bool) {
    let cluster = Cluster { name: "blog-cluster".parse().unwrap(), insights, tags: Tags::new() };
    stack.add("main", cluster).unwrap();
}

#[tokio::test]
async fn a_cluster_lives() {
    let life = Life::begin().await;
    let mut plain = stack();
    cluster(&mut plain, false);
    life.apply(&plain).await;
    assert!(life.plan(&plain).await.is_empty());
    assert_eq!(life.inventory().only("ecs.cluster").tags["Name"], "blog-main");

    let on = ClusterSetting::builder().name(ClusterSettingName::ContainerInsights).value("enabled");
    let call = life.aws.ecs.update_cluster().cluster("blog-cluster").settings(on.build());
    call.send().await.unwrap();
    assert_eq!(life.apply(&plain).await, ["update ecs.cluster:main insights"]);
    assert!(life.plan(&plain).await.is_empty());

    let mut metered = stack();
    cluster(&mut metered, true);
    assert_eq!(life.apply(&metered).await, ["update ecs.cluster:main insights"]);
    assert!(life.plan(&metered).await.is_empty());
    life.end().await;
}

fn task(memory: u32, team: &str) -> Stack {
    let mut stack = stack();
    let role = Role {
        name: "blog-execution".parse().unwrap(),
        trust: TrustPolicy::service(&ServicePrincipal::ECS_TASKS),
        managed: BTreeSet::new(),
        tags: Tags::new(),
    };
    let execution_role = stack.add("execution", role).unwrap();
    let log = LogGroup {
        name: "blog".parse().unwrap(),
        retention: RetentionDays::try_from(wpstack_core::value::Days(14)).unwrap(),
        tags: Tags::new(),
    };
    let group = stack.add("wordpress", log).unwrap();
    let image = format!("nginx@sha256:{}", "a".repeat(64));
    let container = Container {
        name: "wordpress".to_owned(),
        image: ContainerImage::Uri(image.parse().unwrap()),
        cpu: CpuUnits(256),
        memory: Mebibytes(memory),
        ports: vec![Port::HTTP],
        environment: BTreeMap::from([(
            "DB_NAME".to_owned(),
            EnvironmentValue::Text("wordpress".to_owned()),
        )]),
        secrets: BTreeMap::new(),
        mounts: vec![Mount { volume: "www-data".to_owned(), path: "/www".to_owned() }],
        confinement: None,
        log: LogDestination {
            group,
            region: REGION.parse().unwrap(),
            prefix: "wordpress".to_owned(),
        },
    };
    let mut tags = Tags::new();
    tags.insert("team", team).unwrap();
    let task = TaskDefinition {
        family: "blog-wordpress".parse().unwrap(),
        execution_role,
        task_role: None,
        volumes: BTreeSet::from(["www-data".to_owned()]),
        shared_volumes: BTreeSet::new(),
        containers: vec![container],
        tags,
    };
    stack.add("wordpress", task).unwrap();
    stack
}

#[tokio::test]
async fn a_task_definition_is_exchanged_for_a_new_revision() {
    let life = Life::begin().await;
    let first = task(512, "web");
    life.apply(&first).await;
    assert!(life.plan(&first).await.is_empty());

    let retagged = task(512, "db");
    assert_eq!(life.apply(&retagged).await, ["update ecs.task-definition:wordpress tags"]);
    assert!(life.plan(&retagged).await.is_empty());

    let larger = task(768, "db");
    let expected = ["replace ecs.task-definition:wordpress#2 containers"];
    assert_eq!(life.apply(&larger).await, expected);
    assert!(life.plan(&larger).await.is_empty());
    let seen = life.inventory();
    let revision = seen.only("ecs.task-definition");
    assert!(revision.id.ends_with("blog-wordpress:2"), "{}", revision.id);

    let call = life.aws.ecs.deregister_task_definition().task_definition(&revision.id);
    call.send().await.unwrap();
    assert_eq!(life.apply(&larger).await, ["create ecs.task-definition:wordpress#3"]);
    assert!(life.plan(&larger).await.is_empty());
    life.end().await;
}
