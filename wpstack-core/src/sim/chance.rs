//! Chance that can be written down and taken up again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A source of chance: equal seeds give equal draws, and one that was saved goes on where it stopped.
///
/// SplitMix64, because its whole state is one number. <https://prng.di.unimi.it/splitmix64.c>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chance(u64);

impl Chance {
    /// Chance that begins at `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// True once in `times` on average.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.draw().is_multiple_of(times.max(1))
    }

    /// A duration from `least` to `most`, in whole milliseconds.
    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let width = most.saturating_sub(least).as_millis() as u64;
        least + Duration::from_millis(self.draw() % (width + 1))
    }
}
