//! Something that is to happen at one moment of one call: the death of the client, for example.

use std::fmt;

/// A moment in the life of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The request has arrived, and goes no further: it never takes effect, and the connection is reset.
    Lost,
    /// The request has arrived. It takes effect after this, faults and latency permitting.
    Arrived,
    /// The request has taken effect, if no fault kept it from doing so, and the answer is still to be sent.
    Served,
    /// The answer has been sent.
    Answered,
}

impl Moment {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Lost, Self::Arrived, Self::Served, Self::Answered];
}

/// What is to be done, and when.
pub(super) struct Trap {
    /// How many calls come before the one that is meant.
    before: u64,
    moment: Moment,
    then: Box<dyn FnOnce() + Send>,
}

impl fmt::Debug for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, moment, .. } = self;
        write!(f, "Trap({moment:?}, {before} calls from now)")
    }
}

impl Trap {
    pub(super) fn new(call: u64, moment: Moment, then: impl FnOnce() + Send + 'static) -> Self {
        Self { before: call.saturating_sub(1), moment, then: Box::new(then) }
    }

    /// Counts a call. The trap is taken out of `set` if this call is the one that is meant.
    pub(super) fn meant(set: &mut Option<Self>) -> Option<Self> {
        if let Some(trap) = set
            && trap.before > 0
        {
            trap.before -= 1;
            return None;
        }
        set.take()
    }

    /// Does what is to be done, if the moment has come. Says whether it had.
    pub(super) fn spring(trap: &mut Option<Self>, now: Moment) -> bool {
        let Some(trap) = trap.take_if(|trap| trap.moment == now) else { return false };
        (trap.then)();
        true
    }
}
