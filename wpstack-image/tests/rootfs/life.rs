//! How a container lives and ends: its output, its repair, its signals, its schedule. Takes any root.

use std::fs::{self, File};
use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use wpstack_core::image::contract::{HEALTH, READY, variable};

use crate::container::{Container, Network, PASSWORD, command, environment, kill, wait};
use crate::database::Database;
use crate::root::prepared;

#[test]
fn requests_are_lines_of_json_and_errors_stand_apart() {
    let network = Network::new();
    let container = Container::ready(prepared(), &network, &[]);
    container.get("/wp-login.php?action=rp&key=SECRET-KEY", &["--user-agent", "a\"b\\c"]);
    container.get(HEALTH, &[]);
    container
        .get("/fails.php?last", &["--header", "Referer: http://x/wp-login.php?key=SECRET-KEY"]);
    wait("the line of the last request", || container.out().contains("?last").then_some(()));
    let lines: Vec<Value> = container
        .out()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(
        (&lines[0]["uri"], &lines[0]["agent"]),
        (&"/wp-login.php?...".into(), &"a\"b\\c".into())
    );
    assert_eq!(
        (&lines[1]["status"], &lines[1]["referer"]),
        (&200.into(), &"http://x/wp-login.php?...".into())
    );
    assert!(lines[1]["seconds"].is_number());
    container.await_err("a warning of PHP");
    for text in [container.out(), container.err()] {
        assert!(
            !text.contains("SECRET-KEY")
                && !text.contains(PASSWORD)
                && !text.contains("Permission denied"),
            "{text}"
        );
    }
}

#[test]
fn output_may_be_a_file_or_a_terminal() {
    let network = Network::new();
    let place = tempfile::tempdir().unwrap();
    let (out, err) = (place.path().join("out"), place.path().join("err"));
    let mut child = command(prepared(), &network, &[], &[])
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let ask = |path: &str| {
        let curl = ["--silent", "--fail", "--output", "/dev/null"];
        network
            .enter("curl")
            .args(curl)
            .arg(format!("http://127.0.0.1:8080{path}"))
            .status()
            .unwrap()
            .success()
    };
    wait("the page", || ask("/fails.php?file").then_some(()));
    wait("its line", || {
        fs::read_to_string(&out).unwrap().contains("/fails.php?file").then_some(())
    });
    wait("its error", || {
        fs::read_to_string(&err).unwrap().contains("a warning of PHP").then_some(())
    });
    kill(&mut child);

    let container = command(prepared(), &network, &[], &[]);
    let quoted =
        |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap().replace('\'', "'\\''"));
    let line: Vec<_> =
        [container.get_program()].into_iter().chain(container.get_args()).map(quoted).collect();
    let mut terminal = std::process::Command::new("script");
    terminal.args(["--quiet", "--flush", "--command", &line.join(" ")]).arg(&out);
    terminal
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("SHELL", "/bin/sh")
        .envs(environment(&[]));
    let mut child =
        terminal.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait("the page", || ask("/fails.php?terminal").then_some(()));
    wait("its line", || {
        let text = String::from_utf8_lossy(&fs::read(&out).unwrap()).into_owned();
        (text.contains("/fails.php?terminal") && text.contains("a warning of PHP")).then_some(())
    });
    kill(&mut child);
}

#[test]
fn what_is_killed_is_started_again() {
    let network = Network::new();
    let container = Container::ready(prepared(), &network, &[]);
    for (file, path) in [("nginx/pid", HEALTH), ("php-fpm.pid", READY)] {
        let pid = || container.inside(&format!("cat /run/wpstack/{file}")).trim().to_owned();
        let before = pid();
        assert!(before.parse::<u32>().is_ok(), "{before}");
        container.inside(&format!("kill -9 {before}"));
        wait("another master", || Some(pid()).filter(|now| !now.is_empty() && *now != before));
        assert_eq!(container.await_status(path, "200"), "200", "{}", container.err());
        assert_eq!(container.await_status("/", "200"), "200");
    }
    assert!(!container.err().contains("in use"), "{}", container.err());
}

