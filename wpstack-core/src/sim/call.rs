//! The one way into the world: a call, with its latency, its rate limit, its faults and its record.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Sim;
use super::fault::Effect;
use super::world::{Refusal, World};
use crate::address::ObjectId;
use crate::failure::{ErrorKind, ProviderError};
use crate::provider::{Cx, Observed, Recorded};
use crate::resource::Resource;
use crate::time::Clock;

/// A call as it reaches the world.
pub(super) struct Call {
    pub(super) service: &'static str,
    pub(super) operation: &'static str,
    /// The objects it is made for.
    pub(super) about: Vec<ObjectId>,
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// When it reached the service.
    pub at: Timestamp,
    /// The service, as in `ec2`.
    pub service: String,
    /// The operation, as in `CreateVpc`.
    pub operation: String,
    /// The objects it was made for.
    pub about: Vec<ObjectId>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused, with this code, and had no effect.
    Refused(String),
    /// Its answer was lost, whatever its effect.
    Lost,
}

impl Sim {
    /// Makes a call for the object of `cx`. In its middle the world catches up with the clock, and `effect` happens
    /// to it at once; a caller that goes away later leaves it done.
    pub(super) async fn call<T>(
        &self,
        cx: &Cx,
        service: &'static str,
        operation: &'static str,
        effect: impl FnOnce(&mut World) -> Result<T, Refusal>,
    ) -> Result<T, ProviderError> {
        self.make(Call { service, operation, about: vec![cx.object().clone()] }, effect).await
    }

    /// Makes one call about many objects, and looks at each of them in it.
    pub(super) async fn call_about<R: Resource>(
        &self,
        objects: &[Recorded<R>],
        service: &'static str,
        operation: &'static str,
        look: impl Fn(&World, &Recorded<R>) -> Looked<R>,
    ) -> Vec<Looked<R>> {
        let about = objects.iter().map(|object| object.cx.object().clone()).collect();
        let looks = self
            .make(Call { service, operation, about }, |world| {
                Ok(objects.iter().map(|object| look(world, object)).collect())
            })
            .await;
        looks.unwrap_or_else(|error| {
            // An error cannot be cloned, for its source cannot. One of the simulation has none.
            objects.iter().map(|_| Err(ProviderError::from((*error).clone()))).collect()
        })
    }

    async fn make<T>(
        &self,
        call: Call,
        effect: impl FnOnce(&mut World) -> Result<T, Refusal>,
    ) -> Result<T, ProviderError> {
        let (service, operation, limiter) = (call.service, call.operation, &self.0.limiter);
        limiter.pass(service, operation).await.map_err(|held| {
            ProviderError::new(ErrorKind::Throttled, service, operation, held.to_string())
        })?;
        let (there, back) = latency(&mut self.world(), service);
        self.clock_ref().sleep(there).await;
        let (answer, late) = self.arrive(&call, effect);
        self.clock_ref().sleep(back + late).await;
        match &answer {
            Err(error) if error.kind == ErrorKind::Throttled => {
                limiter.refused(service, operation, None);
            }
            _ => limiter.taken(service, operation),
        }
        answer
    }

    /// What happens at the moment the call reaches the service.
    fn arrive<T>(
        &self,
        call: &Call,
        effect: impl FnOnce(&mut World) -> Result<T, Refusal>,
    ) -> (Result<T, ProviderError>, Duration) {
        let mut world = self.world();
        world.catch_up(self.clock_ref().now());
        let Call { service, operation, about } = call;
        let fault = world.faults.strike(call);
        let now = world.now;
        let answer = match &fault {
            Some(Effect::Refuse(refusal)) => Err(refusal.clone()),
            _ => world.buckets.charge(service, operation, now).and_then(|()| effect(&mut world)),
        };
        let (outcome, answer) = match (answer, &fault) {
            (_, Some(Effect::Lose)) => {
                let message = "the connection was closed before the answer came";
                let lost = ProviderError::new(ErrorKind::Unclear, service, operation, message);
                (Outcome::Lost, Err(lost))
            }
            (Ok(value), _) => (Outcome::Done, Ok(value)),
            (Err(Refusal { code, message }), _) => {
                let error = ProviderError::answer(service, operation, &code, message);
                (Outcome::Refused(code), Err(error))
            }
        };
        drop(world);
        self.record(CallRecord {
            at: now,
            service: (*service).to_owned(),
            operation: (*operation).to_owned(),
            about: about.clone(),
            outcome,
        });
        let late = match fault {
            Some(Effect::Delay(pause)) => pause,
            _ => Duration::ZERO,
        };
        (answer, late)
    }
}

/// What is seen of one object.
pub(super) type Looked<R> = Result<Option<Observed<<R as Resource>::State>>, ProviderError>;

/// The only one of several looks.
pub(super) fn only<R: Resource>(mut looks: Vec<Looked<R>>) -> Looked<R> {
    looks.pop().unwrap_or(Ok(None))
}

/// How long a call takes to reach the service, and its answer to come back.
fn latency(world: &mut World, service: &str) -> (Duration, Duration) {
    let (least, most) = match service {
        "rds" => (120, 400),
        "autoscaling" | "elb" => (80, 300),
        "ecr" | "ecs" | "logs" | "secretsmanager" => (40, 160),
        _ => (60, 250),
    };
    let whole = world.chance.between(Duration::from_millis(least), Duration::from_millis(most));
    (whole / 2, whole - whole / 2)
}
