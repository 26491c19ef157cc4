//! Reading the state: the head, and everything that it consists of. Takes no lock.

use futures::future::try_join_all;

use super::context::Context;
use super::journal::read;
use super::object::{ETag, Object};
use super::text::{self, Blob, Head, damaged, digest};
use crate::failure::Chain;
use crate::state::store::StoreError;
use crate::state::{Document, Transition};

/// The document, with everything that happened since it was written.
pub(super) async fn load(context: &Context) -> Result<Option<Document>, StoreError> {
    let mut before: Option<ETag> = None;
    loop {
        let Some((head, etag)) = read(context).await? else {
            return Ok(None);
        };
        match assemble(context, &head).await? {
            Assembled::Whole(document) => return Ok(document.map(|document| *document)),
            Assembled::Lacks(key) if before.as_ref() == Some(&etag) => {
                return Err(damaged(&context.place(&key), "it is missing".to_owned()));
            }
            // Somebody wrote the document whole meanwhile: the head is another now.
            Assembled::Lacks(_) => before = Some(etag),
        }
    }
}

enum Assembled {
    Whole(Option<Box<Document>>),
    /// An object is not there.
    Lacks(String),
}

async fn assemble(context: &Context, head: &Head) -> Result<Assembled, StoreError> {
    let Some(base) = &head.document else {
        return match &head.moved {
            Some(to) => Err(StoreError::Moved { place: context.objects.place(), to: to.clone() }),
            None => Ok(Assembled::Whole(None)),
        };
    };
    let blobs = std::iter::once(&base.blob).chain(&head.segments);
    let found = try_join_all(blobs.map(|blob| whole(context, blob))).await?;
    let mut texts = Vec::with_capacity(found.len());
    for found in found {
        match found {
            Ok(text) => texts.push(text),
            Err(key) => return Ok(Assembled::Lacks(key)),
        }
    }
    let place = context.place(&base.blob.key);
    let mut document: Document = text::document(&place, &texts[0])?;
    if document.serial != base.blob.serial || document.lineage != base.lineage {
        return Err(damaged(&place, "it is another one than the head says".to_owned()));
    }
    for (blob, text) in head.segments.iter().zip(&texts[1..]) {
        let place = context.place(&blob.key);
        take(&place, &mut document, &text::transitions(&place, text)?)?;
    }
    let tail: Vec<u8> = head.tail.iter().flat_map(|line| &line.text).copied().collect();
    let place = context.place(super::lock::HEAD);
    take(&place, &mut document, &text::transitions(&place, &tail)?)?;
    if document.serial != head.serial {
        let what = format!("it says {}, but goes to {}", head.serial, document.serial);
        return Err(damaged(&place, what));
    }
    Ok(Assembled::Whole(Some(Box::new(document))))
}

/// The object's content, or the name of one that is not there.
async fn whole(context: &Context, blob: &Blob) -> Result<Result<Vec<u8>, String>, StoreError> {
    let Some(Object { body, .. }) = context.get(&blob.key).await? else {
        return Ok(Err(blob.key.clone()));
    };
    if digest(&body) != blob.sha256 {
        let what = "it is not as it was written".to_owned();
        return Err(damaged(&context.place(&blob.key), what));
    }
    Ok(Ok(body))
}

fn take(
    place: &str,
    document: &mut Document,
    transitions: &[Transition],
) -> Result<(), StoreError> {
    for transition in transitions {
        if transition.serial > document.serial {
            document.take(transition).map_err(|error| damaged(place, Chain(&error).to_string()))?;
        }
    }
    Ok(())
}