#[test]
fn a_signal_lets_requests_end() {
    let network = Network::new();
    for signal in ["TERM", "INT", "QUIT"] {
        let mut container = Container::ready(prepared(), &network, &[]);
        let request = container.begin("/slow.php");
        wait("the request to be under way", || {
            container.inside("ls /tmp").contains("slow-began").then_some(())
        });
        container.signal(signal);
        let page = request.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&page.stdout), "finished", "{signal}");
        let status = container.end();
        assert_eq!(status.code(), Some(0), "{signal}: {}", container.err());
    }
}

#[test]
fn a_request_that_does_not_end_is_cut() {
    let network = Network::new();
    let mut container = Container::ready(prepared(), &network, &[]);
    let mut request = container.begin("/stuck.php");
    wait("the request to be under way", || {
        container.inside("ls /tmp").contains("slow-began").then_some(())
    });
    let begun = Instant::now();
    container.signal("TERM");
    assert_eq!(container.end().code(), Some(0), "{}", container.err());
    assert!(begun.elapsed() < Duration::from_secs(30), "ECS would have killed it");
    kill(&mut request);
}

#[test]
fn a_signal_is_heeded_before_anything_runs() {
    let network = Network::new();
    // Takes connections and says nothing, so that the look at the database takes its time.
    let line = "$server = stream_socket_server('tcp://127.0.0.1:3306'); echo 'listens'; sleep(60);";
    let mut silent = command(prepared(), &network, &[], &["php", "-r", line])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut listens = [0; 7];
    silent.stdout.take().unwrap().read_exact(&mut listens).unwrap();
    let mut container = Container::start(prepared(), &network, &[]);
    // Until it has its own root, it sees the processes of the machine.
    wait("the look", || {
        container
            .inside("test -e /run/wpstack/nginx && cat /proc/*/cmdline")
            .contains("preflight.php")
            .then_some(())
    });
    container.signal("TERM");
    assert_eq!(container.end().code(), Some(0));
    assert_eq!(container.err(), "");
    kill(&mut silent);
}

#[test]
fn scheduled_events_wait_for_wordpress() {
    let network = Network::new();
    let database = Database::start(&network);
    let changes = [(variable::CRON_INTERVAL, "1"), (variable::HOME, "https://blog.example.com")];
    let container = Container::ready(prepared(), &network, &changes);
    container.await_err("wpstack: scheduled events wait: WordPress is not installed yet\n");
    database.run("create table wp.wp_options (option_name varchar(64), option_value text)");
    database.run("insert into wp.wp_options values ('siteurl', 'http://127.0.0.1:8080')");
    container.await_err("wpstack: scheduled events are looked after\n");
    container.await_err("cron ran for blog.example.com\ncron ran for blog.example.com\n");
    drop(database);
    container.await_err("wpstack: scheduled events wait: the database cannot be used");
    let err = container.err();
    for line in ["not installed yet", "are looked after", "cannot be used"] {
        assert_eq!(err.matches(line).count(), 1, "{line}: {err}");
    }
    assert_eq!(container.get(HEALTH, &[]).0, "200");
}

#[test]
fn no_interval_means_never() {
    let network = Network::new();
    let container = Container::ready(prepared(), &network, &[(variable::CRON_INTERVAL, "0")]);
    assert!(container.inside("s6-svstat /run/wpstack/services/cron").starts_with("down"));
    assert!(container.inside("s6-svstat /run/wpstack/services/nginx").starts_with("up"));
}

#[test]
fn arguments_are_a_command() {
    let network = Network::new();
    let output = command(
        prepared(),
        &network,
        &[(variable::DB_HOST, "")],
        &["php", "-r", "echo PHP_VERSION;"],
    )
    .output();
    assert!(String::from_utf8(output.unwrap().stdout).unwrap().starts_with("8.4."));
}
