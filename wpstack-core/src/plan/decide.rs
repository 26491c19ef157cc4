//! What is to become of each object.

use std::collections::BTreeSet;

use super::action::{Action, Effect, FieldChange, Order, Reason, Verb};
use super::diff::{Diff, Earlier, Planned};
use super::known::Known;
use super::{PlanError, Problem};
use crate::address::ObjectId;
use crate::registry::{Kind, Registry};
use crate::resource::Cost;
use crate::stack::graph::Need;
use crate::stack::{Node, Stack};
use crate::state::{Record, Status};

pub(super) struct Decisions<'a> {
    pub(super) stack: &'a Stack,
    pub(super) actions: Vec<Action>,
    pub(super) problems: Vec<Problem>,
}

/// Decides about every wanted resource in the stack's order, then about everything else that is recorded.
pub(super) fn decide<'a>(
    stack: &'a Stack,
    known: &Known<'_>,
    registry: &Registry,
) -> Result<Decisions<'a>, PlanError> {
    let mut decisions = Decisions { stack, actions: Vec::new(), problems: Vec::new() };
    let mut earlier = Earlier::new();
    for node in stack.nodes() {
        let action = match known.document.current(&node.address) {
            None => absent(node, known),
            Some((object, record)) => {
                let diff = Diff { node, object, record, known, earlier: &earlier };
                let (changes, mut problems) = diff.changes();
                decisions.problems.append(&mut problems);
                present(&diff, changes)
            }
        };
        let Action { object, verb, .. } = &action;
        let (generation, ripples) = (object.generation, node.kind.ripples);
        earlier.insert(&node.address, Planned { generation, verb: *verb, ripples });
        decisions.actions.push(action);
    }
    decisions.wait_for_the_unready(known);
    decisions.leave(known, registry)?;
    decisions.refuse_the_foreign(known);
    Ok(decisions)
}

fn absent(node: &Node, known: &Known<'_>) -> Action {
    let vanished = known.vanished.contains_key(&node.address);
    Action {
        object: ObjectId::new(node.address.clone(), known.next_generation(&node.address)),
        verb: Verb::Create,
        changes: Vec::new(),
        reasons: match vanished {
            true => {
                let rescue = node.kind.rescue(None, &node.spec).map(Reason::Rescue);
                [Reason::DeletedOutside].into_iter().chain(rescue).collect()
            }
            false => vec![Reason::New],
        },
        cost: Cost::NoInterruption,
    }
}

fn present(diff: &Diff<'_>, changes: Vec<FieldChange>) -> Action {
    let Diff { object, .. } = diff;
    let verb = verb(diff, &changes);
    let cost = cost(verb, &changes, diff);
    let mut reasons = reasons(diff, &changes);
    if matches!(verb, Verb::Replace(_)) && cost == Cost::DataLoss {
        let rescue = diff.node.kind.rescue(Some(&diff.record.spec), &diff.node.spec);
        reasons.extend(rescue.map(Reason::Rescue));
    }
    let generation = match verb {
        Verb::Replace(_) => object.generation + 1,
        Verb::Create | Verb::Update | Verb::Resume | Verb::Delete | Verb::Keep => object.generation,
    };
    Action {
        object: ObjectId::new(object.address.clone(), generation),
        verb,
        cost,
        reasons,
        changes,
    }
}

fn verb(diff: &Diff<'_>, changes: &[FieldChange]) -> Verb {
    let record = diff.record;
    let replace = changes.iter().any(|change| change.effect == Effect::Replace);
    let changes_something = changes.iter().any(|change| change.effect != Effect::Order);
    match record.status {
        Status::Deleting => Verb::Replace(order(diff)),
        // What holds data is mended by what changes, as with storage that is full, and replaced only if nothing does.
        Status::Broken if diff.node.kind.holds_data && changes_something && !replace => {
            Verb::Update
        }
        Status::Broken if !diff.is_mending() => Verb::Replace(order(diff)),
        Status::Creating | Status::Settling | Status::Ready | Status::Updating | Status::Broken
            if replace =>
        {
            Verb::Replace(order(diff))
        }
        Status::Creating => Verb::Create,
        Status::Settling | Status::Ready | Status::Updating | Status::Broken
            if !changes.is_empty() =>
        {
            Verb::Update
        }
        Status::Settling | Status::Updating | Status::Broken => Verb::Resume,
        Status::Ready => Verb::Keep,
    }
}

fn reasons(diff: &Diff<'_>, changes: &[FieldChange]) -> Vec<Reason> {
    let record = diff.record;
    let mut reasons = Vec::new();
    if !changes.is_empty() {
        reasons.push(Reason::Changed);
    }
    match record.status {
        Status::Creating | Status::Settling | Status::Updating | Status::Deleting => {
            reasons.push(Reason::Interrupted);
        }
        Status::Broken if diff.is_mending() => reasons.push(Reason::Mending),
        Status::Broken => {
            reasons.push(Reason::Broken(record.reason.clone().unwrap_or_default()));
        }
        Status::Ready => {}
    }
    reasons
}

