//! The dependency graph: who waits for whom, and for what.
//!
//! Nodes are indexes `0..node_count`; the caller knows what they stand for. A [`Graph`] is any set of edges, a [`Dag`]
//! is one that was checked to have no cycle, and everything that would be meaningless on a cycle (levels, critical
//! path, reduction) is asked of the `Dag`:
//!
//! ```
//! use std::time::Duration;
//! use wpstack_core::stack::graph::{Graph, Need};
//!
//! let [vpc, subnet, instance] = [0, 1, 2];
//! let mut graph = Graph::new(3);
//! graph.add_edge(subnet, vpc, Need::Exists);
//! graph.add_edge(instance, subnet, Need::Ready);
//! let dag = graph.acyclic()?;
//! assert_eq!(dag.order(), [vpc, subnet, instance]);
//! assert_eq!(dag.critical_path(|_| Duration::from_secs(2)).length, Duration::from_secs(6));
//! # Ok::<(), wpstack_core::stack::graph::Cycle>(())
//! ```

mod path;
mod reduce;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use path::{CriticalPath, Times};

/// What a dependent needs of its dependency before it can start.
///
/// Ordered by strength: what is `Ready` also `Exists`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// Its identity is known: AWS has returned the id or ARN.
    Exists,
    /// It is configured and AWS reports it usable.
    Ready,
}

/// One end of an edge, seen from the other: the node there, and what the dependent needs of the dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// The node at the other end.
    pub node: usize,
    /// What the dependent of the two needs of the other.
    pub need: Need,
}

/// A directed graph of dependents and their dependencies, not yet known to be free of cycles.
///
/// Between two nodes there is at most one edge in each direction. Equal sets of edges make equal graphs, in whatever
/// order they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// Per node, sorted by the other node.
    dependencies: Vec<Vec<Link>>,
    /// The same edges backwards, sorted too.
    dependents: Vec<Vec<Link>>,
}

impl Graph {
    /// A graph of the nodes `0..node_count`, without edges.
    #[must_use]
    pub fn new(node_count: usize) -> Self {
        Self {
            dependencies: vec![Vec::new(); node_count],
            dependents: vec![Vec::new(); node_count],
        }
    }

    /// A graph of the nodes `0..node_count` with the edges `(dependent, dependency, need)`.
    ///
    /// # Panics
    ///
    /// As [`Graph::add_edge`].
    #[must_use]
    pub fn from_edges(
        node_count: usize,
        edges: impl IntoIterator<Item = (usize, usize, Need)>,
    ) -> Self {
        let mut graph = Self::new(node_count);
        for (dependent, dependency, need) in edges {
            graph.add_edge(dependent, dependency, need);
        }
        graph
    }

    /// Says that `dependent` cannot start before `dependency` is what `need` asks. Where there is such an edge already,
    /// the stronger need of the two stays.
    ///
    /// # Panics
    ///
    /// If one of the nodes is not below the node count.
    pub fn add_edge(&mut self, dependent: usize, dependency: usize, need: Need) {
        let count = self.node_count();
        assert!(
            dependent < count && dependency < count,
            "edge {dependent} -> {dependency} in a graph of {count} nodes"
        );
        strengthen(&mut self.dependencies[dependent], dependency, need);
        strengthen(&mut self.dependents[dependency], dependent, need);
    }

