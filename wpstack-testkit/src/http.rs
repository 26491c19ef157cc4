//! One blocking HTTP request at a time, for the emulator's control interface.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Long enough for a reset of a full emulator on a machine that is busy compiling.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Sends `body` to `path` and reads the whole answer.
///
/// HTTP/1.0 on purpose: the answer is then never chunked, and it ends where the connection does.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let length = body.len();
    stream.write_all(
        format!(
            "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        )
        .as_bytes(),
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    parse(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, answer.into_owned()))
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn answers_are_split_into_status_and_body() {
        let answer = parse("HTTP/1.1 404 NOT FOUND\r\nA: b\r\n\r\nno\r\n\r\nwhere").expect("whole");
        assert_eq!((answer.status, answer.body.as_str()), (404, "no\r\n\r\nwhere"));
        assert!(parse("HTTP/1.1 200 OK\r\nA: b\r\n").is_none(), "cut off in the headers");
        assert!(parse("").is_none());
    }
}
