//! Reading a recording: the events of a run as JSON, one a line.

use std::io::{self, BufRead, Read};

use serde::Deserialize;
use serde::de::IgnoredAny;
use thiserror::Error;

use super::Event;
use crate::legible;

/// The longest line that is read, in bytes. The first event of 10,000 steps has about 2 MiB.
const LONGEST: u64 = 64 * 1024 * 1024;

/// The kinds of events that this release knows, as [`What`](super::What) writes them.
const KINDS: &[&str] = &[
    "started",
    "step-started",
    "step-exists",
    "step-waiting",
    "step-retrying",
    "step-done",
    "step-failed",
    "step-skipped",
    "step-stopped",
    "interrupted",
    "finished",
];

/// Why a recording cannot be read any further.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes do not come.
    #[error("line {line} cannot be read")]
    Io {
        /// The line, counted from 1.
        line: usize,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line is longer than any event.
    #[error("line {line} is longer than an event can be")]
    TooLong {
        /// The line, counted from 1.
        line: usize,
    },
    /// An event of a later release.
    #[error("line {line} is an event of the kind `{kind}`, which this release does not know")]
    Unknown {
        /// The line, counted from 1.
        line: usize,
        /// The kind.
        kind: String,
    },
    /// A line is no event.
    #[error("line {line} is no event: {problem}, at column {column}")]
    Malformed {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
        /// Where in the line, counted from 1.
        column: usize,
    },
}

/// The events of a recording. It ends at the first line that cannot be read.
#[derive(Debug)]
pub struct Recording<R> {
    lines: R,
    line: usize,
    ended: bool,
}

/// The events that were written to `lines`, each as the JSON that serde makes of it. Empty lines are passed over, and no
/// more is held than one line.
pub fn read<R: BufRead>(lines: R) -> Recording<R> {
    Recording { lines, line: 0, ended: false }
}

impl<R: BufRead> Iterator for Recording<R> {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.read().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl<R: BufRead> Recording<R> {
    fn read(&mut self) -> Result<Option<Event>, ReadError> {
        loop {
            self.line += 1;
            let (line, mut text) = (self.line, Vec::new());
            let most = LONGEST + 1;
            let read = (&mut self.lines).take(most).read_until(b'\n', &mut text);
            match read.map_err(|source| ReadError::Io { line, source })? {
                0 => return Ok(None),
                length if length as u64 == most => return Err(ReadError::TooLong { line }),
                _ if text.trim_ascii().is_empty() => {}
                _ => return event(line, &text).map(Some),
            }
        }
    }
}

/// Of an event, what tells its kind.
#[derive(Deserialize)]
struct Kind {
    #[expect(dead_code, reason = "what has none is no event")]
    seq: IgnoredAny,
    what: What,
}

#[derive(Deserialize)]
struct What {
    r#type: String,
}

fn event(line: usize, text: &[u8]) -> Result<Event, ReadError> {
    serde_json::from_slice(text).map_err(|source| match serde_json::from_slice::<Kind>(text) {
        Ok(Kind { what: What { r#type: kind }, .. }) if !KINDS.contains(&kind.as_str()) => {
            ReadError::Unknown { line, kind: legible(&kind).into_owned() }
        }
        _ => {
            let (words, column) = (source.to_string(), source.column());
            // The parser was given one line, and calls it the first.
            let place = format!(" at line {} column {column}", source.line());
            let problem = legible(words.strip_suffix(&place).unwrap_or(&words)).into_owned();
            ReadError::Malformed { line, problem, column }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::{StepOutline, What};
    use super::*;
    use crate::apply::{Failure, Skip, Summary};
    use crate::failure::ErrorKind;

    /// A recording with every kind of event, as releases write it.
    const EVERY: &str = include_str!("../../tests/fixtures/events.jsonl");

    /// Has an arm for every kind: who adds one adds a line to the recording.
    fn kind(what: &What) -> &'static str {
        match what {
            What::Started { .. } => "started",
            What::StepStarted { .. } => "step-started",
            What::StepExists { .. } => "step-exists",
            What::StepWaiting { .. } => "step-waiting",
            What::StepRetrying { .. } => "step-retrying",
            What::StepDone { .. } => "step-done",
            What::StepFailed { .. } => "step-failed",
            What::StepSkipped { .. } => "step-skipped",
            What::StepStopped { .. } => "step-stopped",
            What::Interrupted => "interrupted",
            What::Finished { .. } => "finished",
        }
    }

    #[test]
    fn every_kind_of_event_is_read_as_it_was_written() {
        let events: Vec<_> = read(EVERY.as_bytes()).map(Result::unwrap).collect();
        for (event, line) in events.iter().zip(EVERY.lines()) {
            assert_eq!(serde_json::to_string(event).unwrap(), line);
        }
        assert_eq!(events.len(), EVERY.lines().count());
        for kind_of in KINDS {
            assert!(events.iter().any(|event| kind(&event.what) == *kind_of), "no {kind_of}");
        }
        assert!(events.iter().all(|event| KINDS.contains(&kind(&event.what))));
    }

    #[test]
    fn the_recording_has_something_in_every_field() {
        let last = read(EVERY.as_bytes()).last().unwrap().unwrap();
        let What::Finished { summary } = last.what else { panic!("{last:?}") };
        let Summary { failures, skipped, left, outputs, advice, .. } = &summary;
        let lengths = [failures.len(), skipped.len(), left.len(), outputs.len(), advice.len()];
        assert!(lengths.iter().all(|length| *length > 0), "{summary:?}");
        let Failure { kind, .. } = &failures[0];
        let Skip { because, .. } = &skipped[0];
        assert_eq!((*kind, because), (Some(ErrorKind::Quota), &failures[0].object));
        let first = read(EVERY.as_bytes()).next().unwrap().unwrap();
        let What::Started { steps, .. } = first.what else { panic!("{first:?}") };
        assert!(steps.iter().any(|StepOutline { needs, .. }| !needs.is_empty()));
    }

    fn check(text: &[u8], expected: &str) {
        let error = read(text).find_map(Result::err).map(|error| error.to_string());
        assert_eq!(error.as_deref().unwrap_or_default(), expected);
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        let good = EVERY.lines().nth(1).unwrap();
        check(b"", "");
        check(format!("\n\n{good}\r\n \n{good}").as_bytes(), "");
        let unknown = good.replace("step-started", "step-\\u001bparked");
        check(
            format!("{good}\n{unknown}").as_bytes(),
            "line 2 is an event of the kind `step-\\u{1b}parked`, which this release does not know",
        );
        let text = good.replace("\"step\":0", "\"step\":\"0\"");
        check(
            format!("{good}\n\n{text}").as_bytes(),
            "line 3 is no event: invalid type: string \"0\", expected usize, at column 79",
        );
        check(b"{}", "line 1 is no event: missing field `seq`, at column 2");
        check(b"\xff", "line 1 is no event: expected value, at column 1");
        let cut = "line 1 is no event: EOF while parsing a string, at column 20";
        check(&good.as_bytes()[..20], cut);
    }

    #[test]
    fn it_ends_at_the_first_line_that_cannot_be_read() {
        let good = EVERY.lines().nth(1).unwrap();
        let text = format!("{good}\nno\n{good}\n");
        assert_eq!(read(text.as_bytes()).count(), 2);
    }

    #[test]
    fn a_line_without_an_end_is_not_kept() {
        let mut endless = read(io::BufReader::new(io::repeat(b' ')));
        assert!(matches!(endless.next(), Some(Err(ReadError::TooLong { line: 1 }))));
        assert!(endless.next().is_none());
    }
}
