//! Every field has a policy.

struct Pair {
    left: u8,
    right: u8,
}

const FIELDS: &[wpstack_core::Field] = wpstack_core::fields!(Pair { left: Replace(Outage) });

fn main() {}
