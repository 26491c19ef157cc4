//! The contract of [`Store`], line by line, as checks that every store has to pass.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::json;

use super::store::{Holder, Lease, Store, StoreError};
use super::{Document, Fact, Mutation, Transition};
use crate::address::{Address, ObjectId};

/// Checks a store.
///
/// `place` makes a new place that holds nothing. What it answers opens a store at that place, another one with every
/// call, as another process would.
///
/// ```
/// # use std::sync::Arc;
/// # use wpstack_core::state::{MemoryStore, Store, conformance};
/// # async fn test() {
/// conformance::check(|| {
///     let store = MemoryStore::default();
///     move || Arc::new(store.clone()) as Arc<dyn Store>
/// })
/// .await;
/// # }
/// ```
///
/// # Panics
/// When the store does not keep the contract.
pub async fn check<P: Fn() -> Arc<dyn Store>>(mut place: impl FnMut() -> P) {
    nothing_is_there_at_first(&place()).await;
    a_document_is_created_once(&place()).await;
    one_lease_exists_at_a_time(&place()).await;
    a_lease_is_good_at_its_own_place(&place(), &place()).await;
    transitions_are_kept_in_order(&place()).await;
    an_append_that_nobody_waits_for_is_kept(&place()).await;
    a_serial_that_does_not_follow_is_refused(&place()).await;
    a_whole_document_loses_nothing(&place()).await;
}

async fn nothing_is_there_at_first(open: &impl Fn() -> Arc<dyn Store>) {
    let store = open();
    assert_eq!(load(&store).await, None);
    let lease = lock(&store).await;
    assert_eq!(load(&store).await, None, "a lock is no document");
    refused(store.append(&lease, transition(1)).await, "an append where no document is");
    refused(store.compact(&lease, &document(1)).await, "a compact where no document is");
    assert_eq!(load(&open()).await, None);
}

async fn a_document_is_created_once(open: &impl Fn() -> Arc<dyn Store>) {
    let (store, lease) = created(open).await;
    let other = Document::new(STACK, "another lineage");
    let again = store.create(&lease, &other).await;
    assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
    assert_eq!(load(&open()).await, Some(document(0)));
}

async fn one_lease_exists_at_a_time(open: &impl Fn() -> Arc<dyn Store>) {
    let (store, other) = (open(), open());
    let lease = lock(&store).await;
    for store in [&store, &other] {
        match store.lock(&Holder { pid: 2, ..holder() }).await {
            Err(StoreError::Locked(Some(found))) => assert_eq!(found, holder()),
            outcome => panic!("a second lease, or nobody named: {outcome:?}"),
        }
    }
    drop(lease);
    drop(lock(&other).await);
    drop(lock(&store).await);
}

async fn a_lease_is_good_at_its_own_place(
    open: &impl Fn() -> Arc<dyn Store>,
    elsewhere: &impl Fn() -> Arc<dyn Store>,
) {
    let (store, _lease) = created(open).await;
    let foreign = lock(&elsewhere()).await;
    for lease in [&foreign, &Lease::new(())] {
        for outcome in [
            store.append(lease, transition(1)).await,
            store.compact(lease, &document(1)).await,
            store.create(lease, &document(0)).await,
        ] {
            assert!(matches!(outcome, Err(StoreError::WrongLease { .. })), "{outcome:?}");
        }
    }
    assert_eq!(load(&open()).await, Some(document(0)));
}

async fn transitions_are_kept_in_order(open: &impl Fn() -> Arc<dyn Store>) {
    let (store, lease) = created(open).await;
    let mut waiting: Vec<_> =
        (1..=20).map(|serial| store.append(&lease, transition(serial))).collect();
    // The order of the calls counts, not that of the waiting.
    waiting.reverse();
    for outcome in join_all(waiting).await {
        accepted(outcome);
    }
    assert_eq!(load(&store).await, Some(document(20)));
    assert_eq!(load(&open()).await, Some(document(20)), "while the lease is held");
    drop(lease);
    assert_eq!(load(&open()).await, Some(document(20)), "under another lease the document goes on");
    let store = open();
    let lease = lock(&store).await;
    accepted(store.append(&lease, transition(21)).await);
    assert_eq!(load(&open()).await, Some(document(21)));
}

async fn an_append_that_nobody_waits_for_is_kept(open: &impl Fn() -> Arc<dyn Store>) {
    let (store, lease) = created(open).await;
    drop(store.append(&lease, transition(1)));
    accepted(store.append(&lease, transition(2)).await);
    drop(store.append(&lease, transition(3)));
    drop(lease);
    assert_eq!(load(&open()).await, Some(document(3)));
}

