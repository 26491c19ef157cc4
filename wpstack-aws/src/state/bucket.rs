//! The bucket: made, hardened and checked.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint,
    BucketVersioningStatus, CreateBucketConfiguration, ExpirationStatus, LifecycleRule,
    LifecycleRuleFilter, NoncurrentVersionExpiration, ObjectOwnership,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging,
    VersioningConfiguration,
};
use serde_json::{Value, json};
use thiserror::Error;
use wpstack_core::{ErrorKind, ProviderError};

use crate::call::{Call, Told};

/// The tag that says that wpstack made the bucket.
const TAG: (&str, &str) = ("wpstack:made-for", "state");
/// The statement of the bucket's policy that refuses what is not encrypted on its way.
const TLS_ONLY: &str = "WpstackTlsOnly";
/// For how long earlier versions of the state are kept, in days.
const VERSIONS_KEPT: i32 = 90;

/// A bucket for states.
#[derive(Clone, Debug)]
pub struct StateBucket {
    client: Client,
    name: String,
    region: String,
    kms_key: Option<String>,
}

/// Why a bucket is not one for states.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BucketError {
    /// There is none of that name.
    #[error("there is no bucket `{0}`")]
    Missing(String),
    /// It is somebody else's, or the credentials may not use it.
    #[error("the bucket `{0}` is not open to these credentials, or belongs to another account")]
    Forbidden(String),
    /// What is overwritten there is lost.
    #[error("the bucket `{0}` keeps no earlier versions of its objects")]
    Unversioned(String),
    /// A call failed.
    #[error("the bucket `{bucket}` cannot be used")]
    Call {
        /// The bucket.
        bucket: String,
        /// What S3 said.
        #[source]
        source: ProviderError,
    },
}

impl BucketError {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) => "`wpstack state init` makes it",
            Self::Forbidden(_) => {
                "names of buckets are shared by all of AWS: choose another, or ask for access to this one"
            }
            Self::Unversioned(_) => "`wpstack state init` switches versions on",
            Self::Call { source, .. } => source.kind.hint(),
        }
    }
}

impl StateBucket {
    /// The bucket of that name. Objects are encrypted with `kms_key` or, without one, as the bucket says.
    #[must_use]
    pub fn new(client: Client, name: &str, region: &str, kms_key: Option<&str>) -> Self {
        let (name, region) = (name.to_owned(), region.to_owned());
        Self { client, name, region, kms_key: kms_key.map(str::to_owned) }
    }

