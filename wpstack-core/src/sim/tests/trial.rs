//! What the tests are written with: a stack from lines, and an engine on a simulation that logs what happens.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::apply::{Options, Session, Summary};
use crate::event::{Event, Events, What};
use crate::plan::{Plan, Verb};
use crate::provider::Consent;
use crate::rate::figures::is_read;
use crate::resource::ec2::{
    Direction, Hop, InternetGateway, Peer, Route, RouteTable, SecurityGroup, SecurityGroupRule,
    Subnet, Vpc,
};
use crate::sim::{Inventory, Outcome, Sim};
use crate::state::{Holder, MemoryStore};
use crate::time::Clock;
use crate::value::{Cidr, Tags, Traffic};
use crate::{Ref, Stack};

/// A simulation, and the state of one stack on it.
pub(super) struct Trial {
    pub(super) sim: Sim,
    pub(super) store: MemoryStore,
    pub(super) consent: Consent,
    log: Arc<Mutex<Vec<Event>>>,
}

impl Trial {
    pub(super) fn new(seed: u64) -> Self {
        Self::on(Sim::new(seed), MemoryStore::default())
    }

    pub(super) fn on(sim: Sim, store: MemoryStore) -> Self {
        Self { sim, store, consent: Consent::default(), log: Arc::default() }
    }

    pub(super) async fn open(&self) -> Session {
        let holder = Holder {
            who: "test".to_owned(),
            pid: 1,
            doing: "test".to_owned(),
            since: Timestamp::UNIX_EPOCH,
        };
        let store = Arc::new(self.store.clone());
        self.sim.engine().open(store, "blog", &holder, "lineage").await.unwrap()
    }

    pub(super) async fn plan(&self, stack: &Stack) -> Plan {
        let session = self.open().await;
        let sightings = session.look().await.unwrap();
        session.plan(stack, &sightings).unwrap()
    }

    /// Looks, plans and applies.
    pub(super) async fn apply(&self, stack: &Stack) -> Summary {
        self.apply_until(stack, |_| false).await
    }

    /// Applies, and asks the run to stop when an event fits.
    pub(super) async fn apply_until(
        &self,
        stack: &Stack,
        stop: impl Fn(&What) -> bool + Send + 'static,
    ) -> Summary {
        let plan = self.plan(stack).await;
        self.carry_out(stack, &plan, stop).await
    }

    /// Applies a plan that was made before.
    pub(super) async fn apply_plan(&self, stack: &Stack, plan: &Plan) -> Summary {
        self.carry_out(stack, plan, |_| false).await
    }

    async fn carry_out(
        &self,
        stack: &Stack,
        plan: &Plan,
        stop: impl Fn(&What) -> bool + Send + 'static,
    ) -> Summary {
        let session = self.open().await;
        let (cancel, log) = (CancellationToken::new(), Arc::clone(&self.log));
        let token = cancel.clone();
        let events = Events::to(move |event| {
            log.lock().unwrap().push(event.clone());
            if stop(&event.what) {
                token.cancel();
            }
        });
        session.apply(stack, plan, &self.options(), &events, &cancel).await.unwrap()
    }

    fn options(&self) -> Options {
        Options { consent: self.consent.clone(), ..Options::default() }
    }

    /// Why an apply does not even begin.
    pub(super) async fn refusal(&self, stack: &Stack) -> String {
        let (plan, session) = (self.plan(stack).await, self.open().await);
        let (before, calls) = (session.document(), self.changes());
        let (events, cancel) = (Events::ignored(), CancellationToken::new());
        let refused = session.apply(stack, &plan, &self.options(), &events, &cancel).await;
        assert_eq!((session.document(), self.changes()), (before, calls));
        refused.unwrap_err().to_string()
    }

    /// An empty stack: what a destroy leads to.
    pub(super) fn nothing() -> Stack {
        Stack::new("blog".parse().unwrap())
    }

    /// Destroys everything.
    pub(super) async fn destroy(&self) -> Summary {
        self.apply(&Self::nothing()).await
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.log.lock().unwrap().clone()
    }

    /// The calls that change something, with what came of those that did not go well.
    pub(super) fn changes(&self) -> Vec<String> {
        let calls = self.sim.calls();
        let changes = calls.iter().filter(|call| !is_read(&call.operation));
        changes
            .map(|call| match &call.outcome {
                Outcome::Done => call.operation.clone(),
                Outcome::Refused(code) => format!("{} !{code}", call.operation),
                Outcome::Lost => format!("{} lost", call.operation),
            })
            .collect()
    }