async fn a_serial_that_does_not_follow_is_refused(open: &impl Fn() -> Arc<dyn Store>) {
    let (store, lease) = created(open).await;
    accepted(store.append(&lease, transition(1)).await);
    for serial in [0, 1, 3] {
        refused(store.append(&lease, Transition { serial, ..transition(2) }).await, "that serial");
    }
    accepted(store.append(&lease, transition(2)).await);
    assert_eq!(load(&open()).await, Some(document(2)));
}

async fn a_whole_document_loses_nothing(open: &impl Fn() -> Arc<dyn Store>) {
    let (store, lease) = created(open).await;
    for serial in 1..=5 {
        accepted(store.append(&lease, transition(serial)).await);
    }
    accepted(store.compact(&lease, &document(3)).await);
    assert_eq!(load(&open()).await, Some(document(5)), "what came after the document was taken");
    accepted(store.compact(&lease, &document(5)).await);
    assert_eq!(load(&open()).await, Some(document(5)));
    accepted(store.append(&lease, transition(6)).await);
    let mut upgraded = document(6);
    upgraded.objects.values_mut().for_each(|record| record.schema += 1);
    accepted(store.compact(&lease, &upgraded).await);
    assert_eq!(load(&open()).await, Some(upgraded), "records of a new schema, at the same serial");
    drop(lease);
    let store = open();
    let lease = lock(&store).await;
    accepted(store.append(&lease, transition(7)).await);
    accepted(store.compact(&lease, &document(7)).await);
    assert_eq!(load(&open()).await, Some(document(7)));
}

pub(super) const STACK: &str = "shop";

pub(super) fn holder() -> Holder {
    Holder {
        who: "ada@desk".to_owned(),
        pid: 1,
        doing: "wpstack apply".to_owned(),
        since: Timestamp::UNIX_EPOCH,
    }
}

/// The transition with that serial: an intended create, the created object's id, and outputs, in turn.
pub(super) fn transition(serial: u64) -> Transition {
    let name = format!("n{}", serial.div_ceil(3));
    let object =
        ObjectId::new(Address::new("ec2.vpc", &name).expect("the name is one of an address"), 1);
    let change = match serial % 3 {
        1 => {
            let (spec, edges) = (json!({ "cidr": "10.0.0.0/16", "name": name }), Vec::new());
            Mutation::Object { object, fact: Fact::CreateIntended { schema: 1, spec, edges } }
        }
        2 => {
            let state = json!({ "id": format!("vpc-{serial}"), "text": "é\n\u{0}" });
            Mutation::Object { object, fact: Fact::Created { state } }
        }
        _ => Mutation::Outputs(BTreeMap::from([("serial".to_owned(), serial.to_string())])),
    };
    Transition { serial, at: Timestamp::UNIX_EPOCH, change }
}

/// The document after the first so many transitions.
pub(super) fn document(serial: u64) -> Document {
    let mut document = Document::new(STACK, "lineage");
    for serial in 1..=serial {
        document.take(&transition(serial)).expect("the transitions follow on each other");
    }
    document
}

/// A store with the first document in it, and its lease.
pub(super) async fn created(open: &impl Fn() -> Arc<dyn Store>) -> (Arc<dyn Store>, Lease) {
    let store = open();
    let lease = lock(&store).await;
    accepted(store.create(&lease, &document(0)).await);
    (store, lease)
}

async fn lock(store: &Arc<dyn Store>) -> Lease {
    store.lock(&holder()).await.expect("nobody else has the lock")
}

async fn load(store: &Arc<dyn Store>) -> Option<Document> {
    store.load().await.expect("it can be read")
}

fn accepted(outcome: Result<(), StoreError>) {
    outcome.expect("the store takes it");
}

#[track_caller]
fn refused(outcome: Result<(), StoreError>, what: &str) {
    assert!(outcome.is_err(), "{what} was taken");
}

#[cfg(test)]
mod tests {
    use super::super::{LocalStore, MemoryStore};
    use super::*;

    #[tokio::test]
    async fn the_memory_store_keeps_the_contract() {
        check(|| {
            let store = MemoryStore::default();
            move || Arc::new(store.clone()) as Arc<dyn Store>
        })
        .await;
    }

    #[tokio::test]
    async fn the_local_store_keeps_the_contract() {
        check(|| {
            let directory = tempfile::tempdir().unwrap();
            move || Arc::new(LocalStore::open(directory.path(), STACK)) as Arc<dyn Store>
        })
        .await;
    }
}