    /// Checks that the bucket is there and keeps earlier versions.
    ///
    /// # Errors
    /// When it is not or does not. That the credentials may not ask is no error.
    pub async fn check(&self) -> Result<(), BucketError> {
        let call = self.client.get_bucket_versioning().bucket(&self.name);
        match call.send().await.call("s3", "GetBucketVersioning") {
            Ok(answer) if answer.status == Some(BucketVersioningStatus::Enabled) => Ok(()),
            Ok(_) => Err(BucketError::Unversioned(self.name.clone())),
            Err(error) if error.code.as_deref() == Some("NoSuchBucket") => {
                Err(BucketError::Missing(self.name.clone()))
            }
            Err(error) if error.kind == ErrorKind::Denied => Ok(()),
            // A store of another make, which may keep versions its own way.
            Err(error) if error.code.as_deref() == Some("NotImplemented") => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Makes the bucket where there is none, and hardens it: versions, no public access, encryption, TLS only. May be
    /// repeated. Answers what was done, in words.
    ///
    /// Earlier versions are deleted after 90 days, unless the bucket has rules of its own for what to delete.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html>
    ///
    /// # Errors
    /// When the bucket is another account's or a call fails. What was done stays; repeat it to go on.
    pub async fn init(&self) -> Result<Vec<String>, BucketError> {
        let mut done = Vec::new();
        if self.exists().await? {
            done.push("found the bucket".to_owned());
        } else {
            self.create().await.map_err(|error| self.failed(error))?;
            done.push(format!("made the bucket in {}", self.region));
        }
        self.harden(&mut done).await.map_err(|error| self.failed(error))?;
        Ok(done)
    }

    async fn exists(&self) -> Result<bool, BucketError> {
        let call = self.client.head_bucket().bucket(&self.name);
        // The answer to HEAD has no body, and so no code but the status.
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.raw_response().map(|answer| answer.status().as_u16()) {
                Some(404) => Ok(false),
                Some(301 | 403) => Err(BucketError::Forbidden(self.name.clone())),
                _ => {
                    let failed = Err::<(), _>(error).call("s3", "HeadBucket");
                    failed.map(|()| true).map_err(|error| self.failed(error))
                }
            },
        }
    }

    async fn create(&self) -> Result<(), ProviderError> {
        // The oldest region has no name here, and refuses its own.
        let place = (self.region != "us-east-1").then(|| {
            let region = BucketLocationConstraint::from(self.region.as_str());
            CreateBucketConfiguration::builder().location_constraint(region).build()
        });
        let call = self
            .client
            .create_bucket()
            .bucket(&self.name)
            .set_create_bucket_configuration(place)
            .object_ownership(ObjectOwnership::BucketOwnerEnforced);
        call.send().await.call("s3", "CreateBucket")?;
        let (key, value) = TAG;
        let tag = Tag::builder().key(key).value(value).build();
        let tag = built(tag, "PutBucketTagging")?;
        let tags = built(Tagging::builder().tag_set(tag).build(), "PutBucketTagging")?;
        let call = self.client.put_bucket_tagging().bucket(&self.name).tagging(tags);
        call.send().await.call("s3", "PutBucketTagging").map(drop)
    }

    async fn harden(&self, done: &mut Vec<String>) -> Result<(), ProviderError> {
        self.close().await?;
        done.push("closed it to the public".to_owned());
        self.keep_versions().await?;
        done.push("switched versions on".to_owned());
        done.push(match &self.kms_key {
            None if self.is_encrypted().await? => "left its encryption as it is".to_owned(),
            None => {
                self.encrypt().await?;
                "encrypted it with S3's own key".to_owned()
            }
            Some(key) => {
                self.encrypt().await?;
                format!("encrypted it with the KMS key {key}")
            }
        });
        self.insist_on_tls().await?;
        done.push("refused access without TLS".to_owned());
        if self.expire_versions().await? {
            done.push(format!("limited earlier versions to {VERSIONS_KEPT} days"));
        }
        Ok(())
    }

    async fn close(&self) -> Result<(), ProviderError> {
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true)
            .build();
        let call = self.client.put_public_access_block().bucket(&self.name);
        let call = call.public_access_block_configuration(block);
        call.send().await.call("s3", "PutPublicAccessBlock").map(drop)
    }

    async fn keep_versions(&self) -> Result<(), ProviderError> {
        let versions =
            VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let call = self.client.put_bucket_versioning().bucket(&self.name);
        let call = call.versioning_configuration(versions);
        call.send().await.call("s3", "PutBucketVersioning").map(drop)
    }

    /// Whether somebody has chosen what encrypts it: perhaps a key that is better than S3's own.
    async fn is_encrypted(&self) -> Result<bool, ProviderError> {
        let call = self.client.get_bucket_encryption().bucket(&self.name);
        match call.send().await.call("s3", "GetBucketEncryption") {
            Ok(answer) => {
                let rules = answer.server_side_encryption_configuration;
                Ok(rules.is_some_and(|rules| !rules.rules.is_empty()))
            }
            Err(error) => match error.code.as_deref() {
                Some("ServerSideEncryptionConfigurationNotFoundError") => Ok(false),
                _ => Err(error),
            },
        }
    }

    async fn encrypt(&self) -> Result<(), ProviderError> {
        let algorithm = match self.kms_key {
            Some(_) => ServerSideEncryption::AwsKms,
            None => ServerSideEncryption::Aes256,
        };
        let default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(algorithm)
            .set_kms_master_key_id(self.kms_key.clone())
            .build();
        let default = built(default, "PutBucketEncryption")?;
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(default)
            .bucket_key_enabled(self.kms_key.is_some())
            .build();
        let rules = ServerSideEncryptionConfiguration::builder().rules(rule).build();
        let rules = built(rules, "PutBucketEncryption")?;
        let call = self.client.put_bucket_encryption().bucket(&self.name);
        let call = call.server_side_encryption_configuration(rules);
        call.send().await.call("s3", "PutBucketEncryption").map(drop)
    }

