//! Requests to systems outside: one line each, never redirected. Of what was posted only the status of the answer is read;
//! what was asked for is read as far as the asker says.

use axum::body::{Body, Bytes};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use mail::outward::{self, Guard};
use std::time::Duration;
use url::{Host, Url};

/// A system that does not answer is given up after this.
pub(crate) const LONGEST: Duration = Duration::from_secs(15);
/// Most bytes of the head of an answer.
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
    let request = Request::post(target(url)).header("content-type", media);
    let sent = tokio::time::timeout(LONGEST, exchange(guard, url, request, headers, Body::from(body)));
    let answer = sent.await.unwrap_or_else(|_| Err("it does not answer".to_owned()))?;
    Ok(answer.status().as_u16())
}

/// The address of a system that whoever starts the server named: https://…, or http://… on this machine itself. That they
/// named it is what allows it to stand in a private network ([`Guard::trusting`]); redirections are not followed.
///
/// # Errors
/// Says what is wrong with it, or that no certificates can be had.
pub(crate) fn named(address: &str) -> Result<Url, String> {
    let url = Url::parse(address).map_err(|error| error.to_string())?;
    let here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => return Err("it names no host".to_owned()),
    };
    match url.scheme() {
        // What is to encrypt is looked for now, not when it is first needed.
        "https" => drop(outward::connector()?),
        "http" if here => {}
        _ => return Err("it begins with https://, or with http:// on this machine itself".to_owned()),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("it has parts that are not sent".to_owned());
    }
    Ok(url)
}

/// Asks for something: status and body, which is not longer than `most` bytes. How long that may take is for the caller to
/// say.
///
/// # Errors
/// Why there was no answer, or that it is too long.
pub(crate) async fn get(
    guard: &Guard,
    url: &Url,
    headers: &[(&str, String)],
    most: usize,
) -> Result<(u16, Bytes), String> {
    read(exchange(guard, url, Request::get(target(url)), headers, Body::empty()).await?, most).await
}

/// Sends a form and gives status and body, likewise.
///
/// # Errors
/// Why there was no answer, or that it is too long.
pub(crate) async fn submit(
    guard: &Guard,
    url: &Url,
    form: String,
    headers: &[(&str, String)],
    most: usize,
) -> Result<(u16, Bytes), String> {
    let request = Request::post(target(url)).header("content-type", "application/x-www-form-urlencoded");
    read(exchange(guard, url, request, headers, Body::from(form)).await?, most).await
}

/// Posts JSON and gives status and body of the answer, which is not longer than `most` bytes. How long that may take is for the
/// caller to say.
///
/// # Errors
/// Why there was no answer, or that it is too long.
pub(crate) async fn ask(
    guard: &Guard,
    url: &Url,
    headers: &[(&str, String)],
    body: Vec<u8>,
    most: usize,
) -> Result<(u16, Bytes), String> {
    let request = Request::post(target(url)).header("content-type", "application/json");
    read(exchange(guard, url, request, headers, Body::from(body)).await?, most).await
}

/// Status and body of an answer.
async fn read(answer: Response<Incoming>, most: usize) -> Result<(u16, Bytes), String> {
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(Body::new(answer.into_body()), most).await;
    Ok((status, body.map_err(|_| format!("its answer breaks off or is longer than {most} bytes"))?))
}

/// Path and query of an address.
fn target(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// Opens a line and sends a request. The line closes when the answer is dropped.
async fn exchange(
    guard: &Guard,
    url: &Url,
    request: axum::http::request::Builder,
    headers: &[(&str, String)],
    body: Body,
) -> Result<Response<Incoming>, String> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(443);
    let plain = host.trim_matches(['[', ']']);
    let line = outward::connect_guarded(plain, port, url.scheme() == "https", guard).await?;
    let named = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut request = request.header("host", named);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request.body(body).map_err(|error| error.to_string())?;
    let told = |error: hyper::Error| error.to_string();
    let mut client = hyper::client::conn::http1::Builder::new();
    let (mut sender, connection) = client.max_buf_size(MOST_READ).handshake(TokioIo::new(line)).await.map_err(told)?;
    // Once nobody waits for an answer any more it ends by itself.
    tokio::spawn(connection);
    sender.send_request(request).await.map_err(told)
}
