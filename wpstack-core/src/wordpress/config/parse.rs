//! From text to [`Config`], with everything that is wrong at once.

use toml::de::{DeTable, Error};

use super::problem::{Problem, Problems};
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
        if problems.is_empty() {
            problems = flaws(&config, &reader);
            problems.extend(reader.problems());
        } else {
            problems.extend(before(reader.problems(), &problems));
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
    let mut problems: Vec<_> = errors.iter().map(syntax_problem).collect();
    problems.sort_by_key(|problem| problem.span.start);
    let ends: Vec<_> = text.match_indices('\n').map(|(end, _)| end).collect();
    problems.dedup_by_key(|problem| ends.partition_point(|end| *end < problem.span.start));
    problems
}

fn syntax_problem(error: &Error) -> Problem {
    let span = error.span().unwrap_or(0..0);
    let message = error.message().to_owned();
    let help = if message.starts_with("duplicate key") {
        "each key and each section may stand in the file once"
    } else if message.starts_with("string values must be quoted") {
        "put it in quotes"
    } else {
        ""
    };
    Problem { span, key: String::new(), message, help: help.to_owned() }
}

/// Those of `problems` that stand before the first of `syntax`: what follows it may have been read
/// as something that nobody wrote.
fn before(problems: Vec<Problem>, syntax: &[Problem]) -> Vec<Problem> {
    let first = syntax.iter().map(|problem| problem.span.start).min().unwrap_or_default();
    problems.into_iter().filter(|problem| problem.span.end <= first).collect()
}
