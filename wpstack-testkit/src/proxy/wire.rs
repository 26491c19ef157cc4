//! HTTP/1.1 messages, as much of the protocol as AWS clients and the emulator use between them.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Both ends of one connection, reading buffered, writing not: every message is written in one piece.
pub(super) type Connection = BufReader<TcpStream>;

/// A whole request or answer. Its headers always describe the body that is held, so it can be sent on as it is.
#[derive(Debug)]
pub(super) struct Message {
    /// Request or status line, without its line end.
    pub(super) first_line: String,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// An answer of our own.
    pub(super) fn answer(status: u16, headers: &[(&str, &str)], body: String) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let mut message = Self {
            first_line: format!("HTTP/1.1 {status} Answer"),
            headers: headers.collect(),
            body: body.into_bytes(),
        };
        message.state_length();
        message
    }

    /// Reads the next request; `None` if the client has closed the connection instead.
    pub(super) async fn read_request(connection: &mut Connection) -> Result<Option<Self>> {
        let Some(mut message) = Self::read_head(connection).await? else {
            return Ok(None);
        };
        if message.remove("expect").is_some() {
            connection.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        message.read_framed_body(connection).await?;
        Ok(Some(message))
    }

    /// Reads the answer to a request of that method.
    pub(super) async fn read_answer(connection: &mut Connection, method: &str) -> Result<Self> {
        let mut message = loop {
            let message = Self::read_head(connection).await?;
            let message = message.ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?;
            if !matches!(message.status(), Some(100..200)) {
                break message;
            }
        };
        let bodiless = method == "HEAD" || matches!(message.status(), Some(204 | 304));
        if !bodiless && !message.read_framed_body(connection).await? {
            connection.read_to_end(&mut message.body).await?;
            message.state_length();
            message.headers.push(("Connection".to_owned(), "close".to_owned()));
        }
        Ok(message)
    }

    pub(super) async fn write(&self, connection: &mut Connection) -> Result<()> {
        connection.write_all(&self.bytes()).await
    }

    /// Writes the first half.
    pub(super) async fn write_half(&self, connection: &mut Connection) -> Result<()> {
        let bytes = self.bytes();
        connection.write_all(&bytes[..bytes.len() / 2]).await
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512 + self.body.len());
        bytes.extend_from_slice(self.first_line.as_bytes());
        for (name, value) in &self.headers {
            for part in ["\r\n", name, ": ", value] {
                bytes.extend_from_slice(part.as_bytes());
            }
        }
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(held, _)| held.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Takes out the `Connection` header, which is between neighbours, and says whether the connection ends here.
    ///
    /// A message of HTTP/1.0 ends it unless it says otherwise, and goes on as one of 1.1 so that it does so here alone.
    pub(super) fn take_close(&mut self) -> bool {
        let old = self.first_line.contains("HTTP/1.0");
        if old {
            self.first_line = self.first_line.replace("HTTP/1.0", "HTTP/1.1");
        }
        match self.remove("connection") {
            Some(said) => said.eq_ignore_ascii_case("close"),
            None => old,
        }
    }

    /// The method of a request.
    pub(super) fn method(&self) -> &str {
        self.first_line.split(' ').next().unwrap_or_default()
    }

    /// The path and query of a request.
    pub(super) fn path(&self) -> &str {
        self.first_line.split(' ').nth(1).unwrap_or_default()
    }

    /// The status of an answer.
    pub(super) fn status(&self) -> Option<u16> {
        self.first_line.split(' ').nth(1)?.parse().ok()
    }

    async fn read_head(connection: &mut Connection) -> Result<Option<Self>> {
        let first_line = line(connection).await?;
        if first_line.is_empty() {
            return Ok(None);
        }
        let mut headers = Vec::with_capacity(16);
        loop {
            let header = line(connection).await?;
            if header.is_empty() {
                return Ok(Some(Self { first_line, headers, body: Vec::new() }));
            }
            let (name, value) = header.split_once(':').ok_or_else(|| malformed(&header))?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    /// Reads the body as far as the headers say how long it is; `false` if they do not.
    async fn read_framed_body(&mut self, connection: &mut Connection) -> Result<bool> {
        if self.remove("transfer-encoding").is_some() {
            self.read_chunks(connection).await?;
            self.state_length();
            return Ok(true);
        }
        let Some(length) = self.header("content-length") else {
            return Ok(false);
        };
        let length: usize = length.parse().map_err(|_| malformed(length))?;
        self.body.resize(length, 0);
        connection.read_exact(&mut self.body).await?;
        Ok(true)
    }

    async fn read_chunks(&mut self, connection: &mut Connection) -> Result<()> {
        loop {
            let size = line(connection).await?;
            let digits = size.split(';').next().unwrap_or_default().trim();
            let length = usize::from_str_radix(digits, 16).map_err(|_| malformed(&size))?;
            if length == 0 {
                // Trailers, if any, and the empty line that ends them.
                while !line(connection).await?.is_empty() {}
                return Ok(());
            }
            let start = self.body.len();
            self.body.resize(start + length, 0);
            connection.read_exact(&mut self.body[start..]).await?;
            line(connection).await?;
        }
    }

    fn remove(&mut self, name: &str) -> Option<String> {
        let position = self.headers.iter().position(|(held, _)| held.eq_ignore_ascii_case(name))?;
        Some(self.headers.remove(position).1)
    }

    fn state_length(&mut self) {
        self.remove("content-length");
        self.headers.push(("Content-Length".to_owned(), self.body.len().to_string()));
    }
}

/// The next line without its end; empty at the end of the stream too.
async fn line(connection: &mut Connection) -> Result<String> {
    let mut bytes = Vec::with_capacity(64);
    connection.read_until(b'\n', &mut bytes).await?;
    let text =
        String::from_utf8(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("not HTTP: {what:?}"))
}
