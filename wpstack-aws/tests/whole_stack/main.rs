//! The whole life of the seed's stack over HTTP, against the local AWS emulator.
//!
//! The emulator starts no containers and enforces little of AWS's order: readiness is waited for only where something
//! needs it, and what exists is asked of boto3, not of wpstack.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod conformance;
mod seed;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use wpstack_aws::Aws;
use wpstack_core::apply::{Engine, Options, Session, Summary, Wait};
use wpstack_core::event::Events;
use wpstack_core::plan::{Plan, Verb};
use wpstack_core::state::{Holder, MemoryStore};
use wpstack_core::time::{Clock, SystemClock};
use wpstack_core::wordpress::{self, Config};
use wpstack_core::{Consent, Stack};
use wpstack_testkit::{Account, Inventory, Moto};

struct Site {
    session: Session,
    account: Account,
    aws: Aws,
    region: String,
}

impl Site {
    async fn open(config: &Config) -> Self {
        let moto = Moto::shared();
        let account = moto.account().unwrap();
        let region = config.region.to_string();
        let aws = Aws::new(&account.sdk_config(moto.endpoint(), &region));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let engine = Engine::new(aws.registry(), Arc::clone(&clock));
        let holder = Holder {
            who: "a test".to_owned(),
            pid: std::process::id(),
            doing: "the whole stack".to_owned(),
            since: clock.now(),
        };
        let store = Arc::new(MemoryStore::default());
        let session = engine.open(store, config.name.as_str(), &holder, "test").await.unwrap();
        Self { session, account, aws, region }
    }

    async fn plan(&self, stack: &Stack) -> Plan {
        self.session.plan(stack, &self.session.look().await.unwrap()).unwrap()
    }

    async fn apply(&self, stack: &Stack) -> (Plan, Summary) {
        let plan = self.plan(stack).await;
        let lose = ["rds.instance:main", "ecr.repository:wordpress"];
        let consent = Consent {
            skip_final_snapshot: true,
            ..Consent::to_lose(lose.map(|address| address.parse().unwrap()))
        };
        let options = Options { wait: Wait::Exists, consent, ..Options::default() };
        let (events, cancel) = (Events::ignored(), CancellationToken::new());
        let applied = self.session.apply(stack, &plan, &options, &events, &cancel).await.unwrap();
        assert!(applied.is_complete(), "{:#?}", applied.failures);
        (plan, applied)
    }

    fn inventory(&self) -> Inventory {
        self.account.inventory(&self.region).unwrap()
    }
}

fn seed() -> Config {
    let text = include_str!("../../../wpstack-core/tests/fixtures/seed.toml");
    Config::parse(text).expect("the fixture is right")
}

/// What a plan changes: `~ ec2.vpc:main dns_hostnames`.
fn changes(plan: &Plan) -> Vec<String> {
    let acted = plan.actions.iter().filter(|action| action.verb != Verb::Keep);
    let mut lines: Vec<_> = acted
        .map(|action| {
            let symbol = match action.verb {
                Verb::Create => "+",
                Verb::Update => "~",
                Verb::Replace(_) => "+/-",
                Verb::Resume => ">",
                Verb::Delete => "-",
                Verb::Keep => "=",
            };
            let fields: Vec<_> = action.changes.iter().map(|it| it.field.as_str()).collect();
            format!("{symbol} {} {}", action.object, fields.join(",")).trim_end().to_owned()
        })
        .collect();
    lines.sort();
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_made_kept_changed_and_destroyed() {
    let mut config = seed();
    let site = Site::open(&config).await;

    let (_, applied) = site.apply(&wordpress::stack(&config).unwrap()).await;
    let outputs: Vec<_> = applied.outputs.keys().map(String::as_str).collect();
    assert_eq!(outputs, ["db_endpoint", "ecr_repository_url", "load_balancer_dns_name"]);
    assert!(applied.advice.iter().any(|advice| advice.contains("push")), "{:?}", applied.advice);
    seed::check(&site.inventory());

    let plan = site.plan(&wordpress::stack(&config).unwrap()).await;
    assert_eq!(changes(&plan), Vec::<String>::new(), "a second plan has nothing to do");

    in_place(&site, &mut config).await;
    outside(&site, &config).await;
    replaced(&site, &mut config).await;

    site.apply(&Stack::new(config.name.clone())).await;
    let left = site.inventory().of_stack(config.name.as_str());
    assert!(left.is_empty(), "left behind: {:?}", left.counts());
}

/// Every kind of change that AWS makes in place.
async fn in_place(site: &Site, config: &mut Config) {
    config.logs.retention = "90 days".parse().unwrap();
    config.load_balancer.idle_timeout = "120s".parse().unwrap();
    config.load_balancer.deregistration_delay = "30s".parse().unwrap();
    config.health_check.interval = "20s".parse().unwrap();
    config.database.backup_retention = "14 days".parse().unwrap();
    config.instances.max = 4;
    config.tags.insert("team", "blog").unwrap();
    let stack = wordpress::stack(config).unwrap();
    let (plan, _) = site.apply(&stack).await;
    for line in [
        "~ elb.load-balancer:main idle_timeout,tags",
        "~ elb.target-group:wordpress health_check,deregistration_delay,tags",
        "~ rds.instance:main backup_retention,tags",
        "~ logs.group:wordpress retention,tags",
        "~ ec2.vpc:main tags",
    ] {
        assert!(changes(&plan).contains(&line.to_owned()), "{line} in {:#?}", changes(&plan));
    }
    let again = site.plan(&stack).await;
    assert_eq!(changes(&again), Vec::<String>::new(), "the updates took");
}

/// Changes made behind wpstack's back show in the plan, and are taken back.
async fn outside(site: &Site, config: &Config) {
    let call = site.aws.logs.put_retention_policy().log_group_name("wordpress-wordpress");
    call.retention_in_days(1).send().await.unwrap();
    let stack = wordpress::stack(config).unwrap();
    let (plan, _) = site.apply(&stack).await;
    assert_eq!(changes(&plan), ["~ logs.group:wordpress retention"]);
    let group = site.aws.logs.describe_log_groups().send().await.unwrap();
    let retention = group.log_groups().first().and_then(|group| group.retention_in_days);
    assert_eq!(retention, Some(90));
}

/// A change that needs a new object: the service moves to a new revision, and the old one goes.
async fn replaced(site: &Site, config: &mut Config) {
    config.service.memory = "640 MiB".parse().unwrap();
    let stack = wordpress::stack(config).unwrap();
    let (plan, _) = site.apply(&stack).await;
    assert_eq!(
        changes(&plan),
        ["+/- ecs.task-definition:wordpress#2 containers", "~ ecs.service:wordpress task"]
    );
    let definitions = site.inventory().of_stack(config.name.as_str());
    assert_eq!(definitions.of("ecs.task-definition").len(), 1, "the old revision is gone");
}
