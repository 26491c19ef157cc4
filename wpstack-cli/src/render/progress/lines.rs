//! One line for each event that matters, for pipes and for what scrolls away above the live picture.

use std::time::Duration;

use wpstack_core::event::{Event, What};
use wpstack_core::time::between;

use super::board::{Board, Row};
use crate::render::duration::{exact, rough, stopwatch};
use crate::render::style::{ADD, CHANGE, ERROR, FAINT, HINT, PLACE, REMOVE, STRONG, paint, plain};

/// A step that usually takes less is announced only when it is done.
const WORTH_ANNOUNCING: Duration = Duration::from_secs(10);
/// No address needs more columns than this to keep the lines aligned.
const WIDEST: usize = 60;

/// The line of an event that the board has taken; `None` for one that says nothing new to a person.
pub(crate) fn line(board: &Board, event: &Event, verbose: bool) -> Option<String> {
    let mut text = match &event.what {
        What::Started { steps, .. } if steps.is_empty() => return None,
        What::Finished { .. } => return None,
        What::Started { stack, steps, expected_seconds } => {
            let expected = rough(Duration::from_secs(*expected_seconds));
            let steps = crate::render::style::count(steps.len(), "step");
            format!(
                "{}, {steps}, expected time {expected}",
                paint(STRONG, format!("Stack {}", plain(stack)))
            )
        }
        What::Interrupted => {
            format!("{} waiting for calls that are under way", paint(STRONG, "interrupted:"))
        }
        What::StepStarted { step }
        | What::StepExists { step, .. }
        | What::StepWaiting { step, .. }
        | What::StepRetrying { step, .. }
        | What::StepDone { step, .. }
        | What::StepFailed { step, .. }
        | What::StepSkipped { step, .. }
        | What::StepStopped { step } => {
            let row = board.step(*step)?;
            let said = said(board, row, event, verbose)?;
            format!("{}  {said}", subject(board, row, event))
        }
    };
    text.push('\n');
    Some(text)
}

/// The time, the verb and the address, in columns.
fn subject(board: &Board, row: &Row, event: &Event) -> String {
    let longest = board.steps.iter().map(|row| row.outline.object.to_string().chars().count());
    let width = longest.max().unwrap_or(0).min(WIDEST);
    let clock = paint(FAINT, stopwatch(board.elapsed(event.at)));
    let verb = paint(verb_style(&row.outline.verb), format!("{:<6}", plain(&row.outline.verb)));
    let object = row.outline.object.to_string();
    format!("{clock}  {verb}  {}", paint(PLACE, format!("{object:<width$}")))
}

/// The colour of a verb.
pub(super) fn verb_style(verb: &str) -> anstyle::Style {
    match verb {
        "create" => ADD,
        "delete" => REMOVE,
        _ => CHANGE,
    }
}

fn said(board: &Board, row: &Row, event: &Event, verbose: bool) -> Option<String> {
    let said = match &event.what {
        What::StepStarted { .. } if verbose || row.expected() >= WORTH_ANNOUNCING => {
            format!("begun, usually takes {}", rough(row.expected()))
        }
        What::StepExists { id, .. } if verbose => format!("exists as {}", plain(id)),
        What::StepWaiting { phase, .. } => plain(phase),
        What::StepRetrying { attempt, pause_ms, error, .. } => {
            let pause = exact(Duration::from_millis(*pause_ms));
            paint(CHANGE, format!("repeat {attempt} in {pause}")) + &format!(": {}", plain(error))
        }
        What::StepDone { .. } => done(row, event),
        What::StepFailed { error, hint, .. } => {
            let hint_label = paint(HINT, "hint:");
            let (error, hint) = (plain(error), plain(hint));
            format!("{}: {error}\n       {hint_label} {hint}", paint(ERROR, "failed"))
        }
        What::StepSkipped { because, .. } => {
            let cause = board.step(*because).map(|row| row.outline.object.to_string());
            format!("not begun, because {} failed", cause.unwrap_or_default())
        }
        What::StepStopped { .. } => "left as it is; the next run goes on from there".to_owned(),
        What::Started { .. }
        | What::StepStarted { .. }
        | What::StepExists { .. }
        | What::Interrupted
        | What::Finished { .. } => return None,
    };
    Some(said)
}

fn done(row: &Row, event: &Event) -> String {
    let took = exact(between(row.started, event.at));
    let done = match row.outline.verb.as_str() {
        "create" => "created",
        "delete" => "deleted",
        "update" => "updated",
        _ => "finished",
    };
    match &row.id {
        Some(id) => format!("{done} in {took}  {}", paint(FAINT, plain(id))),
        None => format!("{done} in {took}"),
    }
}
