//! SDK clients for the emulator.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ec2::config::{AsyncSleep, Sleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::Account;

impl Account {
    /// The configuration of SDK clients that work in this account.
    ///
    /// `endpoint` is the emulator's own or that of a proxy before it. Retries, timeouts and the like are the SDK's
    /// defaults; change them through [`SdkConfig::to_builder`].
    pub fn sdk_config(&self, endpoint: &str, region: &str) -> SdkConfig {
        let credentials = Credentials::new(
            self.access_key_id(),
            self.secret_access_key(),
            self.session_token().map(str::to_owned),
            None,
            "wpstack-testkit",
        );
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(endpoint)
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            // The emulator speaks plain HTTP; loading the system's certificates would be time lost in every test.
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build()
    }
}

/// Sleeps not at all: retries and waiters of a mocked client go on at once. Set it as the client's `sleep_impl`.
///
/// For mocked clients only: the SDK's timeouts sleep too, so a client with a socket would time out at once. Give such
/// a client a `RetryConfig` with a short initial backoff instead.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSleep;

impl AsyncSleep for NoSleep {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(async {})
    }
}
