//! How long the whole takes if everything that may run in parallel does, and which chain of nodes decides it.

use std::cmp::Reverse;
use std::time::Duration;

use super::{Dag, Need};

/// How long a node takes, both counted from its own start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Until it exists.
    pub exists: Duration,
    /// Until it is ready. Taken as `exists` where it is less, since nothing is ready before it exists.
    pub ready: Duration,
}

impl Times {
    /// Ready at the moment it exists.
    #[must_use]
    pub const fn at_once(after: Duration) -> Self {
        Self { exists: after, ready: after }
    }

    /// Until the node is what a dependent with this need waits for.
    #[must_use]
    pub fn until(self, need: Need) -> Duration {
        match need {
            Need::Exists => self.exists,
            Need::Ready => self.ready.max(self.exists),
        }
    }
}

/// The chain of nodes that decides how long the whole graph takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CriticalPath {
    /// The first has no dependencies; each other one starts when its predecessor is what it needs; the last is the last
    /// of the graph to be ready. Empty for a graph without nodes.
    pub nodes: Vec<usize>,
    /// From the start of the first until the last is ready.
    pub length: Duration,
}

impl Dag {
    /// The critical path where a node exists and is ready after the same time. Ties go to the lowest index.
    #[must_use]
    pub fn critical_path(&self, weight: impl Fn(usize) -> Duration) -> CriticalPath {
        self.critical_path_by(|node| Times::at_once(weight(node)))
    }

    /// The critical path where an edge waits for the one of its dependency's two times that its need names. The graph is
    /// finished when its last node is ready. Ties go to the lowest index.
    #[must_use]
    pub fn critical_path_by(&self, times: impl Fn(usize) -> Times) -> CriticalPath {
        let times: Vec<Times> = (0..self.graph.node_count()).map(times).collect();
        let starts = self.starts(&times);
        let ready = |node: usize| starts[node].at.saturating_add(times[node].until(Need::Ready));
        let Some((length, last)) = latest((0..starts.len()).map(|node| (ready(node), node))) else {
            return CriticalPath::default();
        };
        let mut nodes = vec![last];
        let mut node = last;
        while let Some(awaited) = starts[node].awaited {
            nodes.push(awaited);
            node = awaited;
        }
        nodes.reverse();
        CriticalPath { nodes, length }
    }

    /// The longest time from the start of each node to the end of the graph, through its dependents, its own weight
    /// included. A scheduler that starts the node with the most remaining first keeps the critical path busy.
    #[must_use]
    pub fn remaining(&self, weight: impl Fn(usize) -> Duration) -> Vec<Duration> {
        self.remaining_by(|node| Times::at_once(weight(node)))
    }

    /// As [`Dag::remaining`], with the two times of [`Dag::critical_path_by`].
    #[must_use]
    pub fn remaining_by(&self, times: impl Fn(usize) -> Times) -> Vec<Duration> {
        let mut remaining = vec![Duration::ZERO; self.graph.node_count()];
        for &node in self.order.iter().rev() {
            let own = times(node);
            let through = self
                .graph
                .dependents(node)
                .iter()
                .map(|link| own.until(link.need).saturating_add(remaining[link.node]));
            remaining[node] = through.fold(own.until(Need::Ready), Duration::max);
        }
        remaining
    }

    /// When each node can start at the earliest.
    fn starts(&self, times: &[Times]) -> Vec<Start> {
        let mut starts = vec![Start::default(); times.len()];
        for &node in &self.order {
            let met = self.graph.dependencies(node).iter().map(|link| {
                let after = times[link.node].until(link.need);
                (starts[link.node].at.saturating_add(after), link.node)
            });
            if let Some((at, awaited)) = latest(met) {
                starts[node] = Start { at, awaited: Some(awaited) };
            }
        }
        starts
    }
}

/// The earliest start of a node, and the dependency it waits for longest.
#[derive(Clone, Copy, Default)]
struct Start {
    at: Duration,
    awaited: Option<usize>,
}

/// The latest of some moments; of equal ones that of the lowest node.
fn latest(moments: impl Iterator<Item = (Duration, usize)>) -> Option<(Duration, usize)> {
    moments.max_by_key(|&(at, node)| (at, Reverse(node)))
}
