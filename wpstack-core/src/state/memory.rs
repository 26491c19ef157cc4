//! A store in memory, for tests and for programs that keep the document elsewhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::store::{Durable, Holder, Lease, Store, StoreError};
use super::{Document, Transition};

/// Keeps the document until it is dropped. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    document: Option<Document>,
    holder: Option<Holder>,
}

struct Guard(MemoryStore);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.kept().holder = None;
    }
}

impl MemoryStore {
    /// A store that holds `document`.
    #[must_use]
    pub fn holding(document: Document) -> Self {
        Self(Arc::new(Mutex::new(Kept { document: Some(document), holder: None })))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn lock(&self, holder: &Holder) -> Result<Lease, StoreError> {
        let mut kept = self.kept();
        if let Some(other) = &kept.holder {
            return Err(StoreError::Locked(Some(other.clone())));
        }
        kept.holder = Some(holder.clone());
        Ok(Lease::new(Guard(self.clone())))
    }

    async fn load(&self) -> Result<Option<Document>, StoreError> {
        Ok(self.kept().document.clone())
    }

    async fn create(&self, _: &Lease, document: &Document) -> Result<(), StoreError> {
        self.kept().document = Some(document.clone());
        Ok(())
    }

    fn append(&self, _: &Lease, transition: Transition) -> Durable {
        let mut kept = self.kept();
        let damaged =
            |what: String| StoreError::Damaged { place: "the memory store".to_owned(), what };
        let taken = match &mut kept.document {
            Some(document) => {
                document.take(&transition).map_err(|error| damaged(error.to_string()))
            }
            None => Err(damaged("it holds no document".to_owned())),
        };
        Box::pin(std::future::ready(taken))
    }

    async fn compact(&self, _: &Lease, document: &Document) -> Result<(), StoreError> {
        self.kept().document = Some(document.clone());
        Ok(())
    }
}
