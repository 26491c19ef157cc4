//! What a plan would lose. Checked before its first step, so that a refusal leaves everything as it was.

use serde::Serialize;
use thiserror::Error;

use super::{Plan, Task, successor};
use crate::address::Address;
use crate::provider::Consent;
use crate::registry::Registry;
use crate::stack::Stack;
use crate::state::{Document, Record, Status};

/// Something that a plan would lose, and that nobody has allowed it to lose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Error)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Hazard {
    /// AWS refuses to delete it unless somebody insists.
    #[error("`{address}` is protected: {why}")]
    Protected {
        /// The resource.
        address: Address,
        /// What protects it.
        why: &'static str,
    },
    /// The data in it would be gone for good.
    #[error("`{address}` would be {} with its data", if *.replaced { "replaced" } else { "deleted" })]
    DataLoss {
        /// The resource.
        address: Address,
        /// Whether another takes its place.
        replaced: bool,
        /// How the data can be kept, if there is a way.
        rescue: Option<String>,
    },
}

impl Hazard {
    /// What would lose something.
    #[must_use]
    pub fn address(&self) -> &Address {
        match self {
            Self::Protected { address, .. } | Self::DataLoss { address, .. } => address,
        }
    }

    /// What a person can do to lose nothing, if there is a way.
    #[must_use]
    pub fn rescue(&self) -> Option<&str> {
        match self {
            Self::Protected { .. } => None,
            Self::DataLoss { rescue, .. } => rescue.as_deref(),
        }
    }
}

/// What the plan would lose without the person's consent.
///
/// Data goes on consent that names the address. A destroy needs none where a final snapshot keeps the data.
#[must_use]
pub fn hazards(
    stack: &Stack,
    plan: &Plan,
    document: &Document,
    registry: &Registry,
    consent: &Consent,
) -> Vec<Hazard> {
    let destroys = stack.nodes().is_empty();
    let deleted = plan.steps.iter().filter(|step| matches!(step.task, Task::Delete));
    let hazards = deleted.filter_map(|step| {
        let address = &step.object.address;
        if consent.data_loss.contains(address) {
            return None;
        }
        let (kind, record) =
            (registry.kind(address.type_name())?, document.objects.get(&step.object)?);
        let Record { spec, state: Some(state), status, .. } = record else {
            return None;
        };
        // AWS is at it, and nothing brings the object back.
        if *status == Status::Deleting {
            return None;
        }
        if let Some(why) = kind.protection(spec, state) {
            return Some(Hazard::Protected { address: address.clone(), why });
        }
        let is_kept = destroys && kind.leaves_snapshot && !consent.skip_final_snapshot;
        let is_handed_on = successor(plan, document, &step.object)
            .is_some_and(|successor| kind.inherits(spec, successor));
        (kind.may_hold_data(state) && !is_kept && !is_handed_on).then(|| {
            let wanted = stack.get(address);
            let rescue = wanted.and_then(|node| kind.rescue(Some(spec), &node.spec));
            Hazard::DataLoss { address: address.clone(), replaced: wanted.is_some(), rescue }
        })
    });
    hazards.collect()
}
