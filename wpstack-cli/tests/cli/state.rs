use wpstack_core::state::{Holder, LocalStore, Store};

use crate::sandbox::Sandbox;

#[tokio::test]
async fn a_locked_state_names_who_holds_it() {
    let sandbox = Sandbox::simulated();
    let store = LocalStore::open(sandbox.path().join(".wpstack/sim"), "blog");
    let holder = Holder {
        who: "bob@laptop".to_owned(),
        pid: 4711,
        doing: "wpstack apply".to_owned(),
        since: "2026-01-02T03:04:05Z".parse().unwrap(),
    };
    let lease = store.lock(&holder).await.unwrap();
    insta::assert_snapshot!(sandbox.run("apply --yes"), @r"
    $ wpstack apply --yes
    [exit 75]
    --- stderr
    error: the state is locked by bob@laptop (process 4711), running `wpstack apply` since 2026-01-02T03:04:05Z
    hint: wait until that run has ended, then run again
    ");
    // Looking needs no lock.
    assert_eq!(sandbox.run("state list").exit, 0);
    drop(lease);
    assert_eq!(sandbox.run("plan").exit, 0);
}

#[test]
fn an_empty_state_says_so_and_prints_no_data() {
    let sandbox = Sandbox::simulated();
    for (arguments, said) in [
        ("state list", "Nothing is recorded.\n"),
        ("output", "There are no outputs yet: run `wpstack apply`.\n"),
    ] {
        let run = sandbox.run(arguments);
        assert_eq!((run.exit, run.stdout.as_str(), run.stderr.as_str()), (0, "", said), "{run}");
    }
    insta::assert_snapshot!(sandbox.run("output db_endpoint"), @r"
    $ wpstack output db_endpoint
    [exit 1]
    --- stderr
    error: there is no output `db_endpoint`
    hint: there are none yet: run `wpstack apply`
    ");
    insta::assert_snapshot!(sandbox.run("state show ec2.vpc:main"), @r"
    $ wpstack state show ec2.vpc:main
    [exit 1]
    --- stderr
    error: nothing is recorded of `ec2.vpc:main`
    hint: `wpstack state list` lists what is
    ");
    assert_eq!(sandbox.run("state show nonsense").exit, 64);
}

#[test]
fn a_damaged_world_is_not_overwritten() {
    let sandbox = Sandbox::simulated();
    assert_eq!(sandbox.run("plan").exit, 0);
    sandbox.write(".wpstack/sim.json", "{\"format\": 1}");
    let run = sandbox.run("apply --yes");
    assert_eq!(run.exit, 1, "{run}");
    assert!(run.stderr.contains("hint: delete "), "{run}");
    assert_eq!(sandbox.read(".wpstack/sim.json"), "{\"format\": 1}");
}

#[test]
fn what_others_wrote_is_shown_and_does_nothing() {
    let sandbox = Sandbox::simulated();
    assert_eq!(sandbox.run("apply --yes").exit, 0);
    let hostile = "\u{1b}[2J\u{202e}\u{9b}3m";
    let text = sandbox.run("state pull").stdout;
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    document["objects"]["logs.group:wordpress"]["state"]["name"] = hostile.into();
    document["objects"]["logs.group:wordpress"]["reason"] = hostile.into();
    for (_, record) in document["objects"].as_object_mut().unwrap() {
        record["spec"]["tags"] = serde_json::json!({ (hostile): hostile });
    }
    sandbox.write("document.json", &document.to_string());
    assert_eq!(sandbox.run("state push document.json --force").exit, 0);
    for arguments in ["plan", "plan --verbose", "plan --destroy", "refresh"] {
        let run = sandbox.run(arguments);
        assert!(!run.stderr.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{run}");
    }
    for arguments in [format!("state show ec2.vpc:{hostile}"), format!("output {hostile}")] {
        let run = sandbox.run(&arguments);
        assert_ne!(run.exit, 0, "{run}");
        assert!(!run.stderr.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{run}");
        assert!(run.stderr.contains(r"\u{1b}[2J\u{202e}\u{9b}3m"), "{run}");
    }
}
