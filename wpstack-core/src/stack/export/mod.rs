//! The graph as text for other eyes: [`mermaid`], [`dot`], [`svg`] and [`json`], each a pure function of a [`Picture`].
//!
//! Arrows point from the dependent to what it needs; dependencies are drawn above. A dashed arrow needs its target only
//! to exist, a solid one needs it ready.
//!
//! ```
//! use wpstack_core::stack::export::{Picture, PictureEdge, PictureNode, mermaid};
//! use wpstack_core::stack::graph::Need;
//!
//! let picture = Picture::new(
//!     vec![PictureNode::new("vpc", "main", "ec2"), PictureNode::new("subnet", "public a", "ec2")],
//!     vec![PictureEdge::new("subnet", "vpc", Need::Exists)],
//! )?;
//! assert!(mermaid(&picture).starts_with("flowchart BT\n"));
//! # Ok::<(), wpstack_core::stack::export::PictureError>(())
//! ```

mod dot;
mod json;
mod mermaid;
mod palette;
mod svg;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::{Deserialize, Serialize};

use super::graph::{Dag, Graph, Need};

pub use dot::dot;
pub use json::json;
pub use mermaid::mermaid;
pub use svg::svg;

/// A graph to be drawn. Its ids are unique, its edges join its own nodes, without parallels and without a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Picture {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    nodes: Vec<PictureNode>,
    edges: Vec<PictureEdge>,
    #[serde(skip)]
    dag: Dag,
}

/// A node of a [`Picture`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureNode {
    /// What edges call it.
    pub id: String,
    /// What people call it. After the first line come details, which [`svg`] draws smaller.
    pub label: String,
    /// The AWS service it belongs to, as in type names: `ec2`, `iam`, `ecs`. It decides the colour.
    pub group: String,
}

impl PictureNode {
    /// A node from its three texts.
    pub fn new(id: impl Into<String>, label: impl Into<String>, group: impl Into<String>) -> Self {
        Self { id: id.into(), label: label.into(), group: group.into() }
    }
}

/// An edge of a [`Picture`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureEdge {
    /// The id of the dependent.
    pub from: String,
    /// The id of its dependency.
    pub to: String,
    /// What the dependent needs of it.
    pub need: Need,
}

impl PictureEdge {
    /// An edge from a dependent to its dependency.
    pub fn new(from: impl Into<String>, to: impl Into<String>, need: Need) -> Self {
        Self { from: from.into(), to: to.into(), need }
    }
}

impl Picture {
    /// A picture of nodes and edges. The nodes keep their order; edges are sorted by it, and of parallel ones the one
    /// with the stronger need stays.
    ///
    /// # Errors
    ///
    /// If two nodes have one id, an edge names an id that no node has, or the edges make a cycle.
    pub fn new(nodes: Vec<PictureNode>, edges: Vec<PictureEdge>) -> Result<Self, PictureError> {
        let mut index = BTreeMap::new();
        for (at, node) in nodes.iter().enumerate() {
            match index.entry(node.id.as_str()) {
                Entry::Vacant(free) => free.insert(at),
                Entry::Occupied(_) => return Err(PictureError::DuplicateId(node.id.clone())),
            };
        }
        let find = |id: &String| {
            index.get(id.as_str()).copied().ok_or_else(|| PictureError::UnknownId(id.clone()))
        };
        let mut graph = Graph::new(nodes.len());
        for edge in &edges {
            graph.add_edge(find(&edge.from)?, find(&edge.to)?, edge.need);
        }
        let dag = graph.acyclic().map_err(|cycle| {
            PictureError::Cycle(cycle.nodes.iter().map(|&node| nodes[node].id.clone()).collect())
        })?;
        Ok(Self { title: None, edges: edges_of(&dag, &nodes), nodes, dag })
    }

    /// The same picture with a title.
    #[must_use]
    pub fn with_title(self, title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..self }
    }

    /// The same picture without the edges that others imply, by the law of [`Dag::transitive_reduction`].
    #[must_use]
    pub fn reduced(&self) -> Self {
        let dag = self.dag.transitive_reduction();
        Self {
            title: self.title.clone(),
            nodes: self.nodes.clone(),
            edges: edges_of(&dag, &self.nodes),
            dag,
        }
    }

    /// What stands above it.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Its nodes, in the order given.
    #[must_use]
    pub fn nodes(&self) -> &[PictureNode] {
        &self.nodes
    }

    /// Its edges, sorted by the places of their nodes.
    #[must_use]
    pub fn edges(&self) -> &[PictureEdge] {
        &self.edges
    }

    /// The groups of its nodes, sorted, each once.
    fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = self.nodes.iter().map(|node| node.group.as_str()).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }
}

fn edges_of(dag: &Dag, nodes: &[PictureNode]) -> Vec<PictureEdge> {
    let edge = |(from, to, need): (usize, usize, _)| PictureEdge {
        from: nodes[from].id.clone(),
        to: nodes[to].id.clone(),
        need,
    };
    dag.graph().edges().map(edge).collect()
}

/// Why nodes and edges make no [`Picture`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// Two nodes have this id.
    #[error("two nodes of the picture have the id `{0}`")]
    DuplicateId(String),
    /// An edge names this id, and no node has it.
    #[error("an edge of the picture names the unknown node `{0}`")]
    UnknownId(String),
    /// These nodes depend on each other, each on the next and the last on the first.
    #[error("the nodes `{}` of the picture depend on each other in a circle", .0.join("`, `"))]
    Cycle(Vec<String>),
}

/// A picture as it comes from outside.
#[derive(Deserialize)]
struct Unchecked {
    title: Option<String>,
    nodes: Vec<PictureNode>,
    edges: Vec<PictureEdge>,
}

impl TryFrom<Unchecked> for Picture {
    type Error = PictureError;

    fn try_from(unchecked: Unchecked) -> Result<Self, PictureError> {
        let picture = Self::new(unchecked.nodes, unchecked.edges)?;
        Ok(Self { title: unchecked.title, ..picture })
    }
}
