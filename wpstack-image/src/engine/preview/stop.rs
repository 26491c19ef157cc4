//! Ending a preview.

use std::collections::HashMap;

use bollard::errors::Error;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveVolumeOptions,
};

use super::LABEL;
use crate::engine::error::is_missing;
use crate::engine::{Engine, EngineError};

impl Engine {
    /// Removes everything of the preview of that name: containers, network, and the volumes with its data. Answers
    /// whether there was anything. May be repeated.
    ///
    /// # Errors
    /// When the engine keeps something. The rest is removed all the same.
    pub async fn stop_preview(&self, name: &str) -> Result<bool, EngineError> {
        let labelled = labelled(name);
        let containers = self.containers(&labelled).await?;
        let mut removed = Removed::default();
        let force = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        for container in &containers {
            let gone = self.docker.remove_container(container, Some(force.clone())).await;
            removed.note("remove a container", gone);
        }
        let options = ListNetworksOptionsBuilder::default().filters(&labelled).build();
        let networks = self.docker.list_networks(Some(options)).await;
        let networks = networks.map_err(EngineError::call("list networks"))?;
        for network in networks.into_iter().filter_map(|network| network.id) {
            removed.note("remove a network", self.docker.remove_network(&network).await);
        }
        let options = ListVolumesOptionsBuilder::default().filters(&labelled).build();
        let volumes = self.docker.list_volumes(Some(options)).await;
        let volumes = volumes.map_err(EngineError::call("list volumes"))?.volumes;
        for volume in volumes.unwrap_or_default() {
            let gone = self.docker.remove_volume(&volume.name, None::<RemoveVolumeOptions>).await;
            removed.note("remove a volume", gone);
        }
        removed.first_error.map_or(Ok(removed.any), Err)
    }

    pub(super) async fn has_preview(&self, name: &str) -> Result<bool, EngineError> {
        Ok(!self.containers(&labelled(name)).await?.is_empty())
    }

    async fn containers(
        &self,
        labelled: &HashMap<String, Vec<String>>,
    ) -> Result<Vec<String>, EngineError> {
        let options = ListContainersOptionsBuilder::default().all(true).filters(labelled).build();
        let found = self.docker.list_containers(Some(options)).await;
        let found = found.map_err(EngineError::call("list containers"))?;
        Ok(found.into_iter().filter_map(|container| container.id).collect())
    }
}

/// What became of the removals.
#[derive(Default)]
struct Removed {
    any: bool,
    first_error: Option<EngineError>,
}

impl Removed {
    fn note(&mut self, operation: &'static str, gone: Result<(), Error>) {
        match gone {
            Ok(()) => self.any = true,
            Err(error) if is_missing(&error) => {}
            Err(error) => {
                self.first_error.get_or_insert(EngineError::call(operation)(error));
            }
        }
    }
}

fn labelled(name: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![format!("{LABEL}={name}")])])
}
