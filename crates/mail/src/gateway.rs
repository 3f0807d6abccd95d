//! The gateway short messages and calls go to: a request of ours with JSON, signed, and whatever the gateway makes of it.
//! For development it is a folder in which each message becomes a file. `docs/channels.md` describes the interface.

use crate::outward::{self, Wire, connect};
use crate::server::is_this_machine;
use crate::{MOST_SAID, Trouble, one_line};
use hmac::Mac as _;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;

/// Longest a message may take from connecting to being taken over.
const PATIENCE: Duration = Duration::from_secs(20);
/// Most bytes of an answer that are read; its status says all that matters.
const MOST_READ: u64 = 16 * 1024;
/// How far apart a signature's moment and ours may lie, seconds.
const SKEW: i64 = 300;

/// Where short messages and calls go.
#[derive(Clone)]
pub struct Gateway {
    place: Place,
    secret: String,
}

#[derive(Clone)]
enum Place {
    Folder(PathBuf),
    Server { host: String, port: u16, path: String, encrypted: bool },
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.shown())
    }
}

impl Gateway {
    /// Reads `https://host/path`, `http://…` to this machine itself (anywhere with `plain`), or `file:FOLDER`.
    ///
    /// # Errors
    /// What is wrong with it, in one line that never repeats the secret.
    pub fn parse(text: &str, secret: &str, plain: bool) -> Result<Self, String> {
        let text = text.trim();
        if let Some(folder) = text.strip_prefix("file:") {
            if folder.is_empty() {
                return Err("file: is followed by a folder".to_owned());
            }
            return Ok(Self { place: Place::Folder(PathBuf::from(folder)), secret: secret.to_owned() });
        }
        if secret.len() < 16 {
            return Err("a secret of 16 characters at least is needed with it".to_owned());
        }
        let url = Url::parse(text).map_err(|error| format!("not an address: {error}"))?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("it names no host")?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (encrypted, port) = match url.scheme() {
            "https" => (true, 443),
            "http" if plain || is_this_machine(&host) => (false, 80),
            "http" => return Err("http:// goes unencrypted; write https://, or ask for it".to_owned()),
            _ => return Err("it begins with https://, http:// or file:".to_owned()),
        };
        if !url.username().is_empty() || url.fragment().is_some() {
            return Err("neither a name nor # stands in it".to_owned());
        }
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let port = url.port().unwrap_or(port);
        Ok(Self { place: Place::Server { host, port, path, encrypted }, secret: secret.to_owned() })
    }

