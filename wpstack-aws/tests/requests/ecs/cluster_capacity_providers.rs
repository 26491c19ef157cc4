//! `ecs.cluster-capacity-providers`

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::describe_clusters::DescribeClustersOutput;
use aws_sdk_ecs::operation::put_cluster_capacity_providers::PutClusterCapacityProvidersOutput;
use aws_sdk_ecs::types::builders::ClusterBuilder;
use aws_sdk_ecs::types::{CapacityProviderStrategyItem, Cluster as Told};
use serde_json::json;
use wpstack_core::resource::ecs::{ClusterCapacityProviders, ClusterCapacityProvidersState};
use wpstack_core::{Condition, Cx, Observed, Provider, Resource as _};
use wpstack_testkit::mock::{Rule, json_error, mock};

use crate::support::{Scene, drift, mocked, with_ecs};

fn scene() -> (Scene, ClusterCapacityProviders) {
    let mut scene = Scene::new();
    scene.stands("ecs.cluster:main", json!({ "name": "blog", "arn": "arn:cluster" }));
    scene.stands("ecs.capacity-provider:a", json!({ "name": "blog-a", "arn": "arn:a" }));
    scene.stands("ecs.capacity-provider:b", json!({ "name": "blog-b", "arn": "arn:b" }));
    let spec = json!({
        "cluster": { "$ref": "ecs.cluster:main" },
        "providers": [{ "$ref": "ecs.capacity-provider:a" }, { "$ref": "ecs.capacity-provider:b" }],
    });
    (scene, serde_json::from_value(spec).unwrap())
}

fn cx() -> Cx {
    scene().0.cx::<ClusterCapacityProviders>("main")
}

fn state() -> ClusterCapacityProvidersState {
    let providers = vec!["blog-a".to_owned(), "blog-b".to_owned()];
    ClusterCapacityProvidersState { cluster: "blog".to_owned(), providers, attaching: false }
}

fn share(name: &str, weight: i32) -> CapacityProviderStrategyItem {
    let item = CapacityProviderStrategyItem::builder().capacity_provider(name).weight(weight);
    item.build().unwrap()
}

fn put(providers: &'static [&'static str]) -> Rule {
    mock!(Client::put_cluster_capacity_providers)
        .match_requests(move |it| {
            let shares: Vec<_> = providers.iter().map(|name| share(name, 1)).collect();
            it.cluster() == Some("blog")
                && it.capacity_providers() == providers
                && it.default_capacity_provider_strategy() == shares
        })
        .then_output(|| PutClusterCapacityProvidersOutput::builder().build())
}

#[tokio::test]
async fn they_share_the_tasks_equally() {
    let (_, spec) = scene();
    let put = put(&["blog-a", "blog-b"]);
    let aws = with_ecs(mocked!(aws_sdk_ecs, [put]));
    // Nothing was told.
    let attaching = ClusterCapacityProvidersState { attaching: true, ..state() };
    assert_eq!(aws.create(&cx(), &spec).await.unwrap(), attaching);
    assert_eq!(put.num_calls(), 1);
}

#[tokio::test]
async fn an_answer_that_tells_that_they_are_attached_is_enough() {
    let (_, spec) = scene();
    for (status, attaching) in
        [(Some("UPDATE_IN_PROGRESS"), true), (Some("UPDATE_COMPLETE"), false), (None, false)]
    {
        let put = mock!(Client::put_cluster_capacity_providers).then_output(move || {
            let told = told().set_attachments_status(status.map(str::to_owned)).build();
            PutClusterCapacityProvidersOutput::builder().cluster(told).build()
        });
        let aws = with_ecs(mocked!(aws_sdk_ecs, [put]));
        let made = aws.create(&cx(), &spec).await.unwrap();
        assert_eq!(made.attaching, attaching);
        assert_eq!(ClusterCapacityProviders::told_ready(&made), !attaching);
    }
}

fn told() -> ClusterBuilder {
    Told::builder()
        .cluster_name("blog")
        .status("ACTIVE")
        .attachments_status("UPDATE_COMPLETE")
        .capacity_providers("blog-b")
        .capacity_providers("blog-a")
        .default_capacity_provider_strategy(share("blog-a", 1))
        .default_capacity_provider_strategy(share("blog-b", 1))
}

async fn read(told: Told) -> Option<Observed<ClusterCapacityProvidersState>> {
    let (_, spec) = scene();
    let describe = mock!(Client::describe_clusters)
        .match_requests(|it| it.clusters() == ["blog"])
        .then_output(move || DescribeClustersOutput::builder().clusters(told.clone()).build());
    let aws = with_ecs(mocked!(aws_sdk_ecs, [describe]));
    aws.read(&cx(), &spec, &state()).await.unwrap()
}

#[tokio::test]
async fn they_are_there_while_the_cluster_lists_one() {
    assert_eq!(read(told().build()).await, Some(Observed::ready(state())));
    let updating = told().attachments_status("UPDATE_IN_PROGRESS").build();
    let settling = Condition::Settling { phase: "UPDATE_IN_PROGRESS".to_owned(), again_in: None };
    assert_eq!(read(updating).await.unwrap().condition, settling);
    let one = told().set_capacity_providers(Some(vec!["blog-a".to_owned()])).build();
    assert_eq!(drift(&read(one).await.unwrap()), [r#"providers ["blog-a"]"#]);
    let skewed = vec![share("blog-a", 1), share("blog-b", 3)];
    let skewed = told().set_default_capacity_provider_strategy(Some(skewed)).build();
    let expected = [r#"providers ["blog-a: 1","blog-b: 3"]"#];
    assert_eq!(drift(&read(skewed).await.unwrap()), expected);
    let others = told().set_capacity_providers(Some(vec!["FARGATE".to_owned()])).build();
    assert_eq!(read(others).await, None);
}

#[tokio::test]
async fn deletion_empties_the_list() {
    let (_, spec) = scene();
    let put = put(&[]);
    let aws = with_ecs(mocked!(aws_sdk_ecs, [put]));
    aws.delete(&cx(), &spec, &state()).await.unwrap();
    assert_eq!(put.num_calls(), 1);
    let gone = mock!(Client::put_cluster_capacity_providers)
        .then_http_response(|| json_error(400, "ClusterNotFoundException", "Cluster not found."));
    let aws = with_ecs(mocked!(aws_sdk_ecs, [gone]));
    aws.delete(&cx(), &spec, &state()).await.unwrap();
}
