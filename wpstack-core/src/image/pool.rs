//! How many PHP processes a container can hold.

use crate::value::Mebibytes;

/// The size of php-fpm's pool, static: a container has what it has.
/// <https://www.php.net/manual/en/install.fpm.configuration.php>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhpPool {
    /// `pm.max_children`: how many requests PHP works on at a time.
    pub workers: u32,
}

impl PhpPool {
    /// What nginx, the supervisors, php-fpm's master and the opcache take before the first request.
    pub const BASE: Mebibytes = Mebibytes(96);
    /// What one busy PHP process takes, as measured on sites with a few plugins: 60 to 90 MiB.
    pub const WORKER: Mebibytes = Mebibytes(72);
    /// The fewest workers, so that a request which calls its own site does not wait for itself.
    pub const FEWEST: u32 = 2;
    /// The most workers. Each of them may hold a connection to the database.
    pub const MOST: u32 = 256;
    /// The smallest container that holds its pool.
    pub const SMALLEST: Mebibytes = Self { workers: Self::FEWEST }.memory();

    /// What fits into a container of this size, and [`FEWEST`](Self::FEWEST) in one that is smaller than
    /// [`SMALLEST`](Self::SMALLEST).
    #[must_use]
    pub fn for_memory(memory: Mebibytes) -> Self {
        let fitting = memory.0.saturating_sub(Self::BASE.0) / Self::WORKER.0;
        Self { workers: fitting.clamp(Self::FEWEST, Self::MOST) }
    }

    /// What a container takes whose workers are all busy.
    #[must_use]
    pub const fn memory(self) -> Mebibytes {
        Mebibytes(Self::BASE.0.saturating_add(self.workers.saturating_mul(Self::WORKER.0)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pool_is_what_fits() {
        let check = |memory, workers| {
            assert_eq!(PhpPool::for_memory(Mebibytes(memory)), PhpPool { workers }, "{memory} MiB");
        };
        check(0, 2);
        check(128, 2);
        check(240, 2);
        check(311, 2);
        check(312, 3);
        check(512, 5);
        check(1024, 12);
        check(2048, 27);
        check(4096, 55);
        check(18_528, 256);
        check(u32::MAX, 256);
    }

    #[test]
    fn the_smallest_container_holds_two() {
        assert_eq!(PhpPool::SMALLEST, Mebibytes(240));
    }

    proptest! {
        #[test]
        fn a_pool_never_exceeds_its_container(memory in PhpPool::SMALLEST.0..) {
            let memory = Mebibytes(memory);
            let pool = PhpPool::for_memory(memory);
            prop_assert!(pool.memory() <= memory);
            let larger = PhpPool { workers: pool.workers + 1 };
            prop_assert!(larger.memory() > memory || pool.workers == PhpPool::MOST);
        }
    }
}