    /// The gateway for people, without the secret.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.place {
            Place::Folder(folder) => format!("file:{}", folder.display()),
            Place::Server { host, port, path, encrypted } => {
                format!("{}://{host}:{port}{path}", if *encrypted { "https" } else { "http" })
            }
        }
    }

    /// Hands a message over. The same identity again is the same message.
    ///
    /// # Errors
    /// Why it was not taken over.
    pub async fn send(&self, id: &str, body: &str, now: i64) -> Result<(), Trouble> {
        match &self.place {
            Place::Folder(folder) => {
                let path = folder.join(format!("{id}.json"));
                let write = async {
                    tokio::fs::create_dir_all(folder).await?;
                    tokio::fs::write(path, body).await
                };
                write.await.map_err(|error| Trouble::Server(error.to_string()))
            }
            Place::Server { host, port, path, encrypted } => {
                let asked = self.ask(host, *port, path, *encrypted, id, body, now);
                match tokio::time::timeout(PATIENCE, asked).await {
                    Ok(Ok(status)) => told(status),
                    Ok(Err(why)) => Err(Trouble::Server(one_line(&why).chars().take(MOST_SAID).collect())),
                    Err(_) => Err(Trouble::Server(format!("no answer within {} s", PATIENCE.as_secs()))),
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one request")]
    async fn ask(
        &self,
        host: &str,
        port: u16,
        path: &str,
        encrypted: bool,
        id: &str,
        body: &str,
        now: i64,
    ) -> Result<u16, String> {
        let signature = self.signature(now, body.as_bytes());
        let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {shown}:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Idempotency-Key: {id}\r\nX-Redress-Signature: {signature}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        exchange(connect(host, port, encrypted).await?, &request).await
    }

    /// What proves that a body is from whoever knows the secret, and when it was sent.
    #[must_use]
    pub fn signature(&self, at: i64, body: &[u8]) -> String {
        outward::signature(self.secret.as_bytes(), at, body)
    }

    /// Whether a signature is right and was made a moment ago.
    #[must_use]
    pub fn verifies(&self, signature: &str, body: &[u8], now: i64) -> bool {
        let Some((at, hex)) = signature.trim().strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")) else {
            return false;
        };
        let Ok(at) = at.parse::<i64>() else { return false };
        let bytes: Option<Vec<u8>> =
            (0..hex.len()).step_by(2).map(|place| u8::from_str_radix(hex.get(place..place + 2)?, 16).ok()).collect();
        let near = now.saturating_sub(at).saturating_abs() <= SKEW;
        let right = bytes
            .zip(outward::mac(self.secret.as_bytes(), at, body))
            .is_some_and(|(bytes, mac)| mac.verify_slice(&bytes).is_ok());
        // Without a secret nobody can prove anything.
        near && right && !self.secret.is_empty()
    }
}

async fn exchange(mut stream: Box<dyn Wire>, request: &str) -> Result<u16, String> {
    stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    stream.flush().await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    // Some end a connection without the leave TLS asks for; what came before counts.
    let read = stream.take(MOST_READ).read_to_end(&mut answer).await;
    let line = answer.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.trim().parse().ok());
    match (status, read) {
        (Some(status), _) => Ok(status),
        (None, Err(error)) => Err(error.to_string()),
        (None, Ok(_)) => Err("the gateway answered no HTTP".to_owned()),
    }
}

fn told(status: u16) -> Result<(), Trouble> {
    match status {
        200..=299 => Ok(()),
        401 | 403 | 404 | 405 | 500..=599 => Err(Trouble::Server(format!("status {status}"))),
        408 | 425 | 429 => Err(Trouble::Later(format!("status {status}"))),
        400..=499 => Err(Trouble::Refused(format!("status {status}"))),
        _ => Err(Trouble::Server(format!("status {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    const SECRET: &str = "a secret of some length";

    #[test]
    fn addresses_of_gateways() {
        let of = |text: &str| Gateway::parse(text, SECRET, false).map(|gateway| gateway.shown());
        assert_eq!(of("https://sms.example/send?x=1").as_deref(), Ok("https://sms.example:443/send?x=1"));
        assert_eq!(of("file:/srv/sms").as_deref(), Ok("file:/srv/sms"));
        for wrong in ["http://sms.example/", "ftp://x", "file:", "https://a:b@sms.example/", ""] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        assert!(Gateway::parse("https://sms.example/", "short", false).is_err());
    }

    #[test]
    fn signatures_prove_body_and_moment() {
        let gateway = Gateway::parse("file:x", SECRET, false).unwrap();
        let signature = gateway.signature(1_000, b"{}");
        assert!(gateway.verifies(&signature, b"{}", 1_200));
        for (signature, body, now) in [
            (signature.as_str(), &b"{ }"[..], 1_000),
            (signature.as_str(), b"{}", 2_000),
            (&signature.replace("t=1000", "t=1001"), b"{}", 1_000),
            ("", b"{}", 1_000),
            ("t=1000,v1=", b"{}", 1_000),
            ("t=1000,v1=zz", b"{}", 1_000),
        ] {
            assert!(!gateway.verifies(signature, body, now), "{signature}");
        }
        let open = Gateway::parse("file:x", "", false).unwrap();
        assert!(!open.verifies(&open.signature(1, b"{}"), b"{}", 1));
    }

    async fn answers(status: &'static str) -> (Result<(), Trouble>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 8192];
            let n = stream.read(&mut request).await.unwrap();
            stream.write_all(format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n").as_bytes()).await.unwrap();
            String::from_utf8_lossy(&request[..n]).into_owned()
        });
        let gateway = Gateway::parse(&format!("http://127.0.0.1:{port}/sms"), SECRET, false).unwrap();
        let sent = gateway.send("id-1", "{\"to\":\"138\"}", 1_000).await;
        (sent, server.await.unwrap())
    }

    #[tokio::test]
    async fn what_a_gateway_says_decides_what_comes_next() {
        let (sent, request) = answers("202").await;
        assert_eq!(sent, Ok(()));
        assert!(
            request.starts_with("POST /sms HTTP/1.1\r\n") && request.contains("Idempotency-Key: id-1\r\n"),
            "{request}"
        );
        assert!(request.contains("X-Redress-Signature: t=1000,v1="), "{request}");
        assert!(matches!(answers("422").await.0, Err(Trouble::Refused(_))));
        assert!(matches!(answers("429").await.0, Err(Trouble::Later(_))));
        assert!(matches!(answers("503").await.0, Err(Trouble::Server(_))));
        let nobody = Gateway::parse("http://127.0.0.1:9/sms", SECRET, false).unwrap();
        assert!(matches!(nobody.send("x", "{}", 0).await, Err(Trouble::Server(_))));
    }
}
