use std::io::Read;

use wpstack_core::image::{Debian, Mirror, Snapshot};

use super::*;
use crate::tree::{Kind, Node};

struct Given {
    spec: ImageSpec,
    labels: BTreeMap<String, String>,
    from: Option<&'static str>,
}

impl Given {
    fn base(base: Base) -> Self {
        let spec = ImageSpec { base, ..ImageSpec::default() };
        let labels = BTreeMap::from([("wpstack.recipe".to_owned(), "0123".to_owned())]);
        Self { spec, labels, from: None }
    }

    fn render(&self) -> Result<String, ValueError> {
        let tree = Tree::new();
        render(&Ingredients {
            spec: &self.spec,
            configuration: &tree,
            wordpress: &tree,
            labels: &self.labels,
            from: self.from,
        })
    }
}

fn live(main: &str) -> Base {
    let security = "http://deb.debian.org/debian-security".to_owned();
    let mirror = Mirror::Live { main: main.to_owned(), security };
    Base::Debian(Debian { mirror, ..Debian::default() })
}

#[test]
fn debian_of_a_day() {
    let packages = ["php8.4-ldap".to_owned()].into();
    let base = Base::Debian(Debian { packages, ..Debian::default() });
    insta::assert_snapshot!(Given::base(base).render().unwrap());
}

#[test]
fn debian_as_it_is_today() {
    let given = Given::base(live("http://deb.debian.org/debian"));
    let text = given.render().unwrap();
    assert!(text.contains("\nFROM debian:trixie-slim\n"), "{text}");
    assert!(text.contains("'deb http://deb.debian.org/debian trixie main'"), "{text}");
    let other = Given { from: Some("127.0.0.1:5000/base:1"), ..given };
    assert!(other.render().unwrap().contains("\nFROM 127.0.0.1:5000/base:1\n"));
}

#[test]
fn alpine() {
    insta::assert_snapshot!(Given::base(Base::Alpine("3.22".to_owned())).render().unwrap());
}

#[test]
fn no_value_breaks_out() {
    const BAD: [&str; 9] = ["", "a b", "a\nRUN x", "a'b", "a;b", "$(x)", "a\\", "--x", "a&b"];
    let refused = |given: Given, value: &str| {
        let error = given.render().expect_err(value);
        assert_eq!(error.value, value);
    };
    for bad in BAD {
        refused(Given::base(Base::Alpine(bad.to_owned())), bad);
        let address = format!("http://{bad}");
        refused(Given::base(live(&address)), &address);
        let moment = Mirror::Snapshot(Snapshot(bad.to_owned()));
        refused(Given::base(Base::Debian(Debian { mirror: moment, ..Debian::default() })), bad);
        let packages = [bad.to_owned()].into();
        refused(Given::base(Base::Debian(Debian { packages, ..Debian::default() })), bad);
        let mut given = Given::base(Base::Debian(Debian::default()));
        given.labels = BTreeMap::from([(bad.to_owned(), String::new())]);
        refused(given, bad);
        refused(Given { from: Some(bad), ..Given::base(Base::Debian(Debian::default())) }, bad);
    }
    for bad in ["a\"b", "a\nb", "$a", "a\\", "`a`", "a\u{85}b"] {
        let mut given = Given::base(Base::Debian(Debian::default()));
        given.labels = BTreeMap::from([("a".to_owned(), bad.to_owned())]);
        refused(given, bad);
    }
}

#[test]
fn the_context_has_every_file_as_the_tree_has_it() {
    let mut configuration = Tree::new();
    let uploads = Node::root(Kind::Directory, 0o755).owned_by(33, 33);
    configuration.insert("srv/uploads".parse().unwrap(), uploads);
    configuration.program("usr/lib/init".parse().unwrap(), *b"#!/bin/sh\n");
    configuration.symlink("usr/bin/php".parse().unwrap(), "php8.4");
    let link = Node::root(Kind::HardLink("usr/lib/init".parse().unwrap()), 0o755);
    configuration.insert("a/again".parse().unwrap(), link);
    let given = Given::base(live("http://deb.debian.org/debian"));
    let made = || {
        let wordpress = Tree::new();
        let (configuration, labels) = (&configuration, &given.labels);
        let wordpress = &wordpress;
        let spec = &given.spec;
        Context::new(&Ingredients { spec, configuration, wordpress, labels, from: None }).unwrap()
    };
    let context = made();
    let text = context.dockerfile().to_owned();
    let bytes = context.into_archive();
    assert_eq!(bytes, made().into_archive());
    let outer = entries(&bytes);
    let names: Vec<_> = outer.iter().map(|(line, _)| line.as_str()).collect();
    let expected = ["Dockerfile 644 0:0", "wordpress.tar 644 0:0", "configuration.tar 644 0:0"];
    assert_eq!(names, expected);
    assert_eq!(outer[0].1, text.into_bytes());
    let inner = entries(&outer[2].1);
    let names: Vec<_> = inner.iter().map(|(line, _)| line.as_str()).collect();
    let expected = [
        "a/again 755 0:0",
        "srv/uploads/ 755 33:33",
        "usr/bin/php 777 0:0 -> php8.4",
        "usr/lib/init 755 0:0",
    ];
    assert_eq!(names, expected);
    assert_eq!(inner[0].1, b"#!/bin/sh\n");
}

/// Each file of an archive as a line, with its contents.
fn entries(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(bytes);
    let read = |entry: io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).unwrap();
        let header = entry.header();
        assert_eq!(header.mtime().unwrap(), 0);
        let (mode, user, group) =
            (header.mode().unwrap(), header.uid().unwrap(), header.gid().unwrap());
        let target = entry.link_name().unwrap();
        let target = target.map(|path| format!(" -> {}", path.display())).unwrap_or_default();
        let path = entry.path().unwrap();
        (format!("{} {mode:o} {user}:{group}{target}", path.display()), contents)
    };
    archive.entries().unwrap().map(read).collect()
}
