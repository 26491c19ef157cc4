//! The service as the engine sees it.

use async_trait::async_trait;

use super::{Service, ServiceChange, ServiceStatus};
use crate::failure::{Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider, Recorded};
use crate::resource::ecs::{self as spec, ServiceState};
use crate::sim::Sim;
use crate::sim::call::{Looked, only};
use crate::sim::ecs::TAGGING;
use crate::sim::tagged::is_mine;
use crate::sim::tags::{CompareTags, owned};
use crate::sim::world::World;

fn resolved(cx: &Cx, spec: &spec::Service) -> Result<ServiceChange, ProviderError> {
    let task = cx.state_of(&spec.task)?;
    let capacity = spec.capacity.iter().map(|provider| Ok(cx.state_of(provider)?.name));
    Ok(ServiceChange {
        definition: task.arn,
        // Tasks of an image that is not there would only fail.
        desired: if task.runnable { spec.desired } else { 0 },
        capacity: capacity.collect::<Result<_, ProviderError>>()?,
        target_group: cx.state_of(&spec.load_balancer.target_group)?.arn,
        container: spec.load_balancer.container.clone(),
        container_port: spec.load_balancer.port,
        minimum_healthy: spec.deployment.minimum_healthy,
        maximum: spec.deployment.maximum,
        grace_period: spec.grace_period,
    })
}

fn drift(
    world: &World,
    Recorded { cx, spec, state }: &Recorded<spec::Service>,
    service: &Service,
) -> Result<Drifts, ProviderError> {
    let recorded = resolved(cx, spec)?;
    let mut drift = Drifts::new();
    drift
        .field("desired", &state.desired, Some(service.desired))
        .field("capacity", &recorded.capacity, Some(service.capacity.clone()))
        .field("grace_period", &spec.grace_period, Some(service.grace_period))
        .tags(cx, &spec.tags, &world.tags_of(&state.arn));
    let wanted = (&recorded.target_group, &recorded.container, recorded.container_port);
    let actual = (&service.target_group, &service.container, service.container_port);
    if wanted != actual {
        drift.note("load_balancer", actual);
    }
    let actual =
        spec::Deployment { minimum_healthy: service.minimum_healthy, maximum: service.maximum };
    drift.field("deployment", &spec.deployment, Some(actual));
    if let Some(primary) = service.primary() {
        drift.reference("task", &state.task_definition, Some(&primary.definition));
    }
    Ok(drift)
}

fn look(world: &World, recorded: &Recorded<spec::Service>) -> Looked<spec::Service> {
    let state = &recorded.state;
    let Ok(service) = world.service(&state.cluster, &state.name) else {
        return Ok(None);
    };
    match service.status {
        ServiceStatus::Inactive => return Ok(None),
        ServiceStatus::Draining => {
            return Ok(Some(Observed::settling(state.clone(), "DRAINING")));
        }
        ServiceStatus::Active => {}
    }
    if let Some(reason) = service.failure_of(&state.task_definition) {
        return Ok(Some(Observed::broken(state.clone(), reason)));
    }
    let drift = drift(world, recorded, service)?;
    let primary = service.primary().map(|primary| primary.definition.as_str());
    let other = primary.filter(|primary| *primary != state.task_definition);
    let phase = match other {
        // Somebody deployed something else, or ECS went back a while ago. The plan tells it again.
        Some(other) => {
            Some(format!("running {} instead of {}", short(other), short(&state.task_definition)))
        }
        None => world.progress(&state.arn, service, &state.task_definition),
    };
    let observed = match phase {
        Some(phase) => Observed::settling(state.clone(), phase),
        None => Observed::ready(state.clone()),
    };
    Ok(Some(observed.drifted(drift)))
}

/// `blog:7` of the ARN.
fn short(definition: &str) -> &str {
    definition.rsplit('/').next().unwrap_or(definition)
}

