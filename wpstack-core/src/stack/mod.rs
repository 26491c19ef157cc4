//! The stack: nodes, typed references and the graph they make.

pub mod export;
pub mod graph;
