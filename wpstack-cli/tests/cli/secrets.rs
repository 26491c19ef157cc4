//! What AWS makes up as secrets is nowhere but at AWS: not in the state or its journal, in a plan, an event, or in what
//! is printed.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use wpstack_aws::Aws;
use wpstack_testkit::Moto;

use crate::sandbox::{Run, Sandbox};

const REGION: &str = "eu-west-1";
/// What is read, with or without a secret in it: the path of a file or a command, and what is in it.
type Texts = Vec<(String, String)>;

/// A life of a stack with every kind of output, with what each command printed and what it wrote while it ran.
fn life(sandbox: &Sandbox, environment: &[(&str, String)], end: &str) -> Texts {
    let mut texts = Texts::new();
    for arguments in [
        "plan --verbose --out first.plan",
        "show first.plan",
        "apply first.plan --wait=exists --json --verbose",
        "state list --json",
        "state pull",
        "state show secretsmanager.secret:database",
        "state show rds.instance:main --json",
        "show --json",
        "output --json",
        "graph --format json",
        "refresh --verbose",
        "plan --json --verbose",
        end,
    ] {
        let run = watched(sandbox, environment, arguments, &mut texts);
        assert_eq!(run.exit, 0, "{run}");
        texts.push((arguments.to_owned(), run.to_string()));
    }
    texts
}

/// Runs a command, and reads what is in its directory again and again meanwhile.
fn watched(
    sandbox: &Sandbox,
    environment: &[(&str, String)],
    arguments: &str,
    texts: &mut Texts,
) -> Run {
    const OFTEN: Duration = Duration::from_millis(20);
    let mut command = sandbox.command(arguments);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (ended, end) = channel();
    let waiter = thread::spawn(move || ended.send(child.wait_with_output().unwrap()));
    let output = loop {
        gather(sandbox.path(), texts);
        match end.recv_timeout(OFTEN) {
            Ok(output) => break output,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => panic!("nobody waits for {arguments}"),
        }
    };
    waiter.join().unwrap().unwrap();
    gather(sandbox.path(), texts);
    Run::of(arguments, output)
}

/// The files of a directory and of those in it, but for the simulated world, which is AWS, also while it is written.
fn gather(directory: &Path, texts: &mut Texts) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, texts);
        } else if !path.ends_with(".wpstack/sim.json")
            && !path.to_string_lossy().contains(".wpstack/.wpstack-")
            // A file may have been replaced meanwhile.
            && let Ok(content) = fs::read(&path)
        {
            let text = (path.display().to_string(), String::from_utf8_lossy(&content).into_owned());
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
}

/// The values in a secret, a JSON object, that somebody could not guess.
fn made_up(secret: &str) -> Vec<String> {
    let members: serde_json::Map<String, Value> = serde_json::from_str(secret).unwrap();
    let values = members.values().map(|value| value.as_str().unwrap().to_owned());
    values.filter(|value| value.len() >= 20).collect()
}

/// As it is, as it is in JSON, and as it is in JSON in JSON.
fn forms(value: &str) -> [String; 3] {
    let quoted = |text: &str| {
        let quoted = serde_json::to_string(text).unwrap();
        quoted[1..quoted.len() - 1].to_owned()
    };
    [value.to_owned(), quoted(value), quoted(&quoted(value))]
}

#[track_caller]
fn check(texts: &Texts, secrets: &[String]) {
    for wanted in ["journal", "first.plan", "state pull"] {
        assert!(texts.iter().any(|(name, _)| name.contains(wanted)), "{wanted} was not read");
    }
    for (name, text) in texts {
        for secret in secrets {
            let found = forms(secret).iter().any(|form| text.contains(form));
            assert!(!found, "a secret is in {name}");
        }
    }
}

#[test]
fn no_secret_of_the_simulation_is_written_down() {
    let sandbox = Sandbox::simulated();
    let mut texts = life(&sandbox, &[], "refresh");
    let world = sandbox.read(".wpstack/sim.json");
    let saved: Value = serde_json::from_str(&world).unwrap();
    let held = saved["world"]["secretsmanager"]["secrets"].as_object().unwrap();
    let values = held.values().flat_map(|secret| made_up(secret["value"].as_str().unwrap()));
    let values: Vec<String> = values.collect();
    // The password of the database, and the keys and salts of WordPress.
    assert_eq!(values.len(), 1 + 8);
    assert!(values.iter().all(|value| forms(value).iter().any(|form| world.contains(form))));
    let gone = watched(&sandbox, &[], "destroy --yes --json --verbose", &mut texts);
    texts.push(("destroy".to_owned(), gone.to_string()));
    check(&texts, &values);
}

#[test]
fn no_secret_of_aws_is_written_down() {
    let account = Moto::shared().account().unwrap();
    let sandbox = Sandbox::pushed();
    let environment = account.environment(account.endpoint(), REGION);
    let mut texts = life(&sandbox, &environment, "refresh --json");
    let client = Aws::new(&account.sdk_config(account.endpoint(), REGION)).secretsmanager;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut values: Vec<String> = runtime.block_on(async {
        let mut values = Vec::new();
        for secret in client.list_secrets().send().await.unwrap().secret_list() {
            let value = client.get_secret_value().secret_id(secret.arn().unwrap());
            values.extend(made_up(value.send().await.unwrap().secret_string().unwrap()));
        }
        values
    });
    assert_eq!(values.len(), 1 + 8);
    // Nor is what the calls are signed with.
    values.push(account.secret_access_key().to_owned());
    let gone = watched(&sandbox, &environment, "destroy --yes --json --verbose", &mut texts);
    assert_eq!(gone.exit, 0, "{gone}");
    texts.push(("destroy".to_owned(), gone.to_string()));
    check(&texts, &values);
}
