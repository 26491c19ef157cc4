//! How long to wait: between repeats of a call that failed, and between looks at an object that settles.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::failure::{ErrorKind, Retry};

/// Pauses that double, with jitter: between half and the whole of the nominal pause.
#[derive(Debug)]
struct Backoff {
    policy: Retry,
    chance: SmallRng,
    waited: Duration,
    attempt: u32,
}

impl Backoff {
    fn new(policy: Retry, seed: u64) -> Self {
        let chance = SmallRng::seed_from_u64(seed);
        Self { policy, chance, waited: Duration::ZERO, attempt: 0 }
    }

    /// The next pause, and which repeat it comes before; `None` when patience is at its end.
    fn next(&mut self) -> Option<(u32, Duration)> {
        let doubled = self.policy.first.saturating_mul(1 << self.attempt.min(16));
        let nominal = doubled.min(self.policy.longest);
        let pause = nominal.mul_f64(self.chance.random_range(0.5..=1.0));
        if self.waited + pause > self.policy.patience {
            return None;
        }
        self.waited += pause;
        self.attempt += 1;
        Some((self.attempt, pause))
    }
}

/// The backoffs of one call, one for each way it failed.
#[derive(Debug, Default)]
pub(crate) struct Pauses(Vec<(ErrorKind, Backoff)>);

impl Pauses {
    /// The pause behind a failure of that kind, and which repeat it comes before; `None` when such failures do not pass,
    /// or patience is at its end.
    pub(crate) fn after(&mut self, kind: ErrorKind, seed: u64) -> Option<(u32, Duration)> {
        let policy = kind.retry()?;
        let known = self.0.iter().position(|(it, _)| *it == kind);
        let at = known.unwrap_or_else(|| {
            self.0.push((kind, Backoff::new(policy, seed ^ (kind as u64))));
            self.0.len() - 1
        });
        self.0[at].1.next()
    }

    /// Whether a try that failed may have had an effect.
    pub(crate) fn leave_doubt(&self) -> bool {
        self.0.iter().any(|(kind, _)| *kind == ErrorKind::Unclear)
    }
}

/// The pause before the next look at an object that has been settling for `waited`: one sixtieth of that, so that it is
/// noticed at most 1.7 % late, within one second and fifteen. What takes just as long as usual, of which `left` remains,
/// is noticed at once.
pub(crate) fn poll_pause(waited: Duration, left: Duration) -> Duration {
    let pause = (waited / 60).clamp(Duration::from_secs(1), Duration::from_secs(15));
    if left.is_zero() { pause } else { pause.min(left) }
}

/// How long an object may take to settle before the engine gives up on it for this run.
pub(super) fn settle_patience(expected: Duration) -> Duration {
    (expected * 8).clamp(Duration::from_secs(10 * 60), Duration::from_secs(3 * 60 * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_end_with_patience() {
        let seconds = Duration::from_secs;
        let policy = Retry { first: seconds(1), longest: seconds(8), patience: seconds(60) };
        let mut backoff = Backoff::new(policy, 7);
        let pauses: Vec<_> = std::iter::from_fn(|| backoff.next()).collect();
        for &(attempt, pause) in &pauses {
            let nominal = seconds(1 << (attempt - 1).min(3));
            assert!(pause >= nominal / 2 && pause <= nominal, "{attempt}: {pause:?}");
        }
        let total: Duration = pauses.iter().map(|(_, pause)| *pause).sum();
        assert!(total <= seconds(60) && total > seconds(50), "{total:?}");
    }
}
