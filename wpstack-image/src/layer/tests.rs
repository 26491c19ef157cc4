use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use proptest::prelude::*;

use super::*;
use crate::tree::{Kind, Node};

fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

fn small() -> Tree {
    let long = format!("opt/{}/{}", "directory-".repeat(9), "file-".repeat(12));
    let mut tree = Tree::new();
    tree.directory(path("etc")).file(path("etc/motd"), *b"hello\n");
    tree.program(path("usr/bin/tool"), *b"#!/bin/sh\n");
    tree.symlink(path("bin"), "usr/bin").symlink(path("opt/long"), format!("/{long}"));
    tree.file(path(&long), vec![7; 100_000]);
    let uploads = Node::root(Kind::Directory, 0o1777).owned_by(33, 33);
    tree.insert(path("srv/up\u{f6}loads"), uploads);
    tree.insert(path("usr/bin/alias"), Node::root(Kind::HardLink(path("usr/bin/tool")), 0o755));
    tree.with_parents()
}

fn packed(tree: &Tree) -> (Vec<u8>, Blob) {
    pack(tree, Vec::new()).unwrap()
}

/// What another reader makes of the archive.
fn read(layer: &[u8]) -> Tree {
    let mut tree = Tree::new();
    let mut archive = ::tar::Archive::new(MultiGzDecoder::new(layer));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let target = entry.link_name_bytes().map(|name| String::from_utf8(name.into()).unwrap());
        let header = entry.header().clone();
        let kind = match header.entry_type() {
            ::tar::EntryType::Directory => Kind::Directory,
            ::tar::EntryType::Symlink => Kind::Symlink(target.unwrap()),
            ::tar::EntryType::Link => Kind::HardLink(path(&target.unwrap())),
            ::tar::EntryType::Regular => {
                let mut contents = Vec::new();
                entry.read_to_end(&mut contents).unwrap();
                Kind::File(contents.into())
            }
            other => panic!("{other:?} is in no tree"),
        };
        assert_eq!((header.mtime().unwrap(), header.username()), (0, Ok(Some(""))));
        let ids = (header.uid().unwrap() as u32, header.gid().unwrap() as u32);
        let node = Node::root(kind, header.mode().unwrap()).owned_by(ids.0, ids.1);
        let name = String::from_utf8(entry.path_bytes().into()).unwrap();
        assert_eq!(tree.insert(path(&name), node), None, "{name} comes once");
    }
    tree
}

