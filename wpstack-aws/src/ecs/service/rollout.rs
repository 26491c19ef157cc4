//! How far a service has come with running what it was told to run.

use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, Service as Told};
use wpstack_core::Observed;
use wpstack_core::resource::ecs::ServiceState;

/// What is seen of a service that is not being deleted.
///
/// A service tells what it runs twice: itself, and by its primary deployment. When the circuit breaker goes back to an
/// older definition, ECS changes both; an update, too, except in emulators, which change only the first. So the first is
/// what counts.
pub(super) fn observe(state: &ServiceState, told: &Told) -> Observed<ServiceState> {
    let wanted = state.task_definition.as_str();
    let deployments = told.deployments();
    let primary = deployments.iter().find(|it| it.status() == Some("PRIMARY"));
    // The primary one first: an earlier attempt with the same definition may be told of as well.
    let mut ours = primary.into_iter().chain(deployments);
    let ours = ours.find(|it| it.task_definition() == Some(wanted));
    let failed = Some(&DeploymentRolloutState::Failed);
    if let Some(ours) = ours.filter(|it| it.rollout_state() == failed) {
        return Observed::broken(state.clone(), why(ours, told));
    }
    let rollout = primary.and_then(Deployment::rollout_state);
    let rolls = rollout == Some(&DeploymentRolloutState::InProgress);
    if told.task_definition() != Some(wanted) {
        let back = primary.filter(|it| rolls && goes_back(it));
        return match back {
            Some(primary) => Observed::broken(state.clone(), why(primary, told)),
            None => Observed::settling(state.clone(), other(wanted, told)),
        };
    }
    if rolls || told.running_count < told.desired_count {
        let running = primary.filter(|_| rolls).map_or(told.running_count, |it| it.running_count);
        let phase = format!("{running} of {} tasks running", told.desired_count);
        return Observed::settling(state.clone(), phase);
    }
    Observed::ready(state.clone())
}

/// Whether ECS is on its way back from a deployment that failed.
fn goes_back(primary: &Deployment) -> bool {
    primary.rollout_state_reason().is_some_and(|reason| reason.contains("rolling back"))
}

/// That it runs something else than it was last told, which somebody else has told it since, or a deployment that
/// failed a while ago. It works, so it is not broken: the way out is to tell it again.
fn other(wanted: &str, told: &Told) -> String {
    let actual = told.task_definition().map_or("nothing", short);
    format!("running {actual} instead of {}", short(wanted))
}

/// `blog:7` of the ARN.
fn short(definition: &str) -> &str {
    definition.rsplit('/').next().unwrap_or(definition)
}

/// Why the deployment failed, as ECS tells it, with what happened last.
fn why(deployment: &Deployment, told: &Told) -> String {
    const EVENTS: usize = 3;
    let reason = deployment.rollout_state_reason().unwrap_or("the deployment failed");
    let events = told.events().iter().take(EVENTS).filter_map(|event| event.message());
    let parts: Vec<_> = std::iter::once(reason).chain(events).collect();
    parts.join("; ")
}
