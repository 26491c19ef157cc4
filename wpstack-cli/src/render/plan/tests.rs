use std::time::Duration;

use serde_json::json;
use wpstack_core::plan::{Link, Step};
use wpstack_core::state::{Document, Fact};

use super::*;

fn object(text: &str) -> ObjectId {
    text.parse().unwrap()
}

/// A document in which a VPC, a subnet and a database stand.
fn document() -> Document {
    let mut document = Document::new("blog", "lineage");
    for (address, state) in [
        ("ec2.vpc:main", json!({"id": "vpc-0a1b"})),
        ("ec2.subnet:a", json!({"id": "subnet-0a"})),
        ("ec2.subnet:b", json!({"id": "subnet-0b"})),
        (
            "rds.instance:main",
            json!({"identifier": "blog-db", "arn": "arn:x", "host": null, "port": 3306}),
        ),
    ] {
        let object = object(address);
        let intended = Fact::CreateIntended { schema: 1, spec: json!({}), edges: Vec::new() };
        document.learn(&object, &intended).unwrap();
        document.learn(&object, &Fact::Created { state }).unwrap();
    }
    document
}

fn action(verb: Verb, at: &str, reason: Reason, changes: Vec<FieldChange>) -> Action {
    let cost = changes.iter().map(|change| change.cost).max().unwrap_or(Cost::NoInterruption);
    Action { object: object(at), verb, changes, reasons: vec![reason], cost }
}

fn change(field: &str, old: Value, new: Value) -> FieldChange {
    let (effect, cost, why) = (Effect::Update, Cost::NoInterruption, Why::Configured);
    FieldChange { field: field.to_owned(), old, new, effect, cost, why }
}

fn step(at: &str, task: Task, seconds: u64) -> Step {
    let (exists_after, expected) = (Duration::ZERO, Duration::from_secs(seconds));
    Step { object: object(at), task, needs: Vec::new(), exists_after, expected }
}

