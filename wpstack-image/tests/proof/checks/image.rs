use serde_json::Value;
use wpstack_core::value::Architecture;
use wpstack_image::build::Built;
use wpstack_image::oci::Export;

use crate::image::build_again;
use crate::machine::directory;
use crate::world::World;

pub(crate) async fn described(world: &World) {
    let image = &world.image;
    let found = world.daemon.engine.client().inspect_image(&image.reference).await.unwrap();
    assert_eq!(found.repo_digests.unwrap(), std::slice::from_ref(&image.reference));
    let platform = [found.os, found.architecture].map(Option::unwrap);
    assert_eq!(platform, ["linux", "amd64"]);
    let config = found.config.unwrap();
    assert_eq!(config.user.as_deref(), Some("33:33"));
    assert_eq!(config.entrypoint.unwrap(), ["/usr/lib/wpstack/init"]);
    let version = config.labels.unwrap()["org.opencontainers.image.version"].clone();
    assert!(version.starts_with(|first: char| first.is_ascii_digit()), "{version}");
}

pub(crate) async fn repeated(world: &World) {
    let again = build_again(Architecture::X86_64).await;
    assert_eq!(again.image.manifest.digest.to_string(), world.image.digest.to_string());
    taken_in(world, &again).await;
    let other = build_again(Architecture::Arm64).await;
    let config: Value = serde_json::from_slice(&other.image.config.bytes).unwrap();
    let platform = ["os", "architecture", "variant"].map(|name| config[name].as_str().unwrap());
    assert_eq!(platform, ["linux", "arm64", "v8"]);
    let architectures = other.packages.iter().map(|package| package.architecture.as_str());
    let mut architectures: Vec<_> = architectures.collect();
    architectures.sort_unstable();
    architectures.dedup();
    assert_eq!(architectures, ["all", "arm64"]);
    let layers = |built: &Built| -> Vec<String> {
        let layers = built.image.layers.iter();
        layers.map(|layer| format!("{} {}", layer.title, layer.blob.digest)).collect()
    };
    // Programs differ, and scripts do not.
    let (these, those) = (layers(&again), layers(&other));
    assert_ne!(these[0], those[0]);
    assert_eq!(these[1..], those[1..]);
}

/// As an archive, the engine takes it for the image that it pulled.
async fn taken_in(world: &World, built: &Built) {
    let path = directory("archive").join("image.tar");
    let images = std::slice::from_ref(&built.image);
    let name = "localhost/wordpress:archive";
    Export { images, name, recipe: built.tag.as_str() }.to_archive(&path).unwrap();
    let archive = tokio::fs::File::open(&path).await.unwrap();
    let id = world.daemon.engine.load(archive, &|_| {}).await.unwrap();
    let found = world.daemon.engine.client().inspect_image(&world.image.reference).await.unwrap();
    assert_eq!(Some(id.0), found.id);
    std::fs::remove_file(path).unwrap();
}
