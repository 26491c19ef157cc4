//! A configuration, where it is, and what belongs to it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wpstack_core::Stack;
use wpstack_core::state::{Document, LocalStore};
use wpstack_core::time::SystemClock;
use wpstack_core::wordpress::{Cloud, Config, S3, stack, stack_with};

use crate::args::Global;
use crate::error::CommandError;
use crate::images;
use crate::kept::Kept;

/// A configuration that was read, and where everything around it is.
#[derive(Debug)]
pub(crate) struct Project {
    /// The configuration.
    pub(crate) config: Config,
    /// Where to build it.
    pub(crate) cloud: Cloud,
    /// The path of the configuration.
    pub(crate) path: PathBuf,
    /// The directory that wpstack keeps to itself.
    directory: PathBuf,
}

/// The path of the configuration that the options name.
pub(crate) fn config_path(global: &Global) -> PathBuf {
    resolve(global, &global.config)
}

/// A path as the options mean it: from the directory of `-C`.
pub(crate) fn resolve(global: &Global, path: &Path) -> PathBuf {
    global.directory.as_deref().map_or_else(|| path.to_owned(), |directory| directory.join(path))
}

impl Project {
    /// Reads and checks the configuration.
    ///
    /// # Errors
    /// When there is none, when it cannot be read, and everything that is wrong with it.
    pub(crate) fn open(global: &Global) -> Result<Self, CommandError> {
        let path = config_path(global);
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
        let config = Config::parse(&text)
            .map_err(|problems| CommandError::problems(path.display().to_string(), problems))?;
        let cloud = global.cloud.unwrap_or(config.cloud);
        let directory = path.parent().unwrap_or(Path::new("")).join(".wpstack");
        Ok(Self { config, cloud, path, directory })
    }

    /// The stack that the configuration stands for.
    ///
    /// # Errors
    /// When the image takes files of this machine and they cannot be read. That the configuration makes none is ruled
    /// out for a checked one.
    pub(crate) fn stack(&self) -> Result<Stack, CommandError> {
        let local = self.config.recipe().filter(|recipe| recipe.local().next().is_some());
        let Some(recipe) = local else { return Ok(stack(&self.config)?) };
        let inputs = images::maker(self)?.checksums(&recipe)?;
        Ok(stack_with(&self.config, &inputs)?)
    }

    /// The directory of the configuration, where its relative paths begin.
    pub(crate) fn home(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The store on this disk. What is simulated is kept apart: it must never be taken for what exists at AWS.
    pub(crate) fn local(&self, global: &Global) -> LocalStore {
        LocalStore::open(self.place(), self.config.name.as_ref())
            .waiting(global.lock_timeout.duration(), Arc::new(SystemClock))
    }

    /// The directory of what is recorded.
    pub(crate) fn place(&self) -> PathBuf {
        match self.cloud {
            Cloud::Aws => self.directory.clone(),
            Cloud::Sim => self.directory.join("sim"),
        }
    }

    /// Where the state is kept for a team. What is simulated stays on this disk, beside its world.
    pub(crate) fn team(&self) -> Option<&S3> {
        match self.cloud {
            Cloud::Aws => self.config.state.s3.as_ref(),
            Cloud::Sim => None,
        }
    }

    /// Where the simulated world is kept.
    pub(crate) fn world(&self) -> PathBuf {
        self.directory.join("sim.json")
    }

    /// What is recorded, read without the lock: a run under way may be ahead of it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn document(&self, global: &Global) -> Result<Document, CommandError> {
        let found = Kept::open(self, global).await?.store().load().await?;
        Ok(found.unwrap_or_else(|| Document::new(self.config.name.as_ref(), "")))
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> CommandError {
    if error.kind() == ErrorKind::NotFound {
        return CommandError::new(format!("there is no {}", path.display()))
            .hint("`wpstack init` writes one; `-C DIR` and `--config FILE` look elsewhere");
    }
    CommandError::file("read", path, error)
}
