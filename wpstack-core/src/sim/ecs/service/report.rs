//! What a service tells of itself: events, and why it is not as it should be.

use super::{Deployment, Rollout, Service, ServiceEvent};
use crate::sim::ecs::TaskStatus;
use crate::sim::world::World;

/// How many events ECS keeps.
const EVENTS: usize = 100;

impl World {
    /// Notes an event, unless it is the same as the last one.
    pub(super) fn service_event(&mut self, arn: &str, message: &str) {
        let at = self.now;
        let Some(service) = self.ecs.services.get_mut(arn) else {
            return;
        };
        let message = format!("(service {}) {message}", service.name);
        if service.events.last().is_some_and(|last| last.message == message) {
            return;
        }
        service.events.push(ServiceEvent { at, message });
        let over = service.events.len().saturating_sub(EVENTS);
        service.events.drain(..over);
    }

    /// How many tasks of a service run.
    pub(super) fn running_count(&self, arn: &str) -> usize {
        let tasks = self.ecs.tasks.values().filter(|task| task.service == arn);
        tasks.filter(|task| task.status == TaskStatus::Running).count()
    }

    /// How far the service is with a definition, in a few words; `None` when it is there.
    pub(super) fn progress(
        &self,
        arn: &str,
        service: &Service,
        definition: &str,
    ) -> Option<String> {
        let primary = service.primary()?;
        let running = self.running_count(arn);
        let there = primary.definition == definition
            && primary.rollout == Rollout::Completed
            && running == service.desired as usize;
        if there {
            return None;
        }
        let count = format!("{running} of {} tasks running", service.desired);
        let trouble = primary.failures.last().cloned().or_else(|| self.trouble(arn, service));
        Some(trouble.map_or(count.clone(), |trouble| format!("{count}: {trouble}")))
    }

    /// What holds the tasks up.
    fn trouble(&self, arn: &str, service: &Service) -> Option<String> {
        let tasks = self.ecs.tasks.values().filter(|task| task.service == arn);
        let mut tasks = tasks.filter(|task| task.status.is_wanted());
        if tasks.clone().any(|task| task.status == TaskStatus::Provisioning) {
            let events = service.events.iter().rev().map(|event| &event.message);
            let mut stuck = events.filter(|message| message.contains("unable to"));
            return stuck.next().cloned();
        }
        tasks.find_map(|task| {
            let health = self.health_of(task)?;
            (health.to_string().starts_with("unhealthy")).then(|| format!("its target is {health}"))
        })
    }
}

impl Service {
    /// Why the deployment of a definition failed, as long as it is told of: once an older one has taken its place, the
    /// service works, and the way out is to tell it again.
    pub(super) fn failure_of(&self, definition: &str) -> Option<String> {
        let newest = self.deployments.iter().find(|it| it.definition == definition)?;
        let Deployment { rollout, reason, failures, .. } = newest;
        if *rollout != Rollout::Failed {
            return None;
        }
        Some(match failures.as_slice() {
            [] => reason.clone(),
            failures => format!("{reason} {}", failures.join("; ")),
        })
    }
}
