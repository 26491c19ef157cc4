//! An object store in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::object::{Condition, ETag, Object, ObjectError, ObjectStore};
use super::text::digest;

/// Keeps objects until it is dropped. Clones share them.
#[derive(Clone, Debug)]
pub struct MemoryObjects {
    place: Arc<str>,
    objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl MemoryObjects {
    /// An object store without objects. No two may have the same name.
    #[must_use]
    pub fn new(place: &str) -> Self {
        Self { place: place.into(), objects: Arc::default() }
    }

    pub(super) fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads at once.
    pub(super) fn read(&self, key: &str) -> Option<Object> {
        let body = self.objects().get(key)?.clone();
        Some(Object { etag: etag(&body), body })
    }

    /// Writes at once.
    pub(super) fn write(
        &self,
        key: &str,
        body: &[u8],
        condition: &Condition,
    ) -> Result<ETag, ObjectError> {
        let mut objects = self.objects();
        let holds = match (condition, objects.get(key)) {
            (Condition::Absent, None) => true,
            (Condition::Matches(wanted), Some(found)) => etag(found) == *wanted,
            (Condition::Absent, Some(_)) | (Condition::Matches(_), None) => false,
        };
        if !holds {
            return Err(ObjectError::Conflict);
        }
        objects.insert(key.to_owned(), body.to_vec());
        Ok(etag(body))
    }
}

/// Made of the content alone, as S3 makes it: the same content again has the same `ETag` again.
fn etag(body: &[u8]) -> ETag {
    ETag(digest(body))
}

#[async_trait]
impl ObjectStore for MemoryObjects {
    fn place(&self) -> String {
        self.place.to_string()
    }

    async fn get(&self, key: &str) -> Result<Option<Object>, ObjectError> {
        Ok(self.read(key))
    }

    async fn put(
        &self,
        key: &str,
        body: &[u8],
        condition: &Condition,
    ) -> Result<ETag, ObjectError> {
        self.write(key, body, condition)
    }

    async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        self.objects().remove(key);
        Ok(())
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        Ok(self.objects().keys().filter(|key| key.starts_with(prefix)).cloned().collect())
    }
}
