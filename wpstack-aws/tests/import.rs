//! What exists is taken into a state by its ids, over HTTP, against the local AWS emulator.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use wpstack_aws::Aws;
use wpstack_core::apply::{Engine, ImportError, Options, Session, Wait};
use wpstack_core::event::Events;
use wpstack_core::plan::{Plan, Verb};
use wpstack_core::stack::Node;
use wpstack_core::state::{Holder, MemoryStore};
use wpstack_core::time::{Clock, SystemClock};
use wpstack_core::wordpress::{self, Config};
use wpstack_core::{Chain, Stack};
use wpstack_testkit::Moto;

const REGION: &str = "eu-west-1";

/// A session with a state of its own.
async fn open(aws: &Aws, lineage: &str) -> Session {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let since = clock.now();
    let engine = Engine::new(aws.registry(), clock);
    let holder = Holder { who: "test".to_owned(), pid: 1, doing: "import".to_owned(), since };
    engine.open(Arc::new(MemoryStore::default()), "blog", &holder, lineage).await.unwrap()
}

async fn plan(session: &Session, stack: &Stack) -> Plan {
    session.plan(stack, &session.look().await.unwrap()).unwrap()
}

async fn apply(session: &Session, stack: &Stack) {
    let options = Options { wait: Wait::Exists, ..Options::default() };
    let (events, cancel) = (Events::ignored(), CancellationToken::new());
    let plan = plan(session, stack).await;
    let summary = session.apply(stack, &plan, &options, &events, &cancel).await.unwrap();
    assert!(summary.is_complete(), "{:#?}", summary.failures);
}

/// As a person would name the object: by its ARN where that is how AWS asks for it, else by its id.
fn id(session: &Session, node: &Node) -> String {
    let document = session.document();
    let (_, record) = document.current(&node.address).unwrap();
    let state = record.state.as_ref().unwrap();
    let by_arn = ["elb", "secretsmanager"].contains(&node.address.service());
    match state["arn"].as_str().filter(|_| by_arn) {
        Some(arn) => arn.to_owned(),
        None => node.kind.id(state).unwrap(),
    }
}

#[tokio::test]
async fn a_lost_state_is_made_good_by_ids() {
    let account = Moto::shared().account().unwrap();
    let aws = Aws::new(&account.sdk_config(account.endpoint(), REGION));
    let mut config = Config::new("blog".parse().unwrap(), REGION.parse().unwrap());
    config.image.tag = Some("latest".parse().unwrap());
    let stack = wordpress::stack(&config).unwrap();
    let lost = open(&aws, "lineage").await;
    apply(&lost, &stack).await;
    let found = open(&aws, "lineage").await;
    // Of the services, images and versions of templates the emulator tells otherwise than AWS; and where nothing is to
    // be lost, nothing is to be taken.
    let anew = ["ecr.image:wordpress", "ecs.task-definition:wordpress"];
    let mut left = BTreeSet::new();
    for node in stack.nodes() {
        let id = id(&lost, node);
        match found.import(&stack, &node.address, &id).await {
            Ok(imported) => assert_eq!(imported.differs, [], "{}", node.address),
            Err(ImportError::MadeAnew { .. } | ImportError::Needs { .. }) => {
                left.insert(node.address.as_str());
            }
            Err(error) => panic!("{}: {}", node.address, Chain(&error)),
        }
    }
    assert_eq!(left, anew.into());
    let plan = plan(&found, &stack).await;
    for action in &plan.actions {
        let fields: Vec<_> = action.changes.iter().map(|change| change.field.as_str()).collect();
        match action.object.address.as_str() {
            address if anew.contains(&address) => assert_eq!(action.verb, Verb::Create),
            "ecs.service:wordpress" => assert_eq!(fields, ["task", "tags"]),
            "autoscaling.group:instances" => assert_eq!(fields, ["template", "tags"]),
            "iam.role-policy:read-secrets" | "ecs.cluster-capacity-providers:main" => {
                assert_eq!(action.verb, Verb::Keep);
            }
            address => assert_eq!(fields, ["tags"], "{address}"),
        }
    }
    apply(&found, &stack).await;

    // Another state is told whose it is.
    let other = open(&aws, "another").await;
    let address = "ec2.vpc:main".parse().unwrap();
    let node = stack.get(&address).unwrap();
    let vpc = id(&lost, node);
    let error = other.import(&stack, &address, &vpc).await.unwrap_err();
    let expected = format!(
        "`{vpc}` belongs to another: it is `ec2.vpc:main` of the stack `blog` (wpstack:owner = lineage)"
    );
    assert_eq!(Chain(&error).to_string(), expected);
    let error = other.import(&stack, &address, "vpc-0123456789abcdef0").await.unwrap_err();
    assert!(matches!(error, ImportError::NotThere { .. }), "{error:?}");
}
