//! Clusters.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{ServiceStatus, TAGGING, TaskStatus};
use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider, Recorded};
use crate::resource::ecs::{self as spec, ClusterState};
use crate::sim::Sim;
use crate::sim::call::{Looked, only};
use crate::sim::tagged::is_mine;
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};

/// A cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// `arn:aws:ecs:…:cluster/…`
    pub arn: String,
    /// Whether Container Insights collects metrics.
    pub insights: bool,
    /// The names of its capacity providers, all of them in the default strategy.
    pub providers: BTreeSet<String>,
    /// Whether those are still being attached or detached.
    pub is_updating: bool,
    /// Whether it has not been deleted.
    pub is_active: bool,
}

impl World {
    /// `CreateCluster`. One that is there stays as it is. Returns the ARN.
    pub fn create_cluster(&mut self, name: &str, insights: bool, tags: TagMap) -> String {
        if let Some(there) = self.ecs.clusters.get(name).filter(|cluster| cluster.is_active) {
            return there.arn.clone();
        }
        let arn = self.arn("ecs", &format!("cluster/{name}"));
        self.tags.insert(arn.clone(), tags);
        let providers = BTreeSet::new();
        let (is_updating, is_active) = (false, true);
        let cluster = Cluster { arn: arn.clone(), insights, providers, is_updating, is_active };
        self.ecs.clusters.insert(name.to_owned(), cluster);
        arn
    }

    /// The cluster of that name, unless it has been deleted.
    ///
    /// # Errors
    /// `ClusterNotFoundException`.
    pub fn cluster(&self, name: &str) -> Result<&Cluster, Refusal> {
        let active = self.ecs.clusters.get(name).filter(|cluster| cluster.is_active);
        active.ok_or_else(|| Refusal::new("ClusterNotFoundException", "Cluster not found."))
    }

    /// `UpdateCluster` and `UpdateClusterSettings`.
    ///
    /// # Errors
    /// `ClusterNotFoundException`.
    pub fn update_cluster(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut Cluster),
    ) -> Result<(), Refusal> {
        self.cluster(name)?;
        self.ecs.clusters.get_mut(name).map(change);
        Ok(())
    }

    /// `DeleteCluster`. It stays on record as inactive.
    ///
    /// # Errors
    /// `ClusterNotFoundException`; `UpdateInProgressException`; `ClusterContainsContainerInstancesException`,
    /// `ClusterContainsServicesException`, `ClusterContainsTasksException` and
    /// `ClusterContainsCapacityProviderException` while it does.
    pub fn delete_cluster(&mut self, name: &str) -> Result<(), Refusal> {
        let cluster = self.cluster(name)?;
        if cluster.is_updating {
            return Err(update_in_progress());
        }
        let ecs = &self.ecs;
        let contains = |what: &str| {
            let message = format!("The Cluster cannot be deleted while {what} are active.");
            let what = match what {
                "Container Instances" => "ContainerInstances",
                "Capacity Providers" => "CapacityProvider",
                what => what,
            };
            Err(Refusal::new(format!("ClusterContains{what}Exception"), message))
        };
        if self.container_instances(name).next().is_some() {
            return contains("Container Instances");
        }
        let is_there = |status| status != ServiceStatus::Inactive;
        if ecs.services.values().any(|it| it.cluster == name && is_there(it.status)) {
            return contains("Services");
        }
        if ecs.tasks.values().any(|it| it.cluster == name && it.status != TaskStatus::Stopped) {
            return contains("Tasks");
        }
        if !cluster.providers.is_empty() {
            return contains("Capacity Providers");
        }
        self.update_cluster(name, |cluster| cluster.is_active = false)
    }
}

pub(super) fn update_in_progress() -> Refusal {
    let message = "The specified cluster is in a busy state. Cluster attachments must be in UPDATE_COMPLETE or \
                   UPDATE_FAILED state before they can be updated.";
    Refusal::new("UpdateInProgressException", message)
}

#[async_trait]
impl Provider<spec::Cluster> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::Cluster,
    ) -> Result<Option<ClusterState>, ProviderError> {
        let name = spec.name.to_string();
        let found = self.call(cx, "ecs", "DescribeClusters", |world| {
            let cluster = world.cluster(&name).ok();
            Ok(cluster.map(|cluster| (cluster.arn.clone(), world.tags_of(&cluster.arn))))
        });
        let Some((arn, tags)) = found.await? else {
            return Ok(None);
        };
        let mine = is_mine(cx, "ecs", "DescribeClusters", &format!("the cluster `{name}`"), &tags)?;
        Ok(mine.then_some(ClusterState { name, arn }))
    }

    async fn create(&self, cx: &Cx, spec: &spec::Cluster) -> Result<ClusterState, ProviderError> {
        let name = spec.name.to_string();
        let made = self.call(cx, "ecs", "CreateCluster", |world| {
            let arn = world.create_cluster(&name, spec.insights, owned(cx, &spec.tags));
            Ok((world.tags_of(&arn), arn))
        });
        let (tags, arn) = made.await?;
        // ECS answers with the cluster of that name, whosever it is.
        is_mine(cx, "ecs", "CreateCluster", &format!("the cluster `{name}`"), &tags)?;
        Ok(ClusterState { name, arn })
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::Cluster,
        state: &ClusterState,
    ) -> Result<Option<Observed<ClusterState>>, ProviderError> {
        let (cx, spec, state) = (cx.clone(), spec.clone(), state.clone());
        only::<spec::Cluster>(self.read_many(&[Recorded { cx, spec, state }]).await)
    }

    async fn read_many(&self, objects: &[Recorded<spec::Cluster>]) -> Vec<Looked<spec::Cluster>> {
        self.call_about(
            objects,
            "ecs",
            "DescribeClusters",
            |world, Recorded { cx, spec, state }| {
                let Ok(cluster) = world.cluster(&state.name) else {
                    return Ok(None);
                };
                let mut drift = Drifts::new();
                drift.field("insights", &spec.insights, Some(cluster.insights)).tags(
                    cx,
                    &spec.tags,
                    &world.tags_of(&cluster.arn),
                );
                Ok(Some(Observed::ready(state.clone()).drifted(drift)))
            },
        )
        .await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::Cluster,
        state: &ClusterState,
        changed: &[String],
    ) -> Result<ClusterState, ProviderError> {
        for field in changed {
            match field.as_str() {
                "insights" => {
                    self.call(cx, "ecs", "UpdateClusterSettings", |world| {
                        world.update_cluster(&state.name, |it| it.insights = spec.insights)
                    })
                    .await?;
                }
                _ => self.retag(cx, TAGGING, &state.arn, &spec.tags).await?,
            }
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        cx: &Cx,
        _: &spec::Cluster,
        id: &str,
    ) -> Result<Option<ClusterState>, ProviderError> {
        let name = id.rsplit('/').next().unwrap_or(id).to_owned();
        self.call(cx, "ecs", "DescribeClusters", |world| {
            let arn = world.cluster(&name).ok().map(|cluster| cluster.arn.clone());
            Ok(arn.map(|arn| ClusterState { name: name.clone(), arn }))
        })
        .await
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::Cluster,
        state: &ClusterState,
    ) -> Result<(), ProviderError> {
        let deleted =
            self.call(cx, "ecs", "DeleteCluster", |world| world.delete_cluster(&state.name));
        deleted.await.gone().map(drop)
    }
}
