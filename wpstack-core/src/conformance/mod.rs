//! The contract of [`Provider`](crate::Provider), law by law, as checks that a cloud has to pass for every type.

mod laws;
#[cfg(test)]
mod tests;
mod variation;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::address::{Address, ObjectId};
use crate::apply::retry::{Pauses, poll_pause};
use crate::failure::{Chain, ProviderError};
use crate::provider::{Condition, Consent, Context, Cx};
use crate::registry::{AnyObserved, AnyProvider, AnyRecorded, Registry};
use crate::resource::Settles;
use crate::stack::{Node, Stack};
use crate::time::{Clock, between};

pub use variation::{NOT_TOLD, NOT_VARIED, varied};

/// A cloud, and the stack to check it with.
///
/// ```
/// # use wpstack_core::conformance::Conformance;
/// # use wpstack_core::{sim::Sim, time, wordpress::{self, Config}};
/// # async fn test() {
/// let (sim, stack) = (Sim::new(1), wordpress::stack(&Config::default()).unwrap());
/// let engine = sim.engine();
/// let laws = Conformance::new(engine.registry(), engine.clock().clone(), &stack);
/// time::drive(engine.clock().as_ref(), laws.check()).await;
/// # }
/// ```
#[derive(Debug)]
pub struct Conformance<'a> {
    registry: &'a Registry,
    clock: Arc<dyn Clock>,
    stack: &'a Stack,
    consent: Consent,
    never_ready: &'a [&'a str],
    patience: Duration,
    changes: bool,
    /// What was last told of each resource.
    states: Mutex<BTreeMap<Address, Value>>,
}

impl<'a> Conformance<'a> {
    /// Checks the providers of `registry` with the resources of `stack`, of which each type has at least one.
    #[must_use]
    pub fn new(registry: &'a Registry, clock: Arc<dyn Clock>, stack: &'a Stack) -> Self {
        let addresses = stack.nodes().iter().map(|node| node.address.clone());
        let consent = Consent { skip_final_snapshot: true, ..Consent::to_lose(addresses) };
        let states = Mutex::default();
        let patience = Duration::from_secs(3600);
        Self { registry, clock, stack, consent, never_ready: &[], patience, changes: true, states }
    }

    /// With less than an hour for anything to come about.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// With types that the cloud at hand cannot make ready, as an emulator without containers.
    #[must_use]
    pub fn never_ready(mut self, types: &'a [&'a str]) -> Self {
        self.never_ready = types;
        self
    }

    /// Without the laws about updates, on a cloud that does not tell of each what it came to.
    #[must_use]
    pub fn without_updates(mut self) -> Self {
        self.changes = false;
        self
    }

    /// Makes everything, changes everything, deletes everything, and checks each law on each resource.
    ///
    /// # Panics
    /// When a provider does not keep the contract. The message names the resource and the law.
    pub async fn check(&self) {
        for kind in self.registry.kinds() {
            let mut nodes = self.stack.nodes().iter();
            let name = kind.type_name;
            assert!(nodes.any(|node| node.kind.type_name == name), "{name} is not in the stack");
        }
        for node in self.stack.nodes() {
            self.make(node).await;
        }
        let mut changed = BTreeMap::new();
        for node in self.stack.nodes() {
            let spec = if self.changes { self.change(node).await } else { node.spec.clone() };
            changed.insert(&node.address, spec);
        }
        for node in self.stack.nodes().iter().rev() {
            self.unmake(node, &changed[&node.address]).await;
        }
    }

    /// The state of each resource as it was last told, by address.
    #[must_use]
    pub fn states(&self) -> BTreeMap<Address, Value> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn told(&self, node: &Node, state: Value) {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.insert(node.address.clone(), state);
    }

    fn provider(&self, node: &Node) -> &Arc<dyn AnyProvider> {
        let name = node.kind.type_name;
        self.registry.provider(name).unwrap_or_else(|| panic!("{name} has no provider"))
    }

    fn cx(&self, node: &Node) -> Cx {
        let mut dependencies = self.states();
        dependencies.retain(|address, _| node.edges.iter().any(|edge| edge.to == *address));
        Cx::new(Context {
            stack: self.stack.name().to_string(),
            lineage: "conformance".to_owned(),
            object: ObjectId::new(node.address.clone(), 1),
            born: 1,
            dependencies,
            clock: Arc::clone(&self.clock),
            consent: self.consent.clone(),
            successor: None,
        })
    }

    async fn read(&self, node: &Node, spec: &Value, state: &Value) -> AnyObserved {
        let read = async || {
            let (cx, spec, state) = (self.cx(node), spec.clone(), state.clone());
            let mut answers =
                self.provider(node).read_many(vec![AnyRecorded { cx, spec, state }]).await;
            assert_eq!(answers.len(), 1, "{}: as many answers as questions", node.address);
            answers.remove(0)
        };
        self.repeat(node, "read", read).await
    }

    /// Makes a call as the engine does: again while its failures pass.
    async fn repeat<T, F>(&self, node: &Node, verb: &str, call: impl Fn() -> F) -> T
    where
        F: Future<Output = Result<T, ProviderError>>,
    {
        let (mut pauses, began) = (Pauses::default(), self.clock.now());
        loop {
            let error = match call().await {
                Ok(answer) => return answer,
                Err(error) => error,
            };
            let pause = pauses.after(error.kind, 0).map(|(_, pause)| pause);
            match pause.filter(|_| between(began, self.clock.now()) <= self.patience) {
                Some(pause) => self.clock.sleep(pause).await,
                None => panic!("{verb} of {}: {}", node.address, Chain(&error)),
            }
        }
    }

    /// Waits as the engine does before it looks again.
    async fn look_again(&self, since: Timestamp, late: &str) {
        let waited = between(since, self.clock.now());
        assert!(waited <= self.patience, "{late}");
        self.clock.sleep(poll_pause(waited, Duration::ZERO)).await;
    }

    /// Reads until the object is ready and as wanted, and returns its state.
    async fn settle(&self, node: &Node, spec: &Value, mut state: Value) -> Value {
        let began = self.clock.now();
        loop {
            let seen = self.read(node, spec, &state).await;
            let phase = match seen {
                None => "not there".to_owned(),
                Some(seen) => {
                    state = seen.state;
                    match seen.condition {
                        Condition::Settling { phase, .. } if !self.may_stay_unready(node) => phase,
                        Condition::Settling { .. } | Condition::Ready if seen.drift.is_empty() => {
                            return state;
                        }
                        Condition::Settling { .. } | Condition::Ready => {
                            format!("not as it was told: {:?}", seen.drift)
                        }
                        Condition::Broken { reason } => panic!("{}: {reason}", node.address),
                    }
                }
            };
            let late = format!("{} does not become ready: {phase}", node.address);
            self.look_again(began, &late).await;
        }
    }

    fn may_stay_unready(&self, node: &Node) -> bool {
        node.kind.settles == Settles::AtOnce || self.never_ready.contains(&node.kind.type_name)
    }
}

/// What AWS calls the object.
fn id(node: &Node, state: &Value) -> String {
    let id = node.kind.id(state);
    id.unwrap_or_else(|| panic!("{}: the state does not fit the type: {state}", node.address))
}
