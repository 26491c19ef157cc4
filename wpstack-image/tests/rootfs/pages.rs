//! What a container answers, and what PHP is told. Takes any root.

use std::fs;

use serde_json::Value;
use sha2::{Digest, Sha256};
use wpstack_core::image::contract::{HEALTH, READY, variable};

use crate::container::{Container, Network, PASSWORD, SALT};
use crate::root::prepared;

#[test]
fn pages_are_served_or_denied() {
    let network = Network::new();
    let container = Container::ready(prepared(), &network, &[]);
    container.await_err("wpstack: the database at `127.0.0.1:3306` cannot be reached");
    for (path, status) in [
        (HEALTH, "200"),
        (READY, "200"),
        ("/", "200"),
        ("/some/page", "200"),
        ("/index.php", "200"),
        ("/wp-admin/install.php", "200"),
        ("/wp-login.php", "200"),
        ("/wp-includes/style.css", "200"),
        ("/wp-content/uploads/a.svg", "200"),
        ("/.well-known/acme", "200"),
        ("/wp-admin", "301"),
        ("/xmlrpc.php", "403"),
        ("/wp-cron.php", "403"),
        ("/wp-config.php", "404"),
        ("/wp-config.php.bak", "404"),
        ("/WP-CONFIG.PHP", "404"),
        ("//wp-config.php", "404"),
        ("/x/../wp-config.php", "404"),
        ("/%77p-config.php", "404"),
        ("/wp-admin/setup-config.php", "404"),
        ("/wp-includes/version.php", "404"),
        ("/wp-content/uploads/evil.php", "404"),
        ("/wp-content/uploads/evil.php/x", "404"),
        ("/wp-content/uploads/evil.PHP", "404"),
        ("/wp-content/uploads/../uploads/evil.php", "404"),
        ("/wp-content/uploads/.hidden", "404"),
        ("/wp-content/uploads/dump.sql", "404"),
        ("/readme.html", "404"),
        ("/license.txt", "404"),
        ("/wp-content/plugins/a/readme.txt", "404"),
        ("/composer.json", "404"),
        ("/composer.lock", "404"),
        ("/package.json", "404"),
        ("/.git/config", "404"),
        ("/.env", "404"),
        ("/absent.php", "404"),
        ("/wp-includes/absent.css", "404"),
    ] {
        let (found, body) = container.get(path, &[]);
        assert_eq!(found, status, "{path}: {body}");
    }
    let headers = |path: &str, more: &[&str]| {
        let arguments: Vec<_> = ["--head"].iter().chain(more).copied().collect();
        container.get(path, &arguments).1.to_lowercase()
    };
    let page = headers("/wp-login.php", &[]);
    for line in [
        "server: nginx\r",
        "x-content-type-options: nosniff\r",
        "x-frame-options: sameorigin\r",
        "content-security-policy: frame-ancestors 'self'\r",
        "referrer-policy: strict-origin-when-cross-origin\r",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    assert!(!page.contains("x-powered-by") && !page.contains("strict-transport"), "{page}");
    let secure = headers("/wp-login.php", &["--header", "X-Forwarded-Proto: https"]);
    assert!(secure.contains("strict-transport-security: max-age=31536000\r"), "{secure}");
    let style = headers("/wp-includes/style.css", &["--header", "Accept-Encoding: gzip"]);
    for line in ["content-encoding: gzip\r", "cache-control: public, max-age=3600\r", "nosniff\r"] {
        assert!(style.contains(line), "{line}: {style}");
    }
    // All files of an image are of the same time.
    assert!(!style.contains("etag") && !style.contains("last-modified"), "{style}");
    let style = headers("/wp-includes/style.css?ver=6", &[]);
    assert!(style.contains("cache-control: public, max-age=31536000, immutable\r"), "{style}");
    assert!(
        headers("/wp-content/uploads/a.svg", &[]).contains("sandbox"),
        "an SVG may run scripts"
    );
}

#[test]
fn php_is_told_what_was_found_out() {
    let network = Network::new();
    let container =
        Container::ready(prepared(), &network, &[(variable::HOME, "https://blog.example.com/")]);
    let ask = |headers: &[&str]| {
        let arguments: Vec<_> = headers.iter().flat_map(|header| ["--header", *header]).collect();
        let (status, body) = container.get("/", &arguments);
        serde_json::from_str::<Value>(&body)
            .unwrap_or_else(|error| panic!("{status} {error}: {body}"))
    };
    let told = ask(&[]);
    let hash = |text: &str| format!("{:x}", Sha256::digest(text));
    for (name, expected) in [
        ("https", Value::from("")),
        ("host", "127.0.0.1:8080".into()),
        ("client", "127.0.0.1".into()),
        ("prefix", "wp_".into()),
        ("home", "https://blog.example.com".into()),
        ("password", hash(PASSWORD).into()),
        ("salt", hash(SALT).into()),
        ("mods", true.into()),
        ("secure", "0".into()),
        ("sessions", "files".into()),
        ("workers", "3".into()),
        ("upload", "64M".into()),
        ("exec", false.into()),
    ] {
        assert_eq!(told[name], expected, "{name}");
    }
    for shown in [&told["server"], &told["environment"]] {
        for name in variable::SALTS.into_iter().chain([variable::DB_PASSWORD]) {
            assert!(shown.get(name).is_none(), "{name} is there for everybody");
        }
        assert!(shown.get(variable::DB_HOST).is_some());
    }
    let check = |headers: &[&str], https: &str, client: &str| {
        let told = ask(headers);
        let found = (told["https"].as_str().unwrap(), told["client"].as_str().unwrap());
        assert_eq!(found, (https, client), "{headers:?}");
        assert_eq!(told["proto"], if https == "on" { "https" } else { "http" });
        assert_eq!(told["port"], if https == "on" { "443" } else { "8080" });
        assert_eq!(told["secure"], if https == "on" { "1" } else { "0" });
    };
    let own = "127.0.0.1";
    check(&["X-Forwarded-Proto: https"], "on", own);
    check(&["X-Forwarded-Proto: HTTPS, http"], "on", own);
    check(&["X-Forwarded-Proto: http, https"], "", own);
    check(&["X-Forwarded-Proto: httpsx"], "", own);
    check(&["X-Forwarded-Proto: http", "CloudFront-Forwarded-Proto: https"], "on", own);
    check(&["X-Forwarded-Proto: https", "CloudFront-Forwarded-Proto: http"], "", own);
    check(&["X-Forwarded-For: 192.0.2.1"], "", "192.0.2.1");
    // The load balancer appends; what stands before is what the visitor sent.
    check(&["X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.1.2.3"], "", "192.0.2.1");
    assert_eq!(ask(&["Host: Blog.Example.com:8443"])["host"], "blog.example.com:8443");
    assert!(
        ask(&["Proxy: http://192.0.2.1"])["server"]["HTTP_PROXY"]
            .as_str()
            .is_none_or(str::is_empty)
    );
}

#[test]
fn nobody_else_is_believed() {
    let network = Network::new();
    crate::root::run(network.enter("ip").args(["addr", "add", "192.0.2.77/32", "dev", "lo"]));
    let container = Container::ready(prepared(), &network, &[]);
    let headers = [
        "X-Forwarded-Proto: https",
        "X-Forwarded-For: 198.51.100.1",
        "CloudFront-Forwarded-Proto: https",
    ];
    let mut arguments = vec!["--interface", "192.0.2.77"];
    arguments.extend(headers.iter().flat_map(|header| ["--header", *header]));
    let told: Value = serde_json::from_str(&container.get("/", &arguments).1).unwrap();
    assert_eq!((&told["https"], &told["client"]), (&"".into(), &"192.0.2.77".into()));
    assert_eq!(
        (&told["proto"], &told["server"]["HTTP_X_FORWARDED_FOR"]),
        (&"http".into(), &"192.0.2.77".into())
    );
}

#[test]
fn secrets_may_be_in_files_and_sessions_in_redis() {
    let network = Network::new();
    let place = tempfile::tempdir_in(prepared().join("srv")).unwrap();
    std::os::unix::fs::chown(place.path(), Some(33), Some(33)).unwrap();
    fs::write(place.path().join("password"), "from a file\n").unwrap();
    let file = format!("/srv/{}/password", place.path().file_name().unwrap().to_str().unwrap());
    let changes = [
        ("WORDPRESS_DB_PASSWORD_FILE", file.as_str()),
        (variable::REDIS_HOST, "redis.example.com"),
        (variable::TABLE_PREFIX, "blog_"),
    ];
    let container = Container::ready(prepared(), &network, &changes);
    let told: Value = serde_json::from_str(&container.get("/", &[]).1).unwrap();
    assert_eq!(told["password"], format!("{:x}", Sha256::digest("from a file")));
    assert_eq!((&told["sessions"], &told["prefix"]), (&"redis".into(), &"blog_".into()));
}
