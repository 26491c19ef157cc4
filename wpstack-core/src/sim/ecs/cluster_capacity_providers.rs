//! Which capacity providers a cluster has.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;

use super::cluster::update_in_progress;
use super::{Due, ServiceStatus, parameter};
use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider};
use crate::resource::ecs::{self as spec, ClusterCapacityProvidersState};
use crate::sim::Sim;
use crate::sim::world::{Refusal, World};

impl World {
    /// `PutClusterCapacityProviders`, with all of them in the default strategy. It takes a moment.
    ///
    /// # Errors
    /// `ClusterNotFoundException`; `UpdateInProgressException` while the last one is not done;
    /// `InvalidParameterException` for a provider that is not there; `ResourceInUseException` when one that a service
    /// uses would go.
    pub fn put_cluster_capacity_providers(
        &mut self,
        name: &str,
        providers: &BTreeSet<String>,
    ) -> Result<(), Refusal> {
        let cluster = self.cluster(name)?;
        if cluster.is_updating {
            return Err(update_in_progress());
        }
        let is_there =
            |name: &String| self.capacity_provider(name).is_some_and(|it| !it.is_deleting);
        if !providers.iter().all(is_there) {
            return Err(parameter("The specified capacity provider was not found."));
        }
        let leaving: Vec<_> = cluster.providers.difference(providers).collect();
        let services = self.ecs.services.values();
        let mut services = services
            .filter(|service| service.cluster == name && service.status != ServiceStatus::Inactive);
        if services.any(|service| service.capacity.iter().any(|it| leaving.contains(&it))) {
            let message = "The specified capacity provider is in use and cannot be removed.";
            return Err(Refusal::new("ResourceInUseException", message));
        }
        let is_updating = cluster.providers != *providers;
        self.update_cluster(name, |cluster| {
            cluster.providers.clone_from(providers);
            cluster.is_updating = is_updating;
        })?;
        if is_updating {
            let pause = self.chance.between(Duration::from_secs(2), Duration::from_secs(6));
            self.schedule(pause, Due::Attached { cluster: name.to_owned() }.into());
        }
        Ok(())
    }

    pub(super) fn providers_attached(&mut self, cluster: &str) {
        if let Some(cluster) = self.ecs.clusters.get_mut(cluster) {
            cluster.is_updating = false;
        }
    }
}

fn resolved(
    cx: &Cx,
    spec: &spec::ClusterCapacityProviders,
) -> Result<ClusterCapacityProvidersState, ProviderError> {
    let providers = spec.providers.iter().map(|provider| Ok(cx.state_of(provider)?.name));
    Ok(ClusterCapacityProvidersState {
        cluster: cx.state_of(&spec.cluster)?.name,
        providers: providers.collect::<Result<_, ProviderError>>()?,
        attaching: true,
    })
}

impl Sim {
    async fn put_providers(
        &self,
        cx: &Cx,
        cluster: &str,
        providers: &[String],
    ) -> Result<(), ProviderError> {
        let providers = providers.iter().cloned().collect();
        self.call(cx, "ecs", "PutClusterCapacityProviders", |world| {
            world.put_cluster_capacity_providers(cluster, &providers)
        })
        .await
    }
}

#[async_trait]
impl Provider<spec::ClusterCapacityProviders> for Sim {
    /// It has no tags: whatever the cluster has is ours as the cluster is, and putting again does no harm.
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::ClusterCapacityProviders,
    ) -> Result<Option<ClusterCapacityProvidersState>, ProviderError> {
        let wanted = resolved(cx, spec)?;
        self.call(cx, "ecs", "DescribeClusters", |world| {
            let Ok(cluster) = world.cluster(&wanted.cluster) else {
                return Ok(None);
            };
            let is_put = wanted.providers.iter().all(|name| cluster.providers.contains(name));
            Ok(is_put.then(|| wanted.clone()))
        })
        .await
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::ClusterCapacityProviders,
    ) -> Result<ClusterCapacityProvidersState, ProviderError> {
        let wanted = resolved(cx, spec)?;
        self.put_providers(cx, &wanted.cluster, &wanted.providers).await?;
        Ok(wanted)
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::ClusterCapacityProviders,
        state: &ClusterCapacityProvidersState,
    ) -> Result<Option<Observed<ClusterCapacityProvidersState>>, ProviderError> {
        let seen = self.call(cx, "ecs", "DescribeClusters", |world| {
            let cluster = world.cluster(&state.cluster)?;
            Ok((cluster.providers.clone(), cluster.is_updating))
        });
        let Some((providers, is_updating)) = seen.await.gone()? else {
            return Ok(None);
        };
        let state = ClusterCapacityProvidersState {
            cluster: state.cluster.clone(),
            providers: providers.iter().cloned().collect(),
            attaching: is_updating,
        };
        if is_updating {
            return Ok(Some(Observed::settling(state, "UPDATE_IN_PROGRESS")));
        }
        if providers.is_empty() {
            return Ok(None);
        }
        let wanted: BTreeSet<_> = resolved(cx, spec)?.providers.into_iter().collect();
        let mut drift = Drifts::new();
        drift.field("providers", &wanted, Some(providers));
        Ok(Some(Observed::ready(state).drifted(drift)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::ClusterCapacityProviders,
        _: &ClusterCapacityProvidersState,
        _: &[String],
    ) -> Result<ClusterCapacityProvidersState, ProviderError> {
        let wanted = resolved(cx, spec)?;
        self.put_providers(cx, &wanted.cluster, &wanted.providers).await?;
        Ok(wanted)
    }

    async fn identify(
        &self,
        cx: &Cx,
        spec: &spec::ClusterCapacityProviders,
        id: &str,
    ) -> Result<Option<ClusterCapacityProvidersState>, ProviderError> {
        Ok(self.find(cx, spec).await?.filter(|state| state.cluster == id))
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::ClusterCapacityProviders,
        state: &ClusterCapacityProvidersState,
    ) -> Result<(), ProviderError> {
        self.put_providers(cx, &state.cluster, &[]).await.gone().map(drop)
    }
}
