//! `ec2.route-table`

use serde::{Deserialize, Serialize};

use super::{InternetGateway, Subnet, Vpc};
use crate::resource::{Expected, Field, Resource};
use crate::stack::{Ready, Ref};
use crate::value::{Cidr, Tags};

/// Where traffic of some subnets goes. Ready once it has its routes and its subnets.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTable {
    /// The network it is in.
    pub vpc: Ref<Vpc>,
    /// Its routes, beside the one inside the network that every table has.
    pub routes: Vec<Route>,
    /// The subnets it is associated with. A subnet without a table uses the network's main one.
    pub subnets: Vec<Ref<Subnet>>,
    /// Further tags.
    pub tags: Tags,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Which addresses it is for.
    pub destination: Cidr,
    /// Where their traffic goes.
    pub via: Hop,
}

/// Where traffic goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hop {
    /// Out through an attached internet gateway.
    InternetGateway(Ready<InternetGateway>),
}

/// What EC2 tells of a route table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTableState {
    /// `rtb-…`
    pub id: String,
    /// The ids of its associations, `rtbassoc-…`, each behind the subnet's id.
    pub associations: Vec<(String, String)>,
}

impl Resource for RouteTable {
    const TYPE: &'static str = "ec2.route-table";
    const FIELDS: &'static [Field] = crate::fields!(RouteTable {
        vpc: Replace(Outage),
        routes: Update(NoInterruption),
        subnets: Update(NoInterruption),
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(2, 1);

    type State = RouteTableState;

    fn id(state: &RouteTableState) -> String {
        state.id.clone()
    }

    /// Its network changes only with a new network, whose subnets are new as well.
    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
