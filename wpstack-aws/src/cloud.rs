//! The clients of the services, and how they are connected.

use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_types::service_config::ServiceConfigKey;
use thiserror::Error;
use wpstack_core::image::ImageMaker;
use wpstack_core::rate::{LONGEST, Limiter};
use wpstack_core::time::SystemClock;

use crate::pace::paced;

/// How long the answer to a call may take. Calls only begin things and answer within seconds; what is to be waited for
/// is polled.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a call may take, with the time until its turn has come.
const ATTEMPT: Duration = Duration::from_secs(ANSWER.as_secs() + LONGEST.as_secs());
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

macro_rules! clients {
    ($($(#[$doc:meta])* $service:ident: $sdk:ident,)*) => {
        /// The clients of one account in one region. Clones share them.
        ///
        /// Its [`registry`](Aws::registry) is what the engine works with. The clients are open to programs that also
        /// need AWS otherwise, and to tests, which put mocked ones in their place.
        #[derive(Clone, Debug)]
        pub struct Aws {
            $($(#[$doc])* pub $service: $sdk::Client,)*
            /// What builds images: see [`Aws::with_images`].
            pub images: Option<Arc<dyn ImageMaker>>,
        }

        impl Aws {
            /// The clients that `config` describes, but for two things. Retries are off: the engine is the only one
            /// that retries, so that it can tell of every repeat and look before it makes something twice. And calls
            /// wait for their turn (a [`Limiter`] for all of them), which counts as time in `config`'s timeouts.
            #[must_use]
            pub fn new(config: &SdkConfig) -> Self {
                let limiter = Limiter::new(Arc::new(SystemClock));
                let client = config.http_client().unwrap_or_else(http_client);
                let config = config
                    .to_builder()
                    .retry_config(RetryConfig::disabled())
                    .http_client(paced(client, limiter))
                    .build();
                Self { $($service: $sdk::Client::new(&config),)* images: None }
            }
        }
    };
}

clients! {
    /// EC2.
    ec2: aws_sdk_ec2,
    /// EC2 Auto Scaling.
    autoscaling: aws_sdk_autoscaling,
    /// Elastic Container Service.
    ecs: aws_sdk_ecs,
    /// Elastic Container Registry.
    ecr: aws_sdk_ecr,
    /// Elastic Load Balancing, of the second version: application load balancers.
    elb: aws_sdk_elasticloadbalancingv2,
    /// Identity and Access Management.
    iam: aws_sdk_iam,
    /// Relational Database Service.
    rds: aws_sdk_rds,
    /// CloudWatch Logs.
    logs: aws_sdk_cloudwatchlogs,
    /// Secrets Manager.
    secretsmanager: aws_sdk_secretsmanager,
}

/// What decides with which account and region to connect. What is `None` is taken from where the AWS command line
/// takes it: the environment, the shared configuration, the instance.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The profile of the shared configuration.
    pub profile: Option<String>,
    /// The region.
    pub region: Option<wpstack_core::value::Region>,
    /// Where all services are instead of at AWS: the address of an emulator.
    pub endpoint_url: Option<String>,
}

/// Why there is no connection.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// No region is configured.
    #[error("no AWS region is configured")]
    Region,
    /// No credentials are configured, or they cannot be had.
    #[error("no AWS credentials were found")]
    Credentials(#[source] CredentialsError),
}

impl ConnectError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Region => "name one with `--region` or AWS_REGION, as in `--region eu-west-1`",
            Self::Credentials(_) => {
                "log in (`aws sso login`, `aws configure`) or name a profile with `--profile`; `--cloud sim` tries \
                 everything without an account"
            }
        }
    }
}

impl Aws {
    /// Connects with the account that [the standard chain][chain] finds. `AWS_ENDPOINT_URL` is honoured.
    ///
    /// [chain]: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
    ///
    /// # Errors
    /// When no region is configured or no credentials are found. Nothing has been asked of the services by then.
    pub async fn connect(settings: Settings) -> Result<Self, ConnectError> {
        Ok(Self::new(&checked(settings).await?))
    }

    /// With what builds the images of recipes. A stack whose image is pushed by others needs none.
    #[must_use]
    pub fn with_images(self, images: Arc<dyn ImageMaker>) -> Self {
        Self { images: Some(images), ..self }
    }

    /// The region, as in `eu-west-1`.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.ec2.config().region().map(AsRef::as_ref)
    }
}

/// A client of S3, for a team's state. Like all here it repeats nothing by itself.
///
/// It has connections of its own: those of a run may belong to a runtime that waits for the state.
///
/// # Errors
/// As [`Aws::connect`].
pub async fn connect_s3(settings: Settings) -> Result<aws_sdk_s3::Client, ConnectError> {
    let config = checked(settings).await?;
    // Stores of another make have names in the path only, unless somebody set up a domain for each bucket.
    let key = ServiceConfigKey::builder()
        .service_id("s3")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    let own = key.ok().and_then(|key| config.service_config()?.load_config(key));
    let is_elsewhere = config.endpoint_url().is_some() || own.is_some();
    let config = aws_sdk_s3::config::Builder::from(&config)
        .retry_config(RetryConfig::disabled())
        .force_path_style(is_elsewhere)
        .build();
    Ok(aws_sdk_s3::Client::from_conf(config))
}

/// The configuration, with a region and credentials in it.
async fn checked(settings: Settings) -> Result<SdkConfig, ConnectError> {
    let config = load(settings).await;
    if config.region().is_none() {
        return Err(ConnectError::Region);
    }
    let none = || CredentialsError::not_loaded("nothing provides any");
    let provider = config.credentials_provider().ok_or_else(none);
    let provider = provider.map_err(ConnectError::Credentials)?;
    provider.provide_credentials().await.map_err(ConnectError::Credentials)?;
    Ok(config)
}

async fn load(settings: Settings) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(ATTEMPT)
        .build();
    // Not `latest()`, which another version of the SDK would change under us.
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client())
        .timeout_config(timeouts);
    if let Ok(name) = AppName::new("wpstack") {
        loader = loader.app_name(name);
    }
    if let Some(profile) = settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = settings.region {
        loader = loader.region(Region::new(region.as_str().to_owned()));
    }
    if let Some(endpoint_url) = settings.endpoint_url {
        loader = loader.endpoint_url(endpoint_url);
    }
    loader.load().await
}

/// One client for all services. Each would make one of its own otherwise, and load the system's certificates again.
/// Proxies are taken from the environment, as the SDK's own client does.
fn http_client() -> SharedHttpClient {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(ANSWER);
    let settings = settings.build();
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .proxy_config(ProxyConfig::from_env())
        .connector_settings(settings)
        .build();
    let connector = SharedHttpConnector::new(connector);
    http_client_fn(move |_, _| connector.clone())
}
