use serde_json::json;

use super::*;
use crate::resource::{Change, kinds};
use crate::sim::Sim;
use crate::time::drive;
use crate::wordpress::{self, Config};

fn config() -> Config {
    Config::new("blog".parse().unwrap(), "eu-west-1".parse().unwrap())
}

fn stack() -> Stack {
    let mut config = config();
    // The service has nothing to run, so that instances may come and go.
    config.image.tag = Some("latest".parse().unwrap());
    wordpress::stack(&config).unwrap()
}

async fn conforms(sim: &Sim, stack: &Stack) -> BTreeMap<Address, Value> {
    let engine = sim.engine();
    let laws = Conformance::new(engine.registry(), Arc::clone(engine.clock()), stack);
    drive(engine.clock().as_ref(), laws.check()).await;
    assert!(sim.inventory().values().all(Vec::is_empty), "left behind: {:?}", sim.inventory());
    laws.states()
}

#[tokio::test]
async fn the_simulated_aws_keeps_every_law_for_every_type() {
    for seed in 0..5 {
        conforms(&Sim::new(seed), &stack()).await;
    }
}

#[tokio::test]
async fn it_keeps_them_while_calls_are_throttled_and_answers_come_late() {
    let sim = Sim::new(9);
    sim.faults("Create*: throttle x9\nDelete*: delay 20s x5\nDescribe*: throttle x9").unwrap();
    conforms(&sim, &stack()).await;
}

#[test]
fn a_spec_has_a_member_for_each_field_and_no_other() {
    let mut config = config();
    // Left out where there is none: records of before have no such member, and their digests stay.
    config.database.from_snapshot = Some("blog-db-last".parse().unwrap());
    for node in wordpress::stack(&config).unwrap().nodes() {
        let members: Vec<_> = node.spec.as_object().unwrap().keys().map(String::as_str).collect();
        let fields: Vec<_> = node.kind.fields.iter().map(|field| field.name).collect();
        assert_eq!(members, fields, "{}", node.address);
    }
}

#[test]
fn every_field_that_is_updated_in_place_is_varied_or_listed() {
    let stack = stack();
    for kind in kinds() {
        for field in kind.fields {
            let updates = matches!(field.change, Change::Update(_));
            let mut nodes = stack.nodes().iter().filter(|it| it.kind.type_name == kind.type_name);
            let varies = nodes.any(|node| {
                varied(kind.type_name, &node.spec)[field.name] != node.spec[field.name]
            });
            let listed = NOT_VARIED.contains(&(kind.type_name, field.name));
            assert_eq!(updates, varies || listed, "{}.{}", kind.type_name, field.name);
            assert!(!(varies && listed), "{}.{} is varied", kind.type_name, field.name);
        }
    }
}

/// What is on the disks of those who use it. A change here needs a new schema, and a way from the old one.
#[tokio::test]
async fn the_shape_of_records() {
    let stack = stack();
    let states = conforms(&Sim::new(1), &stack).await;
    for kind in kinds() {
        let mut nodes = stack.nodes().iter();
        let node = nodes.find(|node| node.kind.type_name == kind.type_name).unwrap();
        let state = &states[&node.address];
        let record = json!({ "schema": kind.schema, "spec": node.spec, "state": state });
        let name = kind.type_name.replace('.', "_");
        insta::with_settings!({
            snapshot_path => "shapes",
            prepend_module_to_snapshot => false,
            // What the simulation draws.
            filters => [
                (r"\b[0-9a-f]{16,17}\b", "ID"),
                (r"\b[0-9a-z]{12}(\.[a-z]{2}-)", "ID$1"),
                (r"alb-[0-9]+\b", "alb-ID"),
                (r"(:secret:\S+)-[0-9A-Za-z]{6}\b", "$1-ID"),
            ],
        }, {
            insta::assert_json_snapshot!(name, record);
        });
    }
}
