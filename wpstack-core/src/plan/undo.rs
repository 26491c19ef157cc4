//! The way back: the stack that a run which failed half-way is undone towards.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::PlanError;
use crate::address::Address;
use crate::registry::Registry;
use crate::stack::{Node, Stack, edges};
use crate::state::Document;

/// The stack that stood in `before`, as far as a plan can lead back to it from `now`.
///
/// What holds data stays as it is now, with all that it refers to: it is neither deleted, nor changed back, nor made
/// anew without its data. Name and outputs are those of `stack`.
///
/// # Errors
/// When a recorded object's type is not registered, or the recorded specs refer to each other in a circle.
pub fn undo(
    stack: &Stack,
    before: &Document,
    now: &Document,
    registry: &Registry,
) -> Result<Stack, PlanError> {
    let holds_data = |address: &Address| match registry.kind(address.type_name()) {
        Some(kind) => Ok(kind.holds_data),
        None => Err(PlanError::UnknownType { address: address.clone() }),
    };
    let mut wanted: BTreeMap<Address, &Value> = BTreeMap::new();
    for object in before.objects.keys() {
        let address = &object.address;
        if let Some((_, record)) = before.current(address)
            && !holds_data(address)?
        {
            wanted.insert(address.clone(), record.next.as_ref().unwrap_or(&record.spec));
        }
    }
    let mut kept: Vec<&Address> = Vec::new();
    for object in now.objects.keys() {
        if holds_data(&object.address)? {
            kept.push(&object.address);
        }
    }
    while let Some(address) = kept.pop() {
        let Some((_, record)) = now.current(address) else {
            continue;
        };
        if holds_data(address)? || !wanted.contains_key(address) {
            wanted.insert(address.clone(), &record.spec);
            kept.extend(record.edges.iter().map(|edge| &edge.to.address));
        }
    }
    without_dangling(&mut wanted);
    assemble(stack, &wanted, registry)
}

/// Leaves out what refers to data that is gone.
fn without_dangling(wanted: &mut BTreeMap<Address, &Value>) {
    loop {
        let addresses: BTreeSet<Address> = wanted.keys().cloned().collect();
        wanted.retain(|_, spec| edges(spec).iter().all(|edge| addresses.contains(&edge.to)));
        if wanted.len() == addresses.len() {
            return;
        }
    }
}

/// The specs as a stack, each after what it refers to.
fn assemble(
    stack: &Stack,
    wanted: &BTreeMap<Address, &Value>,
    registry: &Registry,
) -> Result<Stack, PlanError> {
    let node = |(address, spec): (&Address, &&Value)| {
        let unknown = || PlanError::UnknownType { address: address.clone() };
        let kind = registry.kind(address.type_name()).ok_or_else(unknown)?;
        let (spec, edges) = ((*spec).clone(), edges(spec));
        Ok(Node { address: address.clone(), kind, spec, edges })
    };
    let nodes = wanted.iter().map(node).collect::<Result<Vec<_>, PlanError>>()?;
    let stack = stack.with_nodes(nodes);
    let nodes = stack.nodes();
    match stack.graph().acyclic() {
        Ok(dag) => Ok(stack.with_nodes(dag.order().iter().map(|&at| nodes[at].clone()).collect())),
        Err(cycle) => {
            let names: Vec<_> = cycle.nodes.iter().map(|&at| nodes[at].address.as_str()).collect();
            Err(PlanError::Cycle(names.join(", then ")))
        }
    }
}
