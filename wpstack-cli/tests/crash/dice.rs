//! Chance that repeats itself.

use std::ops::RangeInclusive;

/// SplitMix64: equal seeds give equal series.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number of the series.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// One of these numbers, all equally likely.
    pub(crate) fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (first, last) = range.into_inner();
        first + self.next() % (last - first + 1)
    }

    /// One of these things, all equally likely.
    pub(crate) fn one_of<T: Copy>(&mut self, things: &[T]) -> T {
        let last = u64::try_from(things.len()).unwrap() - 1;
        things[usize::try_from(self.within(0..=last)).unwrap()]
    }
}
