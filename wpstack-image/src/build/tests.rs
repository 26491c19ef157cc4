use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use flate2::Compression;
use flate2::write::GzEncoder;
use oci_spec::image::{ImageConfiguration, ImageManifest};
use wpstack_core::image::{Core, Source};
use wpstack_core::value::Checksum;

use super::*;
use crate::digest::Digest;
use crate::tree::{Kind, Node, Tree, TreePath};

fn path(text: &str) -> TreePath {
    text.parse().unwrap()
}

fn distribution() -> Tree {
    let mut tree = Tree::new();
    tree.file(path("etc/os-release"), *b"ID=debian\n").file(path("etc/php.ini"), *b"default\n");
    tree.program(path("usr/bin/php"), *b"ELF").symlink(path("lib"), "usr/lib");
    tree.file(path("usr/lib/libc.so"), *b"ELF");
    let private = Node::root(Kind::Directory, 0o750).owned_by(0, 33);
    tree.insert(path("etc/private"), private);
    tree.with_parents()
}

fn configuration() -> Tree {
    let mut tree = Tree::new();
    tree.file(path("etc/php.ini"), *b"ours\n").program(path("usr/lib/wpstack/init"), *b"#!/bin/sh");
    tree
}

fn archive(home: &Path, name: &str, files: &[(&str, &str)]) -> (PathBuf, Checksum) {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        tar.append_data(&mut header, format!("top/{path}"), text.as_bytes()).unwrap();
    }
    let bytes = tar.into_inner().unwrap().finish().unwrap();
    std::fs::write(home.join(name), &bytes).unwrap();
    (home.join(name), Digest::of(&bytes).hex().parse().unwrap())
}

/// A home with the inputs of a recipe, written in that order.
struct Home {
    directory: tempfile::TempDir,
    recipe: ImageSpec,
    core: CoreArchive,
    archives: BTreeMap<Checksum, PathBuf>,
}

fn home(turned: bool) -> Home {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let shop = at.join("shop");
    std::fs::create_dir(&shop).unwrap();
    let mut files = [("shop.php", "<?php\n/* Plugin Name: Shop\nVersion: 1.5 */"), ("a.php", "a")];
    if turned {
        files.reverse();
    }
    for (name, text) in files {
        std::fs::File::create(shop.join(name)).unwrap().write_all(text.as_bytes()).unwrap();
        if turned {
            use std::os::unix::fs::PermissionsExt;
            let file = std::fs::File::open(shop.join(name)).unwrap();
            file.set_permissions(PermissionsExt::from_mode(0o700)).unwrap();
            file.set_modified(std::time::UNIX_EPOCH).unwrap();
        }
    }
    std::fs::write(at.join("ca.pem"), "ca").unwrap();
    let release = [
        ("index.php", "<?php"),
        ("wp-admin/index.php", "<?php"),
        ("wp-content/themes/plain/old.css", "old"),
        ("wp-includes/version.php", "<?php\n$wp_version = '6.8.3';"),
        ("wp-load.php", "<?php"),
        ("wp-settings.php", "<?php"),
    ];
    let (core, checksum) = archive(at, "core.tar.gz", &release);
    let style = [("style.css", "/*\nTheme Name: Plain\nVersion: 2\n*/")];
    let (theme, theme_checksum) = archive(at, "plain.tar.gz", &style);
    let url = "https://example.com/plain.tar.gz".to_owned();
    let plain = Source::Archive { url, checksum: theme_checksum.clone() };
    let recipe = ImageSpec {
        plugins: [("shop".to_owned(), Source::Directory(shop))].into(),
        themes: [("plain".to_owned(), plain)].into(),
        files: [("/etc/private/ca.pem".into(), at.join("ca.pem"))].into(),
        wordpress: Core::Release {
            version: "6.8.3".to_owned(),
            url: "https://example.com/core.tar.gz".to_owned(),
            checksum: checksum.clone(),
        },
        ..ImageSpec::default()
    };
    let core = CoreArchive { path: core, checksum, url: None };
    Home { directory, recipe, core, archives: [(theme_checksum, theme)].into() }
}

impl Home {
    fn parts(&self) -> Parts {
        Parts {
            distribution: Part::ready("distribution", Role::Software, distribution()),
            packages: Vec::new(),
            core: self.core.clone(),
            archives: self.archives.clone(),
            configuration: Part::ready("configuration", Role::Configuration, configuration()),
            published: None,
            labels: crate::oci::Labels::default(),
        }
    }

