//! A team's state in S3: several processes, one lock, and holders who are killed or fall asleep.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use wpstack_testkit::{Account, Moto};

use crate::interrupt::{Service, interrupt};
use crate::sandbox::{Run, Sandbox};

const REGION: &str = "eu-west-1";

/// Two people's directories with the same configuration.
pub(crate) struct Team {
    account: Account,
    bucket: String,
    pub(crate) ada: Sandbox,
    pub(crate) bob: Sandbox,
}

impl Team {
    pub(crate) fn new(bucket: &str) -> Self {
        let account = Moto::shared().account().unwrap();
        let bucket = format!("{bucket}-{}", account.id());
        let configured = || {
            let sandbox = Sandbox::pushed();
            let s3 = format!("[state]\ns3 = {{ bucket = \"{bucket}\", lease = \"6s\" }}\n");
            sandbox.edit("[state]\n", &s3);
            sandbox
        };
        let (ada, bob) = (configured(), configured());
        let team = Self { account, bucket, ada, bob };
        let made = team.run(&team.ada, "state init");
        assert_eq!(made.exit, 0, "{made}");
        team
    }

    /// Where the bucket is.
    pub(crate) fn s3(&self) -> &str {
        self.account.endpoint()
    }

    /// The command in the team's account.
    pub(crate) fn command(&self, sandbox: &Sandbox, arguments: &str) -> Command {
        let mut command = sandbox.command(arguments);
        command.envs(self.account.environment(self.account.endpoint(), REGION));
        command
    }

    fn run(&self, sandbox: &Sandbox, arguments: &str) -> Run {
        Run::of(arguments, self.command(sandbox, arguments).output().unwrap())
    }

    pub(crate) fn runs(&self, sandbox: &Sandbox, arguments: &str, exit: i32) -> Run {
        let run = self.run(sandbox, arguments);
        assert_eq!(run.exit, exit, "{run}");
        run
    }

    /// Ada's apply, which has asked for the VPC and waits for the answer.
    pub(crate) fn busy(&self, service: &Service) -> Child {
        let mut command = self.command(&self.ada, "apply --yes");
        command.env("AWS_ENDPOINT_URL", &service.address);
        command.env("AWS_ENDPOINT_URL_S3", self.account.endpoint());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        if service.asked.recv_timeout(Duration::from_secs(60)).is_err() {
            interrupt(&child, "-KILL");
            panic!("it asked for nothing: {}", Run::of("apply", child.wait_with_output().unwrap()));
        }
        child
    }

    /// What both are told of the VPC.
    fn vpc(&self) -> String {
        let seen = [&self.ada, &self.bob].map(|sandbox| {
            let list = self.runs(sandbox, "state list", 0).stdout;
            let line = list.lines().find(|line| line.starts_with("ec2.vpc:main"));
            let words = line.unwrap_or_default().split_whitespace();
            words.collect::<Vec<_>>().join(" ")
        });
        assert_eq!(seen[0], seen[1]);
        seen[0].clone()
    }
}

#[test]
fn of_two_at_once_one_proceeds_and_a_killed_one_is_taken_over() {
    let (team, service) = (Team::new("two"), Service::start());
    let mut ada = team.busy(&service);
    let refused = team.runs(&team.bob, "apply --yes", 75);
    let holder = format!("(process {}), running `wpstack apply` since 20", ada.id());
    assert!(refused.stderr.contains("the state is locked by anna@"), "{refused}");
    assert!(refused.stderr.contains(&holder), "{refused}");
    // Longer than a lease: she is alive, and keeps it.
    team.runs(&team.bob, "plan --lock-timeout 8s", 75);
    assert_eq!(team.vpc(), "ec2.vpc:main creating -");

    ada.kill().unwrap();
    ada.wait().unwrap();
    team.runs(&team.bob, "plan", 75);
    let planned = team.runs(&team.bob, "plan --lock-timeout 60s", 0);
    assert!(planned.stderr.contains("ec2.vpc:main"), "{planned}");
    // Given back, it is free at once.
    team.runs(&team.ada, "plan", 0);
}

