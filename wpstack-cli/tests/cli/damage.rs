//! States, plans and files that are not what they should be: each gets its message, and none is changed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

const STATE: &str = ".wpstack/sim/blog.state.json";

/// Every file below a directory, and what is in it. The lock's holder is another with each run.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_none_or(|it| it != "lock") {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

/// What is said to each of the commands when the file has that content. Nothing may change by them.
fn said(sandbox: &Sandbox, file: &str, cases: &[(&str, String)], commands: &[&str]) -> String {
    let (mut report, whole) = (String::new(), fs::read(sandbox.path().join(file)).ok());
    for (name, content) in cases {
        sandbox.write(file, content);
        let before = files(sandbox.path());
        writeln!(report, "## {name}").unwrap();
        for command in commands {
            let run = sandbox.run(command);
            assert!(run.exit != 0 && run.stderr.contains("hint: "), "{name}: {run}");
            assert_eq!(files(sandbox.path()), before, "{name}: {run}");
            // Nothing is shown of what is refused.
            assert!(run.stderr.starts_with("error: "), "{name}: {run}");
            writeln!(report, "$ wpstack {command}\n[exit {}]\n{}", run.exit, run.stderr).unwrap();
        }
    }
    match whole {
        Some(whole) => fs::write(sandbox.path().join(file), whole).unwrap(),
        None => fs::remove_file(sandbox.path().join(file)).unwrap(),
    }
    report
}

/// The text with a member of its JSON set.
fn with(text: &str, pointer: &str, value: Value) -> String {
    let mut json: Value = serde_json::from_str(text).unwrap();
    *json.pointer_mut(pointer).unwrap() = value;
    serde_json::to_string_pretty(&json).unwrap()
}

/// The text without the line that seals it.
fn unsealed(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.contains("\"sha256\""));
    lines.collect::<Vec<_>>().join("\n")
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\b[0-9a-f]{32}\b", "LINEAGE");
    settings
}

#[test]
fn a_state_that_is_not_as_it_was_written_is_left_alone() {
    let sandbox = Sandbox::simulated();
    assert_eq!(sandbox.run("apply --yes").exit, 0);
    let text = sandbox.read(STATE);
    let id = text.find("\"vpc-").unwrap() + 8;
    let mut flipped = text.clone().into_bytes();
    flipped[id] ^= 1;
    let cases = [
        ("empty", String::new()),
        ("cut off", text[..40].to_owned()),
        ("a bit flipped", String::from_utf8(flipped).unwrap()),
        ("edited by hand", text.replacen("\"desired\": 1", "\"desired\": 2", 1)),
        ("another file", "{}".to_owned()),
        ("of a later release", with(&text, "/format", json!(9))),
        ("of another stack", unsealed(&with(&text, "/stack", json!("shop")))),
    ];
    assert!(cases.iter().all(|(_, case)| *case != text));
    let report = said(&sandbox, STATE, &cases, &["plan", "apply --yes"]);
    settings().bind(|| insta::assert_snapshot!(report));
    assert_eq!(sandbox.run("plan --detailed-exitcode").exit, 0);
    // Who means it has it taken as it is.
    sandbox.write(STATE, &unsealed(&text));
    assert_eq!(sandbox.run("plan --detailed-exitcode").exit, 0);
}

#[test]
fn a_saved_plan_that_is_damaged_or_foreign_is_not_applied() {
    let sandbox = Sandbox::simulated();
    assert_eq!(sandbox.run("plan --out first.plan").exit, 0);
    let text = sandbox.read("first.plan");
    let other = Sandbox::simulated();
    assert_eq!(other.run("plan --out first.plan").exit, 0);
    let cases = [
        ("empty", String::new()),
        ("cut off", text[..40].to_owned()),
        ("another file", "{}".to_owned()),
        ("no JSON", "resource \"aws_vpc\" \"main\" {}\n".to_owned()),
        ("of another state", other.read("first.plan")),
    ];
    let report = said(&sandbox, "first.plan", &cases, &["apply first.plan"]);
    settings().bind(|| insta::assert_snapshot!(report));
}

#[test]
fn a_document_that_does_not_fit_is_not_pushed() {
    let sandbox = Sandbox::simulated();
    assert_eq!(sandbox.run("apply --yes").exit, 0);
    let text = sandbox.run("state pull").stdout;
    let serial = serde_json::from_str::<Value>(&text).unwrap()["serial"].as_u64().unwrap();
    let cases = [
        ("empty", String::new()),
        ("cut off", text[..40].to_owned()),
        ("another file", "{}".to_owned()),
        ("of another state", with(&text, "/lineage", json!("another"))),
        ("older", with(&text, "/serial", json!(1))),
        ("of another stack", with(&text, "/stack", json!("shop"))),
        ("of a later release", with(&text, "/format", json!(9))),
    ];
    let report = said(&sandbox, "document.json", &cases, &["state push document.json"]);
    let report = report.replace(&format!("recorded is {serial}"), "recorded is SERIAL");
    settings().bind(|| insta::assert_snapshot!(report));
}

#[test]
fn a_place_that_is_no_directory_is_named() {
    let sandbox = Sandbox::simulated();
    sandbox.write(".wpstack", "a file");
    let run = sandbox.run("apply --yes");
    assert!(run.exit == 1 && run.stderr.contains("hint: "), "{run}");
    insta::assert_snapshot!(run);
    assert_eq!(sandbox.read(".wpstack"), "a file");
}
