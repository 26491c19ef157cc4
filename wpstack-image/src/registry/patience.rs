//! How long to wait before something is tried again, and for how long to try.

use std::time::Duration;

/// How a registry is borne with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The pause before the second try. It doubles with each further one.
    pub first: Duration,
    /// The longest pause, unless the registry asks for a longer one.
    pub longest: Duration,
    /// For how long all pauses of one blob or one manifest may last, taken together.
    pub total: Duration,
    /// For how long nothing may move on a connection until it counts as dead.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            first: Duration::from_millis(500),
            longest: seconds(20),
            total: seconds(5 * 60),
            // A registry that has all of a large layer checks its digest before it answers.
            silence: seconds(2 * 60),
        }
    }
}

/// The pauses of one blob or one manifest.
#[derive(Debug)]
pub(super) struct Pauses {
    patience: Patience,
    chance: u64,
    waited: Duration,
    tries: u32,
}

impl Pauses {
    /// Pauses that are spread by `name`, so that blobs which were refused at once do not come back at once. The same
    /// name gives the same pauses.
    pub(super) fn new(patience: Patience, name: &str) -> Self {
        // FNV-1a: all that is asked of it is to differ.
        let chance = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { patience, chance, waited: Duration::ZERO, tries: 0 }
    }

    /// How often it was tried: once more than there were pauses.
    pub(super) fn tries(&self) -> u32 {
        self.tries
    }

    /// The next pause: between half and the whole of the doubled one, and never less than what the registry `asked`
    /// for. `None` when patience is at its end.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.tries += 1;
        let doubled = self.patience.first.saturating_mul(1 << (self.tries - 1).min(16));
        let nominal = doubled.min(self.patience.longest);
        self.chance = self.chance.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let share = (self.chance >> 40) as f64 / (1_u64 << 24) as f64;
        let pause = nominal.mul_f64(share.mul_add(0.5, 0.5)).max(asked.unwrap_or_default());
        if self.waited + pause > self.patience.total {
            return None;
        }
        self.waited += pause;
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_are_spread_and_end() {
        let patience = Patience::default();
        let of = |name: &str| {
            let mut pauses = Pauses::new(patience, name);
            std::iter::from_fn(|| pauses.next(None)).collect::<Vec<_>>()
        };
        let pauses = of("a");
        for (at, pause) in pauses.iter().enumerate() {
            let nominal = (patience.first * (1 << at.min(10))).min(patience.longest);
            assert!(*pause >= nominal / 2 && *pause <= nominal, "{at}: {pause:?}");
        }
        let total: Duration = pauses.iter().sum();
        assert!(total <= patience.total && total > patience.total - patience.longest);
        assert_eq!(pauses, of("a"));
        assert_ne!(pauses, of("b"));
    }

    #[test]
    fn what_the_registry_asks_for_is_kept_to() {
        let mut pauses = Pauses::new(Patience::default(), "a");
        assert_eq!(pauses.next(Some(Duration::from_secs(90))), Some(Duration::from_secs(90)));
        assert!(pauses.next(Some(Duration::ZERO)).is_some_and(|pause| !pause.is_zero()));
        assert_eq!(pauses.next(Some(Duration::from_secs(3600))), None);
        assert_eq!(pauses.tries(), 3);
    }
}
