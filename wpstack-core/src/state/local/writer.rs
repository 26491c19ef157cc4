//! The one thread that writes. It takes everything that waits, writes it at once, and syncs once for all of it.

use std::fs::File;
use std::iter;
use std::mem;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use super::Paths;
use super::disk::{Disk, private, replace};
use super::frame::{Header, Journal, header_line, push_line};
use super::read::{self, Head, damaged};
use super::seal::seal;
use crate::state::store::{Durable, StoreError};
use crate::state::{Document, FORMAT, Transition};

type Outcome = Result<(), StoreError>;

/// A handle on the thread. Dropping it waits until everything handed over is written.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` only while dropping.
    queue: Option<Sender<Command>>,
    thread: Option<JoinHandle<()>>,
    paths: Arc<Paths>,
}

#[derive(Debug)]
enum Command {
    Append(Waiting),
    Whole { whole: Whole, first: bool, done: oneshot::Sender<Outcome> },
}

/// A transition that is not on disk yet.
#[derive(Debug)]
struct Waiting {
    transition: Transition,
    done: oneshot::Sender<Outcome>,
}

/// A document to be written whole.
#[derive(Debug)]
struct Whole {
    head: Head,
    text: Vec<u8>,
}

impl Writer {
    pub(super) fn start(paths: Arc<Paths>, disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        let (queue, commands) = mpsc::channel();
        let thread_paths = Arc::clone(&paths);
        let thread = thread::Builder::new()
            .name("wpstack-journal".to_owned())
            .spawn(move || Scribe::new(thread_paths, disk).serve(&commands))
            .map_err(|source| Paths::failed("start a thread to write", &paths.journal, source))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), paths })
    }

    pub(super) fn append(&self, transition: Transition) -> Durable {
        self.hand_over(|done| Command::Append(Waiting { transition, done }))
    }

    pub(super) fn create(&self, document: &Document) -> Durable {
        self.whole(document, true)
    }

    pub(super) fn compact(&self, document: &Document) -> Durable {
        self.whole(document, false)
    }

    fn whole(&self, document: &Document, first: bool) -> Durable {
        match serde_json::to_string_pretty(document) {
            Ok(text) => {
                let text = seal(&(text + "\n")).into_bytes();
                let whole = Whole { head: Head::from(document), text };
                self.hand_over(|done| Command::Whole { whole, first, done })
            }
            Err(error) => {
                let error = Paths::failed("write", &self.paths.document, error.into());
                Box::pin(std::future::ready(Err(error)))
            }
        }
    }

    fn hand_over(&self, command: impl FnOnce(oneshot::Sender<Outcome>) -> Command) -> Durable {
        let (done, outcome) = oneshot::channel();
        if let Some(queue) = &self.queue {
            // A thread that is gone shows below, where its answer is missing.
            drop(queue.send(command(done)));
        }
        let paths = Arc::clone(&self.paths);
        Box::pin(async move {
            outcome.await.unwrap_or_else(|_| {
                let source = std::io::Error::other("the thread that writes has ended");
                Err(Paths::failed("write", &paths.journal, source))
            })
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Who writes.
struct Scribe {
    paths: Arc<Paths>,
    disk: Arc<dyn Disk>,
    /// What is on disk, once it was looked at.
    opened: Option<Opened>,
    /// Why a transition could not be written. Nothing is acknowledged from then on.
    failed: Option<StoreError>,
}

/// Document and journal, ready for more.
struct Opened {
    file: File,
    stack: String,
    lineage: String,
    /// The serial of the document.
    document: u64,
    /// The serial up to which everything is on disk.
    synced: u64,
    /// The last serial that was to be written.
    taken: u64,
}

impl Scribe {
    fn new(paths: Arc<Paths>, disk: Arc<dyn Disk>) -> Self {
        Self { paths, disk, opened: None, failed: None }
    }

    fn serve(mut self, commands: &Receiver<Command>) {
        // Nobody has to wait longer than it takes to write this many.
        const MOST: usize = 4096;
        while let Ok(first) = commands.recv() {
            let mut batch = Vec::new();
            for command in iter::once(first).chain(commands.try_iter()).take(MOST) {
                match command {
                    Command::Append(waiting) => batch.push(waiting),
                    Command::Whole { whole, first, done } => {
                        self.append(mem::take(&mut batch));
                        let outcome = if first { self.create(whole) } else { self.compact(&whole) };
                        answer(done, outcome);
                    }
                }
            }
            self.append(batch);
        }
    }

    /// Writes transitions, syncs once, answers all.
    fn append(&mut self, batch: Vec<Waiting>) {
        if batch.is_empty() {
            return;
        }
        let (mut lines, mut written) = (Vec::new(), Vec::with_capacity(batch.len()));
        for Waiting { transition, done } in batch {
            match self.accept(&transition, &mut lines) {
                Ok(()) => written.push(done),
                Err(error) => answer(done, Err(error)),
            }
        }
        if written.is_empty() {
            return;
        }
        let outcome = self.write(&lines);
        for done in written {
            answer(done, outcome.clone());
        }
    }

    /// Adds the transition's line, if it follows on the last one.
    fn accept(&mut self, transition: &Transition, lines: &mut Vec<u8>) -> Outcome {
        let opened = self.opened()?;
        let (expected, found, synced) = (opened.taken + 1, transition.serial, opened.synced);
        if found == expected {
            // Counted even when writing has failed before: a document that mends it has to have them all.
            opened.taken = found;
        }
        let path = &self.paths.journal;
        if found != expected {
            let what = format!("transition {found} comes where {expected} is next");
            return Err(damaged(path, what));
        }
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        push_line(lines, synced, transition).map_err(|error| {
            let error = Paths::failed("write", path, error.into());
            self.failed.insert(error).clone()
        })
    }

    fn write(&mut self, lines: &[u8]) -> Outcome {
        let Some(opened) = &mut self.opened else {
            return Ok(());
        };
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let written = self.disk.write(&mut opened.file, lines);
        match written.and_then(|()| self.disk.sync(&opened.file)) {
            Ok(()) => {
                opened.synced = opened.taken;
                Ok(())
            }
            Err(source) => {
                let error = Paths::failed("write", &self.paths.journal, source);
                Err(self.failed.insert(error).clone())
            }
        }
    }

    fn create(&mut self, whole: Whole) -> Outcome {
        self.paths.check_stack(&self.paths.document, &whole.head.stack)?;
        if read::head(&self.paths)?.is_some() {
            let place = self.paths.document.display().to_string();
            return Err(StoreError::Exists { place });
        }
        // The journal first: a document beside the journal of an earlier one could not be read.
        let file = self.start_journal(&whole.head)?;
        self.write_document(&whole.text)?;
        self.opened = Some(Opened::after(whole.head, file));
        Ok(())
    }

    fn compact(&mut self, whole: &Whole) -> Outcome {
        let opened = self.opened()?;
        let Head { stack, lineage, serial, .. } = &whole.head;
        if (stack, lineage) != (&opened.stack, &opened.lineage) || *serial < opened.document {
            let what = format!("it is not what serial {serial} of lineage {lineage} goes on from");
            return Err(damaged(&self.paths.document, what));
        }
        let complete = *serial >= opened.taken;
        if let Some(error) = &self.failed
            && !complete
        {
            return Err(error.clone());
        }
        self.write_document(&whole.text)?;
        if let Some(opened) = &mut self.opened {
            opened.document = *serial;
        }
        if complete {
            let file = self.start_journal(&whole.head).map_err(|error| {
                // Which of the two journals a crash would leave is not known: neither can be relied on.
                self.failed.insert(error).clone()
            })?;
            self.opened = Some(Opened::after(whole.head.clone(), file));
            self.failed = None;
        }
        Ok(())
    }

    fn opened(&mut self) -> Result<&mut Opened, StoreError> {
        let opened = match self.opened.take() {
            Some(opened) => opened,
            None => self.open()?,
        };
        Ok(self.opened.insert(opened))
    }

    /// Looks at what is on disk and makes the journal ready for more.
    fn open(&self) -> Result<Opened, StoreError> {
        let Some((head, journal)) = read::head(&self.paths)? else {
            return Err(damaged(&self.paths.document, "it was not created".to_owned()));
        };
        match journal.serial() {
            Some(serial) if serial >= head.serial => {
                let file = self.resume(&journal)?;
                let document = head.serial;
                Ok(Opened { document, ..Opened::after(Head { serial, ..head }, file) })
            }
            // The document has more: a crash came before its journal was begun.
            Some(_) | None => {
                let file = self.start_journal(&head)?;
                Ok(Opened::after(head, file))
            }
        }
    }

    /// Opens the journal behind its last whole line.
    fn resume(&self, journal: &Journal) -> Result<File, StoreError> {
        let failed = |source| Paths::failed("write", &self.paths.journal, source);
        let file = private().append(true).open(&self.paths.journal).map_err(failed)?;
        let length = journal.length as u64;
        if file.metadata().map_err(failed)?.len() != length {
            self.disk.cut(&file, length).map_err(failed)?;
        }
        // What a crashed process wrote and never synced is about to be built on.
        self.disk.sync(&file).map_err(failed)?;
        Ok(file)
    }

    fn start_journal(&self, head: &Head) -> Result<File, StoreError> {
        let failed = |source| Paths::failed("write", &self.paths.journal, source);
        let Head { stack, lineage, serial, .. } = head.clone();
        let line = header_line(&Header { format: FORMAT, stack, lineage, serial });
        replace(self.disk.as_ref(), &self.paths.journal, &line.map_err(|e| failed(e.into()))?)
            .map_err(failed)
    }

    fn write_document(&self, text: &[u8]) -> Outcome {
        let path = &self.paths.document;
        let failed = |source| Paths::failed("write", path, source);
        replace(self.disk.as_ref(), path, text).map(drop).map_err(failed)
    }
}

impl Opened {
    /// What is on disk when a document is, with nothing after it.
    fn after(Head { stack, lineage, serial, .. }: Head, file: File) -> Self {
        Self { file, stack, lineage, document: serial, synced: serial, taken: serial }
    }
}

/// Tells whoever waits, if somebody does.
fn answer(done: oneshot::Sender<Outcome>, outcome: Outcome) {
    drop(done.send(outcome));
}
