//! What can go wrong between us and a registry.

use std::error::Error as StdError;
use std::path::PathBuf;
use std::time::Duration;

use wpstack_core::value::RepositoryName;

/// A registry does not do what it is asked, or cannot be asked.
///
/// `Display` is one fragment without the source; [`hint`](Self::hint) says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no address of a registry.
    #[error("`{text}` is no address of a registry: {why}")]
    Address {
        /// The text.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// There are no credentials.
    #[error("there are no credentials for the registry")]
    Credentials {
        /// Why not.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The registry does not take the credentials, fresh ones neither.
    #[error("`{registry}` does not take the credentials: {message}")]
    Unauthorized {
        /// The registry.
        registry: String,
        /// What it says.
        message: String,
    },
    /// There is no such repository.
    #[error("`{registry}` has no repository `{repository}`")]
    NoRepository {
        /// The registry.
        registry: String,
        /// The repository.
        repository: RepositoryName,
    },
    /// Who the credentials belong to may not do that.
    #[error("not allowed to {doing}: {message}")]
    Denied {
        /// What was being done.
        doing: String,
        /// What the registry says.
        message: String,
    },
    /// The tag stands for another image, and the repository does not let it move.
    #[error("could not {doing}: {message}")]
    TagTaken {
        /// What was being done.
        doing: String,
        /// What the registry says.
        message: String,
    },
    /// There is no such manifest or blob.
    #[error("could not {doing}: it is not there")]
    NotFound {
        /// What was being done.
        doing: String,
    },
    /// The registry will not do it, however often it is asked.
    #[error("could not {doing}: the registry refused with {status} {code}: {message}")]
    Refused {
        /// What was being done.
        doing: String,
        /// The HTTP status.
        status: u16,
        /// The registry's code, where it gave one.
        code: String,
        /// What it says.
        message: String,
    },
    /// The registry takes fewer requests than it got.
    #[error("could not {doing}{}: the registry limits the rate ({message})", times(*tries))]
    Throttled {
        /// What was being done.
        doing: String,
        /// What the registry says.
        message: String,
        /// After which time it wants to be asked again, where it says so.
        after: Option<Duration>,
        /// How often it was tried.
        tries: u32,
    },
    /// The registry fails by itself.
    #[error("could not {doing}{}: the registry answered {status} ({message})", times(*tries))]
    Unavailable {
        /// What was being done.
        doing: String,
        /// The HTTP status.
        status: u16,
        /// What it says.
        message: String,
        /// How often it was tried.
        tries: u32,
    },
    /// The connection failed or was cut.
    #[error("could not {doing}{}: the connection failed", times(*tries))]
    Network {
        /// What was being done.
        doing: String,
        /// What happened.
        #[source]
        source: reqwest::Error,
        /// How often it was tried.
        tries: u32,
    },
    /// Nothing moved on the connection.
    #[error("could not {doing}{}: nothing moved for {} s", times(*tries), silence.as_secs())]
    Silent {
        /// What was being done.
        doing: String,
        /// For how long.
        silence: Duration,
        /// How often it was tried.
        tries: u32,
    },
    /// Bytes are not those that their digest names.
    #[error("could not {doing}: the digest is {found}, not {expected}")]
    Digest {
        /// What was being done.
        doing: String,
        /// The digest that it should have.
        expected: String,
        /// What was found instead.
        found: String,
    },
    /// The image is not whole.
    #[error("the image cannot be pushed: {what}")]
    Incomplete {
        /// What is wrong.
        what: String,
    },
    /// A file of this machine cannot be read or written.
    #[error("cannot {doing} `{}`", path.display())]
    File {
        /// What was being done with it.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The HTTP client cannot be set up: there are no root certificates, for example.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}

impl Error {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Address { .. } => {
                "give the host name of a registry: 123456789012.dkr.ecr.eu-west-1.amazonaws.com"
            }
            Self::Credentials { .. } => {
                "check the credentials of AWS (`aws sts get-caller-identity`); \
                 `ecr:GetAuthorizationToken` has to be allowed"
            }
            Self::Unauthorized { .. } => {
                "check that the registry is that of the account and region of your credentials"
            }
            Self::NoRepository { .. } => {
                "`wpstack apply` makes the repository; check the account and the region if it has"
            }
            Self::Denied { .. } => {
                "ask for the permission that the message names: a push needs \
                 `ecr:InitiateLayerUpload`, `ecr:UploadLayerPart`, `ecr:CompleteLayerUpload`, \
                 `ecr:BatchCheckLayerAvailability`, `ecr:BatchGetImage` and `ecr:PutImage`"
            }
            Self::TagTaken { .. } => {
                "push under another tag, or without one: a digest is enough to run it"
            }
            Self::NotFound { .. } => "check the tag or digest; push the image if it never was",
            Self::Refused { .. } => "change what the message names, then push again",
            Self::Throttled { .. } => {
                "push again in some minutes: what has arrived is not sent again"
            }
            Self::Unavailable { .. } | Self::Network { .. } | Self::Silent { .. } => {
                "check the network, then push again: what has arrived is not sent again"
            }
            Self::Digest { .. } => {
                "build the image again: a file has changed since, or a disk or the way is faulty"
            }
            Self::Incomplete { .. } => "build the image again",
            Self::File { .. } => "check the permissions and the space on the disk, then try again",
            Self::Client(_) => "install the root certificates of this system (`ca-certificates`)",
        }
    }

    /// The same, after that many tries.
    pub(super) fn tried(mut self, times: u32) -> Self {
        match &mut self {
            Self::Throttled { tries, .. }
            | Self::Unavailable { tries, .. }
            | Self::Network { tries, .. }
            | Self::Silent { tries, .. } => *tries = times,
            Self::Address { .. }
            | Self::Credentials { .. }
            | Self::Unauthorized { .. }
            | Self::NoRepository { .. }
            | Self::Denied { .. }
            | Self::TagTaken { .. }
            | Self::NotFound { .. }
            | Self::Refused { .. }
            | Self::Digest { .. }
            | Self::Incomplete { .. }
            | Self::File { .. }
            | Self::Client(_) => {}
        }
        self
    }

    /// Whether the same may go well when it is tried again.
    pub(super) fn passes(&self) -> bool {
        match self {
            Self::Throttled { .. }
            | Self::Unavailable { .. }
            | Self::Network { .. }
            | Self::Silent { .. } => true,
            Self::Address { .. }
            | Self::Credentials { .. }
            | Self::Unauthorized { .. }
            | Self::NoRepository { .. }
            | Self::Denied { .. }
            | Self::TagTaken { .. }
            | Self::NotFound { .. }
            | Self::Refused { .. }
            | Self::Digest { .. }
            | Self::Incomplete { .. }
            | Self::File { .. }
            | Self::Client(_) => false,
        }
    }

    /// After which time the registry wants to be asked again.
    pub(super) fn asked_pause(&self) -> Option<Duration> {
        if let Self::Throttled { after, .. } = self { *after } else { None }
    }
}

/// How often it was tried, where that is more than once.
fn times(tries: u32) -> String {
    if tries > 1 { format!(" in {tries} tries") } else { String::new() }
}
