//! The head and what hangs on it, as its one writer sees them.
//!
//! The head is the one object that decides. It is only ever replaced under the condition that it is still the one that
//! was read, and whoever takes the lock replaces it first: from then on the condition of every earlier writer fails,
//! at the object store itself, however late their writes arrive.

use futures::future::join_all;

use super::context::Context;
use super::lock::{Grip, HEAD, taken_over};
use super::object::{Condition, ETag, Object, ObjectError};
use super::text::{Base, Blob, Head, Line, damaged, digest};
use crate::state::Document;
use crate::state::store::StoreError;

pub(super) const DOCUMENTS: &str = "document/";
pub(super) const SEGMENTS: &str = "journal/";
pub(super) const RETIRED: &str = "retired/";

/// The head, held by its one writer.
#[derive(Debug)]
pub(super) struct Journal {
    context: Context,
    epoch: u64,
    token: String,
    /// The head as it is, unless one of the doubts is.
    head: Head,
    etag: ETag,
    /// Heads that were to be written, of which it is not known whether they were.
    doubts: Vec<Head>,
    /// Whether what earlier writers left behind was looked for.
    swept: bool,
}

impl Journal {
    /// Replaces the head, so that nobody else can any more.
    pub(super) async fn claim(context: &Context, grip: &Grip) -> Result<Self, StoreError> {
        let (epoch, token) = (grip.epoch(), grip.token().to_owned());
        let mut patience = context.patience("write", HEAD);
        loop {
            let (before, condition) = match read(context).await? {
                None => (Head::empty(&context.stack), Condition::Absent),
                // Its answer was lost.
                Some((head, etag)) if head.token == token => {
                    return Ok(Self::over(context, epoch, token, head, etag));
                }
                Some((head, _)) if head.epoch >= epoch => {
                    return Err(taken_over(context, &token).await);
                }
                Some((head, etag)) => (head, Condition::Matches(etag)),
            };
            let head = Head { epoch, token: token.clone(), write: context.nonce(), ..before };
            match put(context, &head, &condition).await {
                Ok(etag) => return Ok(Self::over(context, epoch, token, head, etag)),
                // The writer before still wrote. What it wrote is there, and is read now.
                Err(ObjectError::Conflict) => {}
                Err(error) => patience.after(error).await?,
            }
        }
    }

    fn over(context: &Context, epoch: u64, token: String, head: Head, etag: ETag) -> Self {
        let (context, doubts) = (context.clone(), Vec::new());
        Self { context, epoch, token, head, etag, doubts, swept: false }
    }

    /// Where the state is, for people.
    pub(super) fn place(&self) -> String {
        self.context.objects.place()
    }

    /// The head, as last known.
    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// Adds lines, all with one write; now and then a second one moves older lines out of the head.
    pub(super) async fn append(&mut self, lines: &[Line]) -> Result<(), StoreError> {
        self.settle().await?;
        let segment = match self.head.tail.last() {
            Some(last) if self.head.weight() > self.context.room => {
                let text: Vec<u8> =
                    self.head.tail.iter().flat_map(|line| &line.text).copied().collect();
                Some(self.blob(SEGMENTS, &text, last.serial).await?)
            }
            _ => None,
        };
        self.replace(|head| {
            let mut next = head.clone();
            if let Some(segment) = segment.clone() {
                next.segments.push(segment);
                next.tail.clear();
            }
            next.tail.extend_from_slice(lines);
            next.serial = lines.last().map_or(next.serial, |line| line.serial);
            next
        })
        .await
    }

    /// Writes a document whole, and forgets the transitions that it has.
    pub(super) async fn whole(&mut self, document: &Document) -> Result<(), StoreError> {
        let text = json(&self.context, document)?;
        let blob = self.blob(DOCUMENTS, &text, document.serial).await?;
        let base = Base { lineage: document.lineage.clone(), blob };
        self.settle().await?;
        let before: Vec<_> = self.head.blobs().map(str::to_owned).collect();
        self.replace(|head| {
            let mut next = Head { document: Some(base.clone()), moved: None, ..head.clone() };
            next.segments.retain(|segment| segment.serial > document.serial);
            next.tail.retain(|line| line.serial > document.serial);
            next.serial = next.serial.max(document.serial);
            next
        })
        .await?;
        self.forget(before).await;
        Ok(())
    }

    /// Leaves a note where the state went, and a copy of its document.
    pub(super) async fn retire(&mut self, document: &Document, to: &str) -> Result<(), StoreError> {
        let text = json(&self.context, document)?;
        self.blob(RETIRED, &text, document.serial).await?;
        self.settle().await?;
        let before: Vec<_> = self.head.blobs().map(str::to_owned).collect();
        self.replace(|head| Head {
            document: None,
            segments: Vec::new(),
            tail: Vec::new(),
            serial: 0,
            moved: Some(to.to_owned()),
            ..head.clone()
        })
        .await?;
        self.forget(before).await;
        Ok(())
    }

