//! The fewest edges that make everybody wait as before.

use super::{Dag, Graph, Need};

impl Dag {
    /// The graph without the edges that others imply.
    ///
    /// The law: an edge from `a` to `b` is dropped if, and only if, another path from `a` to `b` ends with a hop that
    /// needs of `b` at least as much. Only the last hop counts. Whatever a hop needs of its dependency, that dependency
    /// has started before, and it could not start before its own needs were met. So in
    ///
    /// ```text
    /// a -exists-> x -ready-> b      a -ready-> b is implied: x has started, so b is ready
    /// a -ready-> x -exists-> b      a -ready-> b stays: x may be ready long before b is
    /// ```
    ///
    /// What each node can rely on when it starts is the same before and after, and no further edge could be dropped.
    #[must_use]
    pub fn transitive_reduction(&self) -> Self {
        let edges: Vec<_> = self.graph.edges().collect();
        let mut implied = vec![false; edges.len()];
        // One word per node, 64 possible targets at a time: memory stays linear, and time is edges x nodes / 64.
        for first in (0..self.graph.node_count()).step_by(64) {
            let block = Block { first };
            let met = block.met_through_others(self);
            for (implied, &(dependent, dependency, need)) in implied.iter_mut().zip(&edges) {
                *implied |= block.bit(dependency) & met[dependent].of(need) != 0;
            }
        }
        let kept = edges.into_iter().zip(implied).filter(|(_, implied)| !implied);
        let graph = Graph::from_edges(self.graph.node_count(), kept.map(|(edge, _)| edge));
        graph.acyclic().expect("a part of an acyclic graph has no cycle")
    }
}

/// The 64 nodes from `first` on, as the bits of a word.
#[derive(Clone, Copy)]
struct Block {
    first: usize,
}

impl Block {
    /// The bit of a node, or nothing if it is in another block.
    fn bit(self, node: usize) -> u64 {
        match node.checked_sub(self.first) {
            Some(at) if at < 64 => 1 << at,
            _ => 0,
        }
    }

    /// Which nodes of the block each node may rely on because its dependencies could start.
    fn met_through_others(self, dag: &Dag) -> Vec<Met> {
        let mut through_others = vec![Met::default(); dag.graph.node_count()];
        let mut at_start = through_others.clone();
        for &node in &dag.order {
            let links = dag.graph.dependencies(node);
            let through =
                links.iter().fold(Met::default(), |met, link| met.and(at_start[link.node]));
            let own = links.iter().fold(through, |met, link| match link.need {
                Need::Exists => met.and(Met { exist: self.bit(link.node), ready: 0 }),
                Need::Ready => met.and(Met::both(self.bit(link.node))),
            });
            through_others[node] = through;
            at_start[node] = own;
        }
        through_others
    }
}

/// Two sets of nodes of one block: those that must exist, and those that must be ready.
#[derive(Clone, Copy, Default)]
struct Met {
    exist: u64,
    ready: u64,
}

impl Met {
    fn both(nodes: u64) -> Self {
        Self { exist: nodes, ready: nodes }
    }

    fn and(self, other: Self) -> Self {
        Self { exist: self.exist | other.exist, ready: self.ready | other.ready }
    }

    fn of(self, need: Need) -> u64 {
        match need {
            Need::Exists => self.exist,
            Need::Ready => self.ready,
        }
    }
}
