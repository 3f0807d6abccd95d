//! Somebody who signs in: what two people have to do between them, no token can.

use super::client::Client;
use super::process::Server;
use super::recount::redress;
use crate::query::encode;

/// Long enough for the rules about passwords.
const PASSWORD: &str = "measured-on-this-machine";

/// Adds a supervisor and signs them in; gives their cookie.
pub(super) fn supervisor(server: &Server, name: &str) -> Result<String, String> {
    let once = redress(server, &["user", "add", name, "--role", "supervisor"])?;
    let once = once.split_whitespace().last().unwrap_or_default().to_owned();
    let form = format!("username={name}&password={}", encode(&once));
    let cookie = cookie(server, &post("/sign-in", "", "application/x-www-form-urlencoded", &[], &form))?;
    let form = format!("old_password={}&password={PASSWORD}&again={PASSWORD}", encode(&once));
    self::cookie(server, &post("/console/password", &cookie, "application/x-www-form-urlencoded", &[], &form))
}

/// A request with a cookie and the version that was seen.
pub(super) fn versioned(path: &str, cookie: &str, version: i64, body: &str) -> Vec<u8> {
    post(path, cookie, "application/json", &[format!("If-Match: \"{version}\"\r\n")], body)
}

fn post(path: &str, cookie: &str, kind: &str, more: &[String], body: &str) -> Vec<u8> {
    let cookie = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}\r\n") };
    let (more, length) = (more.concat(), body.len());
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}{more}Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn cookie(server: &Server, asked: &[u8]) -> Result<String, String> {
    let mut client = Client::connect(server.port)?;
    let status = client.send(asked)?;
    let cookie = client.header("set-cookie").and_then(|value| value.split(';').next().map(str::to_owned));
    match cookie {
        Some(cookie) if status == 303 => Ok(cookie),
        _ => Err(format!("nobody signed in: status {status}")),
    }
}