#[test]
fn one_who_fell_asleep_and_was_taken_over_writes_nothing() {
    let (team, service) = (Team::new("asleep"), Service::start());
    let ada = team.busy(&service);
    interrupt(&ada, "-STOP");
    team.runs(&team.bob, "plan --lock-timeout 60s", 0);
    interrupt(&ada, "-CONT");
    service.answer.send(()).unwrap();
    let woken = Run::of("apply", ada.wait_with_output().unwrap());
    assert_eq!(woken.exit, 3, "{woken}");
    assert!(woken.stderr.contains("was taken over by"), "{woken}");
    // Its VPC is found by its tags when the next run resumes.
    assert_eq!(team.vpc(), "ec2.vpc:main creating -");
}

#[test]
fn a_lock_is_taken_by_force() {
    let (team, service) = (Team::new("force"), Service::start());
    let mut ada = team.busy(&service);
    team.runs(&team.bob, "state force-unlock", 4);
    let taken = team.runs(&team.bob, "state force-unlock --yes", 0);
    assert!(taken.stderr.contains("The lock is free. It was held by anna@"), "{taken}");
    team.runs(&team.bob, "plan", 0);
    service.answer.send(()).unwrap();
    assert_eq!(ada.wait().unwrap().code(), Some(3));
    assert_eq!(team.vpc(), "ec2.vpc:main creating -");
    let taken = team.runs(&team.bob, "state force-unlock --yes", 0);
    assert!(taken.stderr.contains("The lock was free."), "{taken}");
}

const DOCUMENT: &str = r#"{
  "format": 1, "stack": "blog", "lineage": "1234", "serial": 7,
  "objects": {
    "ec2.vpc:main": {"schema": 1, "status": "settling", "spec": {}, "state": {"id": "vpc-1"}},
    "ec2.subnet:a": {"schema": 1, "status": "creating", "spec": {"vpc": {"$ref": "ec2.vpc:main"}}, "state": null,
      "edges": [{"field": "vpc", "to": "ec2.vpc:main", "need": "exists"}]}
  }
}"#;

#[test]
fn a_state_is_changed_by_hand_and_what_was_there_is_kept() {
    let sandbox = Sandbox::simulated();
    let run = |arguments: &str, exit: i32| {
        let run = sandbox.run(arguments);
        assert_eq!(run.exit, exit, "{run}");
        run
    };
    let backups = || {
        let directory = sandbox.path().join(".wpstack/sim/backups");
        fs::read_dir(directory).map_or(0, Iterator::count)
    };
    sandbox.write("document.json", DOCUMENT);
    run("state push document.json", 0);
    assert_eq!(backups(), 0);
    run("state mv ec2.vpc:main ec2.vpc:net", 0);
    let pulled: serde_json::Value = serde_json::from_str(&run("state pull", 0).stdout).unwrap();
    assert_eq!(pulled["serial"], 8);
    assert_eq!(pulled["objects"]["ec2.subnet:a"]["spec"]["vpc"]["$ref"], "ec2.vpc:net");
    assert_eq!(pulled["objects"]["ec2.subnet:a"]["edges"][0]["to"], "ec2.vpc:net");

    let in_use = run("state rm --yes ec2.vpc:net", 1);
    assert!(in_use.stderr.contains("`ec2.subnet:a` refers to `ec2.vpc:net`"), "{in_use}");
    // Nobody is there to agree.
    run("state rm ec2.subnet:a", 4);
    assert_eq!(backups(), 1);
    run("state rm --yes ec2.subnet:a", 0);
    assert_eq!(run("state list", 0).stdout.lines().count(), 1);

    let stale = run("state push document.json", 1);
    assert!(stale.stderr.contains("is of serial 7, recorded is 9"), "{stale}");
    sandbox.write("alien.json", &DOCUMENT.replace("1234", "5678"));
    run("state push --force alien.json", 1);
    run("state push --force document.json", 0);
    assert_eq!(run("state list", 0).stdout.lines().count(), 2);
    assert_eq!(backups(), 3);
}

