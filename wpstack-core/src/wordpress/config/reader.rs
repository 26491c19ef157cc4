//! Walks the tree that the TOML parser made, and collects what is wrong instead of stopping at it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, shown};
use super::section::{Key, Section};
use super::setting::Setting;
use super::suggest::suggest;

/// A value of the file, and where it stands.
pub(crate) type Value<'t> = Spanned<DeValue<'t>>;

/// What has been learned of a file so far.
pub(crate) struct Reader<'t> {
    text: &'t str,
    problems: Vec<Problem>,
    spans: BTreeMap<String, Range<usize>>,
    failed: BTreeSet<String>,
    root: &'static [Key],
}

impl<'t> Reader<'t> {
    pub(super) const fn new(text: &'t str, root: &'static [Key]) -> Self {
        Self { text, problems: Vec::new(), spans: BTreeMap::new(), failed: BTreeSet::new(), root }
    }

    /// Reads a table as the section `at`; what is missing or wrong keeps its default.
    pub(super) fn section<S: Section>(&mut self, at: &str, table: &DeTable<'_>) -> S {
        let mut section = S::default();
        for (key, value) in table {
            let name: &str = key.get_ref();
            let below = below(at, name);
            if S::KEYS.iter().any(|known| known.name == name) {
                self.seen(&below, value.span());
                section.read_key(name, &below, value, self);
            } else {
                let is_section = matches!(value.get_ref(), DeValue::Table(_));
                let kind = if is_section && at.is_empty() { "section" } else { "key" };
                let message = format!("unknown {kind} `{}`", shown(name));
                let help = suggest(name, at, S::KEYS, self.root);
                self.problem(&below, key.span(), message, help);
            }
        }
        section
    }

    /// Reads `value` into a field, which keeps its default if the value is wrong.
    pub(super) fn set<T: Setting>(&mut self, field: &mut T, at: &str, value: &Value<'_>) {
        match T::read(self, at, value) {
            Some(read) => *field = read,
            None => {
                self.failed.insert(at.to_owned());
            }
        }
    }

    /// Reads one item of a list.
    pub(super) fn item<T: Setting>(&mut self, at: &str, value: &Value<'_>) -> Option<T> {
        self.seen(at, value.span());
        T::read(self, at, value)
    }

    /// Remembers where a key's value stands.
    pub(super) fn seen(&mut self, at: &str, span: Range<usize>) {
        self.spans.insert(at.to_owned(), span);
    }

    /// Records that something is wrong.
    pub(super) fn problem(
        &mut self,
        at: &str,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let (message, help) = (message.into(), help.into());
        self.problems.push(Problem { span, key: at.to_owned(), message, help });
    }

    /// The text of a value, as it stands in the file.
    pub(super) fn source(&self, value: &Value<'_>) -> &'t str {
        self.text.get(value.span()).unwrap_or_default()
    }

    /// Whether the value of `key`, or the section around it, could not be read.
    pub(super) fn has_failed(&self, key: &str) -> bool {
        let ends = key.match_indices(['.', '[']).map(|(end, _)| end);
        ends.chain([key.len()]).any(|end| self.failed.contains(&key[..end]))
    }

    /// Where the value of `key` stands, if the file has it.
    pub(super) fn span(&self, key: &str) -> Option<Range<usize>> {
        self.spans.get(key).cloned()
    }

    pub(super) fn problems(self) -> Vec<Problem> {
        self.problems
    }
}

/// The path of a key below another.
pub(super) fn below(at: &str, key: &str) -> String {
    if at.is_empty() { shown(key) } else { format!("{at}.{}", shown(key)) }
}
