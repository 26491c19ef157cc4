//! From actions to steps: single pieces of work, each with what it waits for.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Plan;
use super::action::{Action, Effect, Order, Verb};
use super::decide::Decisions;
use super::known::Known;
use crate::address::{Address, ObjectId};
use crate::registry::Registry;
use crate::resource::{Expected, Settles};
use crate::stack::Node;
use crate::stack::graph::Need;
use crate::state::{Document, Record, Status};

/// One piece of work on one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The object.
    pub object: ObjectId,
    /// The work.
    pub task: Task,
    /// The steps it waits for.
    pub needs: Vec<Link>,
    /// How long after its start the object usually exists.
    pub exists_after: Duration,
    /// How long it usually takes.
    pub expected: Duration,
}

/// A step that another waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its index in [`Plan::steps`](super::Plan::steps).
    pub step: usize,
    /// What must be true of its object.
    pub need: Need,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Make the object.
    Create {
        /// Its spec.
        spec: Value,
        /// Whether an interrupted run may have made it: look before making it.
        adopt: bool,
    },
    /// Change it in place.
    Update {
        /// The spec it is to have.
        spec: Value,
        /// The fields to change at AWS. Empty when only the order of things changed.
        changed: Vec<String>,
        /// Whether it may not be configured yet.
        configure: bool,
    },
    /// Configure it and wait until it is ready.
    Resume {
        /// Its spec.
        spec: Value,
    },
    /// Delete it.
    Delete,
}

/// The spec of what is made in the place of an object that the plan deletes. `None` for what was replaced before, and
/// where an interrupted run may have made something already: that has nothing of what the object leaves.
#[must_use]
pub(crate) fn successor<'a>(
    plan: &'a Plan,
    document: &Document,
    object: &ObjectId,
) -> Option<&'a Value> {
    document.current(&object.address).filter(|(current, _)| *current == object)?;
    plan.steps.iter().find_map(|step| match &step.task {
        Task::Create { spec, adopt: false } if step.object.address == object.address => Some(spec),
        Task::Create { .. } | Task::Update { .. } | Task::Resume { .. } | Task::Delete => None,
    })
}

impl Task {
    /// The task as a verb: `create`.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Update { .. } => "update",
            Self::Resume { .. } => "resume",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.task.verb(), self.object)
    }
}

/// Where the steps of the objects are, by what they do.
#[derive(Default)]
struct Places {
    make: BTreeMap<Address, usize>,
    delete: BTreeMap<ObjectId, usize>,
    replaced: BTreeMap<ObjectId, Order>,
}

pub(super) fn lower(
    decisions: &Decisions<'_>,
    known: &Known<'_>,
    registry: &Registry,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut places = Places::default();
    for action in &decisions.actions {
        let address = &action.object.address;
        let current = known.document.current(address);
        if let Some(node) = decisions.stack.get(address)
            && let Some(task) = make(action, node, current.map(|(_, record)| record))
        {
            places.make.insert(address.clone(), steps.len());
            let Expected { create, .. } = node.kind.expected;
            steps.push(step(action.object.clone(), task, node.kind.settles, create));
        }
        let leaving = match action.verb {
            Verb::Delete => Some(&action.object),
            Verb::Replace(_) => current.map(|(object, _)| object),
            Verb::Create | Verb::Update | Verb::Resume | Verb::Keep => None,
        };
        if let Some(object) = leaving
            && let Some(kind) = registry.kind(address.type_name())
        {
            places.delete.insert(object.clone(), steps.len());
            if let Some(order) = order(object, action, decisions, known, &places, &steps) {
                places.replaced.insert(object.clone(), order);
            }
            steps.push(step(object.clone(), Task::Delete, kind.settles, kind.expected.delete));
        }
    }
    link_makes(&mut steps, &places, decisions);
    link_deletes(&mut steps, &places, decisions, known);
    steps
}

