//! A team's state in S3, over HTTP against the local emulator.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bucket;
mod store;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use wpstack_aws::{S3Objects, StateBucket};
use wpstack_core::state::RemoteStore;
use wpstack_core::state::remote::Settings;
use wpstack_core::time::SystemClock;
use wpstack_testkit::{Account, Moto};

const REGION: &str = "eu-west-1";
const STACK: &str = "shop";

/// A client with connections of its own, as another process would have.
fn client(account: &Account) -> Client {
    let config = account.sdk_config(account.endpoint(), REGION);
    Client::new(&config.to_builder().retry_config(RetryConfig::disabled()).build())
}

/// A number that no other test has.
fn number() -> u64 {
    static DRAWN: AtomicU64 = AtomicU64::new(0);
    DRAWN.fetch_add(1, Ordering::Relaxed)
}

/// An account with a bucket in it that is as it should be.
async fn place() -> (Account, String) {
    let account = Moto::shared().account().unwrap();
    let name = format!("states-{}-{}", account.id(), number());
    StateBucket::new(client(&account), &name, REGION, None).init().await.unwrap();
    (account, name)
}

/// A store as another process would open it.
fn open(account: &Account, bucket: &str, prefix: &str, patience: Duration) -> RemoteStore {
    let objects = S3Objects::new(client(account), bucket, prefix, None);
    let settings = Settings {
        lease: Duration::from_secs(6),
        patience,
        ..Settings::new(&format!("r{}", number()))
    };
    RemoteStore::open(Arc::new(objects), Arc::new(SystemClock), STACK, settings).unwrap()
}
