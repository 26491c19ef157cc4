//! The time for which one holds the lock: everything handed over is written by one task, which also keeps the lock.

use std::iter;
use std::mem;
use std::pin::pin;
use std::sync::{Arc, OnceLock};

use futures::future::{Either, select};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::journal::Journal;
use super::lock::{Grip, Manners};
use super::text::{self, damaged};
use crate::state::store::{Durable, Holder, StoreError};
use crate::state::{Document, Transition};

type Outcome = Result<(), StoreError>;

/// Where work is handed over. Once it is dropped, what was handed over is written and the lock is given back.
#[derive(Debug)]
pub(super) struct Desk {
    queue: UnboundedSender<Command>,
    context: Context,
}

#[derive(Debug)]
enum Command {
    Append(Waiting),
    Whole { document: Box<Document>, purpose: Purpose, done: oneshot::Sender<Outcome> },
}

/// Why a document is written whole.
#[derive(Debug)]
enum Purpose {
    Create,
    Compact,
    Retire { to: String },
}

/// A transition that is not written yet.
#[derive(Debug)]
struct Waiting {
    transition: Transition,
    done: oneshot::Sender<Outcome>,
}

/// Takes the lock, and the head with it. The task that comes with the desk does the work.
///
/// Who has `gone` before gets neither: a lock that was taken by then is given back.
pub(super) async fn begin(
    context: &Context,
    holder: &Holder,
    manners: Manners,
    gone: &CancellationToken,
) -> Result<(Desk, impl Future<Output = ()> + Send + use<>), StoreError> {
    let grip = Grip::take(context, holder, manners, gone).await?;
    if gone.is_cancelled() {
        grip.release().await;
        return Err(StoreError::Locked(None));
    }
    let journal = match Journal::claim(context, &grip).await {
        Ok(journal) => journal,
        Err(error) => {
            grip.release().await;
            return Err(error);
        }
    };
    let (queue, commands) = unbounded_channel();
    let desk = Desk { queue, context: context.clone() };
    Ok((desk, serve(grip, journal, commands)))
}

async fn serve(mut grip: Grip, journal: Journal, commands: UnboundedReceiver<Command>) {
    let lost = Arc::new(OnceLock::new());
    let scribe =
        Scribe { taken: journal.head().serial, journal, failed: None, lost: Arc::clone(&lost) };
    let is_ours = {
        match select(pin!(scribe.serve(commands)), pin!(grip.keep())).await {
            Either::Left(((), _)) => true,
            Either::Right((error, serving)) => {
                drop(lost.set(error));
                serving.await;
                false
            }
        }
    };
    if is_ours {
        grip.release().await;
    }
}

impl Desk {
    pub(super) fn append(&self, transition: Transition) -> Durable {
        self.hand_over(|done| Command::Append(Waiting { transition, done }))
    }

    pub(super) fn create(&self, document: &Document) -> Durable {
        self.whole(document, Purpose::Create)
    }

    pub(super) fn compact(&self, document: &Document) -> Durable {
        self.whole(document, Purpose::Compact)
    }

    pub(super) fn retire(&self, document: &Document, to: &str) -> Durable {
        self.whole(document, Purpose::Retire { to: to.to_owned() })
    }

    fn whole(&self, document: &Document, purpose: Purpose) -> Durable {
        let document = Box::new(document.clone());
        self.hand_over(|done| Command::Whole { document, purpose, done })
    }

    fn hand_over(&self, command: impl FnOnce(oneshot::Sender<Outcome>) -> Command) -> Durable {
        let (done, outcome) = oneshot::channel();
        // A task that is gone shows below, where its answer is missing.
        drop(self.queue.send(command(done)));
        let context = self.context.clone();
        Box::pin(async move {
            outcome.await.unwrap_or_else(|_| {
                let source = std::io::Error::other("the task that writes has ended");
                Err(context.failed("write", super::lock::HEAD, source))
            })
        })
    }
}

/// Who writes.
#[derive(Debug)]
struct Scribe {
    journal: Journal,
    /// The last serial that was to be written.
    taken: u64,
    /// Why a transition could not be written. Nothing is acknowledged from then on.
    failed: Option<StoreError>,
    /// Set when the lock turns out to be somebody else's.
    lost: Arc<OnceLock<StoreError>>,
}