    /// Adds its statement to the policy that is there.
    async fn insist_on_tls(&self) -> Result<(), ProviderError> {
        let call = self.client.get_bucket_policy().bucket(&self.name);
        let before = match call.send().await.call("s3", "GetBucketPolicy") {
            Ok(answer) => {
                let text = answer.policy.told("s3", "GetBucketPolicy", "Policy")?;
                serde_json::from_str(&text).map_err(|error| {
                    ProviderError::missing("s3", "GetBucketPolicy", "a policy in JSON")
                        .source(error)
                })?
            }
            Err(error) if error.code.as_deref() == Some("NoSuchBucketPolicy") => Value::Null,
            Err(error) => return Err(error),
        };
        let Some(policy) = with_tls_only(before, &self.name) else {
            return Ok(());
        };
        let call = self.client.put_bucket_policy().bucket(&self.name).policy(policy.to_string());
        call.send().await.call("s3", "PutBucketPolicy").map(drop)
    }

    /// False where the bucket has rules of its own.
    async fn expire_versions(&self) -> Result<bool, ProviderError> {
        let call = self.client.get_bucket_lifecycle_configuration().bucket(&self.name);
        match call.send().await.call("s3", "GetBucketLifecycleConfiguration") {
            Ok(_) => return Ok(false),
            Err(error) if error.code.as_deref() == Some("NoSuchLifecycleConfiguration") => {}
            Err(error) => return Err(error),
        }
        let rule = LifecycleRule::builder()
            .id("wpstack-earlier-versions")
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix("").build())
            .noncurrent_version_expiration(
                NoncurrentVersionExpiration::builder().noncurrent_days(VERSIONS_KEPT).build(),
            )
            .abort_incomplete_multipart_upload(
                AbortIncompleteMultipartUpload::builder().days_after_initiation(7).build(),
            )
            .build();
        let rule = built(rule, "PutBucketLifecycleConfiguration")?;
        let rules = BucketLifecycleConfiguration::builder().rules(rule).build();
        let rules = built(rules, "PutBucketLifecycleConfiguration")?;
        let call = self.client.put_bucket_lifecycle_configuration().bucket(&self.name);
        let call = call.lifecycle_configuration(rules);
        call.send().await.call("s3", "PutBucketLifecycleConfiguration")?;
        Ok(true)
    }

    fn failed(&self, source: ProviderError) -> BucketError {
        BucketError::Call { bucket: self.name.clone(), source }
    }
}

/// A part of a request, which the SDK refuses to make without what it must have. Nothing here leaves that out.
fn built<T>(
    part: Result<T, aws_smithy_types::error::operation::BuildError>,
    operation: &'static str,
) -> Result<T, ProviderError> {
    part.map_err(|error| ProviderError::missing("s3", operation, "a field").source(error))
}

/// The policy with the statement that insists on TLS; `None` when it has it already.
fn with_tls_only(policy: Value, bucket: &str) -> Option<Value> {
    let arn = format!("arn:aws:s3:::{bucket}");
    let statement = json!({
        "Sid": TLS_ONLY,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, format!("{arn}/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    let Value::Object(mut policy) = policy else {
        return Some(json!({ "Version": "2012-10-17", "Statement": [statement] }));
    };
    // A single statement may stand without its list.
    let mut statements = match policy.remove("Statement") {
        Some(Value::Array(statements)) => statements,
        Some(single) => vec![single],
        None => Vec::new(),
    };
    if statements.iter().any(|statement| statement["Sid"] == TLS_ONLY) {
        return None;
    }
    statements.push(statement);
    policy.insert("Statement".to_owned(), statements.into());
    Some(Value::Object(policy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_joins_those_that_are_there() {
        let other = json!({ "Sid": "Other", "Effect": "Allow" });
        let made = with_tls_only(Value::Null, "states").unwrap();
        assert_eq!(made["Statement"][0]["Resource"][1], "arn:aws:s3:::states/*");
        assert_eq!(with_tls_only(made, "states"), None);
        for before in [json!([other]), other.clone()] {
            let policy = json!({ "Version": "2012-10-17", "Id": "x", "Statement": before });
            let made = with_tls_only(policy, "states").unwrap();
            assert_eq!(made["Id"], "x");
            assert_eq!(made["Statement"][0], other);
            assert_eq!(made["Statement"][1]["Sid"], TLS_ONLY);
        }
    }
}
