//! What a plan does with each object, and why, for people.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::address::{Address, ObjectId};
use crate::resource::Cost;

/// What is done with one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// The object: the new one where one is made, else the recorded one.
    pub object: ObjectId,
    /// What is done.
    pub verb: Verb,
    /// The fields that change, for an update or replacement.
    pub changes: Vec<FieldChange>,
    /// Why it is done.
    pub reasons: Vec<Reason>,
    /// What it interrupts or loses.
    pub cost: Cost,
}

/// What is done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Made.
    Create,
    /// Changed in place.
    Update,
    /// Made anew, the old one deleted.
    Replace(Order),
    /// What an interrupted run began is brought to its end.
    Resume,
    /// Deleted.
    Delete,
    /// Left as it is.
    Keep,
}

/// In which order a replacement goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The new one is made, everything moves over, the old one goes.
    CreateFirst,
    /// The old one goes, then the new one is made: they cannot stand side by side.
    DeleteFirst,
}

/// A field that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field of the spec.
    pub field: String,
    /// Its value now.
    pub old: Value,
    /// The wanted value.
    pub new: Value,
    /// What the change does to the object.
    pub effect: Effect,
    /// What it interrupts or loses.
    pub cost: Cost,
    /// Where it comes from.
    pub why: Why,
}

/// What a change does to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It is changed in place.
    Update,
    /// It has to be replaced.
    Replace,
    /// Nothing at AWS; the field only orders the work.
    Order,
}

/// Where a change comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The configuration changed.
    Configured,
    /// It was changed outside wpstack.
    Outside,
    /// The object was imported, and came so.
    Imported,
    /// An update was interrupted, and what of it took effect is not known.
    Interrupted,
    /// The field refers to a resource that is replaced.
    Replaced(Address),
    /// The field refers to a resource that changes, and reads from it.
    Follows(Address),
}

/// Why something is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It is wanted and does not exist.
    New,
    /// Its fields change; the changes say why.
    Changed,
    /// It was deleted outside wpstack.
    DeletedOutside,
    /// A run ended in the middle of it.
    Interrupted,
    /// AWS is still at work on it, and something waits for it.
    Settling,
    /// AWS says that it will never be usable.
    Broken(String),
    /// AWS had called it broken, and no longer does.
    Mending,
    /// It is no longer wanted.
    NotWanted,
    /// A newer object has taken its place.
    Superseded,
    /// Data is gone, or would be: what a person can do about it.
    Rescue(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("does not exist yet"),
            Self::Changed => f.write_str("changes"),
            Self::DeletedOutside => f.write_str("was deleted outside wpstack"),
            Self::Interrupted => f.write_str("a run ended in the middle of it"),
            Self::Settling => f.write_str("is not ready yet"),
            Self::Broken(reason) => write!(f, "is broken: {reason}"),
            Self::Mending => f.write_str("was broken and is no longer"),
            Self::NotWanted => f.write_str("is no longer wanted"),
            Self::Superseded => f.write_str("was replaced"),
            Self::Rescue(advice) => f.write_str(advice),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured => f.write_str("configured"),
            Self::Outside => f.write_str("changed outside wpstack"),
            Self::Imported => f.write_str("as it was imported"),
            Self::Interrupted => f.write_str("an update was interrupted"),
            Self::Replaced(address) => write!(f, "{address} is replaced"),
            Self::Follows(address) => write!(f, "follows {address}"),
        }
    }
}
