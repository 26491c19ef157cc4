//! What the objects say. Pure.
//!
//! Head and segments are lines, each with the CRC-32 of its JSON before it. The first line of the head says what the
//! state consists of; every other line, and every line of a segment, is a transition.
//!
//! ```text
//! 3f2a9c01 {"format":1,"stack":"shop","epoch":7,"document":{"key":"document/…",…},"segments":[…],"serial":42}
//! 77e0b1f4 {"serial":41,"at":"…","change":{…}}
//! 1be4a002 {"serial":42,"at":"…","change":{…}}
//! ```

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::state::store::{Holder, StoreError};
use crate::state::{FORMAT, Transition};

/// The head: what the state consists of, and who may write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The format of the document and of its transitions.
    pub(super) format: u32,
    /// The stack's name.
    pub(super) stack: String,
    /// Tells this text from every other, so that no `ETag` comes twice.
    pub(super) write: String,
    /// Grows with every change of the writer.
    pub(super) epoch: u64,
    /// The lock under which the writer works.
    pub(super) token: String,
    /// `None` where no document was created.
    pub(super) document: Option<Base>,
    /// What happened since the document was written, oldest first, without what is in this text.
    pub(super) segments: Vec<Blob>,
    /// The last serial.
    pub(super) serial: u64,
    /// Where the state went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) moved: Option<String>,
    /// The transitions after the last segment.
    #[serde(skip)]
    pub(super) tail: Vec<Line>,
}

/// The document, as last written whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Base {
    /// The identity of the document.
    pub(super) lineage: String,
    /// Where it is.
    #[serde(flatten)]
    pub(super) blob: Blob,
}

/// An object that is written once, under a name of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Blob {
    /// Its name.
    pub(super) key: String,
    /// The last serial that it has.
    pub(super) serial: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub(super) sha256: String,
}

/// A transition as a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) serial: u64,
    pub(super) text: Vec<u8>,
}

impl Head {
    /// The head of a place where nothing is.
    pub(super) fn empty(stack: &str) -> Self {
        Self {
            format: FORMAT,
            stack: stack.to_owned(),
            write: String::new(),
            epoch: 0,
            token: String::new(),
            document: None,
            segments: Vec::new(),
            serial: 0,
            moved: None,
            tail: Vec::new(),
        }
    }

    pub(super) fn text(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = frame(&serde_json::to_vec(self)?);
        text.extend(self.tail.iter().flat_map(|line| &line.text));
        Ok(text)
    }

    /// How many bytes its transitions take.
    pub(super) fn weight(&self) -> usize {
        self.tail.iter().map(|line| line.text.len()).sum()
    }

    /// The names of everything that it consists of.
    pub(super) fn blobs(&self) -> impl Iterator<Item = &str> {
        let document = self.document.iter().map(|base| base.blob.key.as_str());
        document.chain(self.segments.iter().map(|blob| blob.key.as_str()))
    }

    pub(super) fn parse(place: &str, text: &[u8]) -> Result<Self, StoreError> {
        let mut lines = unframe(place, text)?.into_iter();
        let first = lines.next().ok_or_else(|| damaged(place, "it is empty".to_owned()))?;
        let mut head: Self = document(place, first.json)?;
        for line in lines {
            let Serial { serial } = json(place, line.json)?;
            head.tail.push(Line { serial, text: line.whole.to_vec() });
        }
        let base = head.document.as_ref().map_or(0, |base| base.blob.serial);
        let blobs = head.segments.last().map_or(base, |blob| blob.serial.max(base));
        let last = head.tail.last().map_or(blobs, |line| line.serial.max(base));
        if last != head.serial {
            let what = format!("it ends at serial {last} instead of {}", head.serial);
            return Err(damaged(place, what));
        }
        Ok(head)
    }
}

#[derive(Deserialize)]
struct Serial {
    serial: u64,
}

/// The line of a transition.
pub(super) fn line(transition: &Transition) -> Result<Line, serde_json::Error> {
    let text = frame(&serde_json::to_vec(transition)?);
    Ok(Line { serial: transition.serial, text })
}

/// The transitions that a segment, or a head's tail, has.
pub(super) fn transitions(place: &str, text: &[u8]) -> Result<Vec<Transition>, StoreError> {
    unframe(place, text)?.into_iter().map(|line| json(place, line.json)).collect()
}

/// The SHA-256 of a text, in hexadecimal.
pub(super) fn digest(text: &[u8]) -> String {
    format!("{:x}", Sha256::digest(text))
}

/// What a document, or anything else with a `format`, says.
pub(super) fn document<T: DeserializeOwned>(place: &str, text: &[u8]) -> Result<T, StoreError> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    // A later format may have any shape beside its number.
    let Version { format } = json(place, text)?;
    if format > FORMAT {
        return Err(StoreError::Newer { place: place.to_owned(), found: format, known: FORMAT });
    }
    json(place, text)
}

fn json<T: DeserializeOwned>(place: &str, text: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(text).map_err(|error| damaged(place, error.to_string()))
}

pub(super) fn damaged(place: &str, what: String) -> StoreError {
    StoreError::Damaged { place: place.to_owned(), what }
}

fn frame(json: &[u8]) -> Vec<u8> {
    let mut line = format!("{:08x} ", crc32fast::hash(json)).into_bytes();
    line.extend_from_slice(json);
    line.push(b'\n');
    line
}

struct Framed<'a> {
    whole: &'a [u8],
    json: &'a [u8],
}

fn unframe<'a>(place: &str, text: &'a [u8]) -> Result<Vec<Framed<'a>>, StoreError> {
    // JSON escapes line feeds, so only the end of a line holds one.
    let lines = text.split_inclusive(|byte| *byte == b'\n').enumerate();
    let framed = lines.map(|(at, whole)| {
        let json = whole.get("01234567 ".len()..whole.len() - 1).unwrap_or_default();
        // Compared as a whole, so that another way to write the same is an alteration too.
        if frame(json) == whole {
            return Ok(Framed { whole, json });
        }
        Err(damaged(place, format!("line {} is not as it was written", at + 1)))
    });
    framed.collect()
}

/// The lock: who may claim the head, and that they are alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lock {
    pub(super) format: u32,
    /// Grows with every holder.
    pub(super) epoch: u64,
    /// Names this holding of the lock.
    pub(super) token: String,
    /// Counts the signs of life.
    pub(super) beat: u64,
    /// In milliseconds, after how long without a sign of life others may take the lock.
    pub(super) lease_ms: u64,
    /// `None` when it was given back.
    pub(super) holder: Option<Holder>,
}

impl Lock {
    pub(super) fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }

    pub(super) fn text(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    pub(super) fn parse(place: &str, text: &[u8]) -> Result<Self, StoreError> {
        document(place, text)
    }
}
