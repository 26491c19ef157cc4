use std::collections::BTreeMap;

use super::super::repository::Index;
use super::*;

/// The least that a system is made of.
const BASE: &str = "usr/share/base-passwd/passwd.master=root:*:0:0:root:/root:/bin/bash\n\
                    www-data:*:33:33:www-data:/var/www:/usr/sbin/nologin\n | \
                    usr/share/base-passwd/group.master=root:*:0:\nshadow:*:42:\n";

/// A package by its files: `path=contents`, `path/` or `path->target`, with ` | ` between them.
fn package(name: &str, files: &str) -> (String, Unpacked) {
    let file = |file: &str| {
        let (path, kind) = if let Some((path, target)) = file.split_once("->") {
            (path, Kind::Symlink(target.to_owned()))
        } else if let Some((path, target)) = file.split_once("==") {
            (path, Kind::HardLink(target.parse().unwrap()))
        } else if let Some((path, contents)) = file.split_once('=') {
            (path, Kind::File(contents.as_bytes().into()))
        } else {
            (file, Kind::Directory)
        };
        (path.parse().unwrap(), Node::root(kind, 0o644))
    };
    let files = files.split(" | ").map(file).collect();
    (name.to_owned(), Unpacked { files, scripts: BTreeMap::new() })
}

fn settled(files: &[&str]) -> Result<Tree, SettleError> {
    let mut packages = vec![package("base-passwd", BASE)];
    let named = files.iter().enumerate();
    packages.extend(named.map(|(number, files)| package(&format!("p{number}"), files)));
    settle(packages, &[])
}

fn shown(tree: &Tree, path: &str) -> String {
    match tree.get(&path.parse().unwrap()).map(|node| &node.kind) {
        Some(Kind::File(contents)) => String::from_utf8(contents.to_vec()).unwrap(),
        Some(Kind::Symlink(target)) => format!("-> {target}"),
        Some(Kind::HardLink(target)) => format!("= {target}"),
        Some(Kind::Directory) => "a directory".to_owned(),
        None => "nothing".to_owned(),
    }
}

fn refused(files: &[&str]) -> String {
    settled(files).unwrap_err().to_string()
}

#[test]
fn users_have_no_passwords_and_a_shell_that_is_there() {
    let tree = settled(&[]).unwrap();
    let passwd = "root:x:0:0:root:/root:/bin/sh\n\
                  www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n";
    assert_eq!(shown(&tree, "etc/passwd"), passwd);
    assert_eq!(shown(&tree, "etc/group"), "root:x:0:\nshadow:x:42:\n");
    let shadow = tree.get(&"etc/shadow".parse().unwrap()).unwrap();
    assert_eq!((shadow.mode, shadow.user, shadow.group), (0o640, 0, 42));
    assert!(shown(&tree, "etc/shadow").starts_with("root:*:"));
    let tree = settled(&["usr/bin/bash=1"]).unwrap();
    assert!(shown(&tree, "etc/passwd").starts_with("root:x:0:0:root:/root:/bin/bash\n"));
}

#[test]
fn certificates_are_bundled_in_order() {
    let tree = settled(&[
        "usr/share/ca-certificates/mozilla/B.crt=b\n | usr/share/ca-certificates/mozilla/A.crt=a",
        "usr/share/ca-certificates/README=no",
    ]);
    let tree = tree.unwrap();
    assert_eq!(shown(&tree, "etc/ssl/certs/ca-certificates.crt"), "a\nb\n");
    assert_eq!(shown(&tree, "usr/lib/ssl/cert.pem"), "-> /etc/ssl/certs/ca-certificates.crt");
}

#[test]
fn extensions_of_php_are_enabled_by_their_priority() {
    let tree = settled(&[
        "usr/lib/php/8.4/sapi/fpm= | usr/lib/php/8.4/sapi/cli= | usr/bin/php8.4=1",
        "usr/share/php8.4-mysql/mysql/mysqlnd.ini=; priority=10\nextension=mysqlnd.so",
        "etc/php/8.4/mods-available/redis.ini=extension=redis.so | usr/share/php8.4-x/x.txt=no",
        "usr/lib/php/8.4/php.ini-production=fpm | usr/lib/php/8.4/php.ini-production.cli=cli",
    ])
    .unwrap();
    for sapi in ["fpm", "cli"] {
        let file = |name: &str| shown(&tree, &format!("etc/php/8.4/{sapi}/{name}"));
        let mysqlnd = "-> /etc/php/8.4/mods-available/mysqlnd.ini";
        assert_eq!(file("conf.d/10-mysqlnd.ini"), mysqlnd);
        assert_eq!(file("conf.d/20-redis.ini"), "-> /etc/php/8.4/mods-available/redis.ini");
        assert_eq!(file("php.ini"), sapi);
    }
    assert_eq!(shown(&tree, "usr/bin/php"), "-> php8.4");
    assert_eq!(shown(&tree, "usr/bin/phar"), "nothing");
}

#[test]
fn directories_may_be_shared_and_files_may_not() {
    let tree = settled(&["a/ | a/b=1", "a/ | a/c=2"]).unwrap();
    assert_eq!((shown(&tree, "a/b").as_str(), shown(&tree, "a/c").as_str()), ("1", "2"));
    let twice = "`p1` brings `a`, which another package has brought already";
    assert_eq!(refused(&["a=1", "a=1"]), twice);
    // A directory may be a link that another package brings, but nothing may lie behind it.
    assert!(settled(&["b/ | a->b", "a/"]).is_ok());
    assert_eq!(refused(&["b/ | a->b", "a/c=1"]), "`a/c` does not lie in a directory");
    assert_eq!(refused(&["a=1", "a/c=1"]), "`a/c` does not lie in a directory");
}

#[test]
fn a_second_name_needs_a_first() {
    assert_eq!(shown(&settled(&["a=1 | b==a"]).unwrap(), "b"), "= a");
    assert_eq!(refused(&["b==a"]), "`b` is another name of a file that is not there");
}

#[test]
fn what_is_installed_is_listed_for_scanners() {
    let text = "Package: b\nVersion: 1-2\nFilename: pool/b.deb\nArchitecture: all\n\n\
                Package: a\nSource: c (7)\nVersion: 3\nSHA256: 00";
    let index = Index::read(text.to_owned());
    let entries: Vec<_> = ["a", "b"].iter().flat_map(|name| index.named(name)).collect();
    let tree = settle(vec![package("base-passwd", BASE)], &entries).unwrap();
    let expected = "Package: a\nStatus: install ok installed\nSource: c (7)\nVersion: 3\n\n\
                    Package: b\nStatus: install ok installed\nArchitecture: all\nVersion: 1-2\n\n";
    assert_eq!(shown(&tree, "var/lib/dpkg/status"), expected);
}
