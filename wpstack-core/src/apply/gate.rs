//! How many calls may run at once. Whoever has the most work behind it goes through first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

/// A semaphore that serves by priority.
#[derive(Clone, Debug)]
pub(super) struct Gate(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    next_ticket: u64,
    /// Those who wait, the most urgent last.
    waiting: BTreeMap<Ticket, Waker>,
    /// Those who may go through and have not noticed yet.
    admitted: BTreeSet<Ticket>,
}

/// A place in the queue: by priority, then by arrival.
type Ticket = (Duration, Reverse<u64>);

/// The right to make a call, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit(Gate);

impl Gate {
    pub(super) fn new(permits: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: permits.max(1),
            next_ticket: 0,
            waiting: BTreeMap::new(),
            admitted: BTreeSet::new(),
        })))
    }

    pub(super) async fn pass(&self, priority: Duration) -> Permit {
        let mut place = Place { gate: self, ticket: None };
        poll_fn(|context| {
            let mut state = self.state();
            match place.ticket {
                None if state.free > 0 && state.waiting.is_empty() => {
                    state.free -= 1;
                    Poll::Ready(())
                }
                None => {
                    let ticket = (priority, Reverse(state.next_ticket));
                    state.next_ticket += 1;
                    state.waiting.insert(ticket, context.waker().clone());
                    place.ticket = Some(ticket);
                    Poll::Pending
                }
                Some(ticket) if state.admitted.remove(&ticket) => {
                    place.ticket = None;
                    Poll::Ready(())
                }
                Some(ticket) => {
                    state.waiting.insert(ticket, context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await;
        Permit(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Hands a free permit to the most urgent who waits.
    fn release(&mut self) {
        match self.waiting.pop_last() {
            Some((ticket, waker)) => {
                self.admitted.insert(ticket);
                waker.wake();
            }
            None => self.free += 1,
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.state().release();
    }
}

/// A place in the queue that is given up when the caller goes away.
struct Place<'a> {
    gate: &'a Gate,
    ticket: Option<Ticket>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let mut state = self.gate.state();
            state.waiting.remove(&ticket);
            if state.admitted.remove(&ticket) {
                state.release();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn the_most_urgent_passes_first() {
        let gate = Gate::new(1);
        let seconds = Duration::from_secs;
        let first = gate.pass(seconds(1)).now_or_never().unwrap();
        let mut low = Box::pin(gate.pass(seconds(1)));
        let mut high = Box::pin(gate.pass(seconds(9)));
        assert!((&mut low).now_or_never().is_none() && (&mut high).now_or_never().is_none());
        drop(first);
        assert!((&mut low).now_or_never().is_none());
        let permit = (&mut high).now_or_never().unwrap();
        drop(permit);
        assert!((&mut low).now_or_never().is_some());
    }

    #[test]
    fn a_place_given_up_blocks_nobody() {
        let gate = Gate::new(1);
        let first = gate.pass(Duration::ZERO).now_or_never().unwrap();
        let mut gone = Box::pin(gate.pass(Duration::from_secs(9)));
        let mut stays = Box::pin(gate.pass(Duration::ZERO));
        assert!((&mut gone).now_or_never().is_none() && (&mut stays).now_or_never().is_none());
        drop(first);
        drop(gone);
        assert!((&mut stays).now_or_never().is_some());
    }
}
