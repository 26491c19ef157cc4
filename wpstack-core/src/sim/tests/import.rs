//! Objects that were made by other means, or forgotten, are taken over by their ids.

use insta::assert_snapshot;
use serde_json::Value;

use super::trial::{Trial, network, shown};
use crate::Stack;
use crate::apply::{ImportError, Imported, Session};
use crate::failure::Chain;
use crate::provider::TAG_OWNER;
use crate::sim::TagMap;
use crate::stack::Node;
use crate::state::MemoryStore;
use crate::wordpress::{self, Config};

/// What is recorded of a resource.
fn state(session: &Session, node: &Node) -> Option<Value> {
    session.document().current(&node.address)?.1.state.clone()
}

/// As a person would name the object: by its ARN where that is how AWS asks for it, else by its id.
fn id(session: &Session, node: &Node) -> String {
    let state = state(session, node).unwrap();
    let by_arn = ["elb", "secretsmanager"].contains(&node.address.service());
    match state["arn"].as_str().filter(|_| by_arn) {
        Some(arn) => arn.to_owned(),
        None => node.kind.id(&state).unwrap(),
    }
}

fn said(outcome: Result<Imported, ImportError>) -> String {
    match outcome {
        Ok(Imported { object, differs, .. }) => {
            let fields: Vec<_> = differs.iter().map(|drift| drift.field.as_str()).collect();
            format!("{object} is taken and differs in {fields:?}")
        }
        Err(error) => format!("{}\n    {}", Chain(&error), error.hint()),
    }
}

#[tokio::test]
async fn a_lost_state_is_made_good_by_ids() {
    let mut config = Config::new("blog".parse().unwrap(), "eu-west-1".parse().unwrap());
    config.image.tag = Some("1".parse().unwrap());
    let (trial, stack) = (Trial::new(1), wordpress::stack(&config).unwrap());
    assert!(trial.apply(&stack).await.is_complete());
    let session = trial.open().await;
    let again = Trial::on(trial.sim.clone(), MemoryStore::default());
    let found = again.open().await;
    let mut told = Vec::new();
    for node in stack.nodes() {
        let outcome = found.import(&stack, &node.address, &id(&session, node)).await;
        if outcome.is_ok() {
            assert_eq!(state(&found, node), state(&session, node), "{}", node.address);
        }
        told.push(said(outcome));
    }
    drop(found);
    let plan = again.plan(&stack).await;
    assert_snapshot!(format!("{}\n\n{}", told.join("\n"), shown(&plan)));
}

#[tokio::test]
async fn an_import_changes_nothing_and_the_next_apply_marks_what_it_took() {
    let (trial, stack) = (Trial::new(2), network("10.0.0.0/16"));
    let cidr = "10.0.0.0/16".parse().unwrap();
    let id = trial.sim.tamper(|world| world.create_vpc(cidr, TagMap::new()).unwrap());
    let session = trial.open().await;
    session.import(&stack, &"ec2.vpc:main".parse().unwrap(), &id).await.unwrap();
    drop(session);
    let made: Vec<_> = trial.sim.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(made, ["DescribeVpcs"]);
    let plan = shown(&trial.plan(&stack).await);
    let first = plan.lines().next().unwrap();
    assert_snapshot!(first, @"Update ec2.vpc:main [dns_hostnames: false -> true, as it was imported] [tags, as it was imported]");
    assert!(trial.apply(&stack).await.is_complete());
    let owner = trial.sim.tamper(|world| world.ec2.tags_of(&id).get(TAG_OWNER).cloned());
    assert_eq!(owner.as_deref(), Some("lineage"));
    assert!(trial.plan(&stack).await.is_empty());
}

#[tokio::test]
async fn what_is_not_taken_is_told_why() {
    let (trial, stack) = (Trial::new(3), network("10.0.0.0/16"));
    let make = |cidr: &str, owner: Option<&str>| {
        let cidr = cidr.parse().unwrap();
        let tags = owner.map(|owner| (TAG_OWNER.to_owned(), owner.to_owned()));
        trial.sim.tamper(|world| world.create_vpc(cidr, tags.into_iter().collect()).unwrap())
    };
    let (unlike, owned) = (make("10.9.0.0/16", None), make("10.0.0.0/16", Some("another")));
    let fitting = make("10.0.0.0/16", None);
    let session = trial.open().await;
    let mut told = Vec::new();
    let cases = [
        ("ec2.vpc:nowhere", &*fitting),
        ("ec2.subnet:a", "subnet-1"),
        ("ec2.vpc:main", "vpc-1"),
        ("ec2.vpc:main", &owned),
        ("ec2.vpc:main", &unlike),
        ("ec2.vpc:main", &fitting),
        ("ec2.vpc:main", &fitting),
    ];
    for (address, id) in cases {
        told.push(said(session.import(&stack, &address.parse().unwrap(), id).await));
    }
    let names = [(&unlike, "UNLIKE"), (&owned, "OWNED"), (&fitting, "FITTING")];
    let told = names.iter().fold(told.join("\n"), |told, (id, name)| told.replace(&**id, name));
    assert_snapshot!(told);
}

#[tokio::test]
async fn what_another_tool_has_under_our_name_is_refused_by_its_owner() {
    let config = Config::new("blog".parse().unwrap(), "eu-west-1".parse().unwrap());
    let (trial, stack) = (Trial::new(4), wordpress::stack(&config).unwrap());
    let tags = |key: &str, value: &str| TagMap::from([(key.to_owned(), value.to_owned())]);
    trial.sim.tamper(|world| {
        world.create_log_group("/blog/wordpress", tags("ManagedBy", "terraform")).unwrap();
        let tags = tags("aws:cloudformation:stack-name", "shop");
        world.create_repository("blog", false, tags).unwrap();
    });
    let failures = trial.apply(&stack).await.failures;
    let told: Vec<_> = failures.iter().map(|it| format!("{}: {}", it.object, it.error)).collect();
    assert_snapshot!(told.join("\n"));
}

const TAKEN_OVER: &str = "`logs.group:wordpress` is marked as another's: `logs.group:wordpress` of the stack `blog` \
                          (wpstack:owner = another); take its tags off if it is yours, or forget it with `wpstack \
                          state rm logs.group:wordpress`";

#[tokio::test]
async fn what_another_state_has_taken_over_is_neither_changed_nor_deleted() {
    let mut config = Config::new("blog".parse().unwrap(), "eu-west-1".parse().unwrap());
    let (trial, stack) = (Trial::new(6), wordpress::stack(&config).unwrap());
    assert!(trial.apply(&stack).await.is_complete());
    trial.sim.tamper(|world| {
        let mut tagged = world.tags.iter_mut();
        let (_, tags) = tagged.find(|(arn, _)| arn.contains(":log-group:")).unwrap();
        tags.insert(TAG_OWNER.to_owned(), "another".to_owned());
    });
    // While nothing is to be done about it, it is let be.
    assert!(trial.plan(&stack).await.is_empty());
    config.logs.retention = "90 days".parse().unwrap();
    for wanted in [wordpress::stack(&config).unwrap(), Stack::new("blog".parse().unwrap())] {
        let plan = trial.plan(&wanted).await;
        let problems: Vec<_> = plan.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, [TAKEN_OVER]);
        assert!(trial.refusal(&wanted).await.contains("cannot be made"));
    }
}
