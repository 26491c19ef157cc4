//! The same life as in the simulation, over HTTP against an AWS emulator. It starts no containers, so the service is
//! waited for only until it exists.

use std::process::Output;

use wpstack_testkit::{Account, Moto};

use crate::sandbox::{Run, Sandbox};

const REGION: &str = "eu-west-1";

fn run(sandbox: &Sandbox, account: &Account, arguments: &str) -> Run {
    let mut command = sandbox.command(arguments);
    command.envs(account.environment(account.endpoint(), REGION));
    let output: Output = command.output().unwrap();
    Run::of(arguments, output)
}

#[test]
fn a_stack_lives_from_apply_to_destroy_and_leaves_nothing() {
    let account = Moto::shared().account().unwrap();
    let sandbox = Sandbox::pushed();
    let run = |arguments: &str, exit: i32| {
        let run = run(&sandbox, &account, arguments);
        assert_eq!(run.exit, exit, "{run}");
        run
    };
    run("plan --detailed-exitcode", 2);
    let applied = run("apply --yes --wait=exists", 0);
    assert!(applied.stderr.contains("\nOutputs:\n"), "{applied}");
    run("plan --detailed-exitcode", 0);
    let address = run("output load_balancer_dns_name", 0).stdout;
    assert!(address.starts_with("blog-alb-"), "{address}");

    let inventory = account.inventory(REGION).unwrap().of_stack("blog");
    assert_eq!(inventory.of("rds.instance").len(), 1, "{:?}", inventory.counts());

    // Another identifier means another database, which takes along what is in this one.
    sandbox.edit("[database]\n", "[database]\nidentifier = \"blog-two\"\n");
    let refused = run("apply --yes --wait=exists", 4);
    assert!(refused.stderr.contains("write `from_snapshot = \"blog-db-last\"`"), "{refused}");
    sandbox.edit("[database]\n", "[database]\nfrom_snapshot = \"blog-db-last\"\n");
    run("apply --yes --wait=exists", 0);
    run("plan --detailed-exitcode", 0);
    let inventory = account.inventory(REGION).unwrap().of_stack("blog");
    assert_eq!(inventory.only("rds.instance").id, "blog-two");
    assert_eq!(inventory.only("rds.snapshot").id, "blog-db-last");

    run("destroy --yes", 0);
    let left = account.inventory(REGION).unwrap().of_stack("blog");
    // Each database leaves its last snapshot, and nothing else stays.
    assert_eq!(left.counts(), [("rds.snapshot", 2)].into());
    let last = left.of("rds.snapshot").iter().any(|it| it.id.starts_with("blog-two-final-"));
    assert!(last, "{left:?}");
    assert_eq!(run("state list", 0).stdout, "");
}
