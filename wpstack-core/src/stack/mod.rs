//! The stack: resources, typed references and the graph they make.

pub mod export;
pub mod graph;
mod reference;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use thiserror::Error;

pub(crate) use reference::{NEEDS, REF};
pub use reference::{Ready, Ref};

use crate::address::{Address, AddressError};
use crate::digest::of_all;
use crate::registry::{Kind, erase};
use crate::resource::Resource;
use graph::{Graph, Need};

/// The wanted resources, in an order in which each comes after what it refers to.
///
/// ```
/// use wpstack_core::{Stack, resource::ec2::{Subnet, Vpc}};
///
/// let mut stack = Stack::new("blog".parse()?);
/// let vpc = stack.add("main", Vpc::new("10.11.0.0/16".parse()?))?;
/// stack.add("a", Subnet::new(&vpc, "10.11.0.0/24".parse()?, "eu-west-1a".parse()?))?;
/// assert_eq!(stack.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stack {
    name: crate::value::StackName,
    nodes: Vec<Node>,
    index: BTreeMap<Address, usize>,
    outputs: Vec<Output>,
}

/// One wanted resource, with its type erased.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands.
    pub address: Address,
    /// Its type.
    pub kind: Kind,
    /// The serialised spec.
    pub spec: Value,
    /// What it refers to, read off the spec.
    pub edges: Vec<Edge>,
}

/// A reference from a resource to one that it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The field of the spec that holds the reference.
    pub field: String,
    /// The resource it needs.
    pub to: Address,
    /// What must be true of that resource first.
    pub need: Need,
}

/// A value that the stack answers with once it stands, such as the address of the site.
#[derive(Clone)]
pub struct Output {
    /// The output's name.
    pub name: String,
    /// The resource it is read from.
    pub from: Address,
    read: Arc<Read>,
}

/// Reads an output from the state of a resource.
type Read = dyn Fn(&Value) -> Option<String> + Send + Sync;

impl Output {
    /// The value, read from the state of the resource; `None` while AWS has not told it.
    #[must_use]
    pub fn read(&self, state: &Value) -> Option<String> {
        (self.read)(state)
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("name", &self.name).field("from", &self.from).finish()
    }
}

impl Stack {
    /// An empty stack.
    #[must_use]
    pub fn new(name: crate::value::StackName) -> Self {
        Self { name, nodes: Vec::new(), index: BTreeMap::new(), outputs: Vec::new() }
    }

    /// The stack's name, from which the names of its AWS objects derive.
    #[must_use]
    pub fn name(&self) -> &crate::value::StackName {
        &self.name
    }

    /// Adds a resource and returns the reference that others may hold.
    ///
    /// # Errors
    /// When the name is malformed or taken by another resource of the type, when the spec does not serialise to
    /// an object, or when it holds a reference that was made by another stack.
    pub fn add<R: Resource>(&mut self, name: &str, spec: R) -> Result<Ref<R>, StackError> {
        let address = Address::new(R::TYPE, name)?;
        if self.index.contains_key(&address) {
            return Err(StackError::Taken { address });
        }
        let spec = erase(&spec)
            .map_err(|source| StackError::Unserialisable { address: address.clone(), source })?;
        let edges = edges(&spec);
        if let Some(edge) = edges.iter().find(|edge| !self.index.contains_key(&edge.to)) {
            return Err(StackError::Foreign { address, to: edge.to.clone() });
        }
        self.index.insert(address.clone(), self.nodes.len());
        self.nodes.push(Node { address: address.clone(), kind: Kind::of::<R>(), spec, edges });
        Ok(Ref::new(address))
    }

    /// Declares an output, read from the state of `from`.
    pub fn output<R: Resource>(
        &mut self,
        name: &str,
        from: &Ref<R>,
        read: impl Fn(&R::State) -> Option<String> + Send + Sync + 'static,
    ) {
        self.outputs.push(Output {
            name: name.to_owned(),
            from: from.address().clone(),
            read: Arc::new(move |state| {
                let state = serde_json::from_value(state.clone()).ok()?;
                read(&state)
            }),
        });
    }

    /// The resources, each after those it refers to.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The resource at an address.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<&Node> {
        self.index.get(address).map(|&at| &self.nodes[at])
    }

    /// Tells this stack from any other: a digest of its name and of everything in its resources.
    #[must_use]
    pub fn digest(&self) -> String {
        let head = std::iter::once((self.name.as_str(), &Value::Null));
        let nodes = self.nodes.iter().map(|node| (node.address.as_str(), &node.spec));
        of_all(head.chain(nodes))
    }

    /// The stack of that name and those outputs, of other resources, among which is all that they refer to.
    pub(crate) fn with_nodes(&self, nodes: Vec<Node>) -> Self {
        let index: BTreeMap<_, _> =
            nodes.iter().enumerate().map(|(at, node)| (node.address.clone(), at)).collect();
        let outputs = self.outputs.iter().filter(|output| index.contains_key(&output.from));
        Self { name: self.name.clone(), outputs: outputs.cloned().collect(), nodes, index }
    }

    /// The declared outputs.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// How many resources it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether it has none, as a stack that is to be destroyed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The graph over [`Stack::nodes`], by index.
    #[must_use]
    pub fn graph(&self) -> Graph {
        let mut graph = Graph::new(self.nodes.len());
        for (from, node) in self.nodes.iter().enumerate() {
            for edge in &node.edges {
                graph.add_edge(from, self.index[&edge.to], edge.need);
            }
        }
        graph
    }
}

/// The edges of a serialised spec: every reference in it, under the field that holds it.
pub(crate) fn edges(spec: &Value) -> Vec<Edge> {
    let mut found = Vec::new();
    if let Value::Object(fields) = spec {
        for (field, value) in fields {
            collect(field, value, &mut found);
        }
    }
    found
}

fn collect(field: &str, value: &Value, found: &mut Vec<Edge>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(field, item, found)),
        Value::Object(members) => match members.get(REF) {
            Some(Value::String(address)) => {
                let need = match members.get(NEEDS) {
                    Some(_) => Need::Ready,
                    None => Need::Exists,
                };
                if let Ok(to) = address.parse() {
                    found.push(Edge { field: field.to_owned(), to, need });
                }
            }
            _ => members.values().for_each(|member| collect(field, member, found)),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Why a resource cannot join a stack.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StackError {
    /// The name is no resource name.
    #[error(transparent)]
    Name(#[from] AddressError),
    /// The name is in use.
    #[error("`{address}` is already in the stack: give the second resource another name")]
    Taken {
        /// The address in question.
        address: Address,
    },
    /// The spec's serialisation failed.
    #[error("the spec of `{address}` does not serialise to an object")]
    Unserialisable {
        /// The address in question.
        address: Address,
        /// What serde said.
        #[source]
        source: crate::registry::ErasureError,
    },
    /// A reference of another stack.
    #[error("`{address}` refers to `{to}`, which is not in this stack: add that resource first")]
    Foreign {
        /// The resource that was to be added.
        address: Address,
        /// The address it refers to.
        to: Address,
    },
}
