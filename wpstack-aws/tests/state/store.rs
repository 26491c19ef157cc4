//! The store: its contract, one lock for many, and a holder who lost it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use wpstack_core::state::remote::{Condition, ETag, ObjectError, ObjectStore};
use wpstack_core::state::{Document, Holder, Mutation, Store, StoreError, Transition, conformance};
use wpstack_core::time::{Clock, SystemClock};

use crate::{S3Objects, STACK, client, open, place};

fn holder(who: &str) -> Holder {
    let (who, doing) = (who.to_owned(), "wpstack apply".to_owned());
    Holder { who, pid: 1, doing, since: SystemClock.now() }
}

fn transition(serial: u64) -> Transition {
    let change = Mutation::Outputs([("serial".to_owned(), serial.to_string())].into());
    Transition { serial, at: SystemClock.now(), change }
}

#[tokio::test]
async fn the_store_on_s3_keeps_the_contract() {
    let (account, bucket) = place().await;
    let mut places = 0;
    conformance::check(|| {
        places += 1;
        let (account, bucket) = (&account, &bucket);
        move || {
            let prefix = format!("contract/{places}");
            Arc::new(open(account, bucket, &prefix, Duration::ZERO)) as Arc<dyn Store>
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_gets_the_lock() {
    let (account, bucket) = place().await;
    let stores: Vec<_> = (0..8).map(|_| open(&account, &bucket, "many", Duration::ZERO)).collect();
    let names: Vec<_> = (0..8).map(|at| holder(&format!("user{at}@desk"))).collect();
    let leases = join_all(stores.iter().zip(&names).map(|(store, name)| store.lock(name))).await;
    let winners: Vec<_> = (0..8).filter(|at| leases[*at].is_ok()).collect();
    let [winner] = winners[..] else { panic!("{winners:?} have the lock") };
    for lease in &leases {
        match lease {
            Ok(_) => {}
            Err(StoreError::Locked(Some(found))) => assert_eq!(*found, names[winner]),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_is_waited_for_and_one_who_lost_the_lock_writes_nothing() {
    let (account, bucket) = place().await;
    let ada = open(&account, &bucket, "team", Duration::ZERO);
    let bob = open(&account, &bucket, "team", Duration::from_secs(30));
    let lease = ada.lock(&holder("ada@desk")).await.unwrap();
    ada.create(&lease, &Document::new(STACK, "lineage")).await.unwrap();
    // Bob waits for longer than a lease is: Ada is alive, and keeps the lock until she gives it back.
    let (bobs, ()) = futures::future::join(bob.lock(&holder("bob@desk")), async {
        for serial in 1..=16 {
            SystemClock.sleep(Duration::from_millis(500)).await;
            ada.append(&lease, transition(serial)).await.unwrap();
        }
        drop(lease);
    })
    .await;
    let bobs = bobs.unwrap();
    bob.append(&bobs, transition(17)).await.unwrap();
    ada.force_unlock(&holder("ada@desk")).await.unwrap();
    let error = bob.append(&bobs, transition(18)).await.unwrap_err();
    assert!(matches!(error, StoreError::TakenOver { .. }), "{error}");
    assert_eq!(ada.load().await.unwrap().unwrap().serial, 17);
}

#[tokio::test]
async fn objects_are_written_on_conditions() {
    let (account, bucket) = place().await;
    let objects = S3Objects::new(client(&account), &bucket, "raw", None);
    assert_eq!(objects.get("a/1").await.unwrap(), None);
    let first = objects.put("a/1", b"one", &Condition::Absent).await.unwrap();
    let conflict = objects.put("a/1", b"two", &Condition::Absent).await;
    assert!(matches!(conflict, Err(ObjectError::Conflict)), "{conflict:?}");
    let second = objects.put("a/1", b"two", &Condition::Matches(first.clone())).await.unwrap();
    for (key, etag) in [("a/1", first), ("a/2", second.clone()), ("a/1", ETag("\"x\"".to_owned()))]
    {
        let conflict = objects.put(key, b"three", &Condition::Matches(etag)).await;
        assert!(matches!(conflict, Err(ObjectError::Conflict)), "{key}: {conflict:?}");
    }
    let found = objects.get("a/1").await.unwrap().unwrap();
    assert_eq!((found.body.as_slice(), found.etag), (b"two".as_slice(), second));
    objects.put("b/1", b"", &Condition::Absent).await.unwrap();
    assert_eq!(objects.list("a/").await.unwrap(), ["a/1"]);
    objects.delete("a/1").await.unwrap();
    objects.delete("a/1").await.unwrap();
    assert_eq!(objects.get("a/1").await.unwrap(), None);
    objects.put("a/1", b"again", &Condition::Absent).await.unwrap();
    let nowhere = S3Objects::new(client(&account), "nobody-has-this-bucket", "raw", None);
    assert!(matches!(nowhere.get("a").await, Err(ObjectError::Refused(_))));
}
