//! From text to [`Config`], with everything that is wrong at once.

use toml::de::{DeTable, Error};

use super::problem::{Problem, Problems, shown};
use super::reader::Reader;
use super::section::Section;
use super::{Config, Network};

/// The largest file that is read, in bytes. A full one has about 4 KiB.
const LARGEST: usize = 256 * 1024;

impl Config {
    /// Reads `wpstack.toml`. What the text does not say takes its default.
    ///
    /// # Errors
    /// Everything that is wrong with the text at once, in its order: what is no TOML, keys that do
    /// not exist, values of the wrong kind or form, and [flaws](Self::flaws) between values.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        if text.len() > LARGEST {
            let message = format!("the file has {} bytes, more than {LARGEST}", text.len());
            let help = "is this the right file?".to_owned();
            let problem = Problem { span: 0..0, key: String::new(), message, help };
            Problems::found("", vec![problem])?;
        }
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut reader = Reader::new(text, <Self as Section>::KEYS);
        let mut config: Self = reader.section("", table.get_ref());
        let unread = |key: &str| reader.span(key).is_none() && !reader.has_failed(key);
        if unread("network.zones") && !reader.has_failed("region") {
            config.network.zones = Network::zones_of(&config.region);
        }
        let mut problems = syntax(text, &errors);
        // Of a key that stands there twice the parser keeps one: all the rest is what was written.
        if errors.iter().all(is_duplicate) {
            problems.extend(flaws(&config, &reader));
            problems.extend(reader.problems());
        } else {
            let sure = before(text, reader.problems(), &problems);
            problems.extend(sure);
        }
        Problems::found(text, problems)?;
        Ok(config)
    }
}

/// The flaws of what was read, at the places of their keys. Flaws that depend on a value that could
/// not be read are left out: they may be none.
fn flaws(config: &Config, reader: &Reader<'_>) -> Vec<Problem> {
    let flaws = config.flaws().into_iter();
    flaws
        .filter(|flaw| !flaw.keys.iter().any(|key| reader.has_failed(key)))
        .map(|flaw| {
            let span = flaw.keys.iter().find_map(|key| reader.span(key)).unwrap_or(0..0);
            let key = flaw.keys.into_iter().next().unwrap_or_default();
            Problem { span, key, message: flaw.message, help: flaw.help }
        })
        .collect()
}

/// What is no TOML, one problem for each line: one slip makes the parser stumble several times.
fn syntax(text: &str, errors: &[Error]) -> Vec<Problem> {
    let mut problems: Vec<_> = errors.iter().map(|error| syntax_problem(text, error)).collect();
    problems.sort_by_key(|problem| problem.span.start);
    // A list that is never closed swallows what follows, and the parser stumbles over all of it.
    if errors.iter().any(|error| error.message().starts_with("unclosed array")) {
        let comma = |problem: &Problem| problem.message.starts_with("missing comma");
        if let Some(first) = problems.iter().position(comma) {
            problems.truncate(first + 1);
            "is the `]` of the list missing?".clone_into(&mut problems[first].help);
        }
    }
    let ends: Vec<_> = text.match_indices('\n').map(|(end, _)| end).collect();
    problems.dedup_by_key(|problem| ends.partition_point(|end| *end < problem.span.start));
    problems
}

fn syntax_problem(text: &str, error: &Error) -> Problem {
    let span = error.span().unwrap_or(0..0);
    if is_duplicate(error) {
        let key = shown(text.get(span.clone()).unwrap_or_default());
        let message = format!("`{key}` stands in the file twice");
        return Problem { span, key: String::new(), message, help: "keep one of them".to_owned() };
    }
    let (message, help) = match error.message() {
        // The parser takes what stands there for a text without quotes, even if that is nothing.
        message if message.starts_with("string values must be quoted") && span.is_empty() => {
            ("a value is missing", "write one, or remove the line")
        }
        message if message.starts_with("string values must be quoted") => {
            ("a text must stand in quotes", "write it as `\"...\"`")
        }
        message => (message, ""),
    };
    Problem { span, key: String::new(), message: message.to_owned(), help: help.to_owned() }
}

fn is_duplicate(error: &Error) -> bool {
    error.message().starts_with("duplicate key")
}

/// Those of `problems` on lines before the first of `syntax`: what follows it may have been read as
/// something that nobody wrote.
fn before(text: &str, problems: Vec<Problem>, syntax: &[Problem]) -> Vec<Problem> {
    let first = syntax.iter().map(|problem| problem.span.start).min().unwrap_or_default();
    let before = text.as_bytes().get(..first).unwrap_or_default();
    let line = before.iter().rposition(|byte| *byte == b'\n').unwrap_or_default();
    problems.into_iter().filter(|problem| problem.span.end <= line).collect()
}
