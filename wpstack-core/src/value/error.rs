//! The one error of all typed values.

use thiserror::Error;

use crate::legible;

/// Longest piece of a refused text that an error repeats, in characters.
const SHOWN: usize = 80;

/// A text (or number) that is not the value it was meant to be.
///
/// Displays as one line: the text, what it should have been, what is wrong with it and what would
/// be right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is not {what}: {problem}")]
pub struct ValueError {
    text: String,
    what: &'static str,
    problem: String,
}

impl ValueError {
    /// An error about `text`, which is not `what` (with its article: "an IPv4 CIDR block") because
    /// of `problem` (a clause that can follow a colon: "the prefix length must be 0 to 32").
    ///
    /// Long texts are cut and made [legible], so that the error stays on one line.
    pub fn new(text: impl AsRef<str>, what: &'static str, problem: impl Into<String>) -> Self {
        Self { text: shown(text.as_ref()), what, problem: problem.into() }
    }

    /// What the text should have been, with its article, for example "an IPv4 CIDR block".
    #[must_use]
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// What is wrong with the text, and what would be right.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", legible(&text[..end])),
        None => legible(text).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stays_on_one_short_line() {
        let long = format!("a\nb{}", "c".repeat(500));
        let error = ValueError::new(long, "a name", "it is too long");
        let expected = format!("`a\\nb{}…` is not a name: it is too long", "c".repeat(77));
        assert_eq!(error.to_string(), expected);
    }
}
