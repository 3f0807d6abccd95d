//! Requests to systems outside: one line each, never redirected, of the answer only its status.

use axum::body::{Body, Bytes};
use hyper::Request;
use hyper_util::rt::TokioIo;
use mail::outward::{self, Guard};
use std::time::Duration;
use url::Url;

/// A system that does not answer is given up after this.
pub(crate) const LONGEST: Duration = Duration::from_secs(15);
/// Most bytes of the head of an answer; its body is not read.
const MOST_READ: usize = 16 * 1024;

/// Posts JSON and gives the status of the answer.
///
/// # Errors
/// Why there was none.
pub(crate) async fn post(
    guard: &Guard,
    url: &Url,
    media: &str,
    headers: &[(&str, String)],
    body: Vec<u8>,
) -> Result<u16, String> {
    let sent = tokio::time::timeout(LONGEST, exchange(guard, url, media, headers, body));
    sent.await.unwrap_or_else(|_| Err("it does not answer".to_owned()))
}

async fn exchange(
    guard: &Guard,
    url: &Url,
    media: &str,
    headers: &[(&str, String)],
    body: Vec<u8>,
) -> Result<u16, String> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(443);
    let plain = host.trim_matches(['[', ']']);
    let line = outward::connect_guarded(plain, port, url.scheme() == "https", guard).await?;
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let named = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut request = Request::post(path).header("host", named).header("content-type", media);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request.body(Body::from(Bytes::from(body))).map_err(|error| error.to_string())?;
    let told = |error: hyper::Error| error.to_string();
    let mut client = hyper::client::conn::http1::Builder::new();
    let (mut sender, connection) = client.max_buf_size(MOST_READ).handshake(TokioIo::new(line)).await.map_err(told)?;
    let running = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(told);
    running.abort();
    Ok(answer?.status().as_u16())
}
