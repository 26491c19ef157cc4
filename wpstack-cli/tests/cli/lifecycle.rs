use crate::sandbox::{Run, Sandbox};

/// What stands in the simulation under other ids and at other times with each release.
fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\b(vpc|subnet|sg|sgr|igw|rtb|lt|i)-[0-9a-f]{8,}", "$1-ID");
    settings.add_filter(r"[0-9a-f]{16,}", "HEX");
    settings
}

fn check(run: &Run, exit: i32) {
    assert_eq!(run.exit, exit, "{run}");
}

#[test]
fn a_first_plan_shows_everything_and_changes_nothing() {
    let sandbox = Sandbox::simulated();
    let run = sandbox.run("plan");
    check(&run, 0);
    settings().bind(|| insta::assert_snapshot!(run));
    check(&sandbox.run("plan --detailed-exitcode"), 2);
    assert_eq!(sandbox.run("state list").stdout, "");
}

#[test]
fn without_a_terminal_nothing_is_done_unless_yes_is_said() {
    let sandbox = Sandbox::simulated();
    for arguments in ["apply", "apply --json"] {
        let run = sandbox.run(arguments);
        check(&run, 4);
        assert_eq!(sandbox.run("state list").stdout, "");
    }
    let result = sandbox.run("apply --json").result();
    assert_eq!(result["error"]["hints"][0], "read the plan, then run with `--yes`");
}
