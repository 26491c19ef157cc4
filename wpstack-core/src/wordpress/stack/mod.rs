//! From a [`Config`] to the resources it stands for. Composition only: which resource there is, and what it refers to.

mod cluster;
mod container;
mod database;
mod edge;
mod image;
mod network;
mod service;

use std::collections::BTreeMap;

use thiserror::Error;

use super::Config;
use crate::stack::{Stack, StackError};
use crate::value::{Checksum, ValueError};

/// The stack that a configuration stands for: the network, a load balancer, a cluster of instances that run the
/// WordPress container, its repository and logs, and a MySQL database.
///
/// ```
/// let stack = wpstack_core::wordpress::stack(&wpstack_core::wordpress::Config::default())?;
/// assert!(stack.get(&"elb.load-balancer:main".parse()?).is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When a name derived from the stack's name is not one that AWS takes, which a validated configuration rules out.
pub fn stack(config: &Config) -> Result<Stack, ComposeError> {
    stack_with(config, &Inputs::new())
}

/// What the image takes from this machine: the checksum of each, by where the recipe names it (`themes.mine`).
pub type Inputs = BTreeMap<String, Checksum>;

/// The same, of a configuration whose image takes files from this machine.
///
/// # Errors
/// As [`stack`], and when something that the image takes is not in `inputs`.
pub fn stack_with(config: &Config, inputs: &Inputs) -> Result<Stack, ComposeError> {
    let mut stack = Stack::new(config.name.clone());
    let network = network::network(&mut stack, config)?;
    let edge = edge::edge(&mut stack, config, &network)?;
    let database = database::database(&mut stack, config, &network)?;
    let cluster = cluster::cluster(&mut stack, config, &network)?;
    service::service(&mut stack, config, &edge, &database, &cluster, inputs)?;
    Ok(stack)
}

/// Why a configuration makes no stack.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// A derived name, or another value, is not one that AWS takes.
    #[error("a value derived from the configuration is not valid")]
    Value(#[from] ValueError),
    /// The image takes a file or directory of this machine, and nobody has read it.
    #[error("the image takes `{0}` from this machine, and its contents are not known")]
    Input(String),
    /// The resources do not fit together.
    #[error("the resources do not fit together")]
    Stack(#[from] StackError),
}
