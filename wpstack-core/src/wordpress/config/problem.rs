//! What is wrong with a configuration file, and where.

use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::slice;

/// The most problems that are kept. Nobody reads more, and a hostile file could hold any number.
const MOST: usize = 100;

/// Longest key that a problem repeats, in characters.
const SHOWN: usize = 60;

/// One thing that is wrong with a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, in bytes of the text. It may be empty: something is missing there.
    pub span: Range<usize>,
    /// The key that it is about, with its section: `database.class`. Empty if the text is no TOML.
    pub key: String,
    /// What is wrong: one fragment in lowercase.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Problem {
    /// The line and column at which the problem begins in `text`, both counted from 1, columns in
    /// characters.
    #[must_use]
    pub fn line_column(&self, text: &str) -> (usize, usize) {
        let mut start = self.span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line = before.matches('\n').count() + 1;
        let beginning = before.rfind('\n').map_or(0, |newline| newline + 1);
        (line, before[beginning..].chars().count() + 1)
    }
}

/// Everything that is wrong with a configuration file, in the order of the text.
///
/// Displays as one line for each problem, `line:column: message (help)`, as editors read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    text: String,
    problems: Vec<Problem>,
    left_out: usize,
}

impl Problems {
    /// The problems found in `text`, if there are any.
    pub(super) fn found(text: &str, mut problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort_by(|one, other| {
            (one.span.start, one.span.end, &one.key).cmp(&(
                other.span.start,
                other.span.end,
                &other.key,
            ))
        });
        let left_out = problems.len().saturating_sub(MOST);
        problems.truncate(MOST);
        Err(Self { text: text.to_owned(), problems, left_out })
    }

    /// The text that they were found in.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The problems, the first hundred if there are more.
    pub fn iter(&self) -> slice::Iter<'_, Problem> {
        self.problems.iter()
    }

    /// How many problems there are beyond those that are kept.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().enumerate() {
            let newline = if place == 0 { "" } else { "\n" };
            let (line, column) = problem.line_column(&self.text);
            write!(formatter, "{newline}{line}:{column}: {}", problem.message)?;
            if !problem.help.is_empty() {
                write!(formatter, " ({})", problem.help)?;
            }
        }
        if self.left_out > 0 {
            write!(formatter, "\nand {} more", self.left_out)?;
        }
        Ok(())
    }
}

impl Error for Problems {}

/// A key of the file on one line, and not too long.
pub(super) fn shown(key: &str) -> String {
    let mut characters = key.chars();
    let mut shown: String = characters.by_ref().take(SHOWN).flat_map(char::escape_debug).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}
