//! `ecs.cluster`

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::create_cluster::CreateClusterOutput;
use aws_sdk_ecs::operation::describe_clusters::DescribeClustersOutput;
use aws_sdk_ecs::operation::update_cluster::UpdateClusterOutput;
use aws_sdk_ecs::types::builders::ClusterBuilder;
use aws_sdk_ecs::types::{
    Cluster as Told, ClusterField, ClusterSetting, ClusterSettingName, Failure,
};
use wpstack_core::resource::ecs::{Cluster, ClusterState};
use wpstack_core::value::Tags;
use wpstack_core::{Cx, ErrorKind, Observed, Provider};
use wpstack_testkit::mock::{Rule, json_error, mock};

use super::{are_its, missing, tagged};
use crate::support::{Scene, changed, drift, mocked, with_ecs};

const NAME: &str = "blog-cluster";

fn spec() -> Cluster {
    Cluster { name: NAME.parse().unwrap(), insights: false, tags: Tags::new() }
}

fn cx() -> Cx {
    Scene::new().cx::<Cluster>("main")
}

fn state() -> ClusterState {
    ClusterState { name: NAME.to_owned(), arn: "arn:cluster".to_owned() }
}

fn insights(value: &str) -> ClusterSetting {
    ClusterSetting::builder().name(ClusterSettingName::ContainerInsights).value(value).build()
}

fn told() -> ClusterBuilder {
    Told::builder()
        .cluster_name(NAME)
        .cluster_arn("arn:cluster")
        .status("ACTIVE")
        .settings(insights("disabled"))
        .set_tags(tagged(&cx()))
}

fn describe(told: Option<Told>, failure: Failure) -> Rule {
    mock!(Client::describe_clusters)
        .match_requests(|it| {
            it.clusters() == [NAME] && it.include() == [ClusterField::Settings, ClusterField::Tags]
        })
        .then_output(move || {
            let (clusters, failures) = match told.clone() {
                Some(told) => (vec![told], vec![]),
                None => (vec![], vec![failure.clone()]),
            };
            let answer = DescribeClustersOutput::builder().set_clusters(Some(clusters));
            answer.set_failures(Some(failures)).build()
        })
}

fn create() -> Rule {
    mock!(Client::create_cluster)
        .match_requests(|it| {
            it.cluster_name() == Some(NAME)
                && it.settings() == [insights("disabled")]
                && are_its(it.tags(), &cx())
        })
        .then_output(|| CreateClusterOutput::builder().cluster(told().build()).build())
}

#[tokio::test]
async fn it_is_made_only_where_none_has_the_name() {
    let created = create();
    let none = describe(None, missing("arn:cluster"));
    let aws = with_ecs(mocked!(aws_sdk_ecs, [none, created]));
    assert_eq!(aws.create(&cx(), &spec()).await.unwrap(), state());
    assert_eq!(created.num_calls(), 1);

    let deleted = told().status("INACTIVE").build();
    let deleted = describe(Some(deleted), missing("arn:cluster"));
    let aws = with_ecs(mocked!(aws_sdk_ecs, [deleted, create()]));
    assert_eq!(aws.create(&cx(), &spec()).await.unwrap(), state());

    let ours = describe(Some(told().build()), missing("arn:cluster"));
    let aws = with_ecs(mocked!(aws_sdk_ecs, [ours]));
    assert_eq!(aws.create(&cx(), &spec()).await.unwrap(), state());

    let foreign = told().set_tags(None).build();
    let foreign = describe(Some(foreign), missing("arn:cluster"));
    let aws = with_ecs(mocked!(aws_sdk_ecs, [foreign]));
    let error = aws.create(&cx(), &spec()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists, "{error}");
}

async fn read(told: Option<Told>) -> Option<Observed<ClusterState>> {
    let aws = with_ecs(mocked!(aws_sdk_ecs, [describe(told, missing("arn:cluster"))]));
    aws.read(&cx(), &spec(), &state()).await.unwrap()
}

#[tokio::test]
async fn only_an_active_one_is_there() {
    assert_eq!(read(Some(told().build())).await, Some(Observed::ready(state())));
    assert_eq!(read(None).await, None);
    assert_eq!(read(Some(told().status("INACTIVE").build())).await, None);
    let metered = told().set_settings(Some(vec![insights("enhanced")])).build();
    assert_eq!(drift(&read(Some(metered)).await.unwrap()), ["insights true"]);
}

#[tokio::test]
async fn one_that_ecs_will_not_tell_of_is_not_taken_for_gone() {
    let failure = Failure::builder().arn("arn:cluster").reason("UNKNOWN").build();
    let aws = with_ecs(mocked!(aws_sdk_ecs, [describe(None, failure)]));
    let error = aws.read(&cx(), &spec(), &state()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unexpected);
}

#[tokio::test]
async fn insights_are_switched() {
    let update = mock!(Client::update_cluster)
        .match_requests(|it| it.cluster() == Some(NAME) && it.settings() == [insights("enabled")])
        .then_output(|| UpdateClusterOutput::builder().build());
    let aws = with_ecs(mocked!(aws_sdk_ecs, [update]));
    let spec = Cluster { insights: true, ..spec() };
    aws.update(&cx(), &spec, &state(), &changed(&["insights"])).await.unwrap();
    assert_eq!(update.num_calls(), 1);
}

#[tokio::test]
async fn one_in_use_is_waited_for_and_one_gone_is_deleted() {
    let delete = mock!(Client::delete_cluster)
        .sequence()
        .http_response(|| json_error(400, "ClusterContainsContainerInstancesException", "2"))
        .http_response(|| json_error(400, "ClusterNotFoundException", "Cluster not found."))
        .build();
    let aws = with_ecs(mocked!(aws_sdk_ecs, [delete]));
    let error = aws.delete(&cx(), &spec(), &state()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::StillInUse);
    aws.delete(&cx(), &spec(), &state()).await.unwrap();
}
