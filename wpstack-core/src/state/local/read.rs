//! Reading what is on disk: the document, and the journal that goes on from it. Writes nothing.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::frame::{self, Journal, Unreadable};
use super::seal::is_broken;
use super::{Paths, disk};
use crate::failure::Chain;
use crate::state::store::StoreError;
use crate::state::{Document, FORMAT};

/// What identifies a document.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Head {
    pub(super) format: u32,
    pub(super) stack: String,
    pub(super) lineage: String,
    pub(super) serial: u64,
}

impl From<&Document> for Head {
    fn from(Document { format, stack, lineage, serial, .. }: &Document) -> Self {
        Self { format: *format, stack: stack.clone(), lineage: lineage.clone(), serial: *serial }
    }
}

/// The document, with the journal taken in.
pub(super) fn load(paths: &Paths) -> Result<Option<Document>, StoreError> {
    // The journal first: should a run write the document whole in between, the document has what the journal lost.
    let journal = journal(paths)?;
    let Some(mut document) = file::<Document>(&paths.document, |document| document.format)? else {
        return nothing(paths, &journal);
    };
    check(paths, &Head::from(&document), &journal)?;
    for transition in &journal.transitions {
        if transition.serial > document.serial {
            document
                .take(transition)
                .map_err(|error| damaged(&paths.journal, Chain(&error).to_string()))?;
        }
    }
    Ok(Some(document))
}

/// The document's head, and the journal.
pub(super) fn head(paths: &Paths) -> Result<Option<(Head, Journal)>, StoreError> {
    let journal = journal(paths)?;
    let Some(head) = file::<Head>(&paths.document, |head| head.format)? else {
        return nothing(paths, &journal);
    };
    check(paths, &head, &journal)?;
    Ok(Some((head, journal)))
}

/// Nothing, if it really is nothing.
fn nothing<T>(paths: &Paths, journal: &Journal) -> Result<Option<T>, StoreError> {
    if journal.transitions.is_empty() {
        return Ok(None);
    }
    let what = format!("it is missing, and {} goes on from it", paths.journal.display());
    Err(damaged(&paths.document, what))
}

fn journal(paths: &Paths) -> Result<Journal, StoreError> {
    let path = &paths.journal;
    let text = disk::read(path).map_err(|source| Paths::failed("read", path, source))?;
    frame::read(&text.unwrap_or_default()).map_err(|error| match error {
        Unreadable::Newer(found) => newer(path, found),
        Unreadable::Damaged(what) => damaged(path, what),
    })
}

fn file<T: DeserializeOwned>(
    path: &Path,
    format: impl Fn(&T) -> u32,
) -> Result<Option<T>, StoreError> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let Some(text) = disk::read(path).map_err(|source| Paths::failed("read", path, source))? else {
        return Ok(None);
    };
    let unreadable = |error: serde_json::Error| damaged(path, error.to_string());
    match serde_json::from_slice(&text) {
        Ok(content) if format(&content) <= FORMAT => match is_broken(&text) {
            true => Err(StoreError::Altered { place: path.display().to_string() }),
            false => Ok(Some(content)),
        },
        outcome => {
            // A later format may have any shape beside its number.
            let Version { format } = serde_json::from_slice(&text).map_err(unreadable)?;
            if format > FORMAT {
                return Err(newer(path, format));
            }
            outcome.map(Some).map_err(unreadable)
        }
    }
}

/// Whether document and journal belong to this stack and to each other.
fn check(paths: &Paths, head: &Head, journal: &Journal) -> Result<(), StoreError> {
    paths.check_stack(&paths.document, &head.stack)?;
    let Some(header) = &journal.header else {
        return Ok(());
    };
    let path = &paths.journal;
    paths.check_stack(path, &header.stack)?;
    if header.lineage != head.lineage {
        let (found, wanted) = (&header.lineage, &head.lineage);
        let what = format!("it belongs to a document of lineage {found}, not {wanted}");
        return Err(damaged(path, what));
    }
    if header.serial > head.serial {
        let what = format!(
            "it goes on from serial {}, but {} is at {}",
            header.serial,
            paths.document.display(),
            head.serial
        );
        return Err(damaged(path, what));
    }
    Ok(())
}

fn newer(path: &Path, found: u32) -> StoreError {
    StoreError::Newer { place: path.display().to_string(), found, known: FORMAT }
}

pub(super) fn damaged(path: &Path, what: String) -> StoreError {
    StoreError::Damaged { place: path.display().to_string(), what }
}
