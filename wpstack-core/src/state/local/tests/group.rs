//! Many at once: one sync for all that wait, readers beside a writer, one lock.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

#[tokio::test]
async fn all_that_wait_share_one_sync() {
    const COUNT: u64 = 1000;
    let (directory, _) = filled(0, 0).await;
    let disk = Arc::new(Trial::default());
    let store = on(&directory, &disk);
    let lease = store.lock(&holder()).await.unwrap();
    let gate = disk.gate.lock().unwrap();
    let waiting: Vec<_> =
        (1..=COUNT).map(|serial| store.append(&lease, transition(serial))).collect();
    drop(gate);
    for outcome in futures::future::join_all(waiting).await {
        outcome.unwrap();
    }
    // One sync when the journal is opened, one for the first batch, one for all that came while it waited.
    assert!(disk.count("sync") <= 3, "{} syncs", disk.count("sync"));
    assert!(disk.count("write") <= 2, "{} writes", disk.count("write"));
    assert_eq!(store.load().await.unwrap(), Some(document(COUNT)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_beside_a_writer_sees_all_that_was_acknowledged() {
    const COUNT: u64 = 300;
    let (_directory, store) = filled(0, 0).await;
    let acknowledged = Arc::new(AtomicU64::new(0));
    let reader = {
        let (store, acknowledged) = (store.clone(), Arc::clone(&acknowledged));
        tokio::spawn(async move {
            let mut loads = 0;
            loop {
                let at_least = acknowledged.load(Ordering::SeqCst);
                let found = store.load().await.unwrap().unwrap().serial;
                assert!(found >= at_least, "{found} found, {at_least} acknowledged");
                loads += 1;
                if found == COUNT {
                    return loads;
                }
            }
        })
    };
    let lease = store.lock(&holder()).await.unwrap();
    for serial in 1..=COUNT {
        store.append(&lease, transition(serial)).await.unwrap();
        acknowledged.store(serial, Ordering::SeqCst);
        if serial % 7 == 0 {
            store.compact(&lease, &document(serial)).await.unwrap();
        }
    }
    assert!(reader.await.unwrap() > 0);
}

#[tokio::test]
async fn the_lock_of_a_process_that_died_is_free() {
    let (_directory, store) = filled(0, 0).await;
    // What a killed process leaves: its name in the file, and no lock on it.
    fs::write(&store.paths.lock, serde_json::to_vec(&holder()).unwrap()).unwrap();
    let next = Holder { who: "bob@desk".to_owned(), pid: 7, ..holder() };
    let lease = store.lock(&next).await.unwrap();
    match store.lock(&holder()).await {
        Err(StoreError::Locked(Some(found))) => assert_eq!(found, next),
        outcome => panic!("{outcome:?}"),
    }
    drop(lease);
    assert_eq!(fs::read(&store.paths.lock).unwrap(), b"");
}

#[tokio::test]
async fn a_holder_that_has_not_said_who_it_is_holds_the_lock_all_the_same() {
    let (_directory, store) = place();
    let file = File::create(&store.paths.lock).unwrap();
    file.lock().unwrap();
    let error = store.lock(&holder()).await.unwrap_err();
    assert_eq!(error.to_string(), "the state is locked by another process");
    drop(file);
    drop(store.lock(&holder()).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_lock_is_waited_for_as_long_as_was_said() {
    let (_directory, store) = filled(0, 0).await;
    let patient = store.clone().waiting(Duration::from_secs(30), Arc::new(SystemClock));
    let began = tokio::time::Instant::now();
    let lease = store.lock(&holder()).await.unwrap();
    assert!(matches!(patient.lock(&holder()).await, Err(StoreError::Locked(Some(_)))));
    assert!(began.elapsed() >= Duration::from_secs(30), "{:?}", began.elapsed());
    let later = async {
        SystemClock.sleep(Duration::from_secs(10)).await;
        drop(lease);
    };
    let (taken, ()) = futures::future::join(patient.lock(&holder()), later).await;
    drop(taken.unwrap());
}

#[tokio::test]
async fn a_retired_state_says_where_it_went() {
    let (_directory, store) = filled(2, 4).await;
    let lease = store.lock(&holder()).await.unwrap();
    store.retire(lease, &document(4), "s3://states/shop").await.unwrap();
    match store.load().await {
        Err(StoreError::Moved { to, .. }) => assert_eq!(to, "s3://states/shop"),
        outcome => panic!("{outcome:?}"),
    }
    let copy: Document = serde_json::from_slice(&fs::read(&store.paths.retired).unwrap()).unwrap();
    assert_eq!(copy, document(4));
    let lease = store.lock(&holder()).await.unwrap();
    assert!(store.append(&lease, transition(5)).await.is_err());
    store.create(&lease, &document(4)).await.unwrap();
    store.append(&lease, transition(5)).await.unwrap();
    assert_eq!(store.load().await.unwrap(), Some(document(5)));
}
