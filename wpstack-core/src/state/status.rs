//! The life of an object: its statuses, and the one function that moves between them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::document::RecordedEdge;

/// Where an object is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// A create was intended; whether AWS made the object is not known.
    Creating,
    /// It exists and its id is known; it is not configured and ready yet.
    Settling,
    /// It is as its spec says and can be used.
    Ready,
    /// An update was intended; what of it took effect is not known.
    Updating,
    /// AWS says that it will never be usable.
    Broken,
    /// A delete was intended.
    Deleting,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Creating, Self::Settling, Self::Ready, Self::Updating, Self::Broken, Self::Deleting];

    /// The status after a fact, `None` meaning that no object is recorded. Nothing else decides this.
    ///
    /// # Errors
    /// When the fact cannot be in that status.
    pub fn after(before: Option<Self>, fact: FactKind) -> Result<Option<Self>, IllegalTransition> {
        use Status::{Broken, Creating, Deleting, Ready, Settling, Updating};
        let after = match (before, fact) {
            (None | Some(Creating), FactKind::CreateIntended) => Some(Creating),
            (Some(Creating), FactKind::Created) => Some(Settling),
            (None, FactKind::Imported) | (Some(Settling | Ready | Broken), FactKind::Settled) => {
                Some(Ready)
            }
            (Some(Settling | Ready | Updating | Broken), FactKind::UpdateIntended) => {
                Some(Updating)
            }
            (Some(Updating), FactKind::Updated) => Some(Settling),
            (Some(Settling | Ready | Broken), FactKind::Broke) => Some(Broken),
            (
                Some(before @ (Settling | Ready | Updating | Broken | Deleting)),
                FactKind::Observed,
            ) => Some(before),
            (
                Some(Creating | Settling | Ready | Updating | Broken | Deleting),
                FactKind::DeleteIntended,
            ) => Some(Deleting),
            // It may have been half dismantled: it has to be configured and looked at again.
            (Some(Deleting), FactKind::Spared) => Some(Settling),
            (Some(Deleting), FactKind::SparedInUpdate) => Some(Updating),
            (Some(Creating | Settling | Ready | Updating | Broken | Deleting), FactKind::Gone) => {
                None
            }
            (
                before,
                FactKind::CreateIntended
                | FactKind::Created
                | FactKind::Imported
                | FactKind::Settled
                | FactKind::UpdateIntended
                | FactKind::Updated
                | FactKind::Broke
                | FactKind::Observed
                | FactKind::DeleteIntended
                | FactKind::Spared
                | FactKind::SparedInUpdate
                | FactKind::Gone,
            ) => return Err(IllegalTransition { before, fact }),
        };
        Ok(after)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Creating => "creating",
            Self::Settling => "settling",
            Self::Ready => "ready",
            Self::Updating => "updating",
            Self::Broken => "broken",
            Self::Deleting => "deleting",
        })
    }
}

/// Something that became known about an object, with all that must not be lost of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// The object is about to be created.
    CreateIntended {
        /// The schema of the spec.
        schema: u32,
        /// The spec it will have.
        spec: Value,
        /// The objects it will refer to.
        edges: Vec<RecordedEdge>,
    },
    /// AWS told the object's id.
    Created {
        /// What AWS told.
        state: Value,
    },
    /// An object that was made by other means is ours from now on.
    Imported {
        /// The schema of the spec.
        schema: u32,
        /// The spec that it is held against.
        spec: Value,
        /// What AWS told.
        state: Value,
        /// The objects that it refers to, as far as they are recorded.
        edges: Vec<RecordedEdge>,
    },
    /// The object is configured and ready.
    Settled {
        /// What AWS told.
        state: Value,
    },
    /// The object is about to be changed in place.
    UpdateIntended {
        /// The schema of the spec.
        schema: u32,
        /// The spec it will have.
        spec: Value,
        /// The objects it will refer to.
        edges: Vec<RecordedEdge>,
    },
    /// AWS took the change.
    Updated {
        /// What AWS told.
        state: Value,
    },
    /// AWS says that the object will never be usable.
    Broke {
        /// AWS's reason.
        reason: String,
    },
    /// A refresh found the object in this state.
    Observed {
        /// What AWS told.
        state: Value,
    },
    /// The object is about to be deleted.
    DeleteIntended,
    /// The object was not deleted after all: AWS refused, or the call was never made.
    Spared,
    /// The object is not there, or is no longer ours to look after.
    Gone,
}

/// The kind of a [`Fact`], without what it carries. [`Fact::Spared`] has two: what of an update took effect that was
/// interrupted before the deletion is as little known after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is documented at the variant of Fact of the same name")]
pub enum FactKind {
    CreateIntended,
    Created,
    Imported,
    Settled,
    UpdateIntended,
    Updated,
    Broke,
    Observed,
    DeleteIntended,
    Spared,
    SparedInUpdate,
    Gone,
}

impl FactKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::CreateIntended,
        Self::Created,
        Self::Imported,
        Self::Settled,
        Self::UpdateIntended,
        Self::Updated,
        Self::Broke,
        Self::Observed,
        Self::DeleteIntended,
        Self::Spared,
        Self::SparedInUpdate,
        Self::Gone,
    ];
}

impl Fact {
    /// Its kind, for an object of which no update is in doubt.
    #[must_use]
    pub fn kind(&self) -> FactKind {
        match self {
            Self::CreateIntended { .. } => FactKind::CreateIntended,
            Self::Created { .. } => FactKind::Created,
            Self::Imported { .. } => FactKind::Imported,
            Self::Settled { .. } => FactKind::Settled,
            Self::UpdateIntended { .. } => FactKind::UpdateIntended,
            Self::Updated { .. } => FactKind::Updated,
            Self::Broke { .. } => FactKind::Broke,
            Self::Observed { .. } => FactKind::Observed,
            Self::DeleteIntended => FactKind::DeleteIntended,
            Self::Spared => FactKind::Spared,
            Self::Gone => FactKind::Gone,
        }
    }
}

/// A fact that cannot be, given what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an object that is {} cannot take the fact {fact:?}", before.map_or_else(|| "not recorded".to_owned(), |status| status.to_string()))]
pub struct IllegalTransition {
    /// The status before.
    pub before: Option<Status>,
    /// The fact.
    pub fact: FactKind,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        let facts = FactKind::ALL.map(|fact| format!("{fact:?}"));
        let mut lines = vec![format!("{:10} {}", "", facts.join(" "))];
        for before in [None].into_iter().chain(Status::ALL.map(Some)) {
            let name = before.map_or_else(|| "(none)".to_owned(), |status| status.to_string());
            let cells = FactKind::ALL.map(|fact| {
                let width = format!("{fact:?}").len();
                let after = match Status::after(before, fact) {
                    Ok(Some(status)) => status.to_string(),
                    Ok(None) => "(none)".to_owned(),
                    Err(_) => "-".to_owned(),
                };
                format!("{after:width$}")
            });
            lines.push(format!("{name:10} {}", cells.join(" ")));
        }
        let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
