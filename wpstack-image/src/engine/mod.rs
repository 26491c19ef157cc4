//! A container engine, over the Docker Engine API: Docker, Podman, Colima and whatever else speaks it. It builds from a
//! Dockerfile, takes in images that were built without it, and runs one for a look at it.

mod build;
mod connect;
mod error;
mod images;
pub mod preview;

use std::sync::Arc;

use bollard::Docker;
use wpstack_core::time::Clock;
use wpstack_core::value::Architecture;

pub use build::{BuildOptions, ImageId};
pub use connect::Sockets;
pub use error::EngineError;

/// A container engine that answers.
///
/// # Contract
/// Nothing that was here before is changed or removed. What a preview makes carries its label, and goes with it.
#[derive(Clone, Debug)]
pub struct Engine {
    docker: Docker,
    address: String,
    clock: Arc<dyn Clock>,
}

/// What the engine tells while it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// One step of a Dockerfile began: `Step 3/9 : RUN …`.
    Step(String),
    /// A line that a step wrote.
    Output(String),
    /// Another word on the state of a layer, or of the whole.
    Status(String),
}

/// Who is told about progress.
pub type Listener<'a> = &'a (dyn Fn(Progress) + Send + Sync);

impl Engine {
    /// Where it answers.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The processor that it runs containers on.
    ///
    /// # Errors
    /// When it does not say, or names one that there are no images for.
    pub async fn architecture(&self) -> Result<Architecture, EngineError> {
        let told = self.docker.version().await;
        let told = told.map_err(EngineError::call("say what it runs on"))?.arch;
        match told.as_deref() {
            Some("amd64") => Ok(Architecture::X86_64),
            Some("arm64") => Ok(Architecture::Arm64),
            other => Err(EngineError::Architecture(other.unwrap_or("nothing").to_owned())),
        }
    }

    /// The client, for what is not offered here.
    #[must_use]
    pub fn client(&self) -> &Docker {
        &self.docker
    }
}
