//! A keep-alive HTTP client that does nothing but send bytes and find the end of the answer.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A server that does not answer is given up after this.
const LONGEST: Duration = Duration::from_secs(120);

/// A connection to the server.
pub(super) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(super) fn connect(port: u16) -> Result<Self, String> {
        let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        stream.set_read_timeout(Some(LONGEST)).map_err(|error| error.to_string())?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request and reads its answer: the status.
    pub(super) fn send(&mut self, request: &[u8]) -> Result<u16, String> {
        self.stream.write_all(request).map_err(|error| error.to_string())?;
        self.buffer.clear();
        let mut chunk = [0_u8; 16 * 1024];
        loop {
            let read = self.stream.read(&mut chunk).map_err(|error| error.to_string())?;
            if read == 0 {
                return Err("the server closed the connection".to_owned());
            }
            self.buffer.extend_from_slice(chunk.get(..read).unwrap_or_default());
            if let Some(status) = complete(&self.buffer)? {
                return Ok(status);
            }
        }
    }

    /// The last answer's body.
    pub(super) fn body(&self) -> &[u8] {
        let end = find(&self.buffer, b"\r\n\r\n").map_or(self.buffer.len(), |place| place + 4);
        self.buffer.get(end..).unwrap_or_default()
    }

    /// The value of a header of the last answer.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let end = find(&self.buffer, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(self.buffer.get(..end)?).into_owned();
        let values = head.lines().filter_map(|line| line.split_once(':'));
        values.into_iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    }
}

/// The status of an answer that is there as a whole; nothing while something of it is still to come.
pub(super) fn complete(buffer: &[u8]) -> Result<Option<u16>, String> {
    let Some(end) = find(buffer, b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(buffer.get(..end).unwrap_or_default()).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let length = length.ok_or("an answer without a length")?;
    if buffer.len() < end + 4 + length {
        return Ok(None);
    }
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.map(Some).ok_or_else(|| "an answer without a status".to_owned())
}

/// Where something begins.
pub(super) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// A request with a token.
pub(super) fn request(method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A change to what was seen in a version, as its entity tag says it.
pub(super) fn on_version(path: &str, token: &str, version: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nIf-Match: {version}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
