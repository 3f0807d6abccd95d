//! What a request says about itself: who sends it, from where, in which language, what it saw and what it carries.

use crate::app::App;
use crate::console::Theme;
use crate::locale::Language;
use crate::problem::{Failure, Why};
use axum::body::{Body, Bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use desk::views::SavedView;
use desk::{Caller, DeskError};
use domain::fault::Fault;
use domain::refusal::Refusal;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// The session's cookie.
pub const SESSION: &str = "redress_session";
/// The cookie that remembers the language a user chose.
pub const LANGUAGE: &str = "redress_language";
/// The cookie that remembers the theme a user chose.
pub const THEME: &str = "redress_theme";
/// Largest body: far more than the longest text of every field.
pub const LARGEST_BODY: usize = 1 << 20;
const BODY_TIME: Duration = Duration::from_secs(20);

/// What the guard found out before a handler runs.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who; `None` on public routes without credentials.
    pub caller: Option<Caller>,
    /// Language to answer in.
    pub language: Language,
    /// Where the request comes from.
    pub address: IpAddr,
    /// Colours the user chose.
    pub theme: Theme,
    /// Path and query of a page that is read; empty for a change, to which no link leads back.
    pub place: String,
    /// Notices the caller has not read, up to a hundred; counted for pages only.
    pub unread: i64,
    /// Lists under a name the caller may use; looked up for pages only.
    pub views: Arc<[SavedView]>,
}

/// The parts of an address that vary.
#[derive(Clone, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(found)) => Ok(Self(found)),
            Err(_) => Err(Why::BadAddress.into()),
        }
    }
}

/// The caller of a route that needs one.
#[derive(Clone, Debug)]
pub struct Who(pub Caller);

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Why::NotSignedIn.into())
    }
}

impl<S: Sync> FromRequestParts<S> for Who {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let visitor = Visitor::from_request_parts(parts, state).await?;
        visitor.caller.map(Self).ok_or_else(|| Why::NotSignedIn.into())
    }
}

/// A cookie's value.
#[must_use]
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}

/// Hands a browser a cookie.
#[must_use]
pub fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Has a browser remember a choice for a year.
#[must_use]
pub fn remember(response: Response, name: &str, choice: &str) -> Response {
    with_cookie(response, &format!("{name}={choice}; Path=/; Max-Age=31536000; SameSite=Lax"))
}

/// The language of a request.
#[must_use]
pub fn language(app: &App, headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    Language::negotiate(accepted, cookie(headers, LANGUAGE), app.settings.default_language)
}

/// The theme of a request.
#[must_use]
pub fn theme(headers: &HeaderMap) -> Theme {
    cookie(headers, THEME).and_then(Theme::from_code).unwrap_or_default()
}

/// Who sends a request: by token if it has one, else by session. Headers that merely claim an identity are ignored.
///
/// # Errors
/// Those of the database; `CrossSite` when a browser sends a change from another origin.
pub async fn identify(app: &App, headers: &HeaderMap, changes: bool) -> Result<Option<Caller>, Failure> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|value| value.split_once(' '));
        return match token {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                Ok(app.desk.by_token(token.trim()).await?)
            }
            _ => Ok(None),
        };
    }
    let Some(secret) = cookie(headers, SESSION) else {
        return Ok(None);
    };
    if changes && !same_origin(headers) {
        return Err(Why::CrossSite.into());
    }
    Ok(app.desk.by_session(secret).await?)
}

/// Whether whoever asks shows the answer to a person: anything but a script of ours, which asks for data alone.
#[must_use]
pub fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()) != Some("application/json")
}

/// Whether a browser sent this from one of our own pages. Browsers say so by themselves; a request without any such
/// header is not a browser's form.
#[must_use]
pub fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match (text("origin"), text("host")) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// Where a request comes from: the peer, or what a trusted proxy says.
#[must_use]
pub fn address(app: &App, headers: &HeaderMap, peer: Option<SocketAddr>) -> IpAddr {
    let peer = peer.map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.ip().to_canonical());
    origin(peer, headers, |address| app.settings.trusted_proxies.iter().any(|net| within(address, *net)))
}

/// From the nearest hop outwards, as far as each is vouched for by a proxy of ours. What a proxy wrote and we cannot
/// read ends the walk: whatever stands beyond it may be the client's own words.
fn origin(peer: IpAddr, headers: &HeaderMap, trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    let mut believed = peer;
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or_default()).collect();
    for hop in lines.iter().flat_map(|line| line.split(',')).rev() {
        if !trusted(believed) {
            break;
        }
        let hop = hop.trim();
        let bare = hop.parse().ok().or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()));
        let Some(address) = bare else { break };
        believed = IpAddr::to_canonical(&address);
    }
    believed
}

