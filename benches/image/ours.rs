//! Our way: without an engine.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bollard::auth::DockerCredentials;
use wpstack_benches::Watch;
use wpstack_core::Secret;
use wpstack_core::image::{Destination, ImageSpec};
use wpstack_core::time::SystemClock;
use wpstack_image::build::Built;
use wpstack_image::engine::Engine;
use wpstack_image::maker::Maker;

use crate::machine::fresh;
use crate::registry_server::Server;

/// The repository, and who may write to the registry.
pub(crate) const REPOSITORY: &str = "ours";
pub(crate) const USER: &str = "AWS";
pub(crate) const PASSWORD: &str = "TOKEN";

pub(crate) struct Ours {
    maker: Maker,
    cache: PathBuf,
    host: String,
}

impl Ours {
    pub(crate) fn new(registry: &Server) -> Self {
        let cache = fresh("bench");
        let maker = Maker::new(&cache, Arc::new(SystemClock));
        Self { maker, cache, host: registry.host.clone() }
    }

    /// Forgets what was built, and not what was fetched.
    pub(crate) fn forget_layers(&mut self) {
        std::fs::remove_dir_all(self.cache.join("layers")).unwrap();
    }

    /// How long a build takes.
    pub(crate) async fn build(&self, spec: &ImageSpec) -> Duration {
        let watch = Watch::start();
        self.built(spec).await;
        watch.took()
    }

    /// How long a push takes, and how much is sent.
    pub(crate) async fn push(&self, spec: &ImageSpec) -> (Duration, u64) {
        let recipe = self.maker.recipe(spec.clone()).unwrap();
        let to = Destination {
            registry: format!("http://{}", self.host),
            repository: REPOSITORY.to_owned(),
            user: USER.to_owned(),
            password: Secret::new(PASSWORD.to_owned()),
        };
        let pushed = self.maker.push(&recipe, &to).await.unwrap();
        (pushed.took, pushed.bytes_sent())
    }

    /// How large the image is, compressed.
    pub(crate) async fn size(&self, spec: &ImageSpec) -> u64 {
        self.built(spec).await.image.size()
    }

    /// Has the engine pull it, and answers its name there.
    pub(crate) async fn pull(&self, engine: &Engine, spec: &ImageSpec) -> String {
        let digest = self.built(spec).await.image.manifest.digest;
        let name = format!("{}/{REPOSITORY}@{digest}", self.host);
        engine.pull(&name, Some(credentials(&self.host)), &|_| {}).await.unwrap();
        name
    }

    async fn built(&self, spec: &ImageSpec) -> Built {
        let recipe = self.maker.recipe(spec.clone()).unwrap();
        self.maker.build(&recipe).await.unwrap()
    }
}

pub(crate) fn credentials(host: &str) -> DockerCredentials {
    DockerCredentials {
        username: Some(USER.to_owned()),
        password: Some(PASSWORD.to_owned()),
        serveraddress: Some(host.to_owned()),
        ..DockerCredentials::default()
    }
}
