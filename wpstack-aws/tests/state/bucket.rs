//! The bucket: made, hardened and checked.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use wpstack_aws::{BucketError, StateBucket};
use wpstack_testkit::Moto;

use crate::{REGION, client, place};

async fn policy(client: &Client, bucket: &str) -> String {
    let policy = client.get_bucket_policy().bucket(bucket).send().await.unwrap();
    policy.policy.unwrap()
}

#[tokio::test]
async fn a_bucket_is_made_and_hardened_and_doing_so_again_changes_nothing() {
    let (account, name) = place().await;
    let client = client(&account);
    let bucket = StateBucket::new(client.clone(), &name, REGION, None);
    bucket.check().await.unwrap();
    let before = policy(&client, &name).await;
    assert!(before.contains("aws:SecureTransport"), "{before}");
    let closed = client.get_public_access_block().bucket(&name).send().await.unwrap();
    let closed = closed.public_access_block_configuration.unwrap();
    assert_eq!(
        [closed.block_public_acls, closed.block_public_policy, closed.restrict_public_buckets],
        [Some(true); 3]
    );
    let encryption = client.get_bucket_encryption().bucket(&name).send().await.unwrap();
    assert_eq!(encryption.server_side_encryption_configuration.unwrap().rules.len(), 1);
    let tags = client.get_bucket_tagging().bucket(&name).send().await.unwrap();
    assert_eq!(tags.tag_set[0].key, "wpstack:made-for");

    let again = bucket.init().await.unwrap();
    assert_eq!(again[0], "found the bucket");
    assert_eq!(policy(&client, &name).await, before);
    bucket.check().await.unwrap();
}

#[tokio::test]
async fn a_bucket_without_versions_is_refused_until_it_is_hardened() {
    let account = Moto::shared().account().unwrap();
    let (client, name) = (client(&account), format!("plain-{}", account.id()));
    let bucket = StateBucket::new(client.clone(), &name, REGION, None);
    let missing = bucket.check().await.unwrap_err();
    assert!(matches!(missing, BucketError::Missing(_)), "{missing}");
    let region = BucketLocationConstraint::from(REGION);
    let place = CreateBucketConfiguration::builder().location_constraint(region).build();
    let make = client.create_bucket().bucket(&name).create_bucket_configuration(place);
    make.send().await.unwrap();
    let unversioned = bucket.check().await.unwrap_err();
    assert!(matches!(unversioned, BucketError::Unversioned(_)), "{unversioned}");
    bucket.init().await.unwrap();
    bucket.check().await.unwrap();
}

#[tokio::test]
async fn a_key_that_somebody_chose_stays_unless_another_is_named() {
    let (account, name) = place().await;
    let client = client(&account);
    let key = async || {
        let told = client.get_bucket_encryption().bucket(&name).send().await.unwrap();
        let rule = told.server_side_encryption_configuration.unwrap().rules.remove(0);
        rule.apply_server_side_encryption_by_default.unwrap().kms_master_key_id
    };
    assert_eq!(key().await, None);
    let bucket = |key| StateBucket::new(client.clone(), &name, REGION, key);
    bucket(Some("alias/states")).init().await.unwrap();
    assert_eq!(key().await.as_deref(), Some("alias/states"));
    let done = bucket(None).init().await.unwrap();
    assert!(done.contains(&"left its encryption as it is".to_owned()), "{done:?}");
    assert_eq!(key().await.as_deref(), Some("alias/states"));
}
