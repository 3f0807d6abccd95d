//! The HTTP face, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

mod about_staff;
mod administration;
mod assist;
mod bad_input;
mod bulk;
mod bundles;
mod bursts;
mod call_backs;
mod channels;
mod compensation;
mod contract;
mod crm;
mod events;
mod files;
mod handoffs;
mod hidden;
mod hostile;
mod identity;
mod incidents;
mod interactions;
mod journey;
mod letter_form;
mod letters;
mod live;
mod macros;
mod mailbox;
mod matrix;
mod models;
mod orders;
mod organisation;
mod panes;
mod portal;
mod presence;
mod problems;
mod real_mail;
mod reports;
mod requests;
mod rights;
mod rules;
mod search;
mod sign_in;
mod similar;
mod slow;
mod survey;
mod tmf;
mod together;
mod views;
mod what_if;
mod wordings;

use axum::body::Body;
use axum::http::{Request, Response, header};
use desk::caller::Scope;
use desk::time::Time;
use desk::{Caller, Desk, Library, Setup};
use domain::actor::Role;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use server::app::{AppState, Settings, router};
use server::data;
use server::locale::Locales;
use store::testing::Scratch;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// A server without a socket.
pub(crate) struct House {
    pub(crate) desk: Desk,
    pub(crate) state: AppState,
    pub(crate) runtime: Runtime,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) fn house(scratch: &Scratch) -> House {
    house_under(scratch, None)
}

/// The same governed by another stack than the Chinese.
pub(crate) fn house_under(scratch: &Scratch, stack: Option<&str>) -> House {
    let library = Library::load_for(&data::packs(None).unwrap(), stack).unwrap();
    let setup = Setup {
        db: scratch.open().unwrap(),
        library,
        zone: TimeZone::get("Asia/Shanghai").unwrap(),
        time: Time::System,
    };
    let desk = Desk::open(setup, &scratch.folder().join("master.key")).unwrap();
    let locales = Locales::load(data::locales(None).unwrap()).unwrap();
    let state = AppState::new(desk.clone(), locales, Settings::default());
    House { desk, state, runtime: Runtime::new().unwrap() }
}

pub(crate) fn intake() -> Value {
    json!({
        "kind": "complaint", "accept_channel": "hotline", "category": "B204",
        "subject": "连扣四个月视频会员费", "description": "回电请打13800138000", "demand": "退费并致歉",
        "occurred_at": "2026-07-03T00:00:00+08:00",
        "complainant": {"name": "王小明", "phone": "13800138000", "capacity": "self", "vulnerable": ["elderly"]},
        "subscription": {"number": "13800138000", "product": "mobile", "star": 3, "region": "310115"},
        "region": "310115", "place": {"text": "世纪大道", "area_type": "urban"},
        "amount": {"value": "100.00", "currency": "CNY"}, "external": [{"owner": "miit", "number": "GX-1"}],
    })
}

/// A body of `multipart/form-data` with the boundary `edge`.
pub(crate) fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        // As browsers write it.
        let file = file.map(|file| file.replace('"', "%22"));
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head = format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    body
}

/// A matter the provincial authority hands over, about what [`intake`] is about.
pub(crate) fn handoff() -> Value {
    let mut complaint = intake();
    complaint["kind"] = json!("appeal");
    complaint["accept_channel"] = json!("regulator_transfer");
    json!({
        "owner": "provincial_authority", "number": "转〔2026〕17号", "request": "transfer",
        "handed_at": "2026-07-10T09:00:00+08:00", "text": "请依法处理并答复，联系13800138000", "complaint": complaint,
    })
}

impl House {
    pub(crate) fn token(&self, role: Role, region: &str) -> String {
        let system = Caller::system(self.desk.root());
        self.desk.create_token(&system, "test", role, region, &Scope::ALL).unwrap()
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        self.runtime.block_on(async {
            let response: Response<Body> = router(&self.state).oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            Answer {
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: String::from_utf8_lossy(&bytes).into_owned(),
                bytes: bytes.to_vec(),
            }
        })
    }

    /// A request with a token and a JSON body.
    pub(crate) fn call(&self, token: &str, method: &str, path: &str, more: &[(&str, &str)], body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("authorization", bearer.as_str()), ("accept-language", "en")];
        let text = if body.is_null() { String::new() } else { body.to_string() };
        if !body.is_null() {
            headers.push(("content-type", "application/json"));
        }
        headers.extend(more);
        self.send(method, path, &headers, text)
    }

    /// A form with a file and whatever else stands in it: name, file name, contents.
    pub(crate) fn upload(
        &self,
        token: &str,
        path: &str,
        more: &[(&str, &str)],
        parts: &[(&str, Option<&str>, &[u8])],
    ) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![
            ("authorization", bearer.as_str()),
            ("accept-language", "en"),
            ("content-type", "multipart/form-data; boundary=edge"),
        ];
        headers.extend(more);
        self.send("POST", path, &headers, form(parts))
    }

    /// A JSON body from a browser in which somebody is signed in.
    pub(crate) fn post_as(&self, cookie: &str, path: &str, body: &Value) -> Answer {
        let headers = [
            ("cookie", cookie),
            ("accept-language", "en"),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/json"),
        ];
        self.send("POST", path, &headers, body.to_string())
    }

    pub(crate) fn get(&self, token: &str, path: &str) -> Answer {
        self.call(token, "GET", path, &[], &Value::Null)
    }

    pub(crate) fn register(&self, token: &str, body: &Value) -> Value {
        let answer = self.call(token, "POST", "/api/v1/complaints", &[], body);
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()
    }

    pub(crate) fn act(&self, token: &str, id: &str, version: i64, verb: &str, body: &Value) -> Answer {
        let seen = format!("\"{version}\"");
        self.call(token, "POST", &format!("/api/v1/complaints/{id}/{verb}"), &[("if-match", &seen)], body)
    }

    /// Signs a new user in with a password of their own and returns the cookie.
    pub(crate) fn session(&self, username: &str, role: Role) -> String {
        self.session_in(username, role, "")
    }

    /// The same for somebody who sees an area alone.
    pub(crate) fn session_in(&self, username: &str, role: Role, region: &str) -> String {
        let system = Caller::system(self.desk.root());
        let new = desk::organisation::NewUser {
            username: username.to_owned(),
            name: username.to_owned(),
            role,
            region: region.to_owned(),
            unit: self.desk.root(),
            skills: Vec::new(),
            email: String::new(),
        };
        let password = desk::organisation::add_user(&self.desk, &system, &new).unwrap();
        desk::sign_in::keep_password(&self.desk, username).unwrap();
        let form = format!("username={username}&password={password}");
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = self.send("POST", "/sign-in", &headers, form);
        assert_eq!(answer.status, 303, "{answer:?}");
        let cookie = answer.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }
}
