//! What can go wrong between this program and the engine.

use thiserror::Error;

use super::preview::Part;

/// Why the engine did not do it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Nothing answers.
    #[error("no container engine answers at {}", at.join(", "))]
    NoEngine {
        /// Where one was looked for.
        at: Vec<String>,
        /// What the last of them said, if there was anything to talk to.
        #[source]
        source: Option<bollard::errors::Error>,
    },
    /// The address is of a kind that is not spoken here.
    #[error(
        "`{0}` is no address of a container engine that can be used: `unix://…`, `tcp://…` or `http://…`"
    )]
    Address(String),
    /// A step of the Dockerfile failed.
    #[error("the build failed at `{step}`: {message}{}", quoted(output))]
    Build {
        /// The step: `RUN apt-get …`.
        step: String,
        /// What the engine said.
        message: String,
        /// The last lines that the step wrote.
        output: Vec<String>,
    },
    /// The engine runs on a processor that there are no images for.
    #[error("the engine runs on `{0}`, and the image is built for amd64 and arm64 only")]
    Architecture(String),
    /// The engine ended a build without telling what it had built.
    #[error("the engine did not say which image it {0}")]
    NoImage(&'static str),
    /// An image cannot be had.
    #[error("the image `{image}` is not there and cannot be pulled")]
    Pull {
        /// The image.
        image: String,
        /// What the engine said.
        #[source]
        source: bollard::errors::Error,
    },
    /// A preview of that name is there already.
    #[error("there is a preview `{0}` already")]
    Exists(String),
    /// The name is none that engines take.
    #[error(
        "`{0}` is no name for a preview: letters, digits, `-`, `_` and `.`, a letter or digit first"
    )]
    Name(String),
    /// A container of a preview ended, or did not answer in time.
    #[error("the {part} {what}{}", quoted(log))]
    Preview {
        /// Which.
        part: Part,
        /// What it did.
        what: String,
        /// The last lines that it wrote.
        log: Vec<String>,
    },
    /// There is no randomness for passwords.
    #[error("the system gives no random numbers")]
    Random,
    /// A call failed.
    #[error("the engine did not {operation}")]
    Call {
        /// What it was asked to do: "make a network".
        operation: &'static str,
        /// What it said.
        #[source]
        source: bollard::errors::Error,
    },
}

impl EngineError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoEngine { .. } => {
                "start Docker, Podman or Colima, or build without one: only Alpine and previews need it"
            }
            Self::Address(_) => {
                "set DOCKER_HOST to the engine's socket; forward the socket of a remote engine with ssh -L"
            }
            Self::Build { .. } => {
                "the lines above are the step's own; change the recipe and build again"
            }
            Self::NoImage(_) => "build again; if that repeats, build without an engine",
            Self::Architecture(_) => "name an engine on another machine in DOCKER_HOST",
            Self::Pull { .. } => {
                "check the image's name and the network, or name an image that the engine has"
            }
            Self::Exists(_) => "stop it first, or give this one another name",
            Self::Name(_) => "choose another name",
            Self::Preview { .. } => {
                "the lines above are the container's own; nothing of it is left"
            }
            Self::Random => "this is the system's fault; start again",
            Self::Call { .. } => "the cause is the engine's own word; its log may say more",
        }
    }

    /// For `map_err`: a call that failed.
    pub(super) fn call(operation: &'static str) -> impl Fn(bollard::errors::Error) -> Self {
        move |source| Self::Call { operation, source }
    }
}

/// Whether the engine said that it has no such thing.
pub(super) fn is_missing(error: &bollard::errors::Error) -> bool {
    matches!(error, bollard::errors::Error::DockerResponseServerError { status_code: 404, .. })
}

/// The lines, each on its own below the message.
fn quoted(lines: &[String]) -> String {
    lines.iter().flat_map(|line| ["\n    ", line]).collect()
}
