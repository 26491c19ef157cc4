//! `ecs.cluster-capacity-providers`

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ecs::types::Cluster as Told;
use wpstack_core::resource::ecs::{ClusterCapacityProviders, ClusterCapacityProvidersState};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::{ECS, equal_shares};
use crate::Aws;
use crate::call::Call;
use crate::provide::{Look, has, look, read_one};

#[async_trait]
impl Provider<ClusterCapacityProviders> for Aws {
    /// It has no tags: it is ours because the cluster and the capacity providers are.
    async fn find(
        &self,
        cx: &Cx,
        spec: &ClusterCapacityProviders,
    ) -> Result<Option<ClusterCapacityProvidersState>, ProviderError> {
        let state = wanted(cx, spec)?;
        let told = self.clusters(vec![state.cluster.clone()]).await?;
        let is_there = told.first().is_some_and(|told| has_any(told, &state));
        Ok(is_there.then_some(state))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &ClusterCapacityProviders,
    ) -> Result<ClusterCapacityProvidersState, ProviderError> {
        let state = wanted(cx, spec)?;
        let told = self.put_capacity_providers(&state.cluster, &state.providers).await?;
        let attaching = told.as_ref().is_none_or(|told| progress(told).is_some());
        Ok(ClusterCapacityProvidersState { attaching, ..state })
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &ClusterCapacityProviders,
        state: &ClusterCapacityProvidersState,
    ) -> Look<ClusterCapacityProviders> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(
        &self,
        objects: &[Recorded<ClusterCapacityProviders>],
    ) -> Vec<Look<ClusterCapacityProviders>> {
        let names = objects.iter().map(|object| object.state.cluster.clone()).collect();
        let told = self.clusters(names).await.map(|mut told| {
            told.retain(|told| objects.iter().any(|object| has_any(told, &object.state)));
            told
        });
        look(objects, told, Told::cluster_name, |object, told| Ok(observe(&object.state, told)))
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &ClusterCapacityProviders,
        state: &ClusterCapacityProvidersState,
        changed: &[String],
    ) -> Result<ClusterCapacityProvidersState, ProviderError> {
        if has(changed, "providers") { self.create(cx, spec).await } else { Ok(state.clone()) }
    }

    async fn identify(
        &self,
        cx: &Cx,
        spec: &ClusterCapacityProviders,
        id: &str,
    ) -> Result<Option<ClusterCapacityProvidersState>, ProviderError> {
        Ok(self.find(cx, spec).await?.filter(|state| state.cluster == id))
    }

    async fn delete(
        &self,
        _: &Cx,
        _: &ClusterCapacityProviders,
        state: &ClusterCapacityProvidersState,
    ) -> Result<(), ProviderError> {
        self.put_capacity_providers(&state.cluster, &[]).await.gone().map(drop)
    }
}

impl Aws {
    async fn put_capacity_providers(
        &self,
        cluster: &str,
        providers: &[String],
    ) -> Result<Option<Told>, ProviderError> {
        let call = self
            .ecs
            .put_cluster_capacity_providers()
            .cluster(cluster)
            .set_capacity_providers(Some(providers.to_vec()))
            .set_default_capacity_provider_strategy(Some(equal_shares(providers)));
        let answer = call.send().await.call(ECS, "PutClusterCapacityProviders")?;
        Ok(answer.cluster)
    }
}

fn wanted(
    cx: &Cx,
    spec: &ClusterCapacityProviders,
) -> Result<ClusterCapacityProvidersState, ProviderError> {
    let providers = spec.providers.iter().map(|provider| Ok(cx.state_of(provider)?.name));
    Ok(ClusterCapacityProvidersState {
        cluster: cx.state_of(&spec.cluster)?.name,
        providers: providers.collect::<Result<_, ProviderError>>()?,
        attaching: true,
    })
}

/// What ECS still does with the list, if it does anything.
fn progress(told: &Told) -> Option<&str> {
    // A failed one is not what is waited for, and putting the list again is the way out of it.
    told.attachments_status()
        .filter(|status| matches!(*status, "UPDATE_IN_PROGRESS" | "UPDATE_FAILED"))
}

fn has_any(told: &Told, state: &ClusterCapacityProvidersState) -> bool {
    told.cluster_name() == Some(&state.cluster)
        && told.capacity_providers().iter().any(|name| state.providers.contains(name))
}

fn observe(
    state: &ClusterCapacityProvidersState,
    told: &Told,
) -> Observed<ClusterCapacityProvidersState> {
    let wanted: BTreeSet<_> = state.providers.iter().map(String::as_str).collect();
    let listed: BTreeSet<_> = told.capacity_providers().iter().map(String::as_str).collect();
    let strategy = told.default_capacity_provider_strategy();
    let weights: BTreeSet<_> = strategy.iter().map(|item| item.weight()).collect();
    let used: BTreeSet<_> = strategy.iter().map(|item| item.capacity_provider()).collect();
    let mut drifts = Drifts::new();
    if listed != wanted {
        drifts.note("providers", listed);
    } else if used != wanted || weights.len() > 1 {
        let shares =
            strategy.iter().map(|it| format!("{}: {}", it.capacity_provider(), it.weight()));
        drifts.note("providers", shares.collect::<Vec<_>>());
    }
    let progress = progress(told);
    let state = ClusterCapacityProvidersState { attaching: progress.is_some(), ..state.clone() };
    let observed = match progress {
        Some(status) => Observed::settling(state, status),
        None => Observed::ready(state),
    };
    observed.drifted(drifts)
}