    async fn build(&self, parts: Parts) -> (Result<Built, BuildError>, Vec<String>) {
        let cache = Cache::open(&self.directory.path().join("cache")).unwrap();
        let made = Arc::new(Mutex::new(Vec::new()));
        let told = made.clone();
        let observer: Observer = Arc::new(move |progress| {
            if let Progress::Packed { layer, .. } = progress {
                told.lock().unwrap().push(layer);
            }
        });
        let inputs = Inputs::read(&self.recipe).unwrap();
        let built = assemble(
            &Recipe { spec: self.recipe.clone(), inputs: inputs.checksums() },
            inputs,
            parts,
            &cache,
            &observer,
        )
        .await;
        let mut made = made.lock().unwrap().clone();
        made.sort();
        (built, made)
    }
}

const ALL: [&str; 6] =
    ["configuration", "distribution", "files", "plugin shop", "theme plain", "wordpress"];

#[tokio::test]
async fn the_same_recipe_is_the_same_image() {
    let (one, other) = (home(false), home(true));
    let (first, made) = one.build(one.parts()).await;
    let first = first.unwrap();
    assert_eq!(made, ALL);
    let (second, _) = other.build(other.parts()).await;
    let second = second.unwrap();
    assert_eq!(first.image.manifest, second.image.manifest);
    assert_eq!((&first.sbom, &first.image.artifacts), (&second.sbom, &second.image.artifacts));
    let (again, made) = one.build(one.parts()).await;
    assert_eq!((again.unwrap(), made), (first.clone(), Vec::new()));
    assert_eq!(first.wordpress, "6.8.3");
    // Changes only together with `FORMAT`, the recipe's defaults or the contract.
    insta::assert_snapshot!(first.image.manifest.digest, @"sha256:050948bdcc737b727920a23c2d7b9a722dbe30106e133bb5593843405734ef46");
}

#[tokio::test]
async fn others_read_what_the_image_says() {
    let home = home(false);
    let built = home.build(home.parts()).await.0.unwrap();
    let image = &built.image;
    let manifest: ImageManifest = serde_json::from_slice(&image.manifest.bytes).unwrap();
    assert_eq!(manifest.config().digest().to_string(), image.config.digest.to_string());
    let titles: Vec<_> = image.layers.iter().map(|layer| layer.title.as_str()).collect();
    let order =
        ["distribution", "wordpress", "plugin shop", "theme plain", "files", "configuration"];
    assert_eq!(titles, order);
    let config: ImageConfiguration = serde_json::from_slice(&image.config.bytes).unwrap();
    assert_eq!(config.rootfs().diff_ids().len(), order.len());
    assert_eq!(config.created().as_deref(), Some("2026-11-01T00:00:00Z"));
    let run = config.config().as_ref().unwrap();
    assert_eq!(run.user().as_deref(), Some("33:33"));
    assert_eq!(run.exposed_ports().as_deref(), Some(&["8080/tcp".to_owned()][..]));
    assert_eq!(run.entrypoint().as_deref(), Some(&["/usr/lib/wpstack/init".to_owned()][..]));
    assert_eq!(run.working_dir().as_deref(), Some("/srv/wordpress"));
    assert_eq!(run.stop_signal().as_deref(), Some("SIGTERM"));
    assert_eq!((run.volumes(), run.cmd()), (&None, &None));
    let labels = run.labels().as_ref().unwrap();
    assert_eq!(labels["org.opencontainers.image.version"], "6.8.3");
    assert_eq!(labels["wpstack.distribution"], "debian 13 20261101T000000Z");
    assert_eq!(labels["wpstack.recipe"], built.tag.to_string());

    let [artifact] = &image.artifacts[..] else { panic!("one bill of materials") };
    let about: ImageManifest = serde_json::from_slice(&artifact.manifest.bytes).unwrap();
    let subject = about.subject().as_ref().unwrap().digest().to_string();
    assert_eq!(subject, image.manifest.digest.to_string());
    assert_eq!(artifact.config.bytes, b"{}");
    let bill = String::from_utf8(built.sbom.bytes).unwrap();
    for part in ["wordpress@6.8.3", "wordpress-plugin/shop@1.5", "wordpress-theme/plain@2"] {
        assert!(bill.contains(&format!("\"pkg:generic/{part}\"")), "{part}");
    }
}

