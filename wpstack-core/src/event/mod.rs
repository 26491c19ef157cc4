//! What happens during a run, as one ordered stream. Text, JSON lines and recordings are folds over it.

mod read;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::address::ObjectId;
use crate::apply::Summary;
use crate::failure::ErrorKind;
use crate::time::Clock;

pub use read::{ReadError, Recording, read};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counts the events of the run, from 0.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened.
///
/// The first event of a run is [`What::Started`], the last is [`What::Finished`]; both come exactly once. A step has
/// at most one of [`What::StepDone`], [`What::StepFailed`], [`What::StepSkipped`] and [`What::StepStopped`], and
/// nothing after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum What {
    /// The run began.
    Started {
        /// The stack.
        stack: String,
        /// All steps, by their number.
        steps: Vec<StepOutline>,
        /// How long it usually takes, in seconds.
        expected_seconds: u64,
    },
    /// A step began.
    StepStarted {
        /// Its number.
        step: usize,
    },
    /// The step's object exists and its id is on disk.
    StepExists {
        /// Its number.
        step: usize,
        /// What AWS calls the object.
        id: String,
    },
    /// AWS is still at work on the step's object.
    StepWaiting {
        /// Its number.
        step: usize,
        /// AWS's word for what it does.
        phase: String,
    },
    /// A call failed in a way that passes; it will be repeated.
    StepRetrying {
        /// Its number.
        step: usize,
        /// Counts the repeats of this call, from 1.
        attempt: u32,
        /// The pause before it, in milliseconds.
        pause_ms: u64,
        /// What to make of the failure.
        kind: ErrorKind,
        /// What failed.
        error: String,
    },
    /// The step is done.
    StepDone {
        /// Its number.
        step: usize,
        /// What AWS calls the object.
        id: Option<String>,
    },
    /// The step failed.
    StepFailed {
        /// Its number.
        step: usize,
        /// What failed.
        error: String,
        /// What to do about it.
        hint: String,
    },
    /// The step was not begun, because a step it waits for failed.
    StepSkipped {
        /// Its number.
        step: usize,
        /// The step that failed.
        because: usize,
    },
    /// The step was begun and interrupted. What it did is on disk, and the next run goes on from there.
    StepStopped {
        /// Its number.
        step: usize,
    },
    /// Somebody asked the run to stop. Nothing new is begun; running calls are let return.
    Interrupted,
    /// The run ended.
    Finished {
        /// What came of it.
        summary: Summary,
    },
}

/// A step as announced at the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOutline {
    /// The object.
    pub object: ObjectId,
    /// `create`, `update`, `resume` or `delete`.
    pub verb: String,
    /// How long it usually takes, in seconds.
    pub expected_seconds: u64,
    /// The numbers of the steps it waits for.
    pub needs: Vec<usize>,
}

/// Where a run's events go. Clones feed the same stream.
#[derive(Clone)]
pub struct Events(Arc<Mutex<Stream>>);

struct Stream {
    next: u64,
    sink: Box<dyn FnMut(&Event) + Send>,
}

impl Events {
    /// Events that are handed to `sink`, in order, as they happen. It should not block.
    #[must_use]
    pub fn to(sink: impl FnMut(&Event) + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Stream { next: 0, sink: Box::new(sink) })))
    }

    /// Events that nobody listens to.
    #[must_use]
    pub fn ignored() -> Self {
        Self::to(|_| {})
    }

    /// Events into a channel, for a listener in another task.
    #[must_use]
    pub fn channel() -> (Self, tokio::sync::mpsc::UnboundedReceiver<Event>) {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        // A listener that went away does not stop the run.
        let sink = move |event: &Event| drop(sender.send(event.clone()));
        (Self::to(sink), receiver)
    }

    pub(crate) fn emit(&self, clock: &dyn Clock, what: What) {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let event = Event { seq: stream.next, at: clock.now(), what };
        stream.next += 1;
        (stream.sink)(&event);
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}

pub(crate) fn seconds(duration: Duration) -> u64 {
    duration.as_secs_f64().round() as u64
}