fn cost(verb: Verb, changes: &[FieldChange], diff: &Diff<'_>) -> Cost {
    let state = diff.record.state.as_ref();
    let holds_data = state.is_some_and(|state| diff.node.kind.may_hold_data(state));
    let inherits = diff.node.kind.inherits(&diff.record.spec, &diff.node.spec);
    let worst = changes.iter().map(|change| change.cost).max().unwrap_or(Cost::NoInterruption);
    match verb {
        // It was never in use.
        Verb::Replace(_) if diff.record.status == Status::Creating => Cost::NoInterruption,
        // The new one is made from what the old one leaves.
        Verb::Replace(_) if holds_data && inherits => worst.max(Cost::Outage),
        Verb::Replace(_) if holds_data => Cost::DataLoss,
        Verb::Create | Verb::Keep | Verb::Resume => Cost::NoInterruption,
        Verb::Replace(_) | Verb::Update | Verb::Delete => worst,
    }
}

/// A replacement creates first where it can stand beside all that stands there already. When something it refers to has
/// to go before its successor comes, it has to go before that.
fn order(diff: &Diff<'_>) -> Order {
    let Diff { node, object, record, earlier, known } = diff;
    let goes_first = |planned: &Planned| planned.verb == Verb::Replace(Order::DeleteFirst);
    let delete_first = record.status == Status::Deleting
        || record.edges.iter().any(|edge| earlier.get(&edge.to.address).is_some_and(goes_first));
    let mut standing = known.document.generations(&object.address);
    if !delete_first && standing.all(|(_, old)| node.kind.coexists(&old.spec, &node.spec)) {
        Order::CreateFirst
    } else {
        Order::DeleteFirst
    }
}

impl Decisions<'_> {
    /// A run need not wait until all it made is ready. When something comes to need it ready, that wait is made up for.
    fn wait_for_the_unready(&mut self, known: &Known<'_>) {
        let busy = self.stack.nodes().iter().zip(&self.actions);
        let busy = busy.filter(|(_, action)| action.verb != Verb::Keep);
        let needs = busy.flat_map(|(node, _)| &node.edges).filter(|edge| edge.need == Need::Ready);
        let needed: BTreeSet<_> = needs.map(|edge| &edge.to).collect();
        for action in &mut self.actions {
            if action.verb == Verb::Keep
                && known.settling.contains(&action.object)
                && needed.contains(&action.object.address)
            {
                action.verb = Verb::Resume;
                action.reasons.push(Reason::Settling);
            }
        }
    }

    /// What somebody else has taken over is neither changed nor deleted.
    fn refuse_the_foreign(&mut self, known: &Known<'_>) {
        let concerned = self.actions.iter().filter_map(|action| match action.verb {
            Verb::Create | Verb::Keep => None,
            Verb::Delete => Some(&action.object),
            Verb::Update | Verb::Resume | Verb::Replace(_) => {
                known.document.current(&action.object.address).map(|(object, _)| object)
            }
        });
        let foreign = concerned.filter_map(|object| {
            let owner = (*known.owners.get(object)?).to_owned();
            Some(Problem::Foreign { object: object.clone(), owner })
        });
        self.problems.extend(foreign.collect::<Vec<_>>());
    }

    /// Decides about what is recorded and has no place in the stack: older generations, and what is not wanted.
    fn leave(&mut self, known: &Known<'_>, registry: &Registry) -> Result<(), PlanError> {
        for (object, record) in &known.document.objects {
            let address = &object.address;
            let Some(kind) = registry.kind(address.type_name()) else {
                return Err(PlanError::UnknownType { address: address.clone() });
            };
            let is_current = known.document.current(address).is_some_and(|(it, _)| it == object);
            let wanted = self.stack.get(address).is_some();
            let reason = match (wanted, is_current) {
                (true, true) => continue,
                (true, false) => Reason::Superseded,
                (false, _) => Reason::NotWanted,
            };
            self.actions.push(removal(object, record, reason, kind));
        }
        Ok(())
    }
}

fn removal(object: &ObjectId, record: &Record, reason: Reason, kind: Kind) -> Action {
    let holds_data = record.state.as_ref().is_some_and(|state| kind.may_hold_data(state));
    Action {
        object: object.clone(),
        verb: Verb::Delete,
        changes: Vec::new(),
        reasons: vec![reason],
        cost: if holds_data { Cost::DataLoss } else { Cost::NoInterruption },
    }
}
