//! The emulator starts, answers, keeps accounts apart, and never outlives the process that started it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "processes and sockets take real time")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use wpstack_testkit::Moto;

fn listens(endpoint: &str) -> bool {
    TcpStream::connect(endpoint.strip_prefix("http://").unwrap()).is_ok()
}

fn ends_within(limit: Duration, endpoint: &str) -> bool {
    let started = Instant::now();
    while started.elapsed() < limit {
        if !listens(endpoint) {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    false
}

#[test]
fn starts_answers_resets_and_stops_on_drop() {
    let moto = Moto::start().unwrap();
    let endpoint = moto.endpoint().to_owned();
    assert!(listens(&endpoint));
    moto.reset().unwrap();
    assert!(moto.log_tail().contains("/moto-api/reset"), "log: {}", moto.log_tail());
    drop(moto);
    assert!(!listens(&endpoint), "{endpoint} still listens");
}

#[test]
fn every_account_is_another() {
    let moto = Moto::shared();
    let (one, other) = (moto.account().unwrap(), moto.account().unwrap());
    assert_eq!(one.id().len(), 12);
    assert_ne!(one.id(), other.id());
    assert_ne!(one.access_key_id(), other.access_key_id());
}

#[test]
fn a_start_that_fails_says_what_the_emulator_wrote() {
    let error = Moto::builder().set("MOTO_ACM_VALIDATION_WAIT", "soon").start().unwrap_err();
    let said = error.to_string();
    assert!(said.contains("ended at once"), "{said}");
    assert!(said.contains("invalid literal for int"), "{said}");
}

/// What the next test runs as a second process.
#[test]
#[ignore = "holds an emulator until it is killed; started by `dies_with_its_starter`"]
fn hold_an_emulator() {
    let moto = Moto::shared();
    fs::write(std::env::var_os("HELD_ENDPOINT").unwrap(), moto.endpoint()).unwrap();
    thread::sleep(Duration::from_mins(5));
}

#[test]
fn dies_with_its_starter() {
    let file = std::env::temp_dir().join(format!("wpstack-held-{}", std::process::id()));
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "hold_an_emulator", "--nocapture"])
        .env("HELD_ENDPOINT", &file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let endpoint = loop {
        match fs::read_to_string(&file) {
            Ok(endpoint) if !endpoint.is_empty() => break endpoint,
            _ if holder.try_wait().unwrap().is_some() => {
                let output = BufReader::new(holder.stdout.take().unwrap()).lines();
                panic!("the holder ended: {:?}", output.collect::<Vec<_>>());
            }
            _ => assert!(started.elapsed() < Duration::from_mins(4), "the holder never started"),
        }
        thread::sleep(Duration::from_millis(50));
    };
    assert!(listens(&endpoint));
    // SIGKILL: no destructor, no exit handler of the holder runs.
    holder.kill().unwrap();
    holder.wait().unwrap();
    fs::remove_file(&file).unwrap();
    assert!(ends_within(Duration::from_secs(10), &endpoint), "{endpoint} outlives its starter");
}
