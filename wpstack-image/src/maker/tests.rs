//! What is decided before anything is fetched.

use std::fs;

use flate2::Compression;
use flate2::write::GzEncoder;
use wpstack_core::image::Core;
use wpstack_core::time::SystemClock;

use super::*;
use crate::digest::Digest;
use crate::layer::{Blob, Layer};
use crate::oci::{Image, Settings};

fn maker(home: &Path) -> Maker {
    Maker::new(home.join("cache"), Arc::new(SystemClock)).at_home_in(home)
}

/// A release that has as little as WordPress can have.
fn release_of_wordpress(home: &Path) -> Core {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in [
        ("wp-includes/version.php", "<?php\n$wp_version = '6.8.3';\n"),
        ("wp-settings.php", "<?php\n"),
        ("wp-load.php", "<?php\n"),
        ("index.php", "<?php\n"),
        ("wp-admin/index.php", "<?php\n"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("wordpress/{path}"), text.as_bytes()).unwrap();
    }
    let bytes = tar.into_inner().unwrap().finish().unwrap();
    let path = home.join("wordpress-6.8.3.tar.gz");
    fs::write(&path, &bytes).unwrap();
    let checksum = Digest::of(&bytes).hex().parse().unwrap();
    let url = path.to_str().unwrap().to_owned();
    Core::Release { version: "6.8.3".to_owned(), url, checksum }
}

fn with_theme() -> ImageSpec {
    let theme = ("mine".to_owned(), Source::Directory("themes/mine".into()));
    ImageSpec { themes: [theme].into(), ..ImageSpec::default() }
}

#[tokio::test]
async fn files_that_changed_since_the_plan_are_not_built() {
    let home = tempfile::tempdir().unwrap();
    let maker = maker(home.path());
    let error = maker.recipe(with_theme()).unwrap_err();
    assert_eq!(error.to_string(), "the image's files on this machine cannot be used");
    let theme = home.path().join("themes/mine");
    fs::create_dir_all(&theme).unwrap();
    fs::write(theme.join("style.css"), "one").unwrap();
    let recipe = maker.recipe(with_theme()).unwrap();
    assert_eq!(recipe.inputs.keys().collect::<Vec<_>>(), ["themes.mine"]);
    fs::write(theme.join("style.css"), "two").unwrap();
    assert!(matches!(maker.build(&recipe).await, Err(MakeError::Changed)));
    assert_ne!(maker.recipe(with_theme()).unwrap().tag(), recipe.tag());
}

#[tokio::test]
async fn alpine_is_left_to_an_engine() {
    let home = tempfile::tempdir().unwrap();
    let spec = ImageSpec { base: Base::Alpine("3.22".to_owned()), ..ImageSpec::default() };
    let error = maker(home.path()).build(&Recipe::new(spec)).await.unwrap_err();
    assert!(matches!(error, MakeError::NeedsEngine));
    let told = ProviderError::from(error).to_string();
    assert!(told.contains("`wpstack image build --engine`"), "{told}");
}

/// The configuration is written for Debian, and goes into Alpine's Dockerfile as well.
#[tokio::test]
async fn alpine_has_a_dockerfile() {
    let home = tempfile::tempdir().unwrap();
    let release = release_of_wordpress(home.path());
    let spec = ImageSpec {
        base: Base::Alpine("3.22".to_owned()),
        wordpress: release,
        ..ImageSpec::default()
    };
    let maker = maker(home.path());
    let context = maker.dockerfile(&maker.recipe(spec).unwrap(), None).await.unwrap();
    assert!(context.dockerfile().contains("FROM alpine:3.22\n"), "{}", context.dockerfile());
}

#[tokio::test]
async fn what_was_built_is_taken_only_while_it_is_whole() {
    let home = tempfile::tempdir().unwrap();
    let maker = maker(home.path());
    let recipe = Recipe::new(ImageSpec::default());
    assert_eq!(maker.known(&recipe), None);
    let (digest, contents) = (Digest::of(b"layer"), b"layer");
    let path = home.path().join("cache/layers/blobs/sha256").join(digest.hex());
    Cache::open(&home.path().join("cache/layers")).unwrap();
    fs::write(&path, contents).unwrap();
    let diff_id = Digest::of(b"unpacked");
    let blob = Blob { digest, diff_id, size: 5, unpacked: 8 };
    let layer = Layer { title: "distribution".to_owned(), blob, path: path.clone() };
    let settings = Settings {
        architecture: recipe.spec.architecture,
        created: jiff::Timestamp::UNIX_EPOCH,
        labels: BTreeMap::new(),
    };
    let image = Image::new(&settings, vec![layer]);
    let sbom = image.config.clone();
    let (tag, wordpress, packages) = (recipe.tag(), "6.8.7".to_owned(), Vec::new());
    let built = Built { image, sbom, tag, wordpress, packages };
    memo::keep(&maker.memos(), &built).unwrap();
    assert_eq!(maker.build(&recipe).await.unwrap(), built);
    assert_eq!(maker.known(&recipe), Some(built.image.manifest.digest.to_image_digest()));

    // A flipped bit is noticed before it is pushed, and what was cut at once.
    fs::write(&path, b"lajer").unwrap();
    assert_eq!(maker.remembered(&recipe, true), None);
    fs::write(&path, b"lay").unwrap();
    assert_eq!(maker.known(&recipe), None);
}
