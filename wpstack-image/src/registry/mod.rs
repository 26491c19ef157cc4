//! Images pushed to a registry: ECR, or any other that speaks OCI's distribution protocol.
//!
//! The requests are our own, over `reqwest`; the exchange of a password for a bearer token and the registry's errors are
//! `oci-client`'s. Its own push keeps from us what a push has to act on: how long a registry wants to be left alone
//! (`Retry-After`), the digest and the headers of an answer, the upload that a refused mount has begun; and it cannot be
//! given other credentials once a token has expired.

mod address;
mod answer;
mod blob;
mod credentials;
mod error;
mod exchange;
mod image;
mod manifest;
mod patience;
mod progress;
mod pull;
mod push;
mod pushed;
mod referrers;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wpstack_core::time::Clock;

pub use address::Address;
pub use credentials::{Credentials, CredentialsSource};
pub use error::Error;
pub use image::{Blob, BlobSource, Image, Manifest};
pub use manifest::Reference;
pub use patience::Patience;
pub use progress::{Observer, Progress};
pub use pushed::{Outcome, Pushed, PushedBlob};

use credentials::Keyring;

/// A registry, and who we are to it. Nothing is sent before something is asked of it, and no file of credentials is read
/// or written.
pub struct Registry {
    address: Address,
    keyring: Keyring,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    patience: Patience,
    observer: Observer,
}

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(20);

impl Registry {
    /// The registry at that address, to which `credentials` says who we are.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(
        address: Address,
        credentials: Arc<dyn CredentialsSource>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("wpstack/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT);
        // No proxy stands between us and this machine, whatever the environment says.
        let builder = if address.is_plain() { builder.no_proxy() } else { builder };
        Ok(Self {
            address,
            keyring: Keyring::new(credentials),
            http: builder.build().map_err(Error::Client)?,
            clock,
            patience: Patience::default(),
            observer: Arc::new(|_| {}),
        })
    }

    /// The same, which tells `observer` what it does.
    #[must_use]
    pub fn observed(self, observer: Observer) -> Self {
        Self { observer, ..self }
    }

    /// The same, with another patience.
    #[must_use]
    pub fn patient(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Registry").field("address", &self.address).finish_non_exhaustive()
    }
}
