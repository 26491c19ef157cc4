//! The document at work: every change goes through here, and is durable when the call returns.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;

use super::store::{Durable, Lease, Store, StoreError};
use super::{Document, Fact, Mutation, Transition, TransitionError};
use crate::address::ObjectId;
use crate::time::{Clock, VirtualClock};

/// The one writer of a document. Holds the lease.
#[derive(Debug)]
pub struct Ledger {
    document: Mutex<Document>,
    store: Arc<dyn Store>,
    lease: Lease,
    clock: Arc<dyn Clock>,
}

/// Why something could not be recorded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The store failed.
    #[error("what happened could not be written down")]
    Store(#[from] StoreError),
    /// The change does not follow on the document.
    #[error("what happened does not fit what is recorded")]
    Transition(#[from] TransitionError),
}

impl Ledger {
    /// A ledger over `document`, which is what `store` holds.
    #[must_use]
    pub fn new(
        document: Document,
        store: Arc<dyn Store>,
        lease: Lease,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { document: Mutex::new(document), store, lease, clock }
    }

    /// The document as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Document {
        self.document().clone()
    }

    /// Reads from the document.
    pub fn with<T>(&self, read: impl FnOnce(&Document) -> T) -> T {
        read(&self.document())
    }

    /// Records a fact. When this returns, a crash cannot lose it.
    ///
    /// # Errors
    /// When the fact cannot be, or cannot be written down.
    pub async fn learn(&self, object: &ObjectId, fact: Fact) -> Result<(), LedgerError> {
        self.record(Mutation::Object { object: object.clone(), fact }).await
    }

    /// Records facts in this order. They share the wait for the disk.
    ///
    /// # Errors
    /// At the first fact that cannot be, or cannot be written down.
    pub async fn learn_all(
        &self,
        facts: impl IntoIterator<Item = (ObjectId, Fact)>,
    ) -> Result<(), LedgerError> {
        let busy = self.clock.as_virtual().map(VirtualClock::busy);
        let (mut waiting, mut outcome) = (Vec::new(), Ok(()));
        for (object, fact) in facts {
            match self.hand_over(Mutation::Object { object, fact }) {
                Ok(durable) => waiting.push(durable),
                Err(error) => {
                    outcome = Err(error.into());
                    break;
                }
            }
        }
        for durable in waiting {
            durable.await?;
        }
        drop(busy);
        outcome
    }

    /// Records the outputs, if they changed.
    ///
    /// # Errors
    /// When they cannot be written down.
    pub async fn outputs(&self, outputs: BTreeMap<String, String>) -> Result<(), LedgerError> {
        if self.document().outputs == outputs {
            return Ok(());
        }
        self.record(Mutation::Outputs(outputs)).await
    }

    /// Writes the document whole.
    ///
    /// # Errors
    /// When it cannot be written down; nothing is lost then, for the journal holds it all.
    pub async fn compact(&self) -> Result<(), StoreError> {
        let document = self.snapshot();
        let busy = self.clock.as_virtual().map(VirtualClock::busy);
        let done = self.store.compact(&self.lease, &document).await;
        drop(busy);
        done
    }

    async fn record(&self, change: Mutation) -> Result<(), LedgerError> {
        // The disk works in real time: a virtual clock has to wait for it.
        let busy = self.clock.as_virtual().map(VirtualClock::busy);
        self.hand_over(change)?.await?;
        drop(busy);
        Ok(())
    }

    fn hand_over(&self, change: Mutation) -> Result<Durable, TransitionError> {
        let mut document = self.document();
        let serial = document.serial + 1;
        let transition = Transition { serial, at: self.clock.now(), change };
        document.take(&transition)?;
        // Handed over under the lock, so that the journal has the order of the serials.
        Ok(self.store.append(&self.lease, transition))
    }

    fn document(&self) -> MutexGuard<'_, Document> {
        self.document.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::state::MemoryStore;
    use crate::state::conformance::{STACK, document, holder, transition};

    #[tokio::test]
    async fn facts_learned_together_end_at_the_first_that_cannot_be() {
        let store = Arc::new(MemoryStore::holding(document(0)));
        let lease = store.lock(&holder()).await.unwrap();
        let clock = Arc::new(VirtualClock::starting_at(jiff::Timestamp::UNIX_EPOCH));
        let ledger =
            Ledger::new(Document::new(STACK, "lineage"), Arc::clone(&store) as _, lease, clock);
        let facts = [1, 2].map(|serial| match transition(serial).change {
            Mutation::Object { object, fact } => (object, fact),
            Mutation::Outputs(outputs) => panic!("{outputs:?}"),
        });
        let object = facts[0].0.clone();
        let impossible = (object.clone(), Fact::Created { state: json!("again") });
        let never = (object, Fact::Gone);
        let learned = ledger.learn_all(facts.into_iter().chain([impossible, never])).await;
        assert!(matches!(learned, Err(LedgerError::Transition(_))), "{learned:?}");
        assert_eq!(ledger.snapshot(), document(2));
        assert_eq!(store.load().await.unwrap(), Some(document(2)));
    }
}
