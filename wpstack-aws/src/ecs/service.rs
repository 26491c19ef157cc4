//! `ecs.service`

mod rollout;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_ecs::types::{
    DeploymentCircuitBreaker, DeploymentConfiguration, LoadBalancer, PropagateTags,
    SchedulingStrategy, Service as Told, ServiceField,
};
use futures::future::{try_join, try_join_all};
use wpstack_core::resource::ecs::{Deployment, Service, ServiceState};
use wpstack_core::value::{Percent, Seconds};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::{ECS, equal_shares, known, whole};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, look, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<Service> for Aws {
    async fn find(&self, cx: &Cx, spec: &Service) -> Result<Option<ServiceState>, ProviderError> {
        let cluster = cx.state_of(&spec.cluster)?.name;
        let told = self.services(&cluster, &[spec.name.to_string()]).await?;
        // One that drains makes room for its successor of the same name.
        let told = told.into_iter().find(|told| told.status() == Some("ACTIVE"));
        let Some(told) = told else { return Ok(None) };
        let what = format!("a service `{}` in the cluster `{cluster}`", spec.name);
        TagSet::actual(told.tags()).claim(cx, ECS, "DescribeServices", &what)?;
        state(told, cluster).map(Some)
    }

    async fn create(&self, cx: &Cx, spec: &Service) -> Result<ServiceState, ProviderError> {
        let cluster = cx.state_of(&spec.cluster)?.name;
        let definition = cx.state_of(&spec.task)?.arn;
        let desired = desired(cx, spec)?;
        let call = self
            .ecs
            .create_service()
            .client_token(cx.token("create"))
            .service_name(spec.name.as_str())
            .cluster(&cluster)
            .task_definition(&definition)
            .scheduling_strategy(SchedulingStrategy::Replica)
            .desired_count(whole(desired))
            .set_capacity_provider_strategy(Some(equal_shares(&capacity(cx, spec)?)))
            .load_balancers(load_balancer(cx, spec)?)
            .deployment_configuration(deployment(spec.deployment))
            .health_check_grace_period_seconds(whole(spec.grace_period.0))
            .propagate_tags(PropagateTags::Service)
            .enable_ecs_managed_tags(true)
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(ECS, "CreateService")?;
        let arn = answer.service.and_then(|told| told.service_arn);
        Ok(ServiceState {
            arn: arn.told(ECS, "CreateService", "the service's ARN")?,
            name: spec.name.to_string(),
            cluster,
            task_definition: definition,
            desired,
        })
    }

    async fn read(&self, cx: &Cx, spec: &Service, state: &ServiceState) -> Look<Service> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<Service>]) -> Vec<Look<Service>> {
        let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for Recorded { state, .. } in objects {
            clusters.entry(&state.cluster).or_default().push(state.name.clone());
        }
        let calls = clusters.iter().map(|(cluster, names)| self.services(cluster, names));
        let told = try_join_all(calls).await.map(|told| told.into_iter().flatten().collect());
        look(objects, told, |told| told.service_arn()?.rsplit(':').next(), observe)
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &Service,
        state: &ServiceState,
        changed: &[String],
    ) -> Result<ServiceState, ProviderError> {
        let is = |field| has(changed, field);
        let mut after = state.clone();
        if is("task") {
            after.task_definition = cx.state_of(&spec.task)?.arn;
        }
        // The number follows the definition as well: none run of one whose image is not there.
        let counts = is("task") || is("desired");
        if counts {
            after.desired = desired(cx, spec)?;
        }
        let capacity = is("capacity").then(|| capacity(cx, spec)).transpose()?;
        let balancer = is("load_balancer").then(|| load_balancer(cx, spec)).transpose()?;
        let call = self
            .ecs
            .update_service()
            .cluster(&state.cluster)
            .service(&state.name)
            .set_task_definition(is("task").then(|| after.task_definition.clone()))
            .set_desired_count(counts.then(|| whole(after.desired)))
            // ECS takes another strategy only together with a new deployment.
            .set_force_new_deployment(capacity.is_some().then_some(true))
            .set_capacity_provider_strategy(capacity.map(|names| equal_shares(&names)))
            .set_load_balancers(balancer.map(|balancer| vec![balancer]))
            .set_deployment_configuration(is("deployment").then(|| deployment(spec.deployment)))
            .set_health_check_grace_period_seconds(
                is("grace_period").then(|| whole(spec.grace_period.0)),
            );
        let call = async { call.send().await.call(ECS, "UpdateService").map(drop) };
        let updates = changed.iter().any(|field| field != "tags");
        let tags = self.retag_ecs(cx, &state.arn, &spec.tags);
        try_join(when(updates, call), when(is("tags"), tags)).await?;
        Ok(after)
    }

    async fn identify(
        &self,
        cx: &Cx,
        spec: &Service,
        id: &str,
    ) -> Result<Option<ServiceState>, ProviderError> {
        let cluster = cx.state_of(&spec.cluster)?.name;
        let name = id.rsplit('/').next().unwrap_or(id).to_owned();
        let told = self.services(&cluster, &[name]).await?.pop();
        told.filter(|told| told.status() == Some("ACTIVE"))
            .map(|told| state(told, cluster))
            .transpose()
    }

    /// Forced: ECS refuses to delete a service that still has tasks or an active deployment, which may never end. It
    /// takes the tasks along, so that the service need not be scaled to none before.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html>
    async fn delete(&self, _: &Cx, _: &Service, state: &ServiceState) -> Result<(), ProviderError> {
        let call = self.ecs.delete_service().cluster(&state.cluster).service(&state.name);
        call.force(true).send().await.call(ECS, "DeleteService").gone().map(drop)
    }
}

