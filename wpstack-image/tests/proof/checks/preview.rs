use std::collections::BTreeMap;
use std::time::Duration;

use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptions, ListVolumesOptions,
};
use wpstack_core::image::contract::variable;
use wpstack_image::engine::preview::{Part, PreviewOptions};
use wpstack_image::engine::{EngineError, ImageId};

use crate::database;
use crate::site::Visitor;
use crate::world::World;

fn options(name: &str) -> PreviewOptions {
    PreviewOptions {
        database_image: database::IMAGE.to_owned(),
        patience: Duration::from_secs(60),
        ..PreviewOptions::named(name)
    }
}

pub(crate) async fn shown(world: &World) {
    let engine = &world.daemon.engine;
    let before = everything(world).await;
    let image = ImageId(world.image.reference.clone());
    let preview = engine.preview(&image, &options("shown"), &|_| {}).await.unwrap();
    let mut visitor = Visitor::new(&preview.url);
    visitor.install().await;
    assert_eq!(visitor.get("/").await.status, 200);
    let again = engine.preview(&image, &options("shown"), &|_| {}).await.unwrap_err();
    assert_eq!(again.to_string(), "there is a preview `shown` already");
    assert!(!engine.stop_preview("another").await.unwrap());
    assert_eq!(visitor.get("/").await.status, 200, "another preview's end ended this one");
    assert!(engine.stop_preview("shown").await.unwrap());
    assert!(!engine.stop_preview("shown").await.unwrap());
    assert_eq!(everything(world).await, before);
}

pub(crate) async fn cleared(world: &World) {
    let before = everything(world).await;
    let wrong = (variable::DB_PASSWORD.to_owned(), "wrong".to_owned());
    let options = PreviewOptions { environment: BTreeMap::from([wrong]), ..options("failing") };
    let image = ImageId(world.image.reference.clone());
    let error = world.daemon.engine.preview(&image, &options, &|_| {}).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, EngineError::Preview { part: Part::Site, .. }), "{text}");
    assert!(text.starts_with("the site ended with code 77\n    wpstack: the database"), "{text}");
    assert_eq!(everything(world).await, before);
}

/// The names of all containers, networks and volumes of the engine.
async fn everything(world: &World) -> Vec<String> {
    let docker = world.daemon.engine.client();
    let all = ListContainersOptionsBuilder::default().all(true).build();
    let containers = docker.list_containers(Some(all)).await.unwrap();
    let networks = docker.list_networks(None::<ListNetworksOptions>).await.unwrap();
    let volumes = docker.list_volumes(None::<ListVolumesOptions>).await.unwrap();
    let mut names: Vec<_> = containers.into_iter().flat_map(|it| it.names.unwrap()).collect();
    names.extend(networks.into_iter().filter_map(|network| network.name));
    names.extend(volumes.volumes.unwrap_or_default().into_iter().map(|volume| volume.name));
    names.sort();
    names
}
