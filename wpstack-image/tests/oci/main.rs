//! Images as files, read by others.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use wpstack_core::value::Architecture;
use wpstack_image::digest::Digest;
use wpstack_image::layer::{Cache, Outline};
use wpstack_image::oci::{Artifact, Export, Image, OutputError, Settings};
use wpstack_image::sbom::{Materials, WordPress, render};
use wpstack_image::tree::{Kind, Node, Tree};

const NAME: &str = "registry.example.com/blog:wpstack-0123456789abcdef";

fn trees() -> [Tree; 2] {
    let mut low = Tree::new();
    let long = format!("usr/share/{}", "long/".repeat(30));
    low.file(format!("{long}name").parse().unwrap(), *b"deep");
    low.symlink("lib".parse().unwrap(), "usr/lib");
    low.symlink("far".parse().unwrap(), format!("/{long}name"));
    low.program("usr/bin/tool".parse().unwrap(), *b"program");
    let same = Kind::HardLink("usr/bin/tool".parse().unwrap());
    low.insert("usr/bin/alias".parse().unwrap(), Node::root(same, 0o755));
    let mut high = Tree::new();
    let uploads = Node::root(Kind::Directory, 0o755).owned_by(33, 33);
    high.insert("srv/uploads".parse().unwrap(), uploads);
    high.file("srv/\u{fc}ber.php".parse().unwrap(), *b"<?php");
    [low.with_parents(), high.with_parents()]
}

fn image(cache: &Cache, architecture: Architecture) -> Image {
    let layer = |(tree, title): (Tree, &str)| {
        let inputs = Digest::of(title.as_bytes());
        cache.make(&inputs, title, &tree, Outline::of(&tree), BTreeMap::new()).unwrap().layer
    };
    let layers = trees().into_iter().zip(["low", "high"]).map(layer).collect();
    let created = "2026-11-01T00:00:00Z".parse().unwrap();
    let labels = [("a".to_owned(), "b".to_owned())].into();
    let mut image = Image::new(&Settings { architecture, created, labels }, layers);
    let checksum = "0".repeat(64).parse().unwrap();
    let materials = Materials {
        distribution: ("debian".to_owned(), "13".to_owned()),
        packages: Vec::new(),
        wordpress: WordPress { version: "6.8.3".to_owned(), url: None, checksum },
        extensions: Vec::new(),
        language: None,
    };
    let bill = render(&materials, "blog", &image.manifest.digest, &created.to_string());
    let about = Artifact::about(image.descriptor(), bill, "sbom.cdx.json", created.to_string());
    image.artifacts.push(about);
    image
}

fn export(images: &[Image]) -> Export<'_> {
    Export { images, name: NAME, recipe: "0123456789abcdef" }
}

