//! Every operation on the disk fails once, for a moment or for good; what was acknowledged is there afterwards.

use super::*;

/// What a run was told.
#[derive(Debug, Default)]
struct Told {
    created: bool,
    /// The last serial that was acknowledged, and the last that was handed over.
    acknowledged: u64,
    handed: u64,
}

/// Creates a document, adds to it and writes it whole, twice, going on after failures as far as a caller may.
async fn run(store: &LocalStore) -> Told {
    let mut told = Told::default();
    let lease = store.lock(&holder()).await.unwrap();
    told.created = store.create(&lease, &document(0)).await.is_ok();
    if !told.created {
        return told;
    }
    for round in 0..3 {
        let batch = (1..=3).map(|step| store.append(&lease, transition(round * 3 + step)));
        told.handed += 3;
        for (outcome, serial) in futures::future::join_all(batch).await.iter().zip(round * 3 + 1..)
        {
            if outcome.is_ok() {
                assert_eq!(told.acknowledged + 1, serial, "acknowledged behind a hole");
                told.acknowledged = serial;
            }
        }
        if round < 2 && store.compact(&lease, &document(told.handed)).await.is_ok() {
            told.acknowledged = told.handed;
        }
    }
    told
}

/// The serial of what a fresh process finds; it then goes on from there.
async fn found(directory: &TempDir) -> Option<u64> {
    let store = LocalStore::open(directory.path(), STACK);
    let before = files(directory.path());
    let loaded = store.load().await.unwrap();
    assert_eq!(files(directory.path()), before, "a load changed something");
    let serial = loaded.as_ref().map(|document| document.serial);
    let lease = store.lock(&holder()).await.unwrap();
    let next = match serial {
        Some(serial) => {
            assert_eq!(loaded, Some(document(serial)));
            serial + 1
        }
        None => {
            store.create(&lease, &document(0)).await.unwrap();
            1
        }
    };
    store.append(&lease, transition(next)).await.unwrap();
    assert_eq!(store.load().await.unwrap(), Some(document(next)));
    store.compact(&lease, &document(next)).await.unwrap();
    store.append(&lease, transition(next + 1)).await.unwrap();
    assert_eq!(store.load().await.unwrap(), Some(document(next + 1)));
    serial
}

async fn fail_everywhere(for_good: bool) {
    for at in 0.. {
        let directory = tempfile::tempdir().unwrap();
        let disk = Arc::new(Trial { fails_at: Some(at), for_good, ..Trial::default() });
        let told = run(&on(&directory, &disk)).await;
        let found = found(&directory).await;
        assert!(found.is_some() || !told.created, "operation {at}: the document is lost");
        let found = found.unwrap_or_default();
        let expected = told.acknowledged..=told.handed;
        assert!(expected.contains(&found), "operation {at}: {found} of {told:?}");
        // How many there are depends on how many transitions were taken at once.
        if disk.log().len() <= at {
            assert!(at >= 30, "only {at} operations");
            break;
        }
    }
}

#[tokio::test]
async fn a_crash_before_any_operation_loses_nothing() {
    fail_everywhere(true).await;
}

#[tokio::test]
async fn a_failure_of_any_operation_loses_nothing() {
    fail_everywhere(false).await;
}

/// Nothing is relied on before it is on disk: content before its name, a name before what follows.
#[tokio::test]
async fn every_write_is_synced_before_it_is_relied_on() {
    let disk = Arc::new(Trial::default());
    let directory = tempfile::tempdir().unwrap();
    run(&on(&directory, &disk)).await;
    let journal = "write, sync, rename shop.journal.tmp shop.journal, sync-directory";
    let document = "write, sync, rename shop.state.json.tmp shop.state.json, sync-directory";
    let log = disk.log().join(", ");
    let log = log.replace(document, "DOCUMENT").replace(journal, "JOURNAL");
    // Three transitions may be taken at once or in several batches.
    let log = log.replace("write, sync", "BATCH");
    let mut log: Vec<_> = log.split(", ").collect();
    log.dedup();
    let round = ["BATCH", "DOCUMENT", "JOURNAL"];
    assert_eq!(log, [&["JOURNAL", "DOCUMENT"], &round[..], &round, &["BATCH"]].concat());
}

/// The files as they are between any two operations of a compaction, as a copy made at that moment would have them.
#[tokio::test]
async fn a_document_half_written_is_not_looked_at() {
    let (directory, store) = filled(2, 5).await;
    let path = directory.path().join("shop.state.json.tmp");
    fs::write(&path, "{ \"format\": 1, \"sta").unwrap();
    assert_eq!(store.load().await.unwrap(), Some(document(5)));
    assert_eq!(found(&directory).await, Some(5));
}

#[tokio::test]
async fn a_document_beside_the_journal_from_before_it_is_not_given_it_twice() {
    let (directory, store) = filled(2, 5).await;
    let text = serde_json::to_vec(&document(5)).unwrap();
    fs::write(store.path(), text).unwrap();
    assert_eq!(store.load().await.unwrap(), Some(document(5)));
    assert_eq!(found(&directory).await, Some(5));
}

#[tokio::test]
async fn a_tail_cut_anywhere_is_gone_on_from() {
    let (source, store) = filled(2, 5).await;
    let text = fs::read(&store.paths.journal).unwrap();
    let ends: Vec<_> = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').collect();
    for length in (0..text.len()).step_by(11).chain(ends.iter().flat_map(|(at, _)| [*at, at + 1])) {
        let directory = tempfile::tempdir().unwrap();
        for (path, content) in files(source.path()) {
            fs::write(directory.path().join(name(&path)), content).unwrap();
        }
        fs::write(directory.path().join("shop.journal"), &text[..length]).unwrap();
        let lines = ends.iter().filter(|(at, _)| *at < length).count() as u64;
        // The first line is the header, and the document has the first two transitions.
        assert_eq!(found(&directory).await, Some(2 + lines.saturating_sub(1)), "cut at {length}");
    }
}

#[tokio::test]
async fn a_failed_write_stops_all_that_follow_until_a_document_has_them() {
    let (directory, store) = filled(0, 2).await;
    drop(store);
    // Opening syncs what is there; then the first write fails, and it alone.
    let disk = Arc::new(Trial { fails_at: Some(1), ..Trial::default() });
    let store = on(&directory, &disk);
    let lease = store.lock(&holder()).await.unwrap();
    for serial in 3..=5 {
        let error = store.append(&lease, transition(serial)).await.unwrap_err();
        let chain = crate::failure::Chain(&error).to_string();
        assert!(chain.contains("shop.journal") && chain.contains("no storage space"), "{chain}");
    }
    assert_eq!(disk.log(), ["sync", "write"]);
    assert!(store.compact(&lease, &document(4)).await.is_err(), "transition 5 is in no file");
    assert_eq!(store.load().await.unwrap(), Some(document(2)));
    store.compact(&lease, &document(5)).await.unwrap();
    store.append(&lease, transition(6)).await.unwrap();
    assert_eq!(store.load().await.unwrap(), Some(document(6)));
}
