//! `ec2.internet-gateway`

use serde::{Deserialize, Serialize};

use super::Vpc;
use crate::resource::{Expected, Field, Resource};
use crate::stack::Ref;
use crate::value::Tags;

/// The way between a VPC and the internet. Ready once it is attached.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InternetGateway {
    /// The network it is attached to. A network has at most one.
    pub vpc: Ref<Vpc>,
    /// Further tags.
    pub tags: Tags,
}

/// What EC2 tells of an internet gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InternetGatewayState {
    /// `igw-…`
    pub id: String,
    /// The network it was meant for when it was made; it is detached from this one before it is deleted.
    pub vpc_id: String,
}

impl Resource for InternetGateway {
    const TYPE: &'static str = "ec2.internet-gateway";
    const FIELDS: &'static [Field] =
        crate::fields!(InternetGateway { vpc: Replace(Outage), tags: Update(NoInterruption) });
    const EXPECTED: Expected = Expected::seconds(1, 20);

    type State = InternetGatewayState;

    fn id(state: &InternetGatewayState) -> String {
        state.id.clone()
    }

    /// Its network changes only with a new network, to which the new gateway is attached.
    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