fn state(told: Told, cluster: String) -> Result<ServiceState, ProviderError> {
    let operation = "DescribeServices";
    Ok(ServiceState {
        name: told.service_name.told(ECS, operation, "the service's name")?,
        cluster,
        task_definition: told.task_definition.told(ECS, operation, "what it runs")?,
        desired: u32::try_from(told.desired_count).unwrap_or(0),
        arn: told.service_arn.told(ECS, operation, "the service's ARN")?,
    })
}

impl Aws {
    /// The services of these names that exist in the cluster. ECS goes on telling of deleted ones.
    async fn services(&self, cluster: &str, names: &[String]) -> Result<Vec<Told>, ProviderError> {
        // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
        const MOST_SERVICES: usize = 10;
        let calls = names.chunks(MOST_SERVICES).map(async |names| {
            let call = self.ecs.describe_services().cluster(cluster);
            let call = call.set_services(Some(names.to_vec())).include(ServiceField::Tags);
            let answer = call.send().await.call(ECS, "DescribeServices").gone()?;
            let Some(answer) = answer else { return Ok(Vec::new()) };
            known(answer.services, answer.failures.as_deref(), "DescribeServices")
        });
        let told = try_join_all(calls).await?.into_iter().flatten();
        Ok(told.filter(|told| told.status() != Some("INACTIVE")).collect())
    }
}

/// How many tasks are to run now.
fn desired(cx: &Cx, spec: &Service) -> Result<u32, ProviderError> {
    Ok(if cx.state_of(&spec.task)?.runnable { spec.desired } else { 0 })
}

fn capacity(cx: &Cx, spec: &Service) -> Result<Vec<String>, ProviderError> {
    spec.capacity.iter().map(|provider| Ok(cx.state_of(provider)?.name)).collect()
}

fn load_balancer(cx: &Cx, spec: &Service) -> Result<LoadBalancer, ProviderError> {
    let attachment = &spec.load_balancer;
    let balancer = LoadBalancer::builder()
        .target_group_arn(cx.state_of(&attachment.target_group)?.arn)
        .container_name(&attachment.container)
        .container_port(attachment.port.number().into());
    Ok(balancer.build())
}

fn deployment(spec: Deployment) -> DeploymentConfiguration {
    let breaker = DeploymentCircuitBreaker::builder().enable(true).rollback(true).build();
    DeploymentConfiguration::builder()
        .minimum_healthy_percent(spec.minimum_healthy.0.into())
        .maximum_percent(spec.maximum.0.into())
        .deployment_circuit_breaker(breaker)
        .build()
}

fn observe(
    object: &Recorded<Service>,
    told: &Told,
) -> Result<Observed<ServiceState>, ProviderError> {
    let state = &object.state;
    if told.status() == Some("DRAINING") {
        // Nothing can be compared with, for what it refers to may be gone.
        return Ok(Observed::settling(state.clone(), "draining"));
    }
    Ok(rollout::observe(state, told).drifted(drifts(object, told)?))
}

fn drifts(object: &Recorded<Service>, told: &Told) -> Result<Drifts, ProviderError> {
    let Recorded { cx, spec, state } = object;
    let mut drifts = Drifts::new();
    drifts.reference("task", &state.task_definition, told.task_definition());
    if told.desired_count != whole(state.desired) {
        drifts.note("desired", told.desired_count);
    }
    let strategy = told.capacity_provider_strategy();
    let actual: BTreeSet<_> =
        strategy.iter().map(|item| item.capacity_provider().to_owned()).collect();
    if !actual.is_empty() && actual != capacity(cx, spec)?.into_iter().collect() {
        drifts.note("capacity", actual);
    }
    let balancers: Vec<_> = told.load_balancers().iter().map(attached).collect();
    let wanted = load_balancer(cx, spec)?;
    if balancers != [attached(&wanted)] {
        drifts.note("load_balancer", balancers);
    }
    drifts.field("deployment", &spec.deployment, told.deployment_configuration().and_then(rolling));
    let grace = told.health_check_grace_period_seconds.and_then(|it| u32::try_from(it).ok());
    drifts.field("grace_period", &spec.grace_period, grace.map(Seconds));
    TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(told.tags()), &mut drifts);
    Ok(drifts)
}

/// Target group, container and port.
fn attached(balancer: &LoadBalancer) -> (&str, &str, i32) {
    let group = balancer.target_group_arn().unwrap_or_default();
    let container = balancer.container_name().unwrap_or_default();
    (group, container, balancer.container_port().unwrap_or_default())
}

fn rolling(told: &DeploymentConfiguration) -> Option<Deployment> {
    let percent = |number: Option<i32>| Some(Percent(u16::try_from(number?).ok()?));
    Some(Deployment {
        minimum_healthy: percent(told.minimum_healthy_percent())?,
        maximum: percent(told.maximum_percent())?,
    })
}