fn read(path: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oci/read.py");
    let output = Command::new("python3").arg(script).arg(path).output();
    let output = output.expect("python3 is needed to read images independently: install it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn another_reader_finds_what_was_put_in() {
    let home = tempfile::tempdir().unwrap();
    let cache = Cache::open(&home.path().join("cache")).unwrap();
    let images = [image(&cache, Architecture::X86_64)];
    let (directory, archive) = (home.path().join("new/layout"), home.path().join("image.tar"));
    export(&images).to_directory(&directory).unwrap();
    export(&images).to_archive(&archive).unwrap();
    let (mut directory, archive) = (read(&directory), read(&archive));

    let bill = directory["found"].as_array_mut().unwrap().pop().unwrap();
    let digest = images[0].manifest.digest.to_string();
    let kind = "application/vnd.cyclonedx+json";
    assert_eq!(bill, json!({"about": digest, "type": kind, "text": "CycloneDX"}));
    assert_eq!(directory["found"], archive["found"]);
    assert_eq!(archive["tags"], json!(["wpstack-0123456789abcdef"]));
    assert_eq!(archive["docker"][0]["RepoTags"], json!([NAME]));

    let found = &archive["found"][0];
    assert_eq!((&found["digest"], &found["architecture"]), (&json!(digest), &json!("amd64")));
    let low = &found["layers"][0];
    let long = format!("usr/share/{}name", "long/".repeat(30));
    assert_eq!(low[&long], json!(["file", "0o644", 0, 0, "deep"]));
    assert_eq!(low["far"][4], json!(format!("/{long}")[..40]));
    assert_eq!(low["lib"], json!(["link", "0o777", 0, 0, "usr/lib"]));
    assert_eq!(low["usr/bin/alias"], json!(["file", "0o755", 0, 0, "program"]));
    assert_eq!(low["usr/bin/tool"], json!(["same", "0o755", 0, 0, "usr/bin/alias"]));
    let high = &found["layers"][1];
    assert_eq!(high["srv/uploads"], json!(["dir", "0o755", 33, 33, ""]));
    assert_eq!(high["srv/\u{fc}ber.php"], json!(["file", "0o644", 0, 0, "<?php"]));
    assert_eq!(low.as_object().unwrap().len() + high.as_object().unwrap().len(), 41);
}

#[test]
fn one_name_stands_for_the_images_of_several_processors() {
    let home = tempfile::tempdir().unwrap();
    let cache = Cache::open(&home.path().join("cache")).unwrap();
    let images = [Architecture::X86_64, Architecture::Arm64].map(|at| image(&cache, at));
    let path = home.path().join("layout");
    export(&images).to_directory(&path).unwrap();
    let read = read(&path);
    let found: Vec<_> = read["found"].as_array().unwrap().iter().collect();
    assert_eq!(
        (&found[0]["architecture"], &found[1]["architecture"]),
        (&json!("amd64"), &json!("arm64"))
    );
    assert_eq!(found.len(), 4, "two images and what is said about each");
    let turned = [images[1].clone(), images[0].clone()];
    assert_eq!(wpstack_image::oci::index(&images), wpstack_image::oci::index(&turned));
}

#[test]
fn only_what_wpstack_wrote_is_replaced() {
    let home = tempfile::tempdir().unwrap();
    let cache = Cache::open(&home.path().join("cache")).unwrap();
    let images = [image(&cache, Architecture::X86_64)];
    let export = export(&images);
    let refused = |result| assert!(matches!(result, Err(OutputError::Foreign(_))), "{result:?}");

    let (file, folder) = (home.path().join("file"), home.path().join("folder"));
    std::fs::write(&file, "mine").unwrap();
    std::fs::create_dir(&folder).unwrap();
    export.to_directory(&folder).unwrap();
    export.to_directory(&folder).unwrap();
    refused(export.to_directory(&file));
    refused(export.to_archive(&file));
    refused(export.to_archive(&folder));
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    std::fs::write(folder.join("mine"), "mine").unwrap();
    refused(export.to_directory(&folder));
    assert_eq!(std::fs::read(folder.join("mine")).unwrap(), b"mine");

    // A layout that somebody else wrote.
    std::fs::remove_file(folder.join("mine")).unwrap();
    std::fs::write(folder.join("index.json"), r#"{"schemaVersion":2,"manifests":[]}"#).unwrap();
    refused(export.to_directory(&folder));

    let archive = home.path().join("image.tar");
    export.to_archive(&archive).unwrap();
    let first = std::fs::read(&archive).unwrap();
    export.to_archive(&archive).unwrap();
    assert_eq!(std::fs::read(&archive).unwrap(), first);
    let link = home.path().join("link.tar");
    std::os::unix::fs::symlink(&archive, &link).unwrap();
    refused(export.to_archive(&link));
    let left: Vec<_> =
        std::fs::read_dir(home.path()).unwrap().map(|at| at.unwrap().path()).collect();
    assert_eq!(left.len(), 5, "nothing half-written stays: {left:?}");
}

#[test]
fn a_name_needs_a_tag() {
    let home = tempfile::tempdir().unwrap();
    let cache = Cache::open(&home.path().join("cache")).unwrap();
    let images = [image(&cache, Architecture::X86_64)];
    for name in ["", "blog", "localhost:5000/blog", ":tag", "blog:", "blog:a b", "blog:\"x\""] {
        let export = Export { images: &images, name, recipe: "x" };
        let error = export.to_directory(&home.path().join("layout")).unwrap_err();
        assert!(matches!(error, OutputError::Name(_)), "{name}");
        assert!(!error.hint().is_empty());
    }
}