/// Whether the object goes before or after the work on what takes its place; `None` when nothing does.
fn order(
    object: &ObjectId,
    action: &Action,
    decisions: &Decisions<'_>,
    known: &Known<'_>,
    places: &Places,
    steps: &[Step],
) -> Option<Order> {
    if let Verb::Replace(order) = action.verb {
        return Some(order);
    }
    // An older one that an interrupted replacement left behind.
    let make = *places.make.get(&object.address)?;
    let (node, old) = (decisions.stack.get(&object.address)?, known.document.objects.get(object)?);
    let is_new = matches!(steps[make].task, Task::Create { .. });
    if is_new && !node.kind.coexists(&old.spec, &node.spec) {
        Some(Order::DeleteFirst)
    } else {
        Some(Order::CreateFirst)
    }
}

fn step(object: ObjectId, task: Task, settles: Settles, expected: Duration) -> Step {
    let exists_after = match (settles, &task) {
        (Settles::AtOnce, _) | (_, Task::Delete) => expected,
        (Settles::Later, _) => expected.min(Duration::from_secs(1)),
    };
    Step { object, task, needs: Vec::new(), exists_after, expected }
}

fn make(action: &Action, node: &Node, record: Option<&Record>) -> Option<Task> {
    let spec = node.spec.clone();
    match action.verb {
        Verb::Create => Some(Task::Create { spec, adopt: record.is_some() }),
        Verb::Replace(_) => Some(Task::Create { spec, adopt: false }),
        Verb::Update => {
            let changes = action.changes.iter();
            let changed = changes
                .filter(|change| change.effect != Effect::Order)
                .map(|change| change.field.clone())
                .collect();
            let configure =
                record.is_some_and(|it| matches!(it.status, Status::Settling | Status::Updating));
            Some(Task::Update { spec, changed, configure })
        }
        // All that the update was to change is changed; what remains is to record it.
        Verb::Resume if record.is_some_and(|it| it.status == Status::Updating) => {
            Some(Task::Update { spec, changed: Vec::new(), configure: true })
        }
        Verb::Resume => Some(Task::Resume { spec }),
        Verb::Delete | Verb::Keep => None,
    }
}

fn link_makes(steps: &mut [Step], places: &Places, decisions: &Decisions<'_>) {
    for (address, &at) in &places.make {
        let edges = decisions.stack.get(address).map_or(&[][..], |node| &node.edges);
        for edge in edges {
            if let Some(&step) = places.make.get(&edge.to) {
                // What follows each change of a state has to see the last one.
                let ripples = decisions.stack.get(&edge.to).is_some_and(|node| node.kind.ripples);
                let need = if ripples { Need::Ready } else { edge.need };
                steps[at].needs.push(Link { step, need });
            }
        }
    }
    for (old, &order) in &places.replaced {
        let (make, delete) = (places.make[&old.address], places.delete[old]);
        let (waiting, awaited) = match order {
            Order::CreateFirst => (delete, make),
            Order::DeleteFirst => (make, delete),
        };
        steps[waiting].needs.push(Link { step: awaited, need: Need::Ready });
    }
}

/// A delete follows the recorded edges: it waits until every object that refers to this one is gone or refers to
/// something else.
fn link_deletes(steps: &mut [Step], places: &Places, decisions: &Decisions<'_>, known: &Known<'_>) {
    let still_refers = |from: &Address, to: &Address| {
        let node = decisions.stack.get(from);
        node.is_some_and(|node| node.edges.iter().any(|edge| edge.to == *to))
    };
    for (dependent, record) in &known.document.objects {
        for edge in &record.edges {
            let Some(&delete) = places.delete.get(&edge.to) else {
                continue;
            };
            let goes_first = places.replaced.get(&edge.to) == Some(&Order::DeleteFirst);
            let released = match places.delete.get(dependent) {
                Some(&step) => Some(step),
                // An update that turns to the successor cannot come before the successor. Only a reference that AWS
                // does not know of is turned so: see `Diff::held_back`.
                None if goes_first && still_refers(&dependent.address, &edge.to.address) => None,
                None => places.make.get(&dependent.address).copied(),
            };
            if let Some(step) = released {
                let link = Link { step, need: Need::Ready };
                if !steps[delete].needs.contains(&link) {
                    steps[delete].needs.push(link);
                }
            }
        }
    }
}
