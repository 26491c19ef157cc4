//! Route tables.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::value::Cidr;

/// A route table. Its route to the VPC's own addresses goes without saying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTable {
    /// `vpc-…`
    pub vpc: String,
    /// Where packets go, by destination: `igw-…`
    pub routes: BTreeMap<Cidr, String>,
    /// `rtbassoc-…`, each with the subnet that lives by this table.
    pub associations: BTreeMap<String, String>,
}

impl RouteTable {
    pub(super) fn new(vpc: &str) -> Self {
        Self { vpc: vpc.to_owned(), routes: BTreeMap::new(), associations: BTreeMap::new() }
    }
}
