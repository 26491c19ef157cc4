//! `ecs.capacity-provider`

use async_trait::async_trait;
use aws_sdk_ecs::types::{
    AutoScalingGroupProvider, AutoScalingGroupProviderUpdate, CapacityProvider as Told,
    CapacityProviderField, CapacityProviderStatus, CapacityProviderUpdateStatus, ManagedDraining,
    ManagedScaling, ManagedScalingStatus, ManagedTerminationProtection,
};
use futures::future::{try_join, try_join_all};
use wpstack_core::resource::autoscaling::AutoScalingGroupState;
use wpstack_core::resource::ecs::{CapacityProvider, CapacityProviderState};
use wpstack_core::value::Percent;
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::{ECS, known};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, look, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<CapacityProvider> for Aws {
    async fn find(
        &self,
        cx: &Cx,
        spec: &CapacityProvider,
    ) -> Result<Option<CapacityProviderState>, ProviderError> {
        let name = spec.name.generation(cx.generation()).to_string();
        let what = format!("a capacity provider `{name}`");
        let Some(told) = self.capacity_providers(vec![name]).await?.pop() else {
            return Ok(None);
        };
        TagSet::actual(told.tags()).claim(cx, ECS, "DescribeCapacityProviders", &what)?;
        state(&told, "DescribeCapacityProviders").map(Some)
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &CapacityProvider,
    ) -> Result<CapacityProviderState, ProviderError> {
        let group = cx.state_of(&spec.group)?;
        let provider = AutoScalingGroupProvider::builder()
            // The name does as well, and is all that is known of a fresh group.
            .auto_scaling_group_arn(if group.arn.is_empty() { group.name } else { group.arn })
            .managed_scaling(scaling(spec))
            .managed_termination_protection(ManagedTerminationProtection::Disabled)
            .managed_draining(ManagedDraining::Enabled)
            .build()
            .expect("it lacks only its group, and has it");
        let call = self
            .ecs
            .create_capacity_provider()
            .name(spec.name.generation(cx.generation()).as_str())
            .auto_scaling_group_provider(provider)
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(ECS, "CreateCapacityProvider")?;
        let told = answer.capacity_provider;
        let told = told.told(ECS, "CreateCapacityProvider", "the capacity provider")?;
        state(&told, "CreateCapacityProvider")
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &CapacityProvider,
        state: &CapacityProviderState,
    ) -> Look<CapacityProvider> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(
        &self,
        objects: &[Recorded<CapacityProvider>],
    ) -> Vec<Look<CapacityProvider>> {
        let names = objects.iter().map(|object| object.state.name.clone()).collect();
        look(objects, self.capacity_providers(names).await, Told::name, observe)
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &CapacityProvider,
        state: &CapacityProviderState,
        changed: &[String],
    ) -> Result<CapacityProviderState, ProviderError> {
        let provider = AutoScalingGroupProviderUpdate::builder().managed_scaling(scaling(spec));
        let call = self.ecs.update_capacity_provider().name(&state.name);
        let call = call.auto_scaling_group_provider(provider.build());
        let target = async { call.send().await.call(ECS, "UpdateCapacityProvider").map(drop) };
        let tags = self.retag_ecs(cx, &state.arn, &spec.tags);
        try_join(when(has(changed, "target"), target), when(has(changed, "tags"), tags)).await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &CapacityProvider,
        id: &str,
    ) -> Result<Option<CapacityProviderState>, ProviderError> {
        let told = self.capacity_providers(vec![id.to_owned()]).await?;
        told.first().map(|told| state(told, "DescribeCapacityProviders")).transpose()
    }

    async fn delete(
        &self,
        _: &Cx,
        _: &CapacityProvider,
        state: &CapacityProviderState,
    ) -> Result<(), ProviderError> {
        let call = self.ecs.delete_capacity_provider().capacity_provider(&state.name);
        call.send().await.call(ECS, "DeleteCapacityProvider").gone().map(drop)
    }
}

