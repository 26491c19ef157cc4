//! Planning: from what is wanted and what is known to what has to be done. Pure: equal inputs give equal plans.

mod action;
mod decide;
mod diff;
mod hazard;
mod known;
mod lower;
mod undo;

pub use action::{Action, Effect, FieldChange, Order, Reason, Verb, Why};
pub(crate) use diff::fingerprint;
pub use hazard::{Hazard, hazards};
pub(crate) use known::facts;
pub use known::{Known, Sightings, saw};
pub(crate) use lower::successor;
pub use lower::{Link, Step, Task};
pub use undo::undo;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::address::{Address, ObjectId};
use crate::registry::Registry;
use crate::resource::Cost;
use crate::stack::Stack;
use crate::stack::graph::{Cycle, Dag, Graph, Times};
use crate::state::Fact;

/// What has to be done, and in which order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The stack's name.
    pub stack: String,
    /// The document it was made for.
    pub lineage: String,
    /// The document's serial it was made for.
    pub serial: u64,
    /// A digest of the stack it leads to: see [`Stack::digest`].
    pub wanted: String,
    /// A digest of what the refresh saw: see [`saw`].
    pub saw: String,
    /// What the refresh found that the document does not say yet. Recorded before the first step.
    pub seen: Vec<Seen>,
    /// One per object, kept ones included: in the order of the stack, then what is no longer wanted.
    pub actions: Vec<Action>,
    /// The work, each step with what it waits for.
    pub steps: Vec<Step>,
    /// Changes that cannot be made. A plan with one is not applied.
    pub problems: Vec<Problem>,
}

/// A fact that a refresh found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The object.
    pub object: ObjectId,
    /// What was found.
    pub fact: Fact,
}

/// A change that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// AWS offers no way to make it.
    #[error("`{field}` of `{address}` cannot be changed: {reason}")]
    Unchangeable {
        /// The resource.
        address: Address,
        /// The field.
        field: String,
        /// Why not, and what to do instead.
        reason: String,
    },
    /// It concerns an object that is recorded here and marked as somebody else's.
    #[error(
        "`{object}` is marked as another's: {owner}; take its tags off if it is yours, or forget it with \
         `wpstack state rm {}`", object.address
    )]
    Foreign {
        /// The object.
        object: ObjectId,
        /// Whose it is, by its tags.
        owner: String,
    },
}

/// Why no plan can be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A recorded object's type is not registered.
    #[error(
        "`{address}` is recorded, but its type is not known here: \
         register its provider or use the program that made it"
    )]
    UnknownType {
        /// The recorded address.
        address: Address,
    },
    /// The steps wait for each other.
    #[error("the steps wait for each other: {0}; change one of the resources at a time")]
    Cycle(String),
}

/// Makes the plan that turns what is known into what is wanted.
///
/// # Errors
/// When a recorded object is of a type that the registry does not know, or when replacements would have to wait for
/// each other.
pub fn plan(stack: &Stack, known: &Known<'_>, registry: &Registry) -> Result<Plan, PlanError> {
    let decisions = decide::decide(stack, known, registry)?;
    let steps = lower::lower(&decisions, known, registry);
    let plan = Plan {
        stack: stack.name().to_string(),
        lineage: known.document.lineage.clone(),
        serial: known.document.serial,
        wanted: stack.digest(),
        saw: String::new(),
        seen: Vec::new(),
        problems: decisions.problems,
        actions: decisions.actions,
        steps,
    };
    match plan.graph().acyclic() {
        Ok(_) => Ok(plan),
        Err(cycle) => Err(PlanError::Cycle(plan.name(&cycle))),
    }
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How many actions have such a verb.
    #[must_use]
    pub fn count(&self, verb: impl Fn(Verb) -> bool) -> usize {
        self.actions.iter().filter(|action| verb(action.verb)).count()
    }

    /// The worst that the plan costs.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.actions.iter().map(|action| action.cost).max().unwrap_or(Cost::NoInterruption)
    }

    /// The graph over [`Plan::steps`], by index.
    #[must_use]
    pub fn graph(&self) -> Graph {
        let mut graph = Graph::new(self.steps.len());
        for (from, step) in self.steps.iter().enumerate() {
            for link in &step.needs {
                graph.add_edge(from, link.step, link.need);
            }
        }
        graph
    }

    /// The graph, known to have no cycle; `None` for a plan that was not made by [`plan`].
    #[must_use]
    pub fn dag(&self) -> Option<Dag> {
        self.graph().acyclic().ok()
    }

    /// How long the plan takes if every step takes what is usual and none has to wait for its turn.
    #[must_use]
    pub fn expected(&self) -> Duration {
        let Some(dag) = self.dag() else {
            return Duration::ZERO;
        };
        dag.critical_path_by(|step| self.steps[step].times()).length
    }

    fn name(&self, cycle: &Cycle) -> String {
        let names: Vec<_> = cycle.nodes.iter().map(|&step| self.steps[step].to_string()).collect();
        names.join(", then ")
    }
}

impl Step {
    /// When the step's object exists and when it is ready, counted from the step's start.
    #[must_use]
    pub fn times(&self) -> Times {
        Times { exists: self.exists_after, ready: self.expected }
    }
}