#[async_trait]
impl Provider<spec::Service> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::Service,
    ) -> Result<Option<ServiceState>, ProviderError> {
        let (cluster, name) = (cx.state_of(&spec.cluster)?.name, spec.name.to_string());
        let found = self.call(cx, "ecs", "DescribeServices", |world| {
            let service = world.service(&cluster, &name)?;
            let arn = world.service_arn(&cluster, &name);
            let tags = world.tags_of(&arn);
            Ok(service.is_active().then(|| (arn, tags, service.clone())))
        });
        let Some((arn, tags, service)) = found.await.gone()?.flatten() else {
            return Ok(None);
        };
        let what = format!("the service `{name}`");
        let mine = is_mine(cx, "ecs", "DescribeServices", &what, &tags)?;
        let task_definition = service.primary().map(|it| it.definition.clone()).unwrap_or_default();
        let desired = service.desired;
        Ok(mine.then_some(ServiceState { arn, name, cluster, task_definition, desired }))
    }

    async fn create(&self, cx: &Cx, spec: &spec::Service) -> Result<ServiceState, ProviderError> {
        let (cluster, name) = (cx.state_of(&spec.cluster)?.name, spec.name.to_string());
        let wanted = resolved(cx, spec)?;
        let (task_definition, desired) = (wanted.definition.clone(), wanted.desired);
        let token = cx.token("create");
        let arn = self
            .call(cx, "ecs", "CreateService", |world| {
                let tags = owned(cx, &spec.tags);
                world.create_service(&cluster, &name, &token, wanted, tags)
            })
            .await?;
        Ok(ServiceState { arn, name, cluster, task_definition, desired })
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::Service,
        state: &ServiceState,
    ) -> Result<Option<Observed<ServiceState>>, ProviderError> {
        let (cx, spec, state) = (cx.clone(), spec.clone(), state.clone());
        only::<spec::Service>(self.read_many(&[Recorded { cx, spec, state }]).await)
    }

    async fn read_many(&self, objects: &[Recorded<spec::Service>]) -> Vec<Looked<spec::Service>> {
        self.call_about(objects, "ecs", "DescribeServices", look).await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::Service,
        state: &ServiceState,
        changed: &[String],
    ) -> Result<ServiceState, ProviderError> {
        let mut state = state.clone();
        if changed.iter().any(|field| field != "tags") {
            let wanted = resolved(cx, spec)?;
            let (task_definition, desired) = (wanted.definition.clone(), wanted.desired);
            self.call(cx, "ecs", "UpdateService", |world| {
                world.update_service(&state.cluster, &state.name, wanted)
            })
            .await?;
            state = ServiceState { task_definition, desired, ..state };
        }
        if changed.iter().any(|field| field == "tags") {
            self.retag(cx, TAGGING, &state.arn, &spec.tags).await?;
        }
        Ok(state)
    }

    async fn identify(
        &self,
        cx: &Cx,
        spec: &spec::Service,
        id: &str,
    ) -> Result<Option<ServiceState>, ProviderError> {
        let cluster = cx.state_of(&spec.cluster)?.name;
        let name = id.rsplit('/').next().unwrap_or(id).to_owned();
        let found = self.call(cx, "ecs", "DescribeServices", |world| {
            let service = world.service(&cluster, &name)?;
            let running = service.primary().map(|it| it.definition.clone()).unwrap_or_default();
            let arn = world.service_arn(&cluster, &name);
            Ok(service.is_active().then_some((arn, running, service.desired)))
        });
        let found = found.await.gone()?.flatten();
        Ok(found.map(|(arn, task_definition, desired)| ServiceState {
            arn,
            name,
            cluster,
            task_definition,
            desired,
        }))
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::Service,
        state: &ServiceState,
    ) -> Result<(), ProviderError> {
        let (cluster, name) = (&state.cluster, &state.name);
        let deleted = self
            .call(cx, "ecs", "DeleteService", |world| world.delete_service(cluster, name, true));
        deleted.await.gone().map(drop)
    }
}
