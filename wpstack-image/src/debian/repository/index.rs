//! Lists of packages: stanzas of fields, and which of them are of a package.

use std::collections::HashMap;
use std::ops::Range;

/// A `Packages` or `Sources` file. Only names are looked at at first: of its 70,000 stanzas hardly 200 are needed.
#[derive(Debug, Default)]
pub(crate) struct Index {
    text: String,
    stanzas: Vec<Range<usize>>,
    names: HashMap<Box<str>, Vec<usize>>,
    provided: HashMap<Box<str>, Vec<usize>>,
}

/// The fields of one package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stanza<'i>(&'i str);

impl Index {
    pub(crate) fn read(text: String) -> Self {
        let mut index = Self::default();
        let (mut start, mut at) = (0, 0);
        for line in text.split_inclusive('\n') {
            if line.trim_end().is_empty() {
                index.end(start..at);
                start = at + line.len();
            } else if let Some(name) = line.strip_prefix("Package:") {
                let number = index.stanzas.len();
                index.names.entry(name.trim().into()).or_default().push(number);
            } else if let Some(names) = line.strip_prefix("Provides:") {
                let number = index.stanzas.len();
                for name in names.split(',') {
                    let name = name.split_whitespace().next().unwrap_or_default();
                    index.provided.entry(name.into()).or_default().push(number);
                }
            }
            at += line.len();
        }
        index.end(start..at);
        index.text = text;
        index
    }

    fn end(&mut self, stanza: Range<usize>) {
        if !stanza.is_empty() {
            self.stanzas.push(stanza);
        }
    }

    /// The packages of that name.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = Stanza<'_>> {
        self.numbered(self.names.get(name))
    }

    /// The packages that provide that name without having it.
    pub(crate) fn providing(&self, name: &str) -> impl Iterator<Item = Stanza<'_>> {
        self.numbered(self.provided.get(name))
    }

    fn numbered<'i>(&'i self, numbers: Option<&'i Vec<usize>>) -> impl Iterator<Item = Stanza<'i>> {
        let stanzas = numbers.into_iter().flatten().filter_map(|&number| self.stanzas.get(number));
        stanzas.map(|stanza| Stanza(&self.text[stanza.clone()]))
    }
}

impl<'i> Stanza<'i> {
    /// All of it.
    pub(crate) fn as_str(self) -> &'i str {
        self.0.trim_end()
    }

    /// The first line of a field.
    pub(crate) fn field(self, name: &str) -> Option<&'i str> {
        let found = self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        found.map(str::trim)
    }

    /// The lines that go on after a field's first one.
    pub(crate) fn further(self, name: &str) -> impl Iterator<Item = &'i str> + use<'i> {
        let name = format!("{name}:");
        let lines = self.0.lines().skip_while(move |line| !line.starts_with(&name)).skip(1);
        lines.take_while(|line| line.starts_with([' ', '\t'])).map(str::trim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stanzas_are_found_by_name_and_by_what_they_provide() {
        let text = "Package: a\nVersion: 1\nProvides: x (= 2), y\n\n\nPackage: b\nProvides: y\n\
                    Checksums-Sha256:\n one\n two\nSize: 3";
        let index = Index::read(text.to_owned());
        let names = |stanzas: Vec<Stanza<'_>>| -> Vec<String> {
            stanzas.into_iter().map(|stanza| stanza.field("Package").unwrap().to_owned()).collect()
        };
        assert_eq!(names(index.named("a").collect()), ["a"]);
        assert_eq!(names(index.providing("y").collect()), ["a", "b"]);
        assert_eq!(names(index.providing("x").collect()), ["a"]);
        assert_eq!(names(index.named("x").collect()), [""; 0]);
        let b = index.named("b").next().unwrap();
        assert_eq!(b.further("Checksums-Sha256").collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!((b.field("Size"), b.field("Version")), (Some("3"), None));
    }
}