impl Scribe {
    async fn serve(mut self, mut commands: UnboundedReceiver<Command>) {
        // Nobody has to wait longer than it takes to write this many.
        const MOST: usize = 256;
        while let Some(first) = commands.recv().await {
            let rest = iter::from_fn(|| commands.try_recv().ok());
            let together: Vec<_> = iter::once(first).chain(rest.take(MOST)).collect();
            let mut batch = Vec::new();
            for command in together {
                match command {
                    Command::Append(waiting) => batch.push(waiting),
                    Command::Whole { document, purpose, done } => {
                        self.append(mem::take(&mut batch)).await;
                        answer(done, self.whole(&document, &purpose).await);
                    }
                }
            }
            self.append(batch).await;
        }
    }

    /// Writes transitions with one write, answers all.
    async fn append(&mut self, batch: Vec<Waiting>) {
        let (mut lines, mut waiting) = (Vec::new(), Vec::with_capacity(batch.len()));
        for Waiting { transition, done } in batch {
            match self.accept(&transition) {
                Ok(line) => {
                    lines.push(line);
                    waiting.push(done);
                }
                Err(error) => answer(done, Err(error)),
            }
        }
        if lines.is_empty() {
            return;
        }
        let outcome = self.journal.append(&lines).await;
        self.note(&outcome);
        if let Err(error) = &outcome {
            self.failed = Some(error.clone());
        }
        for done in waiting {
            answer(done, outcome.clone());
        }
    }

    /// The transition's line, if it follows on the last one.
    fn accept(&mut self, transition: &Transition) -> Result<text::Line, StoreError> {
        self.is_writer()?;
        self.is_created()?;
        let (expected, found) = (self.taken + 1, transition.serial);
        if found != expected {
            let what = format!("transition {found} comes where {expected} is next");
            return Err(damaged(&self.place(), what));
        }
        // Counted even when writing has failed before: a document that mends it has to have them all.
        self.taken = found;
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        text::line(transition).map_err(|error| {
            let source = std::io::Error::from(error);
            let place = self.place();
            let error = StoreError::Io { action: "write", place, source: Arc::new(source) };
            self.failed.insert(error).clone()
        })
    }

    async fn whole(&mut self, document: &Document, purpose: &Purpose) -> Outcome {
        self.is_writer()?;
        let outcome = match purpose {
            Purpose::Create => self.create(document).await,
            Purpose::Compact => self.compact(document).await,
            Purpose::Retire { to } => {
                self.follows(document)?;
                self.journal.retire(document, to).await
            }
        };
        self.note(&outcome);
        outcome
    }

    /// One who was fenced off tries nothing more: not even objects that no head would ever name.
    fn note(&self, outcome: &Outcome) {
        if let Err(error @ StoreError::TakenOver { .. }) = outcome {
            // The lock may have told already.
            drop(self.lost.set(error.clone()));
        }
    }

    async fn create(&mut self, document: &Document) -> Outcome {
        let head = self.journal.head();
        if document.stack != head.stack {
            let (found, wanted) = (document.stack.clone(), head.stack.clone());
            return Err(StoreError::OtherStack { place: self.place(), found, wanted });
        }
        if head.document.is_some() {
            return Err(StoreError::Exists { place: self.place() });
        }
        self.journal.whole(document).await?;
        self.taken = document.serial;
        Ok(())
    }

    async fn compact(&mut self, document: &Document) -> Outcome {
        let complete = self.follows(document)?;
        if let Some(error) = &self.failed
            && !complete
        {
            return Err(error.clone());
        }
        self.journal.whole(document).await?;
        if complete {
            (self.taken, self.failed) = (document.serial, None);
        }
        Ok(())
    }

    /// Whether the document has all that was handed over.
    fn follows(&self, document: &Document) -> Result<bool, StoreError> {
        self.is_created()?;
        let base = self.journal.head().document.as_ref();
        let Document { serial, lineage, .. } = document;
        if base.is_none_or(|base| *lineage != base.lineage || *serial < base.blob.serial) {
            let what = format!("it is not what serial {serial} of lineage {lineage} goes on from");
            return Err(damaged(&self.place(), what));
        }
        Ok(*serial >= self.taken)
    }

    fn is_created(&self) -> Outcome {
        match self.journal.head().document {
            Some(_) => Ok(()),
            None => Err(damaged(&self.place(), "it was not created".to_owned())),
        }
    }

    fn is_writer(&self) -> Outcome {
        self.lost.get().map_or(Ok(()), |error| Err(error.clone()))
    }

    fn place(&self) -> String {
        self.journal.place()
    }
}

/// Tells whoever waits, if somebody does.
fn answer(done: oneshot::Sender<Outcome>, outcome: Outcome) {
    drop(done.send(outcome));
}
