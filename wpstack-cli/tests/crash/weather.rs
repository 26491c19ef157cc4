//! Everything between the command and AWS goes wrong: answers are lost, calls refused, connections cut.

use std::time::Duration;

use wpstack_testkit::proxy::{Fault, Faults};

use crate::seed;
use crate::site::{APPLY, DESTROY, Site};

/// Of each hundred calls, so many meet what.
pub(crate) fn rough(seed: u64) -> Faults {
    let delay = |ms| Fault::Delay(Duration::from_millis(ms));
    let faults = [
        (20, Fault::Throttle),
        (2, Fault::LoseAnswer),
        (1, Fault::CutAnswer),
        (1, Fault::Reset),
        (1, Fault::internal()),
        (1, Fault::internal_after()),
        (10, delay(30)),
        (2, delay(800)),
    ];
    Faults::none().by_chance(seed, faults)
}

#[test]
fn whatever_the_network_does_the_account_ends_up_as_it_should() {
    let seed = seed();
    let site = Site::new();
    site.succeed(APPLY, rough(seed));
    site.check_applied();
    site.succeed(DESTROY, rough(seed + 1));
    site.check_destroyed();
}
