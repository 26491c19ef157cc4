use serde_json::json;

use crate::sandbox::{Run, Sandbox};

/// What stands in the simulation under other ids and at other times with each release.
fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\b(vpc|subnet|sg|sgr|igw|rtb|lt|i)-[0-9a-f]{8,}", "$1-ID");
    settings.add_filter(r"in \S+ of simulated time", "in TIME of simulated time");
    settings.add_filter(r"blog-(alb|db)([-.])[0-9a-z]+\.", "blog-$1${2}ID.");
    settings
}

/// How many resources the configuration stands for.
fn resources(sandbox: &Sandbox) -> usize {
    let count = sandbox.run("validate --json").result()["resources"].as_u64();
    usize::try_from(count.unwrap()).unwrap()
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

#[test]
fn a_stack_lives_from_apply_to_destroy() {
    let sandbox = Sandbox::simulated();
    let applied = sandbox.run("apply --yes");
    check(&applied, 0);
    settings().bind(|| insta::assert_snapshot!("applied", tail(&applied.stderr, "Done:")));

    let again = sandbox.run("plan --detailed-exitcode");
    check(&again, 0);
    let count = resources(&sandbox);
    let unchanged = format!("No changes: {count} resources stand as configured.");
    assert!(again.stderr.starts_with(&unchanged), "{again}");
    let nothing = sandbox.run("apply");
    check(&nothing, 0);

    let output = sandbox.run("output load_balancer_dns_name");
    check(&output, 0);
    assert!(output.stdout.ends_with(".elb.amazonaws.com\n"), "{output}");
    let names: Vec<_> = sandbox.run("output").stdout.lines().map(name).collect();
    assert_eq!(names, ["db_endpoint", "ecr_repository_url", "load_balancer_dns_name"]);

    let listed = sandbox.run("state list");
    assert_eq!(listed.stdout.lines().count(), count, "{listed}");
    let shown = sandbox.run("state show ec2.vpc:main");
    settings().bind(|| insta::assert_snapshot!("state_show", shown));

    check(&sandbox.run("destroy --yes"), 0);
    assert_eq!(sandbox.run("state list").stdout, "");
    let empty = sandbox.run("destroy");
    check(&empty, 0);
    assert!(empty.stderr.starts_with("No changes: there is nothing to do."), "{empty}");
}

#[test]
fn what_is_protected_goes_only_when_it_is_named() {
    let sandbox = Sandbox::simulated();
    sandbox.edit("deletion_protection = false", "deletion_protection = true");
    check(&sandbox.run("apply --yes"), 0);
    let count = resources(&sandbox);
    let refused = sandbox.run("destroy --yes");
    check(&refused, 4);
    settings().bind(|| insta::assert_snapshot!("protected", tail(&refused.stderr, "error:")));
    assert_eq!(sandbox.run("state list").stdout.lines().count(), count, "nothing went");
    check(&sandbox.run("destroy --yes --skip-final-snapshot"), 64);
    check(&sandbox.run("destroy --yes --allow-data-loss rds.instance:main"), 0);
    assert_eq!(sandbox.run("state list").stdout, "");
}

#[test]
fn a_replaced_database_keeps_its_data_by_its_last_snapshot() {
    let sandbox = Sandbox::simulated();
    check(&sandbox.run("apply --yes"), 0);
    sandbox.edit("[database]\n", "[database]\nidentifier = \"blog-two\"\n");
    let refused = sandbox.run("apply --yes");
    check(&refused, 4);
    settings().bind(|| insta::assert_snapshot!("replaced_with_its_data", refused));

    sandbox.edit("[database]\n", "[database]\nfrom_snapshot = \"blog-db-last\"\n");
    let applied = sandbox.run("apply --yes");
    check(&applied, 0);
    assert!(applied.stderr.contains("OUTAGE"), "{applied}");
    assert!(!applied.stderr.contains("DATA LOSS"), "{applied}");
    check(&sandbox.run("plan --detailed-exitcode"), 0);
    let shown = sandbox.run("state show rds.instance:main").stdout;
    assert!(shown.contains("blog-db-last") && shown.contains("blog-two"), "{shown}");
}

#[test]
fn an_edited_configuration_is_shown_field_by_field() {
    let sandbox = Sandbox::simulated();
    check(&sandbox.run("apply --yes"), 0);
    sandbox.edit("class = \"db.t3.micro\"", "class = \"db.t3.small\"");
    sandbox.edit("max = 3", "max = 4");
    let run = sandbox.run("plan --detailed-exitcode");
    check(&run, 2);
    settings().bind(|| insta::assert_snapshot!(run));
}

#[test]
fn a_saved_plan_is_applied_as_it_was_shown_and_only_once() {
    let sandbox = Sandbox::simulated();
    let saved = sandbox.run("plan --out first.plan");
    check(&saved, 0);
    let shown = sandbox.run("show first.plan");
    check(&shown, 0);
    assert!(saved.stderr.starts_with(&shown.stdout), "{shown}");
    check(&sandbox.run("apply first.plan"), 0);
    let stale = sandbox.run("apply first.plan");
    check(&stale, 1);
    assert!(stale.stderr.starts_with("error: the plan is stale"), "{stale}");
    assert!(stale.stderr.contains("hint: make the plan anew"), "{stale}");
}

#[test]
fn a_saved_plan_is_refused_once_what_it_rests_on_has_changed() {
    let sandbox = Sandbox::simulated();
    check(&sandbox.run("apply --yes"), 0);
    sandbox.edit("max = 3", "max = 4");
    check(&sandbox.run("plan --out change.plan"), 0);

    sandbox.edit("max = 4", "max = 5");
    let other = sandbox.run("apply change.plan");
    check(&other, 1);
    assert!(other.stderr.starts_with("error: the configuration has changed since"), "{other}");
    assert!(other.stderr.contains("hint: make the plan anew"), "{other}");

    sandbox.edit("max = 5", "max = 4");
    sandbox.edit_world("/logs/groups/blog-wordpress/retention", json!("7 days"));
    let stale = sandbox.run("apply change.plan");
    check(&stale, 1);
    assert!(stale.stderr.starts_with("error: the plan is stale: something has changed"), "{stale}");

    sandbox.edit_world("/logs/groups/blog-wordpress/retention", json!("30 days"));
    check(&sandbox.run("apply change.plan"), 0);
}

#[test]
fn what_a_failed_run_did_is_undone_when_asked_for() {
    let sandbox = Sandbox::simulated();
    check(&sandbox.run("plan"), 0);
    sandbox.edit_world("/quotas/repositories", json!(0));
    let run = sandbox.run("apply --yes --on-failure rollback --json");
    check(&run, 3);
    let result = run.result();
    let failed = &result["summary"]["failures"];
    assert_eq!(failed[0]["object"], "ecr.repository:wordpress", "{result}");
    assert_eq!(result["rollback"]["failures"], json!([]), "{result}");
    assert!(result["rollback"]["deleted"].as_u64().unwrap() > 0, "{result}");
    let starts = run.json().into_iter().filter(|line| line["what"]["type"] == "started");
    assert_eq!(starts.count(), 2, "each run tells its events");

    // What holds data stays, and what that stands on.
    let left = sandbox.run("state list").stdout;
    settings().bind(|| insta::assert_snapshot!("left_of_a_rollback", left));
    sandbox.edit_world("/quotas/repositories", json!(10));
    check(&sandbox.run("apply --yes"), 0);
    check(&sandbox.run("plan --detailed-exitcode"), 0);
}

#[test]
fn a_run_for_programs_is_events_then_one_result() {
    let sandbox = Sandbox::simulated();
    let run = sandbox.run("apply --yes --json");
    check(&run, 0);
    assert_eq!(run.stderr, "");
    let lines = run.json();
    let (result, events) = lines.split_last().unwrap();
    for (seq, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], seq, "{event}");
    }
    assert_eq!(events[0]["what"]["type"], "started");
    assert_eq!(events.last().unwrap()["what"]["type"], "finished");
    assert_eq!(result["result"]["command"], "apply");
    assert_eq!(result["result"]["summary"]["created"], resources(&sandbox));
}

