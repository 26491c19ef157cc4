//! `elb.listener`

use serde::{Deserialize, Serialize};

use super::{LoadBalancer, TargetGroup};
use crate::resource::{Expected, Field, Resource};
use crate::stack::Ref;
use crate::value::{Port, Tags};

/// A port of a load balancer that takes HTTP requests and forwards them all to a target group.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    /// The load balancer. It need not be active yet.
    pub load_balancer: Ref<LoadBalancer>,
    /// The port.
    pub port: Port,
    /// Where requests go.
    pub target_group: Ref<TargetGroup>,
    /// Further tags.
    pub tags: Tags,
}

/// What ELB tells of a listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerState {
    /// Its ARN.
    pub arn: String,
}

impl Resource for Listener {
    const TYPE: &'static str = "elb.listener";
    const FIELDS: &'static [Field] = crate::fields!(Listener {
        load_balancer: Replace(Outage),
        port: Update(Outage),
        target_group: Update(NoInterruption),
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(1, 1);

    type State = ListenerState;

    fn id(state: &ListenerState) -> String {
        state.arn.rsplit(':').next().unwrap_or(&state.arn).to_owned()
    }

    /// It is replaced only with its load balancer.
    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
