//! What is wrong with a configuration of which each value by itself is right.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// One thing that AWS would refuse, or that could not work, although each value is well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The keys that contradict each other; the first is the one to look at.
    pub keys: Vec<String>,
    /// What is wrong: one fragment in lowercase.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// The flaws found so far.
#[derive(Debug, Default)]
pub(super) struct Flaws(pub(super) Vec<Flaw>);

impl Flaws {
    /// Adds a flaw that lies between `keys`.
    pub(super) fn add(
        &mut self,
        keys: &[&str],
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        self.0.push(Flaw { keys, message: message.into(), help: help.into() });
    }

    /// Adds a flaw if `value` is not within what AWS takes.
    pub(super) fn check_range<T: PartialOrd + Display>(
        &mut self,
        key: &str,
        value: &T,
        range: &RangeInclusive<T>,
        why: &str,
    ) {
        if !range.contains(value) {
            let message = format!("expected {} to {}, found {value}", range.start(), range.end());
            self.add(&[key], message, why);
        }
    }
}