impl Aws {
    /// The capacity providers of these names that exist. ECS goes on telling of deleted ones.
    async fn capacity_providers(&self, names: Vec<String>) -> Result<Vec<Told>, ProviderError> {
        // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeCapacityProviders.html
        const MOST_PROVIDERS: usize = 100;
        const DESCRIBE: &str = "DescribeCapacityProviders";
        let calls = names.chunks(MOST_PROVIDERS).map(async |names| {
            let call = self.ecs.describe_capacity_providers();
            let call = call.set_capacity_providers(Some(names.to_vec()));
            let call = call.include(CapacityProviderField::Tags);
            let answer = call.send().await.call(ECS, DESCRIBE)?;
            known(answer.capacity_providers, answer.failures.as_deref(), DESCRIBE)
        });
        let told = try_join_all(calls).await?.into_iter().flatten();
        Ok(told.filter(|told| told.status() != Some(&CapacityProviderStatus::Inactive)).collect())
    }
}

fn scaling(spec: &CapacityProvider) -> ManagedScaling {
    let scaling = ManagedScaling::builder().status(ManagedScalingStatus::Enabled);
    scaling.target_capacity(spec.target.0.into()).build()
}

fn state(told: &Told, operation: &'static str) -> Result<CapacityProviderState, ProviderError> {
    let arn = told.capacity_provider_arn.clone();
    Ok(CapacityProviderState {
        name: told.name.clone().told(ECS, operation, "the capacity provider's name")?,
        arn: arn.told(ECS, operation, "the capacity provider's ARN")?,
    })
}

fn observe(
    object: &Recorded<CapacityProvider>,
    told: &Told,
) -> Result<Observed<CapacityProviderState>, ProviderError> {
    let Recorded { cx, spec, state } = object;
    let observed = condition(state.clone(), told);
    let Some(provider) = told.auto_scaling_group_provider() else { return Ok(observed) };
    let mut drifts = Drifts::new();
    let group = provider.auto_scaling_group_arn();
    if !is_group(&cx.state_of(&spec.group)?, group) {
        drifts.note("group", group);
    }
    if let Some(scaling) = provider.managed_scaling() {
        if scaling.status() == Some(&ManagedScalingStatus::Disabled) {
            drifts.note("target", "no managed scaling");
        } else {
            let target = scaling.target_capacity.and_then(|it| u16::try_from(it).ok());
            drifts.field("target", &spec.target, target.map(Percent));
        }
    }
    TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(told.tags()), &mut drifts);
    Ok(observed.drifted(drifts))
}

/// Whether `told`, an ARN or a name, is the group.
fn is_group(group: &AutoScalingGroupState, told: &str) -> bool {
    if told.starts_with("arn:") && !group.arn.is_empty() {
        return told == group.arn;
    }
    told.rsplit_once("autoScalingGroupName/").map_or(told, |(_, name)| name) == group.name
}

/// A failed update or deletion leaves the capacity provider as it was, and usable: it is not broken, but it is not what
/// is waited for either.
fn condition(state: CapacityProviderState, told: &Told) -> Observed<CapacityProviderState> {
    use CapacityProviderUpdateStatus::{
        CreateFailed, CreateInProgress, DeleteFailed, DeleteInProgress, UpdateFailed,
        UpdateInProgress,
    };
    let reason = told.update_status_reason().unwrap_or("AWS gives no reason");
    match (told.update_status(), told.status()) {
        (Some(CreateFailed), _) => Observed::broken(state, reason),
        (Some(change @ (UpdateFailed | DeleteFailed)), _) => {
            Observed::settling(state, format!("{}: {reason}", change.as_str()))
        }
        (Some(change @ (CreateInProgress | UpdateInProgress | DeleteInProgress)), _) => {
            Observed::settling(state, change.as_str())
        }
        (_, Some(CapacityProviderStatus::Active) | None) => Observed::ready(state),
        (_, Some(other)) => Observed::settling(state, other.as_str()),
    }
}
