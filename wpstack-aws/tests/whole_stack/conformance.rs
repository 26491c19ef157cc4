//! The laws of the contract, for every type, over HTTP.

use std::sync::Arc;
use std::time::Duration;

use wpstack_aws::Aws;
use wpstack_core::conformance::Conformance;
use wpstack_core::time::{Clock, SystemClock};
use wpstack_core::wordpress::{self, Config};
use wpstack_testkit::Moto;

#[tokio::test(flavor = "multi_thread")]
async fn aws_keeps_the_laws_for_every_type() {
    let (moto, mut config) = (Moto::shared(), Config::default());
    config.image.tag = Some("latest".parse().unwrap());
    let account = moto.account().unwrap();
    let region = config.region.to_string();
    let aws = Aws::new(&account.sdk_config(moto.endpoint(), &region));
    let (registry, clock): (_, Arc<dyn Clock>) = (aws.registry(), Arc::new(SystemClock));
    let stack = wordpress::stack(&config).unwrap();
    // The emulator starts no containers, and no instances that register with a cluster.
    let laws = Conformance::new(&registry, clock, &stack).never_ready(&["ecs.service"]);
    // Nor does it tell of every update what it came to: those that it does are in the life of the whole stack.
    laws.without_updates().patience(Duration::from_secs(60)).check().await;
    let left = account.inventory(&region).unwrap().of_stack(config.name.as_str());
    assert!(left.is_empty(), "left behind: {:?}", left.counts());
}
