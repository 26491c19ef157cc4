//! The root filesystem of the default recipe, made of the real packages of a mirror.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chroot;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use wpstack_core::image::Debian;
use wpstack_core::time::SystemClock;
use wpstack_core::value::Architecture;
use wpstack_image::debian::{self, Root};
use wpstack_image::fetch::{Fetcher, Silent};
use wpstack_image::testing::mirror;
use wpstack_image::tree::{Kind, Tree};

/// Repeated runs fetch nothing but the signed lists.
fn fetcher() -> Fetcher {
    let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("debian-cache");
    Fetcher::new(cache, Arc::new(SystemClock), Arc::new(Silent)).unwrap()
}

fn recipe() -> Debian {
    Debian { mirror: mirror::of_this_machine(), ..Debian::default() }
}

async fn root(architecture: Architecture) -> Root {
    match debian::root(&recipe(), architecture, &fetcher()).await {
        Ok(root) => root,
        Err(error) => panic!("{}\nhint: {}", chain(&error), error.hint()),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

/// Everything that a layer would have of the tree.
fn digest(tree: &Tree) -> String {
    let mut hasher = Sha256::new();
    for (path, node) in tree.iter() {
        hasher.update(format!("{path}\0{:o} {} {}\0", node.mode, node.user, node.group));
        match &node.kind {
            Kind::Directory => hasher.update(b"directory"),
            Kind::File(contents) => hasher.update(contents),
            Kind::Symlink(target) => hasher.update(format!("-> {target}")),
            Kind::HardLink(target) => hasher.update(format!("= {target}")),
        }
    }
    format!("{:x}", hasher.finalize())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_is_the_same_twice_and_runs() {
    let one = root(Architecture::X86_64).await;
    let other = root(Architecture::X86_64).await;
    assert_eq!(digest(&one.tree), digest(&other.tree));
    assert_eq!(one.packages, other.packages);
    drop(other);
    check(&one, "amd64");
    chroot::check(&one.tree);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_for_another_processor_is_made_the_same_way() {
    let root = root(Architecture::Arm64).await;
    check(&root, "arm64");
    let php = file(&root.tree, "usr/sbin/php-fpm8.4");
    // EM_AARCH64, in the header of an ELF file. https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
    assert_eq!(php[18..20], [183, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_source_of_wordpress_is_there() {
    let source = debian::wordpress_source(&recipe(), &fetcher()).await;
    let source = source.unwrap_or_else(|error| panic!("{}", chain(&error)));
    let bytes = std::fs::read(&source.path).unwrap();
    assert_eq!(format!("{:x}", Sha256::digest(&bytes)), source.checksum.as_str());
    assert!(source.version.starts_with(|first: char| first.is_ascii_digit()), "{source:?}");
    assert!(!source.version.contains("dfsg"), "{source:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_whose_script_nobody_read_is_refused() {
    let packages = ["mariadb-server".to_owned()].into();
    let recipe = Debian { packages, ..recipe() };
    let error = debian::root(&recipe, Architecture::X86_64, &fetcher()).await.unwrap_err();
    assert!(chain(&error).contains("whose work is not known"), "{}", chain(&error));
    assert!(error.hint().contains("container engine"), "{}", error.hint());
}

fn check(root: &Root, architecture: &str) {
    for package in &root.packages {
        let built_for = package.architecture.as_str();
        assert!(built_for == architecture || built_for == "all", "{package:?}");
    }
    let status = String::from_utf8(file(&root.tree, "var/lib/dpkg/status").to_vec()).unwrap();
    let installed = status.matches("\nStatus: install ok installed\n").count();
    assert_eq!(installed, root.packages.len());
    for (path, node) in root.tree.iter() {
        assert_eq!(node.mode & 0o6000, 0, "{path} gives other rights");
        let old = ["bin/", "sbin/", "lib/", "lib64/"];
        assert!(!old.iter().any(|old| path.as_str().starts_with(old)), "{path}");
    }
    links_lead_somewhere(&root.tree);
    let bundle = file(&root.tree, "etc/ssl/certs/ca-certificates.crt");
    let bundle = String::from_utf8(bundle.to_vec()).unwrap();
    assert!(bundle.matches("-----BEGIN CERTIFICATE-----").count() > 100);
    let passwd = String::from_utf8(file(&root.tree, "etc/passwd").to_vec()).unwrap();
    assert!(passwd.contains("www-data:x:33:33:"), "{passwd}");
    assert!(passwd.contains("root:x:0:0:root:/root:/bin/sh\n"), "{passwd}");
}

/// Links of settled packages lead to files of the tree, but for places that only a running container has.
fn links_lead_somewhere(tree: &Tree) {
    let mut broken = Vec::new();
    for (path, node) in tree.iter() {
        if let Kind::Symlink(target) = &node.kind {
            let from = Path::new("/").join(path.as_str());
            let there = normal(&from.parent().unwrap().join(target));
            let is_there = there.parse().is_ok_and(|there| tree.get(&there).is_some());
            let runs = ["proc/", "run", "dev/"].iter().any(|runs| there.starts_with(runs));
            if !is_there && !runs {
                broken.push(format!("{path} -> {target}"));
            }
        }
    }
    assert_eq!(broken, [""; 0], "links that lead nowhere");
}

/// The path without `.` and `..`, without the leading slash, and as if `/lib` and so on were directories.
fn normal(path: &Path) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.to_str().unwrap().split('/') {
        match part {
            "" | "." => {}
            ".." => {
                let _last = parts.pop();
            }
            part => parts.push(part),
        }
    }
    match parts.first() {
        Some(&("bin" | "sbin" | "lib" | "lib64")) if parts.len() > 1 => {
            format!("usr/{}", parts.join("/"))
        }
        _ => parts.join("/"),
    }
}

fn file<'t>(tree: &'t Tree, path: &str) -> &'t [u8] {
    match tree.get(&path.parse().unwrap()).map(|node| &node.kind) {
        Some(Kind::File(contents)) => contents,
        other => panic!("{path} is no file: {other:?}"),
    }
}
