//! Ctrl-C before anything is changed: the command is left, and the lock is free.

use std::io::Read;
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use wpstack_core::time::{Clock as _, SystemClock, between};
use wpstack_testkit::proxy::{Faults, Moment, Proxy};

use crate::interrupt::{Service, interrupt};
use crate::sandbox::{Run, Sandbox};
use crate::team::Team;

/// Takes every call and answers none.
struct Silence {
    address: String,
    asked: Receiver<()>,
}

impl Silence {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (tell, asked) = channel();
        thread::spawn(move || {
            let mut kept = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                // One byte of a request is enough to know that it is asked.
                let is_asked = stream.read(&mut [0]).is_ok_and(|read| read > 0);
                kept.push(stream);
                if is_asked && tell.send(()).is_err() {
                    return;
                }
            }
        });
        Self { address, asked }
    }
}

/// Interrupts it, and answers what it came to. It must end soon, whatever does not return.
fn interrupted(child: Child, signal: &str, arguments: &str) -> Run {
    let sent = SystemClock.now();
    interrupt(&child, signal);
    let run = Run::of(arguments, child.wait_with_output().unwrap());
    let took = between(sent, SystemClock.now());
    assert!(took < Duration::from_secs(5), "it took {took:?}: {run}");
    assert_eq!(run.exit, 130, "{run}");
    run
}

fn start(team: &Team, sandbox: &Sandbox, arguments: &str, address: &str, s3: &str) -> Child {
    let mut command = team.command(sandbox, arguments);
    command.env("AWS_ENDPOINT_URL", address).env("AWS_ENDPOINT_URL_S3", s3);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn who_looks_is_left_and_the_lock_is_free() {
    let team = Team::new("looking");
    // Something has to be recorded that can be looked at.
    let simulated = Sandbox::simulated();
    assert_eq!(simulated.run("apply --yes").exit, 0);
    team.ada.write("document.json", &simulated.run("state pull").stdout);
    team.runs(&team.ada, "state push document.json", 0);
    let silence = Silence::start();
    let check = |arguments: &str, signal: &str| {
        let child = start(&team, &team.ada, arguments, &silence.address, team.s3());
        if silence.asked.recv_timeout(Duration::from_secs(60)).is_err() {
            interrupt(&child, "-KILL");
            let run = Run::of(arguments, child.wait_with_output().unwrap());
            panic!("it asked for nothing: {run}");
        }
        let run = interrupted(child, signal, arguments);
        assert!(run.stderr.contains("error: interrupted; nothing was changed\n"), "{run}");
        let again = arguments.split_whitespace().next().unwrap();
        assert!(run.stderr.contains(&format!("run `wpstack {again}` again")), "{run}");
        // Nobody waits: the lock is free at once.
        team.runs(&team.bob, "state mv ec2.vpc:no ec2.vpc:nowhere", 1);
        while silence.asked.try_recv().is_ok() {}
    };
    check("plan", "-INT");
    check("refresh", "-TERM");
    check("apply --yes", "-TERM");
    check("destroy --yes", "-INT");
}

#[test]
fn who_waits_for_the_lock_is_left() {
    let (team, service) = (Team::new("waiting"), Service::start());
    let mut ada = team.busy(&service);
    let proxy = Proxy::start(team.s3(), Faults::none()).unwrap();
    let (tell, waits) = channel();
    // By then the lock was looked at more than once.
    proxy.at(8, Moment::Answered, move || tell.send(()).unwrap());
    let arguments = "plan --lock-timeout 10m";
    let bob = start(&team, &team.bob, arguments, proxy.endpoint(), proxy.endpoint());
    waits.recv_timeout(Duration::from_secs(60)).unwrap();
    let run = interrupted(bob, "-INT", arguments);
    assert!(run.stderr.contains("error: interrupted; nothing was changed\n"), "{run}");
    ada.kill().unwrap();
    ada.wait().unwrap();
}

#[test]
fn a_bucket_that_does_not_answer_holds_nobody() {
    let team = Team::new("silent");
    let silence = Silence::start();
    let bob = start(&team, &team.bob, "plan", &silence.address, &silence.address);
    silence.asked.recv_timeout(Duration::from_secs(60)).unwrap();
    let run = interrupted(bob, "-TERM", "plan");
    assert!(run.stderr.contains("error: interrupted; nothing was changed\n"), "{run}");
}

#[test]
fn a_program_is_told_too() {
    let team = Team::new("json");
    let silence = Silence::start();
    let arguments = "import --json ec2.vpc:main vpc-1";
    let child = start(&team, &team.ada, arguments, &silence.address, team.s3());
    silence.asked.recv_timeout(Duration::from_secs(60)).unwrap();
    let mut run = interrupted(child, "-INT", arguments);
    assert_eq!(std::mem::take(&mut run.stderr), "");
    let result = run.result();
    assert_eq!(result["exit"], 130, "{run}");
    assert_eq!(result["error"]["message"], "interrupted; nothing was changed in the stack");
    team.runs(&team.bob, "state mv ec2.vpc:no ec2.vpc:nowhere", 1);
}
