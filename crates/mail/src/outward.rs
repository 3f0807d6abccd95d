//! Lines to servers outside, and what proves to them that a request is ours.

use hmac::{Hmac, KeyInit as _, Mac as _};
use rustls::pki_types::ServerName;
use sha2::Sha256;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A line to a server, encrypted or not.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Debug> Wire for T {}

/// What encrypts lines, trusting whom this machine trusts. Its certificates are read once.
///
/// # Errors
/// If there are none.
pub fn connector() -> Result<TlsConnector, String> {
    static KNOWN: OnceLock<TlsConnector> = OnceLock::new();
    if let Some(known) = KNOWN.get() {
        return Ok(known.clone());
    }
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err("this machine has no certificates to trust a server by".to_owned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let made = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    Ok(KNOWN.get_or_init(|| made).clone())
}

/// Opens a line. How long that may take is for the caller to say.
///
/// # Errors
/// Why there is none.
pub async fn connect(host: &str, port: u16, encrypted: bool) -> Result<Box<dyn Wire>, String> {
    let tcp = TcpStream::connect((host, port)).await.map_err(|error| error.to_string())?;
    if !encrypted {
        return Ok(Box::new(tcp));
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| "no name of a server".to_owned())?;
    let line = connector()?.connect(name, tcp).await.map_err(|error| error.to_string())?;
    Ok(Box::new(line))
}

/// What proves that a body is from whoever knows the secret, and when it was sent: the moment in seconds, and
/// HMAC-SHA-256 over that moment, a full stop and the body.
#[must_use]
pub fn signature(secret: &[u8], at: i64, body: &[u8]) -> String {
    let hex = mac(secret, at, body).map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
    hex.iter().fold(format!("t={at},v1="), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn mac(secret: &[u8], at: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    Some(mac.chain_update(at.to_string()).chain_update(".").chain_update(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_moment_and_body() {
        let one = signature(b"key", 1, b"body");
        assert!(one.starts_with("t=1,v1=") && one.len() == "t=1,v1=".len() + 64, "{one}");
        assert_ne!(one[7..], signature(b"key", 2, b"body")[7..]);
        assert_ne!(one[7..], signature(b"key", 1, b"bodz")[7..]);
        assert_ne!(one[7..], signature(b"kez", 1, b"body")[7..]);
    }
}