fn plan_of(actions: Vec<Action>, steps: Vec<Step>) -> Plan {
    Plan {
        stack: "blog".to_owned(),
        lineage: "lineage".to_owned(),
        serial: 8,
        wanted: String::new(),
        saw: String::new(),
        seen: Vec::new(),
        actions,
        steps,
        problems: Vec::new(),
    }
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[expect(clippy::too_many_lines, reason = "one plan with one of everything in it")]
fn everything() -> Plan {
    let spec = json!({
        "group": {"$ref": "ec2.security-group:alb"}, "cidr": "0.0.0.0/0", "ports": [80, 443],
        "description": "the web", "tags": {}, "health": {"path": "/wp-login.php", "codes": "200-399"},
        "policy": ["a long list of things", "that does not fit", "into one field of a line"],
    });
    let moved = json!({"$ref": "ec2.subnet:a"});
    let plan = plan_of(
        vec![
            action(Verb::Keep, "ec2.vpc:main", Reason::Changed, vec![]),
            action(Verb::Create, "ec2.security-group-rule:web", Reason::New, vec![]),
            action(Verb::Create, "ec2.internet-gateway:main", Reason::DeletedOutside, vec![]),
            action(
                Verb::Replace(Order::DeleteFirst),
                "ec2.subnet:a#2",
                Reason::Changed,
                vec![
                    FieldChange {
                        effect: Effect::Replace,
                        cost: Cost::Outage,
                        ..change("zone", json!("eu-west-1a"), json!("eu-west-1c"))
                    },
                    FieldChange {
                        why: Why::Outside,
                        ..change("public_addresses", json!(false), json!(true))
                    },
                ],
            ),
            action(
                Verb::Replace(Order::CreateFirst),
                "elb.target-group:web#2",
                Reason::Changed,
                vec![FieldChange {
                    effect: Effect::Replace,
                    why: Why::Replaced("ec2.vpc:main".parse().unwrap()),
                    ..change("vpc", moved.clone(), moved.clone())
                }],
            ),
            Action {
                cost: Cost::DataLoss,
                ..action(
                    Verb::Replace(Order::CreateFirst),
                    "rds.instance:main#2",
                    Reason::Broken("storage-full".to_owned()),
                    vec![],
                )
            },
            action(
                Verb::Update,
                "ecs.service:web",
                Reason::Changed,
                vec![
                    FieldChange {
                        cost: Cost::Restart,
                        why: Why::Follows("ecs.task-definition:web".parse().unwrap()),
                        ..change("task", moved.clone(), moved)
                    },
                    change(
                        "deployment",
                        json!({"maximum": 200, "minimum_healthy": 50}),
                        json!({"maximum": 200, "minimum_healthy": 100}),
                    ),
                    FieldChange {
                        effect: Effect::Order,
                        ..change(
                            "roles",
                            json!([{"$ref": "iam.role:a"}]),
                            json!([{"$ref": "iam.role:a"}, {"$ref": "iam.role:b"}]),
                        )
                    },
                ],
            ),
            action(Verb::Resume, "elb.load-balancer:web", Reason::Interrupted, vec![]),
            action(Verb::Delete, "ec2.subnet:b", Reason::NotWanted, vec![]),
        ],
        vec![
            step("ec2.security-group-rule:web", Task::Create { spec, adopt: false }, 1),
            step("ec2.internet-gateway:main", Task::Create { spec: json!({}), adopt: false }, 2),
            Step {
                needs: vec![Link { step: 0, need: wpstack_core::stack::graph::Need::Ready }],
                ..step("rds.instance:main#2", Task::Create { spec: json!({}), adopt: false }, 350)
            },
            step("ec2.subnet:b", Task::Delete, 1),
        ],
    );
    let gone = Seen { object: object("ec2.internet-gateway:main"), fact: Fact::Gone };
    Plan { seen: vec![gone], ..plan }
}

#[test]
fn a_plan_with_everything_in_it() {
    let names = Names::of(&document());
    insta::assert_snapshot!(plain(&plan(&everything(), &names, false)));
}

#[test]
fn a_verbose_plan_lists_every_field_and_what_stays() {
    let names = Names::of(&document());
    let text = plain(&plan(&everything(), &names, true));
    assert!(text.contains("   = ec2.vpc:main  vpc-0a1b\n"), "{text}");
    assert!(text.contains("        tags {}\n"), "{text}");
    assert!(text.contains("        policy [\"a long list of things\", "), "{text}");
}

#[test]
fn what_a_plan_costs_is_repeated_before_the_question() {
    let text = plain(&costs(&everything()));
    assert_eq!(text, "DATA LOSS: rds.instance:main\nOUTAGE: ec2.subnet:a\n");
}

#[test]
fn losses_stand_out_in_colour() {
    let text = plan(&everything(), &Names::default(), false);
    assert!(text.contains("\u{1b}[1m\u{1b}[31mDATA LOSS"), "{text:?}");
    assert!(text.contains("\u{1b}[1m\u{1b}[33mOUTAGE"), "{text:?}");
}

#[test]
fn a_change_that_cannot_be_made_says_what_to_do() {
    let problem = Problem::Unchangeable {
        address: "rds.instance:main".parse().unwrap(),
        field: "storage".to_owned(),
        reason: "RDS storage grows and never shrinks: keep the larger size".to_owned(),
    };
    let plan_with = Plan { problems: vec![problem], ..plan_of(vec![], vec![]) };
    insta::assert_snapshot!(plain(&plan(&plan_with, &Names::default(), false)), @"
    Plan: 1 change that cannot be made; expected time a few seconds.

    error: `storage` of `rds.instance:main` cannot be changed: RDS storage grows and never shrinks: keep the larger size
    ");
}

#[test]
fn nothing_to_do_is_said_so() {
    let kept = action(Verb::Keep, "ec2.vpc:main", Reason::Changed, vec![]);
    let one = plan_of(vec![kept], vec![]);
    assert_eq!(summary(&one), "No changes: 1 resource stands as configured.\n");
    assert_eq!(summary(&plan_of(vec![], vec![])), "No changes: there is nothing to do.\n");
}
