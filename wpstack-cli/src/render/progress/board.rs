//! How far a run is: a fold over its events.

use std::time::Duration;

use jiff::Timestamp;
use wpstack_core::event::{Event, StepOutline, What};
use wpstack_core::time::between;

/// Everything the events so far have told.
#[derive(Debug, Default)]
pub(crate) struct Board {
    /// When the run began.
    pub(crate) began: Timestamp,
    /// When the last event was.
    pub(crate) last: Timestamp,
    /// All steps, by their number.
    pub(crate) steps: Vec<Row>,
    /// Whether somebody asked the run to stop.
    pub(crate) interrupted: bool,
    /// How long the run was to take.
    expected: Duration,
}

/// A step, as far as it is.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) outline: StepOutline,
    pub(crate) phase: Phase,
    /// When it was begun.
    pub(crate) started: Timestamp,
    /// What AWS calls the object.
    pub(crate) id: Option<String>,
    /// What it is doing just now.
    pub(crate) note: String,
    /// How often a call of it was repeated.
    pub(crate) repeats: u32,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Waiting,
    Running,
    Done,
    Failed,
    Skipped,
    Stopped,
}

impl Board {
    /// Enters an event.
    pub(crate) fn take(&mut self, event: &Event) {
        self.last = event.at;
        match &event.what {
            What::Started { steps, expected_seconds, .. } => {
                self.began = event.at;
                self.expected = Duration::from_secs(*expected_seconds);
                self.steps = steps.iter().map(|outline| Row::new(outline, event.at)).collect();
            }
            What::StepStarted { step } => self.enter(*step, |row| {
                row.phase = Phase::Running;
                row.started = event.at;
            }),
            What::StepExists { step, id } => self.enter(*step, |row| {
                row.id = Some(id.clone());
                row.note.clear();
            }),
            What::StepWaiting { step, phase } => {
                self.enter(*step, |row| row.note.clone_from(phase));
            }
            What::StepRetrying { step, attempt, error, .. } => self.enter(*step, |row| {
                row.repeats += 1;
                row.note = format!("repeat {attempt}: {error}");
            }),
            What::StepDone { step, id } => self.enter(*step, |row| {
                row.phase = Phase::Done;
                row.id = id.clone().or(row.id.take());
            }),
            What::StepFailed { step, .. } => self.enter(*step, |row| row.phase = Phase::Failed),
            What::StepSkipped { step, .. } => self.enter(*step, |row| row.phase = Phase::Skipped),
            What::StepStopped { step } => self.enter(*step, |row| row.phase = Phase::Stopped),
            What::Interrupted => self.interrupted = true,
            What::Finished { .. } => {}
        }
    }

    fn enter(&mut self, step: usize, change: impl FnOnce(&mut Row)) {
        if let Some(row) = self.steps.get_mut(step) {
            change(row);
        }
    }

    /// The step of that number.
    pub(crate) fn step(&self, step: usize) -> Option<&Row> {
        self.steps.get(step)
    }

    /// How many steps are in the phase.
    pub(crate) fn count(&self, phase: Phase) -> usize {
        self.steps.iter().filter(|row| row.phase == phase).count()
    }

    /// The steps that run, the one that began first on top.
    pub(crate) fn running(&self) -> Vec<&Row> {
        let mut rows: Vec<_> =
            self.steps.iter().filter(|row| row.phase == Phase::Running).collect();
        rows.sort_by_key(|row| row.started);
        rows
    }

    /// Since when the run goes, at `now`.
    pub(crate) fn elapsed(&self, now: Timestamp) -> Duration {
        between(self.began, now)
    }

    /// How long the run still takes, by what its steps usually take.
    ///
    /// The outline does not say which steps wait only for an object to exist, so the longest way through what remains
    /// is measured against the longest way through everything, and the run's own estimate is scaled by it.
    pub(crate) fn left(&self, now: Timestamp) -> Duration {
        let whole = self.longest(|row| row.expected());
        let rest = self.longest(|row| row.rest(now));
        if whole.is_zero() {
            return Duration::ZERO;
        }
        self.expected.mul_f64((rest.as_secs_f64() / whole.as_secs_f64()).min(1.0))
    }

    /// The longest way through the steps, each taking what `weight` says.
    fn longest(&self, weight: impl Fn(&Row) -> Duration) -> Duration {
        let mut ends: Vec<Option<Duration>> = vec![None; self.steps.len()];
        let mut open: Vec<usize> = (0..self.steps.len()).collect();
        while let Some(&step) = open.last() {
            let needs = self.steps[step].outline.needs.iter().filter(|&&need| need < ends.len());
            // A step comes after what it waits for; nothing waits in a circle, for the run was checked for that.
            if let Some(&need) = needs.clone().find(|&&need| ends[need].is_none() && need != step) {
                if open.len() > 2 * self.steps.len() {
                    return Duration::ZERO;
                }
                open.push(need);
                continue;
            }
            let begin = needs.filter_map(|&need| ends[need]).max().unwrap_or_default();
            ends[step] = Some(begin.saturating_add(weight(&self.steps[step])));
            open.pop();
        }
        ends.into_iter().flatten().max().unwrap_or_default()
    }
}

impl Row {
    fn new(outline: &StepOutline, at: Timestamp) -> Self {
        Self {
            outline: outline.clone(),
            phase: Phase::Waiting,
            started: at,
            id: None,
            note: String::new(),
            repeats: 0,
        }
    }

    /// How long the step usually takes.
    pub(crate) fn expected(&self) -> Duration {
        Duration::from_secs(self.outline.expected_seconds)
    }

    /// How long it has been running, at `now`.
    pub(crate) fn elapsed(&self, now: Timestamp) -> Duration {
        between(self.started, now)
    }

    fn rest(&self, now: Timestamp) -> Duration {
        match self.phase {
            Phase::Waiting => self.expected(),
            Phase::Running => self.expected().saturating_sub(self.elapsed(now)),
            Phase::Done | Phase::Failed | Phase::Skipped | Phase::Stopped => Duration::ZERO,
        }
    }
}
