//! Why an image is not made.

use wpstack_core::{ErrorKind, ProviderError};

use crate::build::{BuildError, PartError};
use crate::dockerfile::DockerfileError;
use crate::fetch::FetchError;
use crate::inputs::InputError;
use crate::layer::LayerError;
use crate::{debian, registry, rootfs};

/// Why an image is not made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// Something of this machine cannot be taken.
    #[error("the image's files on this machine cannot be used")]
    Inputs(#[from] InputError),
    /// Something of this machine is not what it was when the recipe was made.
    #[error("the image's files on this machine have changed since the plan")]
    Changed,
    /// A file cannot be had.
    #[error("a part of the image cannot be fetched")]
    Fetch(#[from] FetchError),
    /// The packages cannot be had or put together.
    #[error("the image's packages cannot be used")]
    Debian(#[from] debian::Error),
    /// The configuration cannot be written.
    #[error("the image's configuration cannot be written")]
    Configuration(#[from] rootfs::Error),
    /// The recipe is of a distribution that only a container engine builds.
    #[error("an image of Alpine is not built without a container engine")]
    NeedsEngine,
    /// There is no Dockerfile of it.
    #[error("the image cannot be built from a Dockerfile")]
    Dockerfile(#[from] DockerfileError),
    /// The parts do not go together.
    #[error("the image cannot be built")]
    Build(#[from] BuildError),
    /// The cache cannot be used.
    #[error("the cache of images cannot be used")]
    Cache(#[from] LayerError),
    /// What was built cannot be noted.
    #[error("the cache of images cannot be written")]
    Memo(#[source] std::io::Error),
    /// The registry does not take it.
    #[error("the image cannot be pushed")]
    Push(#[from] registry::Error),
    /// The name of the repository is none.
    #[error("the repository's name cannot be used")]
    Repository(#[from] wpstack_core::value::ValueError),
    /// A thread ended early: a defect of wpstack.
    #[error("a thread that reads files has ended early")]
    Broken,
}

impl MakeError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Inputs(error) => error.hint(),
            Self::Changed => "plan again",
            Self::Fetch(error) => error.hint(),
            Self::Debian(error) => error.hint(),
            Self::Configuration(_) => "correct the setting that is named",
            Self::NeedsEngine => "build it with `wpstack image build --engine`, or use Debian",
            Self::Dockerfile(_) => "correct the value that is named",
            Self::Build(error) => error.hint(),
            Self::Cache(error) => error.hint(),
            Self::Memo(_) => "check the permissions and the space of the cache's directory",
            Self::Push(error) => error.hint(),
            Self::Repository(_) => "correct the name of the repository",
            Self::Broken => "try again, and report it if it stays so",
        }
    }

    /// What to do about it as the engine sees it: what passes is tried again.
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Fetch(error) if error.passes() => ErrorKind::Unclear,
            Self::Debian(error)
            | Self::Build(BuildError::Part { source: PartError::Debian(error), .. })
                if error.passes() =>
            {
                ErrorKind::Unclear
            }
            Self::Push(error) => match error {
                registry::Error::Throttled { .. } => ErrorKind::Throttled,
                registry::Error::Unavailable { .. }
                | registry::Error::Network { .. }
                | registry::Error::Silent { .. } => ErrorKind::Unclear,
                registry::Error::NoRepository { .. } => ErrorKind::NotYetVisible,
                registry::Error::Denied { .. } | registry::Error::Unauthorized { .. } => {
                    ErrorKind::Denied
                }
                _ => ErrorKind::Refused,
            },
            _ => ErrorKind::Refused,
        }
    }
}

impl From<MakeError> for ProviderError {
    fn from(error: MakeError) -> Self {
        let operation = if matches!(error, MakeError::Push(_)) { "push" } else { "build" };
        let message = format!("{}: {}", chain(&error), error.hint());
        Self::new(error.kind(), "image", operation, message)
    }
}

/// The error with its sources, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    wpstack_core::Chain(error).to_string()
}