#[test]
fn a_state_moves_to_the_bucket_and_back() {
    let team = Team::new("move");
    let own = |team: &Team| {
        let s3 = format!("s3 = {{ bucket = \"{}\", lease = \"6s\" }}\n", team.bucket);
        team.ada.edit(&s3, "");
        s3
    };
    // It begins on Ada's disk.
    let s3 = own(&team);
    team.ada.write("document.json", DOCUMENT);
    team.runs(&team.ada, "state push document.json", 0);
    team.ada.edit("[state]\n", &format!("[state]\n{s3}"));
    let elsewhere = team.runs(&team.ada, "plan", 1);
    assert!(elsewhere.stderr.contains("`wpstack state migrate --to s3` moves it"), "{elsewhere}");

    let before = team.run(&team.ada, "state migrate --to s3");
    assert_eq!(before.exit, 0, "{before}");
    for sandbox in [&team.ada, &team.bob] {
        assert_eq!(team.runs(sandbox, "state list", 0).stdout.lines().count(), 2);
    }
    // Whoever has the old configuration is told.
    own(&team);
    let moved = team.runs(&team.ada, "state list", 1);
    assert!(moved.stderr.contains("the state was moved to s3://"), "{moved}");
    team.ada.edit("[state]\n", &format!("[state]\n{s3}"));
    team.runs(&team.bob, "state rm --yes ec2.subnet:a", 0);

    team.runs(&team.ada, "state migrate --to local", 0);
    let moved = team.runs(&team.bob, "state list", 1);
    assert!(moved.stderr.contains("the state was moved to"), "{moved}");
    own(&team);
    assert_eq!(team.runs(&team.ada, "state list", 0).stdout.lines().count(), 1);
    // And once more.
    team.ada.edit("[state]\n", &format!("[state]\n{s3}"));
    team.runs(&team.ada, "state migrate --to s3", 0);
    assert_eq!(team.runs(&team.bob, "state list", 0).stdout.lines().count(), 1);
}

#[test]
fn without_a_bucket_the_error_says_what_to_do() {
    let team = Team::new("right");
    team.bob.edit(&team.bucket, "nobody-made-this-bucket");
    insta::assert_snapshot!(team.runs(&team.bob, "plan", 1), @"
    $ wpstack plan
    [exit 1]
    --- stderr
    error: there is no bucket `nobody-made-this-bucket`
    hint: `wpstack state init` makes it
    ");
    let sandbox = Sandbox::simulated();
    insta::assert_snapshot!(sandbox.run("state init"), @r#"
    $ wpstack state init
    [exit 1]
    --- stderr
    error: the state is kept on this disk
    hint: `s3 = { bucket = "…" }` in `[state]` keeps it in S3; a lock on this disk goes with its process
    "#);
    sandbox.edit("[state]\n", "[state]\ns3 = { key = \"x\", lease = \"1s\" }\n");
    insta::assert_snapshot!(sandbox.run("plan"), @r#"
    $ wpstack plan
    [exit 1]
    --- stderr
    error: the state's bucket is not named
       --> wpstack.toml:161:6
        |
    161 | s3 = { key = "x", lease = "1s" }
        |      ^^^^^^^^^^^^^^^^^^^^^^^^^^^
        |
        = help: for example `s3 = { bucket = "team-states" }`

    error: expected 2s to 1h, found 1s
       --> wpstack.toml:161:27
        |
    161 | s3 = { key = "x", lease = "1s" }
        |                           ^^^^
        |
        = help: a sign of life is given four times in it

    error: wpstack.toml has 2 problems
    "#);
    sandbox.edit("s3 = { key = \"x\", lease = \"1s\" }", "s3 = { bucket = \"states\" }");
    insta::assert_snapshot!(sandbox.run("state init"), @"
    $ wpstack state init
    [exit 1]
    --- stderr
    error: what is simulated is kept on this disk
    hint: `--cloud aws` works with the bucket
    ");
}
