//! What no crash leaves behind is an error, and is left as it is.

use super::*;
use crate::failure::Chain;

/// Damages a document at serial 2 whose journal goes on to 4. What is said of it has to contain `expected`.
async fn check(damage: impl Fn(&Paths), expected: &str) {
    let (directory, store) = filled(2, 4).await;
    damage(&store.paths);
    let before = files(directory.path());
    let lease = store.lock(&holder()).await.unwrap();
    for (what, outcome) in [
        ("load", store.load().await.map(drop)),
        ("append", store.append(&lease, transition(5)).await),
        ("create", store.create(&lease, &document(0)).await),
        ("compact", store.compact(&lease, &document(5)).await),
    ] {
        let error = outcome.expect_err(what);
        let message = format!("{}; {}", Chain(&error), error.hint());
        let message = message.replace(&directory.path().display().to_string(), "DIR");
        assert!(message.contains(expected), "{what}: {message}");
    }
    drop(lease);
    assert_eq!(files(directory.path()), before, "{expected}");
}

fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// As somebody changes the document on purpose.
fn edit(paths: &Paths, from: &str, to: &str) {
    replace(&paths.document, from, to);
    let text = fs::read_to_string(&paths.document).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| !line.contains("sha256")).collect();
    fs::write(&paths.document, lines.join("\n")).unwrap();
}

/// Takes the journal of a document that was made by other transitions.
fn swap_journal(paths: &Paths, edit: impl Fn(&mut Document), serials: impl Iterator<Item = u64>) {
    use crate::state::local::frame::{Header, header_line, push_line};
    let mut whole = document(2);
    edit(&mut whole);
    let Document { format, stack, lineage, serial, .. } = whole;
    let mut text = header_line(&Header { format, stack, lineage, serial }).unwrap();
    for serial in serials {
        push_line(&mut text, 2, &transition(serial)).unwrap();
    }
    fs::write(&paths.journal, text).unwrap();
}

#[tokio::test]
async fn a_damaged_document_is_refused() {
    let document = |paths: &Paths| paths.document.clone();
    check(|paths| fs::write(document(paths), "").unwrap(), "shop.state.json is damaged: EOF").await;
    check(|paths| fs::write(document(paths), "{}").unwrap(), "missing field `format`").await;
    check(|paths| replace(&document(paths), "}", ""), "DIR/shop.state.json is damaged").await;
    check(|paths| replace(&document(paths), "serial", "serious"), "missing field `serial`").await;
    check(
        |paths| fs::remove_file(document(paths)).unwrap(),
        "shop.state.json is damaged: it is missing",
    )
    .await;
}

#[tokio::test]
async fn a_document_that_is_not_as_it_was_written_is_refused() {
    let altered = "DIR/shop.state.json is not as it was written; restore DIR/shop.state.json from a backup; if you \
                   changed it on purpose, delete its line `sha256`";
    check(|paths| replace(&paths.document, "lineage\"", "lineagf\""), "is damaged").await;
    check(|paths| replace(&paths.document, ": \"lineage\"", ": \"lineagd\""), altered).await;
    check(|paths| replace(&paths.document, "\n}", "\n }"), altered).await;
    // What somebody means to be there is.
    let (_directory, store) = filled(2, 2).await;
    edit(&store.paths, ": \"lineage\"", ": \"another\"");
    fs::remove_file(&store.paths.journal).unwrap();
    assert_eq!(store.load().await.unwrap().unwrap().lineage, "another");
}

#[tokio::test]
async fn a_damaged_journal_is_refused() {
    let flip = |paths: &Paths| replace(&paths.journal, "intended", "indented");
    check(flip, "restore DIR/shop.journal from a backup").await;
    check(flip, "line 3 is not as it was written").await;
    check(|paths| swap_journal(paths, |_| {}, [3, 5].into_iter()), "transition 5 comes after 3")
        .await;
    check(|paths| swap_journal(paths, |_| {}, [4].into_iter()), "transition 4 comes after 2").await;
    check(
        |paths| swap_journal(paths, |other| other.serial = 7, [8].into_iter()),
        "it goes on from serial 7, but DIR/shop.state.json is at 2",
    )
    .await;
}

#[tokio::test]
async fn what_belongs_elsewhere_is_refused() {
    check(|paths| edit(paths, "\"shop\"", "\"cafe\""), "belongs to the stack `cafe`").await;
    check(
        |paths| swap_journal(paths, |other| other.stack = "cafe".to_owned(), [3].into_iter()),
        "DIR/shop.journal belongs to the stack `cafe`",
    )
    .await;
    check(
        |paths| swap_journal(paths, |other| other.lineage = "old".to_owned(), [3].into_iter()),
        "it belongs to a document of lineage old, not lineage",
    )
    .await;
}

#[tokio::test]
async fn what_a_later_release_wrote_is_refused() {
    let newer = "has format 2, this release knows 1";
    check(|paths| replace(&paths.document, "\"format\": 1", "\"format\": 2"), newer).await;
    let other_shape = "{ \"format\": 2, \"serial\": \"two\" }";
    check(|paths| fs::write(&paths.document, other_shape).unwrap(), newer).await;
    check(|paths| swap_journal(paths, |other| other.format = 2, [3].into_iter()), newer).await;
}

#[tokio::test]
async fn a_transition_that_cannot_be_is_refused() {
    // The framing is whole, but transition 3 creates what is there already.
    let (_directory, store) = filled(2, 2).await;
    use crate::state::local::frame::push_line;
    let mut text = fs::read(&store.paths.journal).unwrap();
    push_line(&mut text, 2, &Transition { serial: 3, ..transition(2) }).unwrap();
    fs::write(&store.paths.journal, text).unwrap();
    let error = store.load().await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}

#[tokio::test]
async fn a_place_that_is_no_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    for place in [file.clone(), file.join("below")] {
        let store = LocalStore::open(&place, STACK);
        for error in [
            store.lock(&holder()).await.map(drop).unwrap_err(),
            store.load().await.map(drop).unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
            assert!(error.to_string().contains(&place.display().to_string()), "{error}");
        }
    }
}

#[tokio::test]
async fn no_directory_is_an_empty_place() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("a/b");
    let store = LocalStore::open(&place, STACK);
    assert_eq!(store.load().await.unwrap(), None);
    assert!(!place.exists(), "a load made the directory");
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("state");
    let store = LocalStore::open(&place, STACK);
    let lease = store.lock(&holder()).await.unwrap();
    store.create(&lease, &document(0)).await.unwrap();
    store.append(&lease, transition(1)).await.unwrap();
    store.compact(&lease, &document(1)).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place), 0o700);
    for path in [&store.paths.document, &store.paths.journal, &store.paths.lock] {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
}
