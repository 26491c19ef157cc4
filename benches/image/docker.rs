//! The other way: the Dockerfile of the same recipe, built and pushed by Docker.

use std::sync::Arc;
use std::time::Duration;

use bollard::query_parameters::PushImageOptionsBuilder;
use futures::TryStreamExt;
use serde_json::Value;
use wpstack_benches::Watch;
use wpstack_core::image::ImageSpec;
use wpstack_core::time::SystemClock;
use wpstack_image::dockerfile;
use wpstack_image::engine::{BuildOptions, Engine};
use wpstack_image::maker::Maker;

use crate::base;
use crate::machine::fresh;
use crate::ours::{PASSWORD, USER, credentials};
use crate::registry_server::Server;

const REPOSITORY: &str = "docker";
const TAG: &str = "bench";

pub(crate) struct Docker {
    engine: Engine,
    maker: Maker,
    host: String,
    image: String,
}

impl Docker {
    pub(crate) fn new(engine: &Engine, registry: &Server) -> Self {
        // A cache of its own: WordPress's source is fetched as ours is.
        let maker = Maker::new(fresh("bench-docker"), Arc::new(SystemClock));
        let host = registry.host.clone();
        let image = format!("{host}/{REPOSITORY}:{TAG}");
        Self { engine: engine.clone(), maker, host, image }
    }

    /// How long a build takes: the Dockerfile with its files, and all its steps that have to run.
    pub(crate) async fn build(&mut self, spec: &ImageSpec) -> Duration {
        let watch = Watch::start();
        let recipe = self.maker.recipe(spec.clone()).unwrap();
        let context = self.maker.dockerfile(&recipe, Some(base::NAME)).await.unwrap();
        let options = BuildOptions {
            tag: Some(self.image.clone()),
            // The engine's own network leads nowhere; these steps fetch packages.
            network: Some("host".to_owned()),
            ..BuildOptions::default()
        };
        let built = self.engine.build(context.into_archive(), dockerfile::NAME, &options, &|_| {});
        built.await.unwrap_or_else(|error| panic!("{error}"));
        watch.took()
    }

    /// How long a push takes.
    pub(crate) async fn push(&self) -> Duration {
        let watch = Watch::start();
        let options = PushImageOptionsBuilder::default().tag(TAG).build();
        let name = format!("{}/{REPOSITORY}", self.host);
        let docker = self.engine.client();
        let told = docker.push_image(&name, Some(options), Some(credentials(&self.host)));
        told.try_for_each(|_| async { Ok(()) }).await.unwrap();
        watch.took()
    }

    /// How large the image is, compressed, as the registry has it.
    pub(crate) async fn size(&self) -> u64 {
        let url = format!("http://{}/v2/{REPOSITORY}/manifests/{TAG}", self.host);
        let kinds = "application/vnd.docker.distribution.manifest.v2+json, \
                     application/vnd.oci.image.manifest.v1+json";
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.get(url).basic_auth(USER, Some(PASSWORD)).header("Accept", kinds);
        let body = request.send().await.unwrap().bytes().await.unwrap();
        let manifest: Value = serde_json::from_slice(&body).unwrap();
        let layers = manifest["layers"].as_array().unwrap_or_else(|| panic!("{manifest}"));
        layers.iter().filter_map(|layer| layer["size"].as_u64()).sum()
    }

    /// Its name in the engine.
    pub(crate) fn image(&self) -> &str {
        &self.image
    }
}