#[tokio::test]
async fn only_what_changed_is_made_again() {
    let mut home = home(false);
    home.build(home.parts()).await.0.unwrap();
    let at = home.directory.path().to_owned();
    std::fs::write(at.join("shop/b.php"), "b").unwrap();
    let (built, made) = home.build(home.parts()).await;
    assert_eq!((built.is_ok(), made), (true, vec!["plugin shop".to_owned()]));

    // What is flipped on the disk is made again, with the same bytes.
    let layers = built.unwrap().image.layers;
    std::fs::write(&layers[1].path, "damaged").unwrap();
    let (built, made) = home.build(home.parts()).await;
    assert_eq!((built.unwrap().image.layers, made), (layers.clone(), vec!["wordpress".to_owned()]));

    // A directory that a layer repeats has another mode below.
    let mut tree = distribution();
    tree.insert(path("etc/private"), Node::root(Kind::Directory, 0o700));
    let mut parts = home.parts();
    parts.distribution = Part::ready("distribution", Role::Software, tree);
    let (built, made) = home.build(parts).await;
    assert_eq!((built.is_ok(), made), (true, vec!["distribution".into(), "files".into()]));

    home.recipe.themes.clear();
    let (built, made) = home.build(home.parts()).await;
    // The bundled theme of that name is back.
    assert_eq!((built.is_ok(), made), (true, vec!["files".to_owned(), "wordpress".to_owned()]));
}

#[tokio::test]
async fn parts_do_not_break_each_other() {
    async fn check(home: &Home, parts: Parts, message: &str) {
        let error = home.build(parts).await.0.unwrap_err();
        assert!(!error.hint().is_empty());
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        let text = format!("{error}{}", source.unwrap_or_default());
        assert_eq!(text, message);
    }
    async fn file(place: &str, message: &str) {
        let mut home = home(false);
        let ca = home.directory.path().join("ca.pem");
        home.recipe.files = [(place.into(), ca)].into();
        check(&home, home.parts(), message).await;
    }
    file(
        "/etc/os-release",
        "`/etc/os-release` is in the part `files`, and in `distribution` already",
    )
    .await;
    let core = "/srv/wordpress/wp-load.php";
    file(core, &format!("`{core}` is in the part `files`, and in `wordpress` already")).await;
    let plugin = "/srv/wordpress/wp-content/plugins/shop/a.php";
    file(plugin, &format!("`{plugin}` is in the part `files`, and in `plugin shop` already")).await;
    file(
        "/etc",
        "`/etc` of the part `files` would break what the part `distribution` has at `/etc`",
    )
    .await;
    file(
        "/etc/php.ini/x",
        "`/etc/php.ini/x` of the part `files` would break what the part `distribution` has at `/etc/php.ini`",
    )
    .await;
    file(
        "/etc/passwd",
        "the part `files` cannot be used: no further file may stand at `/etc/passwd`: it decides what runs in the \
         container, and as whom",
    )
    .await;

    let home = home(false);
    let with = |tree: Tree| Parts {
        configuration: Part::ready("configuration", Role::Configuration, tree),
        ..home.parts()
    };
    let mut tree = Tree::new();
    tree.file(path("lib/x"), *b"x");
    let message = "`/lib/x` of the part `configuration` would break what the part `distribution` has at `/lib`";
    check(&home, with(tree), message).await;
    let mut tree = Tree::new();
    tree.file(path("etc/private/ca.pem"), *b"x");
    let message = "`/etc/private/ca.pem` is in the part `configuration`, and in `files` already";
    check(&home, with(tree), message).await;
    let mut parts = home.parts();
    parts.archives.clear();
    check(&home, parts, "`https://example.com/plain.tar.gz` has not been fetched").await;
}

#[tokio::test]
async fn many_extensions_share_a_layer() {
    let mut home = home(false);
    let shop = home.recipe.plugins["shop"].clone();
    home.recipe.plugins = (0..70).map(|n| (format!("shop-{n}"), shop.clone())).collect();
    let built = home.build(home.parts()).await.0.unwrap();
    let titles: Vec<_> = built.image.layers.iter().map(|layer| layer.title.as_str()).collect();
    assert_eq!(titles[2..4], ["plugins", "themes"]);
    let bill = String::from_utf8(built.sbom.bytes).unwrap();
    assert!(bill.contains("wordpress-plugin/shop-69@1.5") && bill.contains("theme/plain@2"));
}
