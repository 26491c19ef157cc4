//! How fast the calls of one class may go.

use std::time::Duration;

use jiff::Timestamp;

use super::figures::{Figures, per_second};
use crate::time::{after, between};

/// Where a class begins of which AWS publishes no figures.
const GUESS: Figures = per_second(50, 25);
const TOKEN: i64 = 1_000_000_000;
/// How often the rate changes at most: calls that were under way at the last change say nothing about it.
const CHANGE: Duration = Duration::from_secs(1);

/// A token bucket whose rate follows what AWS says. Whoever has waited for a token has drawn it before, so that the
/// level may be below zero.
#[derive(Debug)]
pub(super) struct Pace {
    /// In billionths of a token.
    level: i64,
    at: Timestamp,
    /// The most it holds, in billionths of a token.
    full: i64,
    /// Thousandths of a token per second, now and at most.
    rate: u64,
    top: u64,
    changed: Option<Timestamp>,
    /// When AWS has asked to be left alone until.
    closed: Timestamp,
}

impl Pace {
    pub(super) fn new(figures: Option<Figures>, now: Timestamp) -> Self {
        let Figures { tokens, refill } = figures.unwrap_or(GUESS);
        // A tenth is left for calls that take less time than the one before them, and so arrive closer to it.
        let full = tokens.saturating_sub(tokens.div_ceil(10)).max(1) as i64 * TOKEN;
        Self { level: full, at: now, full, rate: refill, top: refill, changed: None, closed: now }
    }

    /// Draws a token. Returns how long it takes until there is one.
    pub(super) fn reserve(&mut self, now: Timestamp) -> Duration {
        self.fill(now);
        self.level -= TOKEN;
        let lacking = u64::try_from(-self.level).unwrap_or(0);
        let filled = Duration::from_nanos(lacking.saturating_mul(1000) / self.rate);
        filled.max(between(now, self.closed))
    }

    /// Puts a token back that was drawn for a call that is not made.
    pub(super) fn give_back(&mut self) {
        self.level = self.full.min(self.level + TOKEN);
    }

    pub(super) fn slow_down(&mut self, now: Timestamp, again_in: Duration) {
        self.fill(now);
        self.level = self.level.min(0);
        self.closed = self.closed.max(after(now, again_in));
        self.change(now, |rate, top| (rate * 7 / 10).max(top / 20).max(1));
    }

    pub(super) fn quicken(&mut self, now: Timestamp) {
        if self.rate < self.top {
            self.fill(now);
            self.change(now, |rate, top| top.min(rate + top.div_ceil(50)));
        }
    }

    fn change(&mut self, now: Timestamp, change: impl FnOnce(u64, u64) -> u64) {
        if self.changed.is_none_or(|changed| between(changed, now) >= CHANGE) {
            self.changed = Some(now);
            self.rate = change(self.rate, self.top);
        }
    }

    fn fill(&mut self, now: Timestamp) {
        // In millionths of a second, times thousandths of a token: billionths of a token.
        let passed = u64::try_from(between(self.at, now).as_micros()).unwrap_or(u64::MAX);
        let filled = i64::try_from(passed.saturating_mul(self.rate)).unwrap_or(i64::MAX);
        self.level = self.full.min(self.level.saturating_add(filled));
        self.at = now;
    }
}