    async fn blob(&self, kind: &str, text: &[u8], serial: u64) -> Result<Blob, StoreError> {
        let key = format!("{kind}{:08}-{}", self.epoch, self.context.nonce());
        self.context.put_new(&key, text).await?;
        Ok(Blob { key, serial, sha256: digest(text) })
    }

    /// Replaces the head by what `change` makes of it. The write may be repeated, for it can only succeed once.
    async fn replace(&mut self, change: impl Fn(&Head) -> Head) -> Result<(), StoreError> {
        let context = self.context.clone();
        let mut patience = context.patience("write", HEAD);
        let mut next = Head { write: context.nonce(), ..change(&self.head) };
        loop {
            let condition = Condition::Matches(self.etag.clone());
            let error = match put(&context, &next, &condition).await {
                Ok(etag) => {
                    self.adopt(next, etag);
                    return Ok(());
                }
                Err(error) => error,
            };
            if !matches!(error, ObjectError::Refused(_)) {
                self.doubts.retain(|doubt| doubt.write != next.write);
                self.doubts.push(next.clone());
                match self.find().await? {
                    Found::Same => {}
                    Found::Doubt { write } if write == next.write => return Ok(()),
                    // An earlier write of ours has arrived late.
                    Found::Doubt { .. } => {
                        next = Head { write: context.nonce(), ..change(&self.head) };
                    }
                }
            }
            patience.after(error).await?;
        }
    }

    /// Finds out which of the heads in doubt is there.
    async fn settle(&mut self) -> Result<(), StoreError> {
        if !self.doubts.is_empty() {
            self.find().await?;
        }
        Ok(())
    }

    async fn find(&mut self) -> Result<Found, StoreError> {
        let Some(Object { body, etag }) = self.context.get(HEAD).await? else {
            return Err(damaged(&self.context.place(HEAD), "somebody removed it".to_owned()));
        };
        if etag == self.etag {
            return Ok(Found::Same);
        }
        let found = Head::parse(&self.context.place(HEAD), &body)?;
        match self.doubts.iter().find(|doubt| doubt.write == found.write) {
            Some(doubt) => {
                let (head, write) = (doubt.clone(), found.write);
                self.adopt(head, etag);
                Ok(Found::Doubt { write })
            }
            None => Err(taken_over(&self.context, &self.token).await),
        }
    }

    /// What is there now. Whatever else was under way had the condition that another head is there.
    fn adopt(&mut self, head: Head, etag: ETag) {
        (self.head, self.etag) = (head, etag);
        self.doubts.clear();
    }

    /// Deletes what the head consisted of and does no more, and, once, what earlier writers left behind.
    ///
    /// Only names with an epoch up to ours are touched: one who takes over meanwhile gives later ones. What cannot be
    /// deleted now will be by the next writer.
    async fn forget(&mut self, mut keys: Vec<String>) {
        if !self.swept {
            self.swept = true;
            for kind in [DOCUMENTS, SEGMENTS] {
                let listed = self.context.list_once(kind).await.unwrap_or_default();
                keys.extend(listed.into_iter().filter(|key| self.is_earlier(kind, key)));
            }
        }
        keys.retain(|key| !self.head.blobs().any(|blob| blob == key));
        keys.sort_unstable();
        keys.dedup();
        let deletions = keys.iter().map(|key| self.context.delete_once(key));
        drop(join_all(deletions).await);
    }

    fn is_earlier(&self, kind: &str, key: &str) -> bool {
        let epoch = key.strip_prefix(kind).and_then(|name| name.split('-').next()?.parse().ok());
        epoch.is_some_and(|epoch: u64| epoch < self.epoch)
    }
}

/// Which head was found.
#[derive(Debug)]
enum Found {
    /// The one that was known.
    Same,
    /// One that was in doubt, and is known now.
    Doubt {
        /// Which.
        write: String,
    },
}

/// The head that is there.
pub(super) async fn read(context: &Context) -> Result<Option<(Head, ETag)>, StoreError> {
    let Some(Object { body, etag }) = context.get(HEAD).await? else {
        return Ok(None);
    };
    let place = context.place(HEAD);
    let head = Head::parse(&place, &body)?;
    if *head.stack != *context.stack {
        let (found, wanted) = (head.stack, context.stack.to_string());
        return Err(StoreError::OtherStack { place, found, wanted });
    }
    Ok(Some((head, etag)))
}

async fn put(context: &Context, head: &Head, condition: &Condition) -> Result<ETag, ObjectError> {
    let text = head.text().map_err(|error| ObjectError::Refused(error.into()))?;
    context.put_once(HEAD, &text, condition).await
}

fn json(context: &Context, document: &Document) -> Result<Vec<u8>, StoreError> {
    let mut text = serde_json::to_vec_pretty(document)
        .map_err(|error| context.failed("write", DOCUMENTS, error.into()))?;
    text.push(b'\n');
    Ok(text)
}
