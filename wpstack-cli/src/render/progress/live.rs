//! The live picture: what runs just now, how far it is, and how long everything still takes.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

use super::board::{Board, Phase, Row};
use super::lines::verb_style;
use crate::render::duration::{rough, whole};
use crate::render::style::{ERROR, FAINT, PLACE, STRONG, WARNING, fit, paint};

const BAR: usize = 12;
/// Columns of a verb, of a bar and of times, with the gaps between.
const FIXED: usize = 6 + 2 + 2 + BAR + 2 + 20;

/// The picture at `now`, as lines that are no wider than `width`, and no more of them than `height`.
pub(crate) fn frame(board: &Board, now: Timestamp, width: usize, height: usize) -> Vec<String> {
    let running = board.running();
    let room = height.saturating_sub(2).max(1);
    let shown = if running.len() > room { room - 1 } else { running.len() };
    let longest = running.iter().map(|row| row.outline.object.to_string().chars().count());
    let column = longest.max().unwrap_or(0).min(width.saturating_sub(FIXED).max(12));
    let mut lines: Vec<_> =
        running.iter().take(shown).map(|row| work(row, now, column, width)).collect();
    if running.len() > shown {
        lines.push(paint(FAINT, format!("… and {} more", running.len() - shown)));
    }
    lines.push(status(board, now, width));
    lines
}

fn work(row: &Row, now: Timestamp, column: usize, width: usize) -> String {
    let verb = paint(verb_style(&row.outline.verb), format!("{:<6}", fit(&row.outline.verb, 6)));
    let object = fit(&row.outline.object.to_string(), column);
    let object = paint(PLACE, format!("{object:<column$}"));
    let (elapsed, expected) = (row.elapsed(now), row.expected());
    let bar = bar(elapsed, expected);
    let times = fit(&format!("{} of {}", whole(elapsed), rough(expected)), 20);
    let left = width.saturating_sub(6 + 2 + column + 2 + BAR + 2 + 20 + 2);
    let note = paint(FAINT, fit(&row.note, left));
    format!("{verb}  {object}  {bar}  {times:<20}  {note}")
}

/// How much of the expected time has gone. A step that takes longer stays at the end.
fn bar(elapsed: Duration, expected: Duration) -> String {
    let share = if expected.is_zero() {
        1.0
    } else {
        (elapsed.as_secs_f64() / expected.as_secs_f64()).min(1.0)
    };
    let full = (share * BAR as f64).round() as usize;
    format!("{}{}", "━".repeat(full), paint(FAINT, "─".repeat(BAR - full)))
}

fn status(board: &Board, now: Timestamp, width: usize) -> String {
    let (done, failed) = (board.count(Phase::Done), board.count(Phase::Failed));
    let (running, waiting) = (board.count(Phase::Running), board.count(Phase::Waiting));
    let elapsed = whole(board.elapsed(now));
    let mut text = format!("{done}/{} done, {running} running", board.steps.len());
    if waiting > 0 {
        _ = write!(text, ", {waiting} waiting");
    }
    if failed > 0 {
        _ = write!(text, ", {failed} failed");
    }
    _ = write!(text, "; {elapsed} gone");
    let left = board.left(now);
    if !left.is_zero() && !board.interrupted {
        _ = write!(text, ", {} left", rough(left));
    }
    let style = if failed > 0 { ERROR } else { STRONG };
    if board.interrupted {
        let stopping = "stopping: waiting for calls under way; press Ctrl-C again to leave at once";
        return paint(WARNING, fit(stopping, width));
    }
    paint(style, fit(&text, width))
}
