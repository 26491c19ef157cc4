//! What goes wrong when a file is fetched.

use wpstack_core::value::Checksum;

/// A file could not be had.
#[derive(Debug, thiserror::Error)]
#[error("`{url}` could not be fetched")]
pub struct FetchError {
    /// The URL or path.
    pub url: String,
    /// What happened.
    #[source]
    pub cause: Cause,
}

/// What happened to a file.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// No connection, or it broke off.
    #[error("the connection failed")]
    Connection(#[source] reqwest::Error),
    /// The server refused.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// More bytes than it may have.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    /// It is not the file that it should be.
    #[error("its SHA-256 is {actual}, not {expected}")]
    Checksum {
        /// The checksum that was asked for.
        expected: Checksum,
        /// The one that it has.
        actual: String,
    },
    /// A file of this machine cannot be read or written.
    #[error("a local file cannot be read or written")]
    Local(#[source] std::io::Error),
}

impl FetchError {
    pub(super) fn new(url: &str, cause: Cause) -> Self {
        Self { url: url.to_owned(), cause }
    }

    pub(super) fn io(url: &str, source: std::io::Error) -> Self {
        Self::new(url, Cause::Local(source))
    }

    /// Whether trying again may help.
    #[must_use]
    pub fn passes(&self) -> bool {
        match &self.cause {
            Cause::Connection(source) => !source.is_builder() && !source.is_redirect(),
            Cause::Status(status) => matches!(status, 408 | 429 | 500..),
            Cause::TooLarge(_) | Cause::Checksum { .. } | Cause::Local(_) => false,
        }
    }

    /// What to do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match &self.cause {
            Cause::Connection(_) => "check the address, the network and the proxy, then try again",
            Cause::Status(403 | 404 | 410) => "check the address: the server does not have it",
            Cause::Status(_) => "the server has trouble: try again later, or use another mirror",
            Cause::TooLarge(_) => "check the address: no such file is that large",
            Cause::Checksum { .. } => {
                "it was changed or damaged on the way: check the address and the checksum"
            }
            Cause::Local(_) => "check the path, its permissions and the free space on the disk",
        }
    }
}
