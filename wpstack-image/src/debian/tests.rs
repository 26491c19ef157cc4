use std::fmt::Write;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::archive::tests::deb;
use super::repository::tests::{Signer, debian, fetcher};
use super::*;
use crate::tree::Kind;

const MASTERS: &str = "file ./usr/share/base-passwd/passwd.master root:*:0:0:root:/root:/bin/sh; \
                       file ./usr/share/base-passwd/group.master root:*:0:";

/// Writes packages, each with its files and further fields, and the suites that list them.
fn archive(base: &Path, packages: &[(&str, &str, &str, &str)]) -> Signer {
    let mut list = String::new();
    for (name, control, files, fields) in packages {
        let deb = deb(control, files);
        std::fs::write(base.join(format!("{name}.deb")), &deb).unwrap();
        write!(
            list,
            "Package: {name}\nVersion: 1-1\nArchitecture: all\nMaintainer: A <a@example.com>\n\
             Filename: {name}.deb\nSize: {}\nSHA256: {:x}\n{fields}\n",
            deb.len(),
            Sha256::digest(&deb)
        )
        .unwrap();
    }
    let mut signer = Signer::new(3);
    for (suite, list) in
        [("trixie", list.as_str()), ("trixie-updates", ""), ("trixie-security", "")]
    {
        signer.suite(base, suite, "main/binary-amd64/Packages", list);
    }
    signer
}

async fn make(packages: &[(&str, &str, &str, &str)], wanted: &str) -> Result<Root, Error> {
    let directory = tempfile::tempdir().unwrap();
    let signer = archive(directory.path(), packages);
    let fetcher = fetcher(directory.path(), signer.now());
    let wanted = wanted.split_whitespace().map(str::to_owned).collect();
    let debian = debian(directory.path());
    let keys = signer.keyring();
    let selected = select_of(&wanted, &debian, Architecture::X86_64, &keys, &fetcher).await?;
    selected.unpack(&fetcher).await
}

#[tokio::test]
async fn packages_become_a_tree() {
    let packages = [
        ("base-passwd", "file ./postinst x", MASTERS, "Depends: hello\n"),
        ("hello", "", "file ./bin/hello hi", "Source: hello-source (0.9)\n"),
        ("other", "", "file ./bin/other hi", ""),
    ];
    let root = make(&packages, "base-passwd").await.unwrap();
    let names: Vec<_> = root.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["base-passwd", "hello"]);
    let hello = &root.packages[1];
    assert_eq!((hello.source.as_str(), hello.source_version.as_str()), ("hello-source", "0.9"));
    let node = root.tree.get(&"usr/bin/hello".parse().unwrap()).unwrap();
    assert_eq!(node.kind, Kind::File((*b"hi").into()));
    assert!(root.tree.get(&"usr/bin/other".parse().unwrap()).is_none());
}

#[tokio::test]
async fn an_unknown_script_stops_it_with_another_way() {
    let packages =
        [("base-passwd", "", MASTERS, ""), ("daemon", "file ./postinst x", "dir ./x/", "")];
    let error = make(&packages, "base-passwd daemon").await.unwrap_err();
    assert!(matches!(error, Error::Settle(SettleError::Script { .. })), "{error:?}");
    let hint = "build this image with a container engine, which runs the scripts of packages";
    assert_eq!(error.hint(), hint);
}

#[tokio::test]
async fn a_hostile_package_is_named() {
    let packages = [("base-passwd", "", MASTERS, ""), ("evil", "", "file ../../etc/x 1", "")];
    let error = make(&packages, "base-passwd evil").await.unwrap_err();
    assert_eq!(error.to_string(), "the package `evil` cannot be unpacked");
}
