//! The journal's text: how a line is framed, so that a torn or altered one is recognised. Pure.
//!
//! ```text
//! 00000047 3f2a9c01 {"format":1,"stack":"shop","lineage":"…","serial":0}
//! 000000d1 77e0b1f4 0 {"serial":1,"at":"…","change":{…}}
//! ```
//!
//! Length and CRC-32 of the rest of the line, in hexadecimal, then the rest. A transition has before it the serial up
//! to which everything was on disk when its line was written.

use serde::{Deserialize, Serialize};

use crate::state::{FORMAT, Transition};

/// Why a journal cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// A later release wrote it, in this format.
    Newer(u32),
    /// It is not as it was written.
    Damaged(String),
}

/// The first line: what the journal belongs to. Its shape is the same in every format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The format of the document and of its transitions.
    pub(super) format: u32,
    /// The stack's name.
    pub(super) stack: String,
    /// The lineage of the document.
    pub(super) lineage: String,
    /// The serial after which the journal goes on.
    pub(super) serial: u64,
}

/// What a journal's text says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Journal {
    /// `None` when not even the first line was written to its end.
    pub(super) header: Option<Header>,
    /// Its transitions, with serials that follow on the header's.
    pub(super) transitions: Vec<Transition>,
    /// How many bytes these lines take. What comes after them was never acknowledged.
    pub(super) length: usize,
}

impl Journal {
    /// The serial that the journal reaches.
    pub(super) fn serial(&self) -> Option<u64> {
        let last = self.transitions.last().map(|transition| transition.serial);
        last.or(self.header.as_ref().map(|header| header.serial))
    }
}

/// The line of a header.
pub(super) fn header_line(header: &Header) -> Result<Vec<u8>, serde_json::Error> {
    let mut line = Vec::new();
    frame(&serde_json::to_vec(header)?, &mut line);
    Ok(line)
}

/// Adds the line of a transition. `synced` is the serial up to which everything is on disk.
pub(super) fn push_line(
    lines: &mut Vec<u8>,
    synced: u64,
    transition: &Transition,
) -> Result<(), serde_json::Error> {
    let mut payload = format!("{synced} ").into_bytes();
    serde_json::to_writer(&mut payload, transition)?;
    frame(&payload, lines);
    Ok(())
}

fn frame(payload: &[u8], lines: &mut Vec<u8>) {
    lines.extend_from_slice(prefix(payload).as_bytes());
    lines.extend_from_slice(payload);
    lines.push(b'\n');
}

fn prefix(payload: &[u8]) -> String {
    format!("{:08x} {:08x} ", payload.len(), crc32fast::hash(payload))
}

const PREFIX: usize = "01234567 01234567 ".len();

/// Reads a journal. A tail that was being written when the machine stopped is left out.
///
/// # Errors
/// What is wrong, when something is that no crash explains.
pub(super) fn read(text: &[u8]) -> Result<Journal, Unreadable> {
    let mut journal = Journal::default();
    let mut line = 1;
    while journal.length < text.len() {
        let rest = &text[journal.length..];
        let Some(payload) = payload(rest) else {
            if is_cut_short(rest) || is_hole(rest, journal.serial()) {
                return Ok(journal);
            }
            return Err(Unreadable::Damaged(format!("line {line} is not as it was written")));
        };
        take(&mut journal, payload)
            .map_err(|what| Unreadable::Damaged(format!("line {line}: {what}")))?;
        if let Some(Header { format, .. }) = journal.header
            && format > FORMAT
        {
            return Err(Unreadable::Newer(format));
        }
        journal.length += PREFIX + payload.len() + 1;
        line += 1;
    }
    Ok(journal)
}

fn take(journal: &mut Journal, payload: &[u8]) -> Result<(), String> {
    let Some(reached) = journal.serial() else {
        let header = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        journal.header = Some(header);
        return Ok(());
    };
    let (_, json) = entry(payload).ok_or("it is no transition")?;
    let transition: Transition = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    if transition.serial != reached + 1 {
        return Err(format!("transition {} comes after {reached}", transition.serial));
    }
    journal.transitions.push(transition);
    Ok(())
}

/// The payload of the first line, if that line is whole.
fn payload(text: &[u8]) -> Option<&[u8]> {
    let payload = text.get(PREFIX..PREFIX.checked_add(declared(text)?)?)?;
    let line = &text[..PREFIX + payload.len()];
    // Compared as text, so that another way to write the same numbers is an alteration too.
    let whole = line.starts_with(prefix(payload).as_bytes());
    (whole && text.get(line.len()) == Some(&b'\n')).then_some(payload)
}

fn declared(text: &[u8]) -> Option<usize> {
    usize::from_str_radix(str::from_utf8(text.get(..8)?).ok()?, 16).ok()
}

/// The serial that was on disk when the line was written, and the transition's JSON.
fn entry(payload: &[u8]) -> Option<(u64, &[u8])> {
    let space = payload.iter().position(|byte| *byte == b' ')?;
    let synced = str::from_utf8(&payload[..space]).ok()?.parse().ok()?;
    Some((synced, &payload[space + 1..]))
}

/// Whether this is the beginning of a line, and no more: a write that did not get to its end.
fn is_cut_short(rest: &[u8]) -> bool {
    // JSON escapes line feeds, so only the end of a line holds one.
    let shorter = rest.len() < PREFIX
        || declared(rest).is_some_and(|declared| rest.len() - PREFIX <= declared);
    shorter && !rest.contains(&b'\n')
}

/// Whether blocks are missing that were being written: file systems may put the later blocks of one write on disk
/// before the earlier ones, and show zeros in their place. JSON has none.
///
/// A zeroed block that had been on disk is damage instead: a later line tells.
fn is_hole(rest: &[u8], reached: Option<u64>) -> bool {
    const ZEROS: [u8; 8] = [0; 8];
    let synced_later = |start: usize| {
        let (synced, _) = entry(payload(&rest[start..])?)?;
        Some(synced)
    };
    let line_feeds = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let latest = line_feeds.filter_map(|(at, _)| synced_later(at + 1)).max();
    rest.windows(ZEROS.len()).any(|bytes| bytes == ZEROS)
        && latest.is_none_or(|synced| Some(synced) <= reached)
}
