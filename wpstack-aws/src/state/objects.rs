//! The port to an object store, over S3.

use std::io;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::ServerSideEncryption;
use wpstack_core::state::remote::{Condition, ETag, Object, ObjectError, ObjectStore};
use wpstack_core::{ErrorKind, ProviderError};

use crate::call::{Call, Told};

/// The objects of one state in a bucket, and how they are encrypted.
///
/// The credentials need `s3:GetObject`, `s3:PutObject` and `s3:DeleteObject` on the objects and `s3:ListBucket` on the
/// bucket: without the last, S3 does not tell an object that is not there from one that must not be read.
#[derive(Clone, Debug)]
pub struct S3Objects {
    client: Client,
    bucket: String,
    prefix: String,
    kms_key: Option<String>,
}

impl S3Objects {
    /// The objects in `bucket` whose names begin with `prefix` and a slash, encrypted with `kms_key` or, without one,
    /// as the bucket says.
    ///
    /// The client must be one whose connections nobody else uses, and must not repeat calls: the store does, and looks
    /// before it does.
    #[must_use]
    pub fn new(client: Client, bucket: &str, prefix: &str, kms_key: Option<&str>) -> Self {
        let (bucket, prefix) = (bucket.to_owned(), prefix.to_owned());
        Self { client, bucket, prefix, kms_key: kms_key.map(str::to_owned) }
    }

    fn key(&self, key: &str) -> String {
        format!("{}/{key}", self.prefix)
    }
}

#[async_trait]
impl ObjectStore for S3Objects {
    fn place(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.prefix)
    }

    async fn get(&self, key: &str) -> Result<Option<Object>, ObjectError> {
        let call = self.client.get_object().bucket(&self.bucket).key(self.key(key));
        let answer = match call.send().await.call("s3", "GetObject") {
            Ok(answer) => answer,
            Err(error) if error.code.as_deref() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(meaning(error)),
        };
        let etag = answer.e_tag.told("s3", "GetObject", "ETag").map_err(meaning)?;
        let body = answer.body.collect().await;
        let body = body.map_err(|error| ObjectError::Unclear(io::Error::other(error)))?;
        Ok(Some(Object { body: body.to_vec(), etag: ETag(etag) }))
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
    async fn put(
        &self,
        key: &str,
        body: &[u8],
        condition: &Condition,
    ) -> Result<ETag, ObjectError> {
        let mut call = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(self.key(key))
            .body(body.to_vec().into())
            .content_type("application/json");
        if let Some(kms_key) = &self.kms_key {
            call = call
                .server_side_encryption(ServerSideEncryption::AwsKms)
                .ssekms_key_id(kms_key)
                .bucket_key_enabled(true);
        }
        call = match condition {
            Condition::Absent => call.if_none_match("*"),
            Condition::Matches(ETag(etag)) => call.if_match(etag),
        };
        let answer = call.send().await.call("s3", "PutObject").map_err(|error| {
            // Where the object that was to be replaced is gone, S3 says that there is no such key.
            match error.code.as_deref() {
                Some("PreconditionFailed" | "NoSuchKey") => ObjectError::Conflict,
                _ => meaning(error),
            }
        })?;
        answer.e_tag.told("s3", "PutObject", "ETag").map(ETag).map_err(meaning)
    }

    async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        let call = self.client.delete_object().bucket(&self.bucket).key(self.key(key));
        call.send().await.call("s3", "DeleteObject").map(drop).map_err(meaning)
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        let own = format!("{}/", self.prefix);
        let mut pages = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(self.key(prefix))
            .into_paginator()
            .send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.call("s3", "ListObjectsV2").map_err(meaning)?;
            let found = page.contents.unwrap_or_default().into_iter();
            let found = found.filter_map(|object| object.key);
            keys.extend(found.filter_map(|key| key.strip_prefix(&own).map(str::to_owned)));
        }
        Ok(keys)
    }
}

/// What a failed call means to the store.
fn meaning(error: ProviderError) -> ObjectError {
    // Two writes met: S3 asks to look again and repeat.
    let met = ["ConditionalRequestConflict", "OperationAborted", "RequestTimeout"];
    let is_unclear = match error.kind {
        ErrorKind::Throttled | ErrorKind::Unclear | ErrorKind::Unreachable => {
            // A store without conditional writes says 501, whatever one repeats.
            error.code.as_deref() != Some("NotImplemented")
        }
        _ => error.code.as_deref().is_some_and(|code| met.contains(&code)),
    };
    let source = io::Error::other(error);
    if is_unclear { ObjectError::Unclear(source) } else { ObjectError::Refused(source) }
}
