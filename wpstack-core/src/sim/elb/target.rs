//! Targets, and whether they are healthy.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Due, LoadBalancerStatus};
use crate::sim::ecs::NoAnswer;
use crate::sim::world::{Refusal, World};
use crate::value::Port;

/// A port of an instance that requests may go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// `i-…`
    pub instance: String,
    /// The port.
    pub port: Port,
    /// Whether it gets requests.
    pub health: Health,
    /// Good answers in a row.
    pub good: u32,
    /// Bad answers in a row.
    pub bad: u32,
}

/// Whether a target gets requests.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Not yet: it has not answered well often enough.
    Initial,
    /// It does.
    Healthy,
    /// It does not.
    Unhealthy {
        /// AWS's reason code, as in `Target.Timeout`.
        reason: String,
        /// What AWS says about it.
        description: String,
    },
    /// It finishes what it has.
    Draining,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Initial => f.pad("initial"),
            Self::Healthy => f.pad("healthy"),
            Self::Unhealthy { reason, description } => {
                write!(f, "unhealthy ({reason}: {description})")
            }
            Self::Draining => f.pad("draining"),
        }
    }
}

/// The name of a target in its group.
fn key(instance: &str, port: Port) -> String {
    format!("{instance}:{port}")
}

impl World {
    /// `RegisterTargets`, of one.
    ///
    /// # Errors
    /// `TargetGroupNotFound`; `InvalidTarget` for an instance that does not run.
    pub fn register_target(
        &mut self,
        group: &str,
        instance: &str,
        port: Port,
    ) -> Result<(), Refusal> {
        self.target_group(group)?;
        if !self.runs(instance) {
            let message = format!("The following targets are not in a running state: '{instance}'");
            return Err(Refusal::new("InvalidTarget", message));
        }
        let target = key(instance, port);
        let instance = instance.to_owned();
        let (health, good, bad) = (Health::Initial, 0, 0);
        self.change_target_group(group, |it| {
            it.targets.insert(target.clone(), Target { instance, port, health, good, bad });
        })?;
        let pause = self.chance.between(Duration::from_secs(1), Duration::from_secs(5));
        let group = group.to_owned();
        self.schedule(pause, Due::Check { group, target }.into());
        Ok(())
    }

    /// `DeregisterTargets`, of one. It is not gone before the group's deregistration delay, which is returned.
    ///
    /// # Errors
    /// `TargetGroupNotFound`.
    pub fn deregister_target(
        &mut self,
        group: &str,
        instance: &str,
        port: Port,
    ) -> Result<Duration, Refusal> {
        let delay = self.target_group(group)?.deregistration_delay.duration();
        let name = key(instance, port);
        let mut found = false;
        self.change_target_group(group, |it| {
            if let Some(target) = it.targets.get_mut(&name) {
                found = target.health != Health::Draining;
                target.health = Health::Draining;
            }
        })?;
        if found {
            let (group, target) = (group.to_owned(), name);
            self.schedule(delay, Due::Drained { group, target }.into());
        }
        Ok(delay)
    }

    /// `DescribeTargetHealth`, of one.
    #[must_use]
    pub fn target_health(&self, group: &str, instance: &str, port: Port) -> Option<&Health> {
        let target = self.elb.target_groups.get(group)?.targets.get(&key(instance, port))?;
        Some(&target.health)
    }

    pub(super) fn target_drained(&mut self, group: &str, name: &str) {
        if let Some(group) = self.elb.target_groups.get_mut(group)
            && group.targets.get(name).is_some_and(|it| it.health == Health::Draining)
        {
            group.targets.remove(name);
        }
    }

    /// Asks a target for the health check's path, draws the conclusion, and plans the next check.
    pub(super) fn check_target(&mut self, group: &str, name: &str) {
        // Nothing is asked while the load balancer has no machines.
        const UNTIL_ACTIVE: Duration = Duration::from_secs(5);
        let Some(target) = self.elb.target_groups.get(group).and_then(|it| it.targets.get(name))
        else {
            return;
        };
        if target.health == Health::Draining {
            return;
        }
        let (instance, port, before) =
            (target.instance.clone(), target.port, target.health.clone());
        let (healthy, unhealthy, interval) = {
            let check = &self.elb.target_groups[group].health_check;
            (check.healthy, check.unhealthy, check.interval.duration())
        };
        let answer = self.ask(group, &instance, port);
        let pause = if answer.is_some() { interval } else { interval.min(UNTIL_ACTIVE) };
        if let Some(answer) = answer
            && let Some(group) = self.elb.target_groups.get_mut(group)
            && let Some(target) = group.targets.get_mut(name)
        {
            target.take(answer, healthy, unhealthy);
            if target.health != before {
                self.target_changed(&instance, port);
            }
        }
        let (group, target) = (group.to_owned(), name.to_owned());
        self.schedule(pause, Due::Check { group, target }.into());
    }

    /// What a target answers; `None` when nobody asks.
    fn ask(&self, group: &str, instance: &str, port: Port) -> Option<Result<(), (String, String)>> {
        let arn = self.load_balancer_of(group)?;
        let load_balancer = self.elb.load_balancers.get(arn)?;
        if load_balancer.status != LoadBalancerStatus::Active {
            return None;
        }
        let mut interfaces = self.ec2.interfaces.iter();
        let (from, _) = interfaces.find(|(_, it)| it.owner == arn && !it.is_leaving)?;
        let codes = &self.elb.target_groups.get(group)?.health_check.codes;
        let bad = |reason: &str, description: String| Err((reason.to_owned(), description));
        Some(match self.answer(from, instance, port) {
            Ok(code) if codes.has(code) => Ok(()),
            Ok(code) => bad(
                "Target.ResponseCodeMismatch",
                format!("Health checks failed with these codes: [{code}]"),
            ),
            Err(NoAnswer::Timeout(broken)) => {
                bad("Target.Timeout", format!("Request timed out: {broken}"))
            }
            Err(NoAnswer::Refused) => {
                bad("Target.FailedHealthChecks", "Health checks failed".to_owned())
            }
        })
    }
}

impl Target {
    /// Takes in the answer to a check.
    fn take(&mut self, answer: Result<(), (String, String)>, healthy: u32, unhealthy: u32) {
        match answer {
            Ok(()) => {
                (self.good, self.bad) = (self.good + 1, 0);
                if self.good >= healthy {
                    self.health = Health::Healthy;
                }
            }
            Err((reason, description)) => {
                (self.good, self.bad) = (0, self.bad + 1);
                if self.bad >= unhealthy {
                    self.health = Health::Unhealthy { reason, description };
                }
            }
        }
    }
}
