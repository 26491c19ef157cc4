//! `ecs.cluster`

use async_trait::async_trait;
use aws_sdk_ecs::types::{Cluster as Told, ClusterField, ClusterSetting, ClusterSettingName};
use futures::future::{try_join, try_join_all};
use wpstack_core::resource::ecs::{Cluster, ClusterState};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::{ECS, known};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, look, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<Cluster> for Aws {
    async fn find(&self, cx: &Cx, spec: &Cluster) -> Result<Option<ClusterState>, ProviderError> {
        let Some(told) = self.clusters(vec![spec.name.to_string()]).await?.pop() else {
            return Ok(None);
        };
        let what = format!("a cluster `{}`", spec.name);
        TagSet::actual(told.tags()).claim(cx, ECS, "DescribeClusters", &what)?;
        state(&told, "DescribeClusters").map(Some)
    }

    /// Looks first: ECS answers with the cluster that has the name already, whoever made it.
    async fn create(&self, cx: &Cx, spec: &Cluster) -> Result<ClusterState, ProviderError> {
        if let Some(state) = self.find(cx, spec).await? {
            return Ok(state);
        }
        let call = self
            .ecs
            .create_cluster()
            .cluster_name(spec.name.as_str())
            .settings(insights(spec))
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(ECS, "CreateCluster")?;
        state(&answer.cluster.told(ECS, "CreateCluster", "the cluster")?, "CreateCluster")
    }

    async fn read(&self, cx: &Cx, spec: &Cluster, state: &ClusterState) -> Look<Cluster> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<Cluster>]) -> Vec<Look<Cluster>> {
        let names = objects.iter().map(|object| object.state.name.clone()).collect();
        let told = self.clusters(names).await;
        look(objects, told, Told::cluster_name, |object, told| Ok(observe(object, told)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &Cluster,
        state: &ClusterState,
        changed: &[String],
    ) -> Result<ClusterState, ProviderError> {
        let call = self.ecs.update_cluster().cluster(&state.name).settings(insights(spec));
        let settings = async { call.send().await.call(ECS, "UpdateCluster").map(drop) };
        let tags = self.retag_ecs(cx, &state.arn, &spec.tags);
        try_join(when(has(changed, "insights"), settings), when(has(changed, "tags"), tags))
            .await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &Cluster,
        id: &str,
    ) -> Result<Option<ClusterState>, ProviderError> {
        let told = self.clusters(vec![id.to_owned()]).await?;
        told.first().map(|told| state(told, "DescribeClusters")).transpose()
    }

    async fn delete(&self, _: &Cx, _: &Cluster, state: &ClusterState) -> Result<(), ProviderError> {
        let call = self.ecs.delete_cluster().cluster(&state.name);
        call.send().await.call(ECS, "DeleteCluster").gone().map(drop)
    }
}

impl Aws {
    /// The clusters of these names that exist. ECS goes on telling of deleted ones.
    pub(super) async fn clusters(&self, names: Vec<String>) -> Result<Vec<Told>, ProviderError> {
        // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html
        const MOST_CLUSTERS: usize = 100;
        let calls = names.chunks(MOST_CLUSTERS).map(async |names| {
            let call = self.ecs.describe_clusters().set_clusters(Some(names.to_vec()));
            let call = call.include(ClusterField::Settings).include(ClusterField::Tags);
            let answer = call.send().await.call(ECS, "DescribeClusters")?;
            known(answer.clusters, answer.failures.as_deref(), "DescribeClusters")
        });
        let told = try_join_all(calls).await?.into_iter().flatten();
        Ok(told.filter(|told| told.status() != Some("INACTIVE")).collect())
    }
}

fn insights(spec: &Cluster) -> ClusterSetting {
    let value = if spec.insights { "enabled" } else { "disabled" };
    ClusterSetting::builder().name(ClusterSettingName::ContainerInsights).value(value).build()
}

fn state(told: &Told, operation: &'static str) -> Result<ClusterState, ProviderError> {
    Ok(ClusterState {
        name: told.cluster_name.clone().told(ECS, operation, "the cluster's name")?,
        arn: told.cluster_arn.clone().told(ECS, operation, "the cluster's ARN")?,
    })
}

fn observe(object: &Recorded<Cluster>, told: &Told) -> Observed<ClusterState> {
    let Recorded { cx, spec, state } = object;
    let mut settings = told.settings().iter();
    let insights =
        settings.find(|setting| setting.name() == Some(&ClusterSettingName::ContainerInsights));
    // Besides `enabled` there is `enhanced`, which is more of the same.
    let insights = insights.and_then(ClusterSetting::value).map(|value| value != "disabled");
    let mut drifts = Drifts::new();
    drifts.field("insights", &spec.insights, insights);
    TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(told.tags()), &mut drifts);
    let observed = match told.status() {
        Some("ACTIVE") | None => Observed::ready(state.clone()),
        Some("FAILED") => Observed::broken(state.clone(), "ECS says `FAILED`"),
        Some(other) => Observed::settling(state.clone(), other),
    };
    observed.drifted(drifts)
}
