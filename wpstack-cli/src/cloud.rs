//! Which cloud is worked on: AWS, or the simulated one and its world on disk.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use wpstack_aws::{Aws, Settings};
use wpstack_core::apply::Engine;
use wpstack_core::sim::Sim;
use wpstack_core::time::SystemClock;
use wpstack_core::wordpress::Cloud;

use crate::args::Global;
use crate::error::CommandError;
use crate::files;
use crate::images;
use crate::project::Project;

/// A cloud that can be worked on.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The engine over it.
    pub(crate) engine: Engine,
    world: Option<World>,
}

/// A simulated world and the file it was read from.
#[derive(Debug)]
struct World {
    sim: Sim,
    path: PathBuf,
    /// What the file said; `None` where there was none.
    read: Option<Vec<u8>>,
}

impl Connection {
    /// Connects with the project's cloud.
    ///
    /// # Errors
    /// When there are no credentials, or the saved world cannot be read.
    pub(crate) async fn open(project: &Project, global: &Global) -> Result<Self, CommandError> {
        match project.cloud {
            Cloud::Aws => {
                let settings = Settings {
                    profile: global.profile.clone(),
                    region: Some(project.config.region.clone()),
                    ..Settings::default()
                };
                let aws = Aws::connect(settings).await?;
                let aws = match project.config.recipe() {
                    Some(_) => aws.with_images(Arc::new(images::maker(project)?)),
                    None => aws,
                };
                let engine = Engine::new(aws.registry(), Arc::new(SystemClock));
                Ok(Self { engine, world: None })
            }
            Cloud::Sim => {
                let world = World::open(project)?;
                Ok(Self { engine: world.sim.engine(), world: Some(world) })
            }
        }
    }

    /// Whether the cloud is simulated, and its time with it.
    pub(crate) fn is_simulated(&self) -> bool {
        self.world.is_some()
    }

    /// Whether nobody changed the world on disk since it was read. Asked with the lock in hand.
    pub(crate) fn is_current(&self) -> bool {
        self.world
            .as_ref()
            .is_none_or(|world| files::read(&world.path).is_ok_and(|now| now == world.read))
    }

    /// Writes the simulated world to disk. AWS needs nobody to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn save(&self) -> Result<(), CommandError> {
        self.world.as_ref().map_or(Ok(()), World::save)
    }
}

impl World {
    fn open(project: &Project) -> Result<Self, CommandError> {
        let path = project.world();
        let failed = |error: &io::Error| CommandError::file("read", &path, error);
        let read = files::read(&path).map_err(|error| failed(&error))?;
        let sim = match &read {
            None => Sim::in_region(0, project.config.region.clone()),
            Some(text) => {
                let saved = serde_json::from_slice(text).map_err(|error| failed(&error.into()))?;
                Sim::load(&saved).map_err(|error| {
                    CommandError::from(error).hint(format!(
                        "delete {} and the state next to it to begin in an empty world",
                        path.display()
                    ))
                })?
            }
        };
        Ok(Self { sim, path, read })
    }

    fn save(&self) -> Result<(), CommandError> {
        let saved = self.sim.save()?;
        let failed = |error: io::Error| CommandError::file("write", &self.path, &error);
        files::replace(&self.path, saved.to_string().as_bytes()).map_err(failed)
    }
}
