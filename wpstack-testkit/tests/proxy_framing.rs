//! The proxy passes on every way in which HTTP/1.1 may frame a body, on connections that are used again.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "processes and sockets take real time")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use wpstack_testkit::proxy::{Fault, Faults, Proxy};

/// Reads one request that has a `Content-Length` or no body; `None` at the end of the connection.
fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        if let Some(stated) = line.to_lowercase().strip_prefix("content-length:") {
            length = stated.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    Some((head, String::from_utf8(body).unwrap()))
}

/// An upstream that gives every request of every connection the same answer, with what it was sent in `{}`.
fn upstream(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            thread::spawn(move || {
                while let Some((_, body)) = request(&mut stream) {
                    stream.get_mut().write_all(answer.replace("{}", &body).as_bytes()).unwrap();
                    if !answer.contains("Length") && !answer.contains("chunked") {
                        return;
                    }
                }
            });
        }
    });
    endpoint
}

fn connect(proxy: &Proxy) -> BufReader<TcpStream> {
    let address = proxy.endpoint().strip_prefix("http://").unwrap().to_owned();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    BufReader::new(stream)
}

/// Sends `sent` twice on one connection and wants `body` both times.
fn check(answer: &'static str, sent: &str, body: &str) {
    let proxy = Proxy::start(&upstream(answer), Faults::none()).unwrap();
    let mut client = connect(&proxy);
    for _ in 0..2 {
        client.get_mut().write_all(sent.as_bytes()).unwrap();
        let (head, found) = self::request(&mut client).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert_eq!(found, body);
    }
    assert_eq!(proxy.calls().len(), 2);
}

#[test]
fn bodies_arrive_however_they_are_framed() {
    let by_length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<{}>";
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    check(by_length, post, "<abc>");

    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n<<\r\nA;x=y\r\n0123456789\r\n0\r\nT: t\r\n\r\n";
    check(chunked, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "<<0123456789");

    let until_the_end = "HTTP/1.0 200 OK\r\n\r\nrest {}";
    check(until_the_end, post, "rest abc");

    let sent_in_chunks =
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n";
    check(by_length, sent_in_chunks, "<abc>");
}

#[test]
fn head_keeps_the_length_of_the_body_it_does_not_have() {
    let upstream = upstream("HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n");
    let proxy = Proxy::start(&upstream, Faults::none()).unwrap();
    let mut client = connect(&proxy);
    for _ in 0..2 {
        client.get_mut().write_all(b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(client.read_line(&mut head).unwrap(), 0, "{head}");
        }
        assert!(head.contains("Content-Length: 77\r\n"), "{head}");
    }
}

#[test]
fn an_upstream_that_is_gone_is_a_502() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let proxy = Proxy::start(&endpoint, Faults::none()).unwrap();
    let mut client = connect(&proxy);
    client.get_mut().write_all(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let (head, body) = request(&mut client).unwrap();
    assert!(head.starts_with("HTTP/1.1 502"), "{head}");
    assert!(body.contains("no answer from"), "{body}");
    assert!(!proxy.calls()[0].succeeded());
}

#[test]
fn a_reset_cuts_the_connection_and_is_recorded_without_a_status() {
    let faults = Faults::none().on("Delete", 2..=2, Fault::Reset);
    let upstream = upstream("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let proxy = Proxy::start(&upstream, faults).unwrap();
    let mut client = connect(&proxy);
    let delete = b"POST / HTTP/1.1\r\nContent-Length: 13\r\n\r\nAction=Delete";
    client.get_mut().write_all(delete).unwrap();
    assert!(request(&mut client).is_some());
    client.get_mut().write_all(delete).unwrap();
    let end = client.read_line(&mut String::new());
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    let statuses: Vec<_> = proxy.calls().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [Some(200), None]);
}

#[test]
fn a_hundred_calls_wait_at_the_same_time() {
    const LATENCY: Duration = Duration::from_millis(300);
    let upstream = upstream("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let proxy = Proxy::start(&upstream, Faults::none().latency(LATENCY)).unwrap();
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                let mut client = connect(&proxy);
                client.get_mut().write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
                assert!(request(&mut client).is_some());
            });
        }
    });
    let took = started.elapsed();
    let calls = proxy.take_calls();
    assert_eq!(calls.len(), 100);
    assert!(calls.iter().all(|call| call.duration() >= LATENCY && call.succeeded()));
    // One after the other they would take 30 s.
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(proxy.calls().is_empty(), "taken calls are forgotten");
}
