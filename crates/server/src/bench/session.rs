//! Somebody who signs in: what two people have to do between them, no token can, and pages are for people.

use super::client::Client;
use super::process::Server;
use super::recount::redress;
use crate::cli::{told, wait_plain};
use crate::extract::SESSION;
use crate::query::encode;
use desk::organisation::{self, NewUser};
use desk::{Caller, Desk, DeskError, sign_in};
use domain::actor::Role;
use tokio::task::JoinSet;
use uuid::Uuid;

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

/// Agents signed in at the same time: as many as there are processors to look at passwords.
const AT_ONCE: usize = 2;

/// Adds agents of the first line, the nth for the nth of these regions and so on, and signs them in, each from an address
/// of their own; gives their cookies in order.
pub(super) fn agents(desk: &Desk, count: usize, regions: &[&'static str]) -> Result<Vec<String>, String> {
    let run = Uuid::now_v7().simple().to_string();
    let run = run.get(20..).unwrap_or_default().to_owned();
    wait_plain(async {
        let mut under_way = JoinSet::new();
        let mut cookies = Vec::with_capacity(count);
        for n in 0..count {
            if under_way.len() >= AT_ONCE {
                cookies.extend(joined(&mut under_way).await?);
            }
            let region = regions.get(n % regions.len().max(1)).copied().unwrap_or_default();
            let new = NewUser {
                username: format!("bench-{run}-{n}"),
                name: format!("测量{n}"),
                role: Role::Agent,
                region: region.to_owned(),
                unit: desk.root(),
                skills: Vec::new(),
                email: String::new(),
            };
            under_way.spawn(signed_in(desk.clone(), n, new));
        }
        while let Some(one) = joined(&mut under_way).await? {
            cookies.push(one);
        }
        cookies.sort_unstable_by_key(|(n, _)| *n);
        Ok(cookies.into_iter().map(|(_, cookie)| cookie).collect())
    })
}

type SignedIn = Result<(usize, String), DeskError>;

async fn joined(under_way: &mut JoinSet<SignedIn>) -> Result<Option<(usize, String)>, String> {
    match under_way.join_next().await {
        None => Ok(None),
        Some(done) => done.map_err(|error| error.to_string())?.map(Some).map_err(|error| told(&error)),
    }
}

async fn signed_in(desk: Desk, n: usize, new: NewUser) -> SignedIn {
    let (theirs, name) = (desk.clone(), new.username.clone());
    let added = tokio::task::spawn_blocking(move || {
        let password = organisation::add_user(&theirs, &Caller::system(theirs.root()), &new)?;
        sign_in::keep_password(&theirs, &new.username)?;
        Ok::<_, DeskError>(password)
    });
    let password = added.await.map_err(|error| DeskError::Damaged(error.to_string()))??;
    let session = desk.sign_in(&name, &password, &name).await?;
    Ok((n, format!("{SESSION}={}", session.secret)))
}

/// A page for whoever has the cookie; `more` are whole lines of the header.
pub(super) fn page(path: &str, cookie: &str, more: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n{more}Content-Length: 0\r\n\r\n")
        .into_bytes()
}

/// A form of a page.
pub(super) fn form(path: &str, cookie: &str, body: &str) -> Vec<u8> {
    post(path, cookie, "application/x-www-form-urlencoded", &[], body)
}

/// A request of the API with a cookie.
pub(super) fn asked(path: &str, cookie: &str, body: &str) -> Vec<u8> {
    post(path, cookie, "application/json", &[], body)
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
