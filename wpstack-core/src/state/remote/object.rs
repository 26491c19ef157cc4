//! The port to an object store.

use std::fmt;
use std::io;

use async_trait::async_trait;
use thiserror::Error;

/// Keeps named objects and writes them on conditions, as S3 does.
///
/// # Contract
/// - Keys are relative to the [`place`](Self::place), so that several states can share a bucket.
/// - `put` writes if, and only if, its condition holds at that moment: of many at once, one wins. The store judges,
///   not the client. Contents that differ have `ETags` that differ.
/// - `get` sees every `put` that has answered, and never a part of one.
/// - None repeats a call or waits before one: whoever calls does. A call may be dropped; it may then happen or not.
///
/// Deletion has no condition: only objects of names that nobody uses twice are ever deleted, and fewer stores honour
/// conditions there.
#[async_trait]
pub trait ObjectStore: fmt::Debug + Send + Sync {
    /// Where the objects are, for people, as in `s3://bucket/shop`.
    fn place(&self) -> String;

    /// An object, `None` where there is none.
    async fn get(&self, key: &str) -> Result<Option<Object>, ObjectError>;

    /// Writes an object.
    async fn put(&self, key: &str, body: &[u8], condition: &Condition)
    -> Result<ETag, ObjectError>;

    /// Deletes an object; that there is none is no error.
    async fn delete(&self, key: &str) -> Result<(), ObjectError>;

    /// The keys that begin with `prefix`.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError>;
}

/// An object as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its content.
    pub body: Vec<u8>,
    /// What tells this content from any other.
    pub etag: ETag,
}

/// What tells the contents of an object from any other. Only the store knows how it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag(pub String);

/// When to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// If there is no object of that name.
    Absent,
    /// If the object is still the one that was read.
    Matches(ETag),
}

/// Why a call did not do what was asked.
#[derive(Debug, Error)]
pub enum ObjectError {
    /// The condition does not hold. Nothing was written.
    #[error("the object was changed by somebody else")]
    Conflict,
    /// The call may have happened or not: no answer, or one that says to try again.
    #[error("the object store gave no clear answer")]
    Unclear(#[source] io::Error),
    /// The store will not do it, whatever one repeats. Nothing was written.
    #[error("the object store refuses")]
    Refused(#[source] io::Error),
}