fn within(address: IpAddr, (net, length): (IpAddr, u8)) -> bool {
    fn bits(address: IpAddr) -> (u128, u32) {
        match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        }
    }
    let ((address, width), (net, other)) = (bits(address), bits(net));
    let shift = width.saturating_sub(u32::from(length));
    width == other && (shift >= width || address >> shift == net >> shift)
}

/// The body's bytes, within its limits of size and time.
///
/// # Errors
/// `TooLarge` or `TooSlow`.
pub async fn bytes(headers: &HeaderMap, body: Body) -> Result<Bytes, Failure> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > LARGEST_BODY as u64) {
        return Err(Why::TooLarge.into());
    }
    match tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, LARGEST_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(Why::TooLarge.into()),
        Err(_) => Err(Why::TooSlow.into()),
    }
}

/// A JSON body, declared as such; nothing at all reads as null.
///
/// # Errors
/// `NotJson`, or those of [`parsed`].
pub fn json(headers: &HeaderMap, body: &[u8]) -> Result<Value, Failure> {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = declared.split(';').next().unwrap_or_default().trim();
    if !body.is_empty() && !media.eq_ignore_ascii_case("application/json") {
        return Err(Why::NotJson.into());
    }
    parsed(body).map_err(|unread| match unread {
        Unread::Broken(broken) => Why::BadJson(broken).into(),
        Unread::Twice(faults) => Refusal::invalid(faults).into(),
    })
}

/// Where reading JSON stopped, and why.
#[derive(Debug)]
pub struct BadJson {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong there.
    pub what: String,
}

/// Why JSON says nothing.
#[derive(Debug)]
pub enum Unread {
    /// It is none.
    Broken(BadJson),
    /// Members stand twice in an object; which of the two was meant nobody can know.
    Twice(Vec<Fault>),
}

/// JSON from whichever door; nothing at all reads as null.
///
/// # Errors
/// Where reading stopped, or what stands twice.
pub fn parsed(body: &[u8]) -> Result<Value, Unread> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    crate::strict::read(body)
        .map_err(|error| {
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default().to_owned();
            Unread::Broken(BadJson { line: error.line(), column: error.column(), what })
        })?
        .map_err(Unread::Twice)
}

/// The version a caller saw, from `If-Match: "7"`.
///
/// # Errors
/// `VersionRequired` when it is missing, a fault when it is no version.
pub fn seen(headers: &HeaderMap) -> Result<i64, Failure> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Err(Why::VersionRequired.into());
    };
    let version = value.to_str().ok().and_then(|value| {
        let tag = value.trim();
        tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
    });
    version.ok_or_else(|| Fault::new("If-Match", "bad_version").into())
}

/// The idempotency key, if the caller gave one.
///
/// # Errors
/// A fault when it cannot be read.
pub fn repeat_key(headers: &HeaderMap) -> Result<Option<&str>, DeskError> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().map_err(|_| Refusal::from(Fault::new("Idempotency-Key", "bad_idempotency_key")))?;
    Ok(Some(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let net = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(within(net("10.1.2.3"), (net("10.0.0.0"), 8)));
        assert!(!within(net("11.1.2.3"), (net("10.0.0.0"), 8)));
        assert!(within(net("::1"), (net("::"), 0)));
        assert!(!within(net("127.0.0.1"), (net("::"), 0)), "families do not mix");
    }

    #[test]
    fn only_proxies_of_ours_are_believed() {
        let proxy = |address: IpAddr| address.to_string().starts_with("10.");
        let from = |peer: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            origin(peer.parse().unwrap(), &headers, proxy).to_string()
        };
        for (peer, lines, expected) in [
            ("192.0.2.1", &["203.0.113.9"][..], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.7, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.7", "203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9"),
            // The proxy met somebody it could not name; the rest is that somebody's own claim.
            ("10.0.0.1", &["198.51.100.7, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7, unknown, 10.0.0.2"], "10.0.0.2"),
        ] {
            assert_eq!(from(peer, lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn versions() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, text.parse().unwrap());
            seen(&headers).ok()
        };
        assert_eq!(read("\"7\""), Some(7));
        for bad in ["7", "W/\"7\"", "*", "\"x\"", "\"99999999999999999999\""] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
