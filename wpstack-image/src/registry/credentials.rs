//! Who we are to a registry, and how that is renewed.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference, RegistryOperation};
use reqwest::header::HeaderValue;
use tokio::sync::Mutex;
use wpstack_core::Secret;
use wpstack_core::value::RepositoryName;

use super::{Address, Error};

/// A user and a password. For ECR the user is `AWS` and the password a token that is valid for twelve hours.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password. It is kept in memory and sent to the registry, and goes nowhere else.
    pub password: Secret,
}

/// Gives credentials for one registry.
///
/// # Contract
/// Asked when the first request is made, and again when the registry refuses what it gave before: then it has to
/// give fresh ones. Never asked twice at the same time.
#[async_trait]
pub trait CredentialsSource: fmt::Debug + Send + Sync {
    /// Credentials that are valid now.
    ///
    /// # Errors
    /// When there are none to be had.
    async fn credentials(&self) -> Result<Credentials, Box<dyn StdError + Send + Sync>>;
}

/// Credentials that do not change.
#[async_trait]
impl CredentialsSource for Credentials {
    async fn credentials(&self) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        Ok(self.clone())
    }
}

/// What a request shows, and which one it is of those that were shown for a repository.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) header: HeaderValue,
    number: u32,
    is_bearer: bool,
}

/// The keys in use, one for each repository, for a bearer token is valid for one.
#[derive(Debug)]
pub(super) struct Keyring {
    source: Arc<dyn CredentialsSource>,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    credentials: Option<Credentials>,
    keys: BTreeMap<RepositoryName, Key>,
}

impl Keyring {
    pub(super) fn new(source: Arc<dyn CredentialsSource>) -> Self {
        Self { source, held: Mutex::default() }
    }

    /// The key to try. The password is shown at once, without asking first whether the registry wants one: ECR does,
    /// and the question would cost a round trip.
    pub(super) async fn key(&self, repository: &RepositoryName) -> Result<Key, Error> {
        let mut held = self.held.lock().await;
        if let Some(key) = held.keys.get(repository) {
            return Ok(key.clone());
        }
        let credentials = match &held.credentials {
            Some(credentials) => credentials.clone(),
            None => self.ask(&mut held).await?,
        };
        let key = Key { header: basic(&credentials)?, number: 0, is_bearer: false };
        held.keys.insert(repository.clone(), key.clone());
        Ok(key)
    }

    /// Another key, because the registry refused this one. Where several requests were refused at once, the first of
    /// them gets a new key and the others the same.
    pub(super) async fn renew(
        &self,
        address: &Address,
        repository: &RepositoryName,
        refused: &Key,
        wants_bearer: bool,
    ) -> Result<Key, Error> {
        let mut held = self.held.lock().await;
        if let Some(key) = held.keys.get(repository)
            && key.number != refused.number
        {
            return Ok(key.clone());
        }
        let header = if wants_bearer {
            self.bearer(&mut held, address, repository, refused.is_bearer).await?
        } else {
            basic(&self.ask(&mut held).await?)?
        };
        let key = Key { header, number: refused.number + 1, is_bearer: wants_bearer };
        held.keys.insert(repository.clone(), key.clone());
        Ok(key)
    }

    /// A token for the password. The password itself is renewed if a token was refused, or none is given for it.
    async fn bearer(
        &self,
        held: &mut Held,
        address: &Address,
        repository: &RepositoryName,
        is_stale: bool,
    ) -> Result<HeaderValue, Error> {
        if let (Some(credentials), false) = (&held.credentials, is_stale)
            && let Ok(token) = token(address, repository, credentials).await
        {
            return sensitive(&format!("Bearer {token}"));
        }
        let credentials = self.ask(held).await?;
        let unauthorized = |source: OciDistributionError| Error::Unauthorized {
            registry: address.host(),
            message: source.to_string(),
        };
        let token = token(address, repository, &credentials).await.map_err(unauthorized)?;
        sensitive(&format!("Bearer {token}"))
    }

    async fn ask(&self, held: &mut Held) -> Result<Credentials, Error> {
        let credentials =
            self.source.credentials().await.map_err(|source| Error::Credentials { source })?;
        held.credentials = Some(credentials.clone());
        Ok(credentials)
    }
}

/// How long a token server may be silent.
const LONGEST: Duration = Duration::from_secs(30);

/// Has the registry's token server exchange a password for a token: <https://distribution.github.io/distribution/spec/auth/token/>.
async fn token(
    address: &Address,
    repository: &RepositoryName,
    credentials: &Credentials,
) -> Result<String, OciDistributionError> {
    let protocol = if address.is_plain() { ClientProtocol::Http } else { ClientProtocol::Https };
    let client = Client::try_from(ClientConfig {
        protocol,
        connect_timeout: Some(LONGEST),
        read_timeout: Some(LONGEST),
        ..ClientConfig::default()
    })?;
    let reference =
        Reference::with_tag(address.host(), repository.to_string(), "latest".to_owned());
    let password = credentials.password.expose().to_owned();
    let auth = RegistryAuth::Basic(credentials.user.clone(), password);
    let token = client.auth(&reference, &auth, RegistryOperation::Push).await?;
    token.ok_or_else(|| {
        OciDistributionError::AuthenticationFailure("no token server is named".to_owned())
    })
}

fn basic(credentials: &Credentials) -> Result<HeaderValue, Error> {
    let pair = format!("{}:{}", credentials.user, credentials.password.expose());
    sensitive(&format!("Basic {}", STANDARD.encode(pair)))
}

/// A header that is not shown by `Debug`.
fn sensitive(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Error::Credentials { source: "they hold control characters".into() })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_that_holds_the_password_shows_it() {
        let password = Secret::new("hunter2".to_owned());
        let credentials = Credentials { user: "AWS".to_owned(), password };
        let keyring = Keyring::new(Arc::new(credentials.clone()));
        let key = keyring.key(&"blog".parse().unwrap()).await.unwrap();
        let encoded = STANDARD.encode("AWS:hunter2");
        assert_eq!(key.header.to_str().unwrap(), format!("Basic {encoded}"));
        let shown = format!("{credentials:?} {key:?} {keyring:?}");
        assert!(!shown.contains("hunter2") && !shown.contains(&encoded), "{shown}");
    }
}
