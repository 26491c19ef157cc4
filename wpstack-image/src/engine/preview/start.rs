//! Starting a preview.

use bollard::query_parameters::{CreateContainerOptionsBuilder, InspectContainerOptions};
use wpstack_core::image::contract;

use super::parts::Parts;
use super::{Part, Preview, PreviewOptions};
use crate::engine::{Engine, EngineError, ImageId, Listener, Progress};

impl Engine {
    /// Starts a container of the image, and a database beside it, on a network of their own: unprivileged, its root
    /// read-only, reachable from this machine only. Answers when WordPress does.
    ///
    /// When it fails, what was made is removed. When it is dropped before its end, it stays until
    /// [`Engine::stop_preview`] is called with its name.
    ///
    /// # Errors
    /// When there is a preview of that name, the database's image cannot be had, or a container ends or does not answer
    /// in time, with what it wrote last.
    pub async fn preview(
        &self,
        image: &ImageId,
        options: &PreviewOptions,
        progress: Listener<'_>,
    ) -> Result<Preview, EngineError> {
        let parts = Parts::new(&image.0, options)?;
        if self.has_preview(&options.name).await? {
            return Err(EngineError::Exists(options.name.clone()));
        }
        self.pull(&options.database_image, None, progress).await?;
        // That may have taken minutes.
        if self.has_preview(&options.name).await? {
            return Err(EngineError::Exists(options.name.clone()));
        }
        match self.start(&parts, options, progress).await {
            Ok(url) => Ok(Preview { name: options.name.clone(), url }),
            Err(error) => {
                // Why it failed is worth more than that something of it is left; it can be stopped again.
                drop(self.stop_preview(&options.name).await);
                Err(error)
            }
        }
    }

    async fn start(
        &self,
        parts: &Parts<'_>,
        options: &PreviewOptions,
        progress: Listener<'_>,
    ) -> Result<String, EngineError> {
        let network = self.docker.create_network(parts.network()).await;
        network.map_err(EngineError::call("make a network"))?;
        for volume in parts.volumes() {
            let made = self.docker.create_volume(volume).await;
            made.map_err(EngineError::call("make a volume"))?;
        }
        progress(Progress::Status("the database starts".to_owned()));
        let database = self.run(parts, Part::Database).await?;
        self.wait_for_database(&database, options.patience).await?;
        progress(Progress::Status("WordPress starts".to_owned()));
        let site = self.run(parts, Part::Site).await?;
        let url = self.url(&site).await?;
        for path in [contract::HEALTH, "/"] {
            self.wait_for_site(&site, &format!("{url}{path}"), options.patience).await?;
        }
        Ok(url)
    }

    /// Makes and starts a container, and answers its id.
    async fn run(&self, parts: &Parts<'_>, part: Part) -> Result<String, EngineError> {
        let name = parts.container(part);
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let made = self.docker.create_container(Some(options), parts.body(part)).await;
        let id = made.map_err(EngineError::call("make a container"))?.id;
        let started = self.docker.start_container(&id, None).await;
        started.map_err(EngineError::call("start a container"))?;
        Ok(id)
    }

    /// Where the port that the engine chose answers.
    async fn url(&self, site: &str) -> Result<String, EngineError> {
        let found = self.docker.inspect_container(site, None::<InspectContainerOptions>).await;
        let found = found.map_err(EngineError::call("show a container"))?;
        let mut ports =
            found.network_settings.and_then(|network| network.ports).unwrap_or_default();
        let bindings = ports.remove(&format!("{}/tcp", contract::PORT)).flatten();
        let port = bindings.into_iter().flatten().find_map(|binding| binding.host_port);
        match port {
            Some(port) => Ok(format!("http://127.0.0.1:{port}")),
            // It ended before it could be looked at, and its log says why.
            None => Err(self.failed(Part::Site, site, "has no port on this machine").await),
        }
    }
}
