//! What the tests of lives share.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use wpstack_aws::Aws;
use wpstack_core::apply::{Engine, Options, Session, Summary};
use wpstack_core::event::Events;
use wpstack_core::plan::{Plan, Verb};
use wpstack_core::state::{Holder, MemoryStore};
use wpstack_core::time::{Clock, SystemClock};
use wpstack_core::{Address, Stack};
use wpstack_testkit::{Account, Inventory, Moto};

pub(crate) const REGION: &str = "eu-west-1";

/// An account of its own, and the engine at work on a stack in it.
pub(crate) struct Life {
    pub(crate) aws: Aws,
    account: Account,
    session: Session,
}

impl Life {
    pub(crate) async fn begin() -> Self {
        let account = Moto::shared().account().unwrap();
        let aws = Aws::new(&account.sdk_config(account.endpoint(), REGION));
        let clock = Arc::new(SystemClock);
        let since = clock.now();
        let engine = Engine::new(aws.registry(), clock);
        let holder = Holder { who: "test".to_owned(), pid: 1, doing: "apply".to_owned(), since };
        let store = Arc::new(MemoryStore::default());
        let session = engine.open(store, "blog", &holder, "lineage").await.unwrap();
        Self { aws, account, session }
    }

    pub(crate) async fn plan(&self, stack: &Stack) -> Plan {
        let sightings = self.session.look().await.unwrap();
        let plan = self.session.plan(stack, &sightings).unwrap();
        assert_eq!(plan.problems, []);
        plan
    }

    /// Plans and applies, which must succeed. Returns what was planned, as [`told`] does.
    pub(crate) async fn apply(&self, stack: &Stack) -> Vec<String> {
        let plan = self.plan(stack).await;
        let summary = self.run(stack, &plan).await;
        assert!(summary.is_complete(), "{summary:#?}");
        told(&plan)
    }

    pub(crate) async fn run(&self, stack: &Stack, plan: &Plan) -> Summary {
        let (options, stop) = (Options::default(), CancellationToken::new());
        self.session.apply(stack, plan, &options, &Events::ignored(), &stop).await.unwrap()
    }

    /// Takes everything down and insists that nothing of the stack is left in the account.
    pub(crate) async fn end(self) {
        let nothing = stack();
        self.apply(&nothing).await;
        assert_eq!(self.session.document().objects.len(), 0);
        assert_eq!(self.inventory().counts(), [].into());
    }

    /// What another client sees of the stack.
    pub(crate) fn inventory(&self) -> Inventory {
        self.account.inventory(REGION).unwrap().of_stack("blog")
    }

    /// AWS's id of the resource at an address.
    pub(crate) fn id(&self, address: &str) -> String {
        let address: Address = address.parse().unwrap();
        let document = self.session.document();
        let (_, record) = document.current(&address).unwrap();
        record.state.as_ref().unwrap()["id"].as_str().unwrap().to_owned()
    }
}

/// An empty stack.
pub(crate) fn stack() -> Stack {
    Stack::new("blog".parse().unwrap())
}

/// What a plan does, without what it keeps: `update ec2.vpc:main tags`.
pub(crate) fn told(plan: &Plan) -> Vec<String> {
    let done = plan.actions.iter().filter(|action| action.verb != Verb::Keep);
    let told = done.map(|action| {
        let fields: String =
            action.changes.iter().map(|change| format!(" {}", change.field)).collect();
        format!("{} {}{fields}", verb(action.verb), action.object)
    });
    told.collect()
}

fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "create",
        Verb::Update => "update",
        Verb::Replace(_) => "replace",
        Verb::Resume => "resume",
        Verb::Delete => "delete",
        Verb::Keep => "keep",
    }
}