/// These change only together with `FORMAT` and, where the compressor changes, in the same release: whoever builds the
/// same recipe elsewhere compares digests.
#[test]
fn the_bytes_of_a_layer_stay_what_they_are() {
    let (bytes, blob) = packed(&small());
    assert_eq!(bytes.len() as u64, blob.size);
    insta::assert_json_snapshot!(blob, @r#"
    {
      "digest": "sha256:55fe36da26380110a2d110fc210425197ce22e5538d88b732932851bb7e19df5",
      "diff_id": "sha256:20d72a7b6650a7cf1434a5a9f45a0e7c15282785b25e77ad1e91c86cfc7bb9f0",
      "size": 578,
      "unpacked": 111104
    }
    "#);
    let (_, empty) = packed(&Tree::new());
    insta::assert_json_snapshot!(empty, @r#"
    {
      "digest": "sha256:75eb48369c0d0b1260b7db5c5f831d5f8b1b9b322b64191c96cb147437e7f404",
      "diff_id": "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
      "size": 30,
      "unpacked": 1024
    }
    "#);
}

#[test]
fn what_was_packed_is_read_back() {
    // The first name of a file has the contents.
    let mut expected = small();
    let tool = expected.remove(&path("usr/bin/tool")).unwrap();
    expected.insert(path("usr/bin/alias"), tool);
    expected.insert(path("usr/bin/tool"), Node::root(Kind::HardLink(path("usr/bin/alias")), 0o755));
    assert_eq!(read(&packed(&small()).0), expected);
}

#[test]
fn links_to_nothing_and_deletions_are_refused() {
    let check = |kind: Kind, name: &str, message: &str| {
        let mut tree = Tree::new();
        tree.directory(path("d")).symlink(path("s"), "d");
        tree.insert(path(name), Node::root(kind, 0o644));
        let error = pack(&tree, Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(!error.hint().is_empty());
    };
    let nothing = "`/x` is a hard link to no file of its layer";
    check(Kind::HardLink(path("none")), "x", nothing);
    check(Kind::HardLink(path("x")), "x", nothing);
    check(Kind::HardLink(path("d")), "x", nothing);
    check(Kind::HardLink(path("s")), "x", nothing);
    let deletion = "`/d/.wh.passwd` has a name that container engines take for a deletion";
    check(Kind::Directory, "d/.wh.passwd", deletion);
}

#[test]
fn a_layer_is_taken_from_the_cache_only_when_it_is_whole() {
    let home = tempfile::tempdir().unwrap();
    let cache = Cache::open(home.path()).unwrap();
    let inputs = Digest::of(b"inputs");
    assert_eq!(cache.find(&inputs, "small"), None);
    let make = || {
        let facts = [("tool".to_owned(), "1.2".to_owned())].into();
        cache.make(&inputs, "small", &small(), Outline::of(&small()), facts).unwrap()
    };
    let made = make();
    assert_eq!(made.layer.blob, packed(&small()).1);
    assert_eq!(Digest::of(&std::fs::read(&made.layer.path).unwrap()), made.layer.blob.digest);
    assert_eq!(cache.find(&inputs, "small").as_ref(), Some(&made));
    assert_eq!(cache.find(&Digest::of(b"others"), "small"), None);

    let whole = std::fs::read(&made.layer.path).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damaged in [&flipped[..], &whole[..whole.len() - 1], b""] {
        std::fs::write(&made.layer.path, damaged).unwrap();
        assert_eq!(cache.find(&inputs, "small"), None);
        assert_eq!(make(), made);
        assert_eq!(cache.find(&inputs, "small").as_ref(), Some(&made));
    }
    std::fs::remove_file(&made.layer.path).unwrap();
    assert_eq!(cache.find(&inputs, "small"), None);
    make();
    let note = home.path().join("notes").join(format!("{}.json", inputs.hex()));
    std::fs::write(note, "{").unwrap();
    assert_eq!(cache.find(&inputs, "small"), None);
    let left: Vec<_> = std::fs::read_dir(home.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "nothing half-written stays: {left:?}");
}

fn trees() -> impl Strategy<Value = Tree> {
    let part = prop_oneof!["[a-c]", "[ -.0-~]{1,12}x", "\\PC{1,90}x", "x{80,130}"];
    let part = part.prop_map(|part: String| part.replace('/', "_"));
    let name = prop::collection::vec(part, 1..4).prop_map(|parts| parts.join("/"));
    let kind = prop_oneof![
        Just(Kind::Directory),
        prop::collection::vec(any::<u8>(), 0..2000).prop_map(|bytes| Kind::File(bytes.into())),
        "[ -~]{1,120}".prop_map(Kind::Symlink),
        "[./a-c]{1,9}".prop_map(Kind::Symlink),
    ];
    let node = (kind, 0..0o10000_u32, 0..3_000_000_u32, any::<u32>())
        .prop_map(|(kind, mode, user, group)| Node { kind, mode, user, group });
    prop::collection::vec((name, node), 0..20).prop_map(|nodes| {
        let nodes: BTreeMap<_, _> = nodes
            .into_iter()
            .filter_map(|(name, node)| Some((name.parse::<TreePath>().ok()?, node)))
            .filter(|(path, _)| !path.as_str().contains(".wh."))
            .collect();
        let mut tree = Tree::new();
        tree.extend(nodes);
        tree
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_comes_back_as_it_was(tree in trees()) {
        let (bytes, blob) = packed(&tree);
        prop_assert_eq!(&read(&bytes), &tree);
        prop_assert_eq!(packed(&tree), (bytes, blob));
        let outline = Outline::of(&tree);
        let text = serde_json::to_vec(&outline).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Outline>(&text).unwrap(), outline);
    }
}
