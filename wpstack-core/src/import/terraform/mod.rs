//! A system that Terraform built: a load balancer in front of an ECS service on EC2, with MySQL on RDS.
//!
//! [`State::parse`] reads Terraform's state file, [`ImportPlan::new`] says what becomes of each resource in it, and
//! [`ImportPlan::take`] takes into the state what can be taken.
//!
//! What holds data, has an address that others know, or is what those stand in, is taken: the network, the security
//! groups, the load balancer, the image repository, the logs and the database. What only computes is made anew beside
//! it: the cluster, its instances and the service. Both serve behind the same load balancer until Terraform deletes the
//! old ones.

mod attributes;
mod draft;
mod file;
mod plan;
mod rules;
mod system;

pub use file::{FileError, State};
pub use plan::{Entry, Fate, ImportPlan, Taken};
