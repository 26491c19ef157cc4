//! What a service asks of a name, as data.

use super::alphabet::Alphabet;
use super::fit::{fit, shortened};
use crate::value::ValueError;

/// What a service asks of a name.
pub(super) struct NameRule {
    /// What the name is, with its article.
    pub(super) what: &'static str,
    /// The fewest characters.
    pub(super) min: usize,
    /// The most characters.
    pub(super) max: usize,
    /// The first character.
    pub(super) first: Alphabet,
    /// All characters.
    pub(super) all: Alphabet,
    /// The last character.
    pub(super) last: Alphabet,
    /// What the name must not begin with, in any case.
    pub(super) not_before: &'static [&'static str],
    /// What must not stand in the name.
    pub(super) without: &'static [&'static str],
    /// Whole names that are refused, in any case, and why.
    pub(super) refuses: fn(&str) -> Option<&'static str>,
    /// What stands between the parts of a derived name.
    pub(super) separator: char,
}

impl NameRule {
    /// A rule that allows `max` characters of `all`; tighten it with `..`.
    pub(super) const fn new(what: &'static str, max: usize, all: Alphabet) -> Self {
        Self {
            what,
            min: 1,
            max,
            first: all,
            all,
            last: all,
            not_before: &[],
            without: &[],
            refuses: |_| None,
            separator: '-',
        }
    }

    /// Refuses `text` if it breaks the rule.
    pub(super) fn check(&self, text: &str) -> Result<(), ValueError> {
        match self.problem(text) {
            None => Ok(()),
            Some(problem) => Err(ValueError::new(text, self.what, problem)),
        }
    }

    fn problem(&self, text: &str) -> Option<String> {
        self.length(text)
            .or_else(|| self.characters(text))
            .or_else(|| self.ends(text))
            .or_else(|| (self.refuses)(text).map(str::to_owned))
    }

    fn length(&self, text: &str) -> Option<String> {
        let length = text.chars().count();
        if length == 0 {
            Some("it is empty".to_owned())
        } else if length < self.min {
            Some(format!("it is too short: {} characters or more are needed", self.min))
        } else if length > self.max {
            Some(format!("it has {length} characters and may have {} at most", self.max))
        } else {
            None
        }
    }

    fn characters(&self, text: &str) -> Option<String> {
        let (place, wrong) = text.chars().enumerate().find(|(_, found)| !self.all.has(*found))?;
        let shown = wrong.escape_debug();
        Some(format!("`{shown}` (character {}) is not allowed; use {}", place + 1, self.all.words))
    }

    fn ends(&self, text: &str) -> Option<String> {
        let first = text.chars().next()?;
        let last = text.chars().next_back()?;
        if !self.first.has(first) {
            return Some(format!("it must start with {}", self.first.words));
        }
        if !self.last.has(last) {
            return Some(format!("it must end with {}", self.last.words));
        }
        let lower = text.to_ascii_lowercase();
        if let Some(prefix) = self.not_before.iter().find(|prefix| lower.starts_with(**prefix)) {
            return Some(format!("it must not start with `{prefix}`"));
        }
        let piece = self.without.iter().find(|piece| text.contains(**piece))?;
        Some(format!("it must not contain `{piece}`"))
    }

    /// The text of the `n`-th object named `text`, within the rule's length.
    pub(super) fn generation(&self, text: &str, n: u32) -> String {
        if n < 2 {
            return text.to_owned();
        }
        let suffix = format!("{}{n}", self.separator);
        let base = shortened(text, self.separator, self.max - suffix.len());
        format!("{base}{suffix}")
    }

    /// The parts joined, within the rule's length.
    pub(super) fn joined(&self, parts: &[&str]) -> String {
        fit(parts, self.separator, self.max)
    }

    /// What of the rule a regular expression can say. (What may come first may also come last, in
    /// every rule.)
    pub(super) fn pattern(&self) -> String {
        let Self { first, all, last, .. } = self;
        format!("^[{}]([{}]*[{}])?$", first.class, all.class, last.class)
    }
}

/// Defines a name type by its rule.
macro_rules! name_type {
    ($(#[$doc:meta])* $type:ident: $rule:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(String);

        impl $type {
            pub(super) const RULE: $crate::value::name::rule::NameRule = $rule;

            /// The most characters that such a name may have.
            pub const MAX: usize = Self::RULE.max;

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The parts joined by the separator of such names, shortened with
            /// [`fit`](crate::value::fit) where they are too long.
            ///
            /// # Errors
            /// If a part holds what such a name must not.
            pub fn join(parts: &[&str]) -> Result<Self, $crate::value::ValueError> {
                Self::RULE.joined(parts).parse()
            }

            /// The physical name of the `n`-th object of this name: the name itself for 0 and 1,
            /// from 2 on with the number appended. A base that would get too long is shortened, and
            /// a digest keeps what was shortened apart.
            #[must_use]
            pub fn generation(&self, n: u32) -> Self {
                Self(Self::RULE.generation(&self.0, n))
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::value::ValueError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::RULE.check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        text_value!($type, Self::RULE.what, text, schema: {
            "type": "string",
            "minLength": Self::RULE.min,
            "maxLength": Self::MAX,
            "pattern": Self::RULE.pattern(),
        });
    };
}
pub(super) use name_type;