/// The text from `mark` on.
fn tail<'t>(text: &'t str, mark: &str) -> &'t str {
    &text[text.find(mark).unwrap_or_else(|| panic!("no {mark} in {text}"))..]
}

fn name(line: &str) -> String {
    line.split(" = ").next().unwrap().to_owned()
}

#[test]
fn a_recorded_run_is_shown_again() {
    let sandbox = Sandbox::simulated();
    let run = sandbox.run("apply --yes --json");
    check(&run, 0);
    sandbox.write("run.jsonl", &run.stdout);
    let other = Sandbox::simulated();
    let seen = other.run("apply --yes");
    check(&seen, 0);
    let shown = sandbox.run("show --events run.jsonl");
    check(&shown, 0);
    // Ids and times are another world's; which objects were made is the same.
    let made = |text: &str| {
        let lines = text.lines().filter(|line| line.contains(" created in "));
        let object = |line: &str| line.split_whitespace().nth(2).unwrap_or_default().to_owned();
        lines.map(object).collect::<std::collections::BTreeSet<_>>()
    };
    assert!(made(&shown.stdout).len() > 20, "{shown}");
    assert_eq!(made(&shown.stdout), made(&seen.stderr));
    assert!(shown.stdout.contains("\nDone: "), "{shown}");

    sandbox.write("run.jsonl", &run.stdout.lines().rev().collect::<Vec<_>>().join("\n"));
    let refused = sandbox.run("show --events run.jsonl");
    check(&refused, 1);
    assert!(refused.stderr.starts_with("error: run.jsonl: line 1 is no event: "), "{refused}");
    assert!(refused.stderr.contains("\nhint: "), "{refused}");
}
