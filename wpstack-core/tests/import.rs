//! A system that Terraform built moves over: what is taken, what is left, and what the first plan does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};
use wpstack_core::import::terraform::{Entry, Fate, ImportPlan, State};

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/terraform");
    fs::read(folder.join(name)).unwrap()
}

fn told(plan: &ImportPlan) -> String {
    let mut text = String::new();
    for Entry { resource, fate } in &plan.entries {
        match fate {
            Fate::Taken { address, id } => writeln!(text, "{resource} => {address} ({id})"),
            Fate::Part { of } => writeln!(text, "{resource} => part of {of}"),
            Fate::Left { why } => writeln!(text, "{resource} stays: {why}"),
        }
        .unwrap();
    }
    for note in &plan.notes {
        writeln!(text, "note: {note}").unwrap();
    }
    text
}

#[test]
fn what_terraform_0_11_wrote_is_understood() {
    let state = State::parse(&fixture("v3.tfstate")).unwrap();
    let plan = ImportPlan::new(&state, "wordpress".parse().unwrap()).unwrap();
    assert_eq!(plan.config.flaws(), []);
    assert_snapshot!("format_3", told(&plan));
    assert_snapshot!("format_3_config", wpstack_core::wordpress::written(&plan.config));
}

#[test]
fn what_terraform_1_11_wrote_is_understood() {
    let state = State::parse(&fixture("v4.tfstate")).unwrap();
    let plan = ImportPlan::new(&state, "wp".parse().unwrap()).unwrap();
    assert_eq!(plan.config.flaws(), []);
    assert_snapshot!("format_4", told(&plan));
    assert_snapshot!("format_4_config", wpstack_core::wordpress::written(&plan.config));
}

/// Each with what is said about it, and none with what stands in it.
#[test]
fn bad_files_are_told_without_their_contents() {
    let secret = "hunter2";
    let many = format!(
        r#"{{"version": 4, "resources": [{{"mode": "managed", "type": "aws_vpc", "name": "a", "instances": [{}]}}]}}"#,
        vec!["{}"; 20_000].join(",")
    );
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let cases = [
        String::new(),
        "not json".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        format!(r#"{{"version": "{secret}"}}"#),
        r#"{"version": 1}"#.to_owned(),
        r#"{"version": 5}"#.to_owned(),
        format!(r#"{{"version": 4, "resources": "{secret}"}}"#),
        format!(
            r#"{{"version": 3, "modules": [{{"resources": {{"a": {{"type": "{secret}", "primary": 7}}}}}}]}}"#
        ),
        deep,
        many,
        format!(r#"{{"version": 4, "lineage": "{}"}}"#, "x".repeat(9 * 1024 * 1024)),
    ];
    let told = cases.iter().map(|text| {
        let error = State::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(!error.contains(secret), "{error}");
        error
    });
    assert_snapshot!("bad_files", told.collect::<Vec<_>>().join("\n"));
}

#[test]
fn odd_files_do_no_harm() {
    let cases = [
        r#"{"version": 4}"#,
        r#"{"version": 3, "modules": [{}]}"#,
        r#"{"version": 4, "resources": [{"type": "aws_lb", "name": "\u001b[2J", "instances": [{"attributes": {"subnets": 7, "id": []}}]}]}"#,
        r#"{"version": 4, "resources": [{"type": "aws_ecs_task_definition", "name": "a", "instances": [{"attributes": {"container_definitions": "[[[["}}]}]}"#,
    ];
    for text in cases {
        let state = State::parse(text.as_bytes()).unwrap();
        let plan = ImportPlan::new(&state, "wordpress".parse().unwrap()).unwrap();
        assert_eq!(plan.taken().count(), 0, "{text}");
        assert!(!told(&plan).contains('\u{1b}'), "{text}");
    }
}

/// Puts `new` in the place of the node with that number, counted from the root down.
fn replace(node: &mut Value, number: &mut usize, new: &Value) {
    if *number == 0 {
        node.clone_from(new);
    }
    *number = number.wrapping_sub(1);
    match node {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, number, new)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| replace(member, number, new));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[{"id": [], "#": "9"}]])),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(json!("0.0.0.0/0")),
        Just(json!("sg-0a11ce00000000a1")),
    ]
}

/// Reads the text, and draws everything from it that is drawn from such a file.
fn survive(text: &[u8]) {
    if let Ok(state) = State::parse(text) {
        let plan = ImportPlan::new(&state, "wordpress".parse().unwrap()).unwrap();
        assert!(!told(&plan).contains("not-a-secret"));
        assert!(plan.taken().all(|(_, id)| !id.is_empty()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn any_bytes_do_no_harm(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        survive(&text);
    }

    #[test]
    fn a_file_with_other_values_does_no_harm(
        file in prop_oneof![Just("v3.tfstate"), Just("v4.tfstate")],
        changes in proptest::collection::vec((0_usize..1500, any_value()), 1..12),
    ) {
        let mut state: Value = serde_json::from_slice(&fixture(file)).unwrap();
        for (mut number, value) in changes {
            replace(&mut state, &mut number, &value);
        }
        survive(state.to_string().as_bytes());
    }

    #[test]
    fn a_damaged_file_does_no_harm(at in 0_usize..50_000, byte in any::<u8>(), cut in any::<bool>()) {
        let mut text = fixture("v3.tfstate");
        let at = at.min(text.len() - 1);
        text[at] = byte;
        if cut {
            text.truncate(at);
        }
        survive(&text);
    }
}
