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

/// What is kept, in words.
const PLACE: &str = "the memory store";

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

    /// What is kept, for whoever has the right to write.
    fn writing(&self, lease: &Lease) -> Result<MutexGuard<'_, Kept>, StoreError> {
        match lease.guard::<Guard>() {
            Some(Guard(of)) if Arc::ptr_eq(&of.0, &self.0) => Ok(self.kept()),
            _ => Err(StoreError::WrongLease { place: PLACE.to_owned() }),
        }
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

    async fn create(&self, lease: &Lease, document: &Document) -> Result<(), StoreError> {
        let mut kept = self.writing(lease)?;
        if kept.document.is_some() {
            return Err(StoreError::Exists { place: PLACE.to_owned() });
        }
        kept.document = Some(document.clone());
        Ok(())
    }

    fn append(&self, lease: &Lease, transition: Transition) -> Durable {
        let taken = self.writing(lease).and_then(|mut kept| match &mut kept.document {
            Some(document) => {
                document.take(&transition).map_err(|error| damaged(error.to_string()))
            }
            None => Err(damaged("it holds no document".to_owned())),
        });
        Box::pin(std::future::ready(taken))
    }

    async fn compact(&self, lease: &Lease, document: &Document) -> Result<(), StoreError> {
        match &mut self.writing(lease)?.document {
            Some(kept) if kept.serial <= document.serial => kept.clone_from(document),
            // It was taken before the last append and has nothing new.
            Some(_) => {}
            None => return Err(damaged("it holds no document".to_owned())),
        }
        Ok(())
    }
}

fn damaged(what: String) -> StoreError {
    StoreError::Damaged { place: PLACE.to_owned(), what }
}