    pub(super) fn seconds(&self) -> f64 {
        self.sim.clock().now().as_duration().as_secs_f64() - 1_767_225_600.0
    }
}

/// What [`network`] consists of.
pub(super) const ALL: &str = "ec2.internet-gateway 1, ec2.route-table 1, ec2.security-group 3, \
                              ec2.security-group-rule 5, ec2.subnet 3, ec2.vpc 1";

/// A network: a VPC, three subnets with their way out, and three groups that let each other in.
pub(super) fn network(cidr: &str) -> Stack {
    let mut stack = Stack::new("blog".parse().unwrap());
    let cidr: Cidr = cidr.parse().unwrap();
    let vpc = stack.add("main", Vpc::new(cidr)).unwrap();
    let zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];
    let mut subnets = Vec::new();
    for ((name, zone), cidr) in ["a", "b", "c"].iter().zip(zones).zip(cidr.subnets(24).unwrap()) {
        subnets.push(stack.add(name, Subnet::new(&vpc, cidr, zone.parse().unwrap())).unwrap());
    }
    let tags = Tags::default();
    let gateway = InternetGateway { vpc: vpc.clone(), tags: tags.clone() };
    let gateway = stack.add("main", gateway).unwrap();
    let out = Route { destination: Cidr::ANYWHERE, via: Hop::InternetGateway(gateway.ready()) };
    let table = RouteTable { vpc: vpc.clone(), routes: vec![out], subnets, tags };
    stack.add("public", table).unwrap();
    let alb = group(&mut stack, &vpc, "alb");
    let ecs = group(&mut stack, &vpc, "ecs");
    let rds = group(&mut stack, &vpc, "rds");
    let (inward, outward) = (Direction::Ingress, Direction::Egress);
    rule(&mut stack, "alb-in", &alb, inward, Peer::Cidr(Cidr::ANYWHERE), Traffic::tcp(80));
    let ports = Traffic::tcp_range(32768..=65535);
    rule(&mut stack, "alb-out", &alb, outward, Peer::Group(ecs.clone()), ports);
    rule(&mut stack, "ecs-in", &ecs, inward, Peer::Group(alb.clone()), ports);
    rule(&mut stack, "ecs-out", &ecs, outward, Peer::Cidr(Cidr::ANYWHERE), Traffic::all());
    rule(&mut stack, "rds-in", &rds, inward, Peer::Group(ecs), Traffic::tcp(3306));
    stack
}

pub(super) fn group(stack: &mut Stack, vpc: &Ref<Vpc>, name: &str) -> Ref<SecurityGroup> {
    let group = SecurityGroup {
        vpc: vpc.clone(),
        name: format!("blog-{name}").parse().unwrap(),
        description: format!("the {name} of the blog"),
        tags: Tags::default(),
    };
    stack.add(name, group).unwrap()
}

pub(super) fn rule(
    stack: &mut Stack,
    name: &str,
    group: &Ref<SecurityGroup>,
    direction: Direction,
    peer: Peer,
    traffic: Traffic,
) {
    let rule = SecurityGroupRule {
        group: group.ready(),
        direction,
        peer,
        traffic,
        description: name.to_owned(),
        tags: Tags::default(),
    };
    stack.add(name, rule).unwrap();
}

/// What a plan does, one object a line, kept ones left out.
pub(super) fn shown(plan: &Plan) -> String {
    let mut text = String::new();
    for action in plan.actions.iter().filter(|action| action.verb != Verb::Keep) {
        write!(text, "{:?} {}", action.verb, action.object).unwrap();
        for change in &action.changes {
            let value = |value: &Value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let (old, new, why) = (value(&change.old), value(&change.new), &change.why);
            // A reference names the same address before and after.
            if old == new {
                write!(text, " [{}, {why}]", change.field).unwrap();
            } else {
                write!(text, " [{}: {old} -> {new}, {why}]", change.field).unwrap();
            }
        }
        for reason in action.reasons.iter().filter(|_| action.changes.is_empty()) {
            write!(text, " ({reason})").unwrap();
        }
        text.push('\n');
    }
    text
}

/// How many objects of each type an inventory lists.
pub(super) fn counted(inventory: &Inventory) -> String {
    let counts = inventory.iter().map(|(name, objects)| format!("{name} {}", objects.len()));
    counts.collect::<Vec<_>>().join(", ")
}