    /// How many nodes there are.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.dependencies.len()
    }

    /// How many edges there are, parallel ones counted once.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.dependencies.iter().map(Vec::len).sum()
    }

    /// Every edge as `(dependent, dependency, need)`, sorted.
    pub fn edges(&self) -> impl Iterator<Item = (usize, usize, Need)> + '_ {
        self.dependencies
            .iter()
            .enumerate()
            .flat_map(|(node, links)| links.iter().map(move |link| (node, link.node, link.need)))
    }

    /// What `node` itself waits for, by index.
    #[must_use]
    pub fn dependencies(&self, node: usize) -> &[Link] {
        &self.dependencies[node]
    }

    /// What itself waits for `node`, by index.
    #[must_use]
    pub fn dependents(&self, node: usize) -> &[Link] {
        &self.dependents[node]
    }

    /// What waits for `node`, directly or through others, by index.
    #[must_use]
    pub fn descendants(&self, node: usize) -> Vec<usize> {
        self.dependents_of_all([node])
    }

    /// What `node` waits for, directly or through others, by index.
    #[must_use]
    pub fn ancestors(&self, node: usize) -> Vec<usize> {
        reached(&self.dependencies, [node])
    }

    /// What waits, directly or through others, for at least one of `nodes`; by index. One of `nodes` is among the
    /// answer only if it waits for another of them (or, on a cycle, for itself).
    #[must_use]
    pub fn dependents_of_all(&self, nodes: impl IntoIterator<Item = usize>) -> Vec<usize> {
        reached(&self.dependents, nodes)
    }

    /// All nodes, each after its dependencies. Among those that could come next, the lowest index does.
    ///
    /// # Errors
    ///
    /// A [`Cycle`], if there is one.
    pub fn topological_order(&self) -> Result<Vec<usize>, Cycle> {
        let mut open: Vec<usize> = self.dependencies.iter().map(Vec::len).collect();
        let mut free: BinaryHeap<Reverse<usize>> =
            (0..self.node_count()).filter(|&node| open[node] == 0).map(Reverse).collect();
        let mut order = Vec::with_capacity(self.node_count());
        while let Some(Reverse(node)) = free.pop() {
            order.push(node);
            for dependent in &self.dependents[node] {
                open[dependent.node] -= 1;
                if open[dependent.node] == 0 {
                    free.push(Reverse(dependent.node));
                }
            }
        }
        match open.iter().position(|&count| count > 0) {
            None => Ok(order),
            Some(stuck) => Err(self.cycle_from(stuck, &open)),
        }
    }

    /// The graph with the proof that it has no cycle.
    ///
    /// # Errors
    ///
    /// A [`Cycle`], if there is one.
    pub fn acyclic(self) -> Result<Dag, Cycle> {
        let order = self.topological_order()?;
        Ok(Dag { graph: self, order })
    }

    /// A cycle found by walking from `stuck` through nodes whose count of `open` dependencies never fell to zero. Each
    /// of them has a dependency of the same kind, so that the walk must come back to where it has been.
    fn cycle_from(&self, stuck: usize, open: &[usize]) -> Cycle {
        let mut seen_at = vec![None; self.node_count()];
        let mut walk = Vec::new();
        let mut node = stuck;
        while seen_at[node].is_none() {
            seen_at[node] = Some(walk.len());
            walk.push(node);
            node = self.dependencies[node]
                .iter()
                .map(|link| link.node)
                .find(|&next| open[next] > 0)
                .unwrap_or(node);
        }
        let mut nodes = walk.split_off(seen_at[node].unwrap_or(0));
        let lowest = (0..nodes.len()).min_by_key(|&at| nodes[at]).unwrap_or(0);
        nodes.rotate_left(lowest);
        Cycle { nodes }
    }
}

/// Adds a link to a sorted list, or makes the one that is there stronger.
fn strengthen(links: &mut Vec<Link>, node: usize, need: Need) {
    match links.binary_search_by_key(&node, |link| link.node) {
        Ok(at) => links[at].need = links[at].need.max(need),
        Err(at) => links.insert(at, Link { node, need }),
    }
}

/// Everything at the end of at least one link from `roots`, by index.
fn reached(links: &[Vec<Link>], roots: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut seen = vec![false; links.len()];
    let mut open: Vec<usize> = roots.into_iter().collect();
    while let Some(node) = open.pop() {
        for link in &links[node] {
            if !std::mem::replace(&mut seen[link.node], true) {
                open.push(link.node);
            }
        }
    }
    (0..links.len()).filter(|&node| seen[node]).collect()
}

/// Nodes that wait for each other in a circle, so that none can ever start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Cycle {
    /// Each depends on the next, and the last on the first, which has the lowest index. A node that depends on itself
    /// stands alone.
    pub nodes: Vec<usize>,
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dependency cycle: ")?;
        for node in &self.nodes {
            write!(f, "{node} -> ")?;
        }
        self.nodes.first().map_or(Ok(()), |first| write!(f, "{first}"))
    }
}

/// A [`Graph`] without cycles. Made by [`Graph::acyclic`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dag {
    graph: Graph,
    order: Vec<usize>,
}

impl Dag {
    /// The graph itself: its edges, and who is reached from where.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// All nodes, each after its dependencies; the same as [`Graph::topological_order`].
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The level of each node: 0 without dependencies, otherwise one more than the highest of its dependencies'.
    #[must_use]
    pub fn levels(&self) -> Vec<usize> {
        let mut levels = vec![0; self.graph.node_count()];
        for &node in &self.order {
            let above = self.graph.dependencies(node).iter().map(|link| levels[link.node] + 1);
            levels[node] = above.max().unwrap_or(0);
        }
        levels
    }
}
