//! What a container does not start with, and what it says then. Takes any root.

use std::path::Path;

use wpstack_core::image::contract::variable;

use crate::container::{Network, PASSWORD, SALT, command};
use crate::database::Database;
use crate::root::prepared;

/// The one line and the code that a container ends with, which does not start.
fn refusal(root: &Path, network: &Network, changes: &[(&str, &str)]) -> (String, i32) {
    let output = command(root, network, changes, &[]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        !text.contains(PASSWORD) && !text.contains("wrong-password") && !text.contains(SALT),
        "{text}"
    );
    (text, output.status.code().unwrap())
}

#[test]
fn what_is_missing_is_told_in_one_line() {
    let (root, network) = (prepared(), Network::new());
    let required = [variable::DB_HOST, variable::DB_USER, variable::DB_PASSWORD, variable::DB_NAME];
    for name in required.into_iter().chain(variable::SALTS) {
        let (line, code) = refusal(root, &network, &[(name, "")]);
        let expected = format!(
            "wpstack: {name} is not set: set it, or {name}_FILE to the path of a file that has the value\n"
        );
        assert_eq!((line.as_str(), code), (expected.as_str(), 78));
    }
    let (line, code) = refusal(root, &network, &[(variable::DB_HOST, ""), (variable::DB_USER, "")]);
    assert!(
        line.starts_with("wpstack: WORDPRESS_DB_HOST, WORDPRESS_DB_USER are not set: "),
        "{line}"
    );
    assert_eq!(code, 78);
}

#[test]
fn what_is_wrong_is_told_in_one_line() {
    let (root, network) = (prepared(), Network::new());
    for (name, value) in [
        (variable::DB_HOST, "two words"),
        (variable::DB_HOST, "host;x"),
        (variable::TABLE_PREFIX, "a-b"),
        (variable::TABLE_PREFIX, "wp_\n"),
        (variable::DB_CHARSET, "utf8'"),
        (variable::HOME, "blog.example.com"),
        (variable::HOME, "https://blog.example.com/?x"),
        (variable::SITE_URL, "javascript://x"),
        (variable::DEBUG, "perhaps"),
        (variable::PHP_WORKERS, "0"),
        (variable::PHP_WORKERS, "$(id)"),
        (variable::CRON_INTERVAL, "1m"),
        (variable::CRON_INTERVAL, "010"),
        (variable::REDIS_HOST, "redis:6379"),
        (variable::REDIS_PORT, "x"),
        (variable::REDIS_SCHEME, "http"),
    ] {
        let (line, code) = refusal(root, &network, &[(name, value)]);
        assert!(
            line.starts_with(&format!("wpstack: {name} is not what it should be: write ")),
            "{value}: {line}"
        );
        assert_eq!(code, 78);
    }
    let (line, code) = refusal(root, &network, &[("WORDPRESS_DB_PASSWORD_FILE", "/absent")]);
    assert!(
        line.contains("WORDPRESS_DB_PASSWORD_FILE names `/absent`, which user 33 cannot read"),
        "{line}"
    );
    assert_eq!(code, 78);
}

#[test]
fn a_database_that_refuses_is_told_in_one_line() {
    let (root, network) = (prepared(), Network::new());
    let _database = Database::start(&network);
    let correct = "correct WORDPRESS_DB_USER or WORDPRESS_DB_PASSWORD";
    for (name, value, expected) in [
        (variable::DB_PASSWORD, "wrong-password", correct),
        (variable::DB_USER, "nobody", correct),
        (variable::DB_NAME, "absent", "has no database `absent`"),
        (variable::DB_NAME, "other", "does not let user `wp` use the database `other`"),
    ] {
        let (line, code) = refusal(root, &network, &[(name, value)]);
        assert!(line.contains(expected), "{line}");
        assert_eq!(code, 77, "{line}");
    }
}
