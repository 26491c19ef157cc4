use std::sync::Mutex;

use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wpstack_core::time::{SystemClock, VirtualClock, drive};

use super::*;

/// A server on 127.0.0.1 that gives one prepared answer per connection, in this order.
async fn server(answers: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _read = socket.read(&mut request).await.unwrap();
            socket.write_all(answer.as_bytes()).await.unwrap();
            socket.shutdown().await.unwrap();
        }
    });
    format!("http://{address}/file")
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn checksum(text: &str) -> Checksum {
    format!("{:x}", Sha256::digest(text)).parse().unwrap()
}

fn fetcher(directory: &Path) -> Fetcher {
    let clock = VirtualClock::starting_at("2026-11-01T00:00:00Z".parse().unwrap());
    Fetcher::new(directory, Arc::new(clock), Arc::new(Silent)).unwrap()
}

#[derive(Debug, Default)]
struct Log(Mutex<Vec<String>>);

impl Progress for Log {
    fn began(&self, _url: &str, size: Option<u64>) {
        self.0.lock().unwrap().push(format!("began {size:?}"));
    }
    fn fetched(&self, _url: &str, bytes: u64) {
        self.0.lock().unwrap().push(format!("fetched {bytes}"));
    }
    fn ended(&self, _url: &str) {
        self.0.lock().unwrap().push("ended".to_owned());
    }
    fn cached(&self, _url: &str) {
        self.0.lock().unwrap().push("cached".to_owned());
    }
}

#[tokio::test]
async fn a_file_is_fetched_once_and_kept_by_its_checksum() {
    let directory = tempfile::tempdir().unwrap();
    let url = server(vec![answer("200 OK", "hello")]).await;
    let log = Arc::new(Log::default());
    let fetcher = Fetcher::new(directory.path(), Arc::new(SystemClock), log.clone()).unwrap();
    for _ in 0..2 {
        let path = fetcher.file(&url, &checksum("hello"), 10).await.unwrap();
        assert_eq!(path, directory.path().join(checksum("hello").as_str()));
        assert_eq!(std::fs::read(path).unwrap(), b"hello");
    }
    assert_eq!(*log.0.lock().unwrap(), ["began Some(5)", "fetched 5", "ended", "cached"]);
}

#[tokio::test]
async fn a_wrong_file_is_never_kept() {
    let directory = tempfile::tempdir().unwrap();
    let url = server(vec![answer("200 OK", "hullo")]).await;
    let error = fetcher(directory.path()).file(&url, &checksum("hello"), 10).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Checksum { .. }), "{error:?}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_damaged_file_in_the_cache_is_fetched_again() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(checksum("hello").as_str()), "hullo").unwrap();
    let url = server(vec![answer("200 OK", "hello")]).await;
    let path = fetcher(directory.path()).file(&url, &checksum("hello"), 10).await.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), b"hello");
}

#[tokio::test]
async fn a_server_in_trouble_is_asked_again_after_pauses() {
    let directory = tempfile::tempdir().unwrap();
    // A body shorter than was promised is a broken connection.
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhel".to_owned();
    let url =
        server(vec![answer("503 Busy", ""), cut, answer("500 No", ""), answer("200 OK", "hello")])
            .await;
    let clock = VirtualClock::starting_at("2026-11-01T00:00:00Z".parse().unwrap());
    let fetcher =
        Fetcher::new(directory.path(), Arc::new(clock.clone()), Arc::new(Silent)).unwrap();
    let bytes = drive(&clock, fetcher.bytes(&url, 10)).await.unwrap();
    assert_eq!(bytes, b"hello");
    assert_eq!(clock.now().to_string(), "2026-11-01T00:00:13Z");
}

#[tokio::test]
async fn what_does_not_pass_is_not_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let fetcher = fetcher(directory.path());
    let missing = server(vec![answer("404 Not Found", "")]).await;
    let error = fetcher.bytes(&missing, 10).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Status(404)), "{error:?}");
    assert_eq!(error.to_string(), format!("`{missing}` could not be fetched"));

    let large = server(vec![answer("200 OK", "hello")]).await;
    let error = fetcher.bytes(&large, 4).await.unwrap_err();
    assert!(matches!(error.cause, Cause::TooLarge(4)), "{error:?}");

    // Without a length only the bytes themselves tell.
    let endless =
        server(vec!["HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello".to_owned()]).await;
    let error = fetcher.bytes(&endless, 4).await.unwrap_err();
    assert!(matches!(error.cause, Cause::TooLarge(4)), "{error:?}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_path_of_this_machine_is_a_source_too() {
    let directory = tempfile::tempdir().unwrap();
    let source = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(source.path(), "hello").unwrap();
    let fetcher = fetcher(directory.path());
    let path = source.path().to_str().unwrap();
    let copy = fetcher.file(path, &checksum("hello"), 5).await.unwrap();
    assert_eq!(std::fs::read(copy).unwrap(), b"hello");
    let error = fetcher.bytes(path, 4).await.unwrap_err();
    assert!(matches!(error.cause, Cause::TooLarge(4)), "{error:?}");
    let error = fetcher.bytes("/nowhere/at/all", 4).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Local(_)), "{error:?}");
}
