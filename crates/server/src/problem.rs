//! Every failure a door can have, told once: as RFC 9457 problem details to programmes, as a page to people.
//!
//! Handlers return a [`Failure`]; the guard around all routes knows the caller's language and renders it.

use crate::app::App;
use crate::extract::BadJson;
use crate::locale::Language;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use desk::DeskError;
use desk::bulk::{Reason, STALE};
use desk::mentions::Unreached;
use domain::fault::Fault;
use domain::refusal::RefusalKind;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use store::StoreError;

/// Why a request was not carried out.
#[derive(Debug)]
pub enum Why {
    /// The desk said no or could not.
    Desk(DeskError),
    /// No credentials, or none that are valid.
    NotSignedIn,
    /// A browser sent it from somewhere else.
    CrossSite,
    /// The body is not declared as JSON.
    NotJson,
    /// The body is not JSON.
    BadJson(BadJson),
    /// The body is too large.
    TooLarge,
    /// A file is larger than an attachment may be.
    FileTooLarge,
    /// The body is not declared as a form with a file.
    NotMultipart,
    /// The body is no such form; what is wrong with it.
    BadMultipart(String),
    /// No font of this machine has all characters of a letter; some of those that are missing.
    NoFont(String),
    /// The body did not arrive in time.
    TooSlow,
    /// `If-Match` is missing.
    VersionRequired,
    /// A TM Forum body or question that makes no sense: everything that is wrong with it.
    BadTicket(Vec<crate::tmf::schema::Wrong>),
    /// The provider people sign in at does not answer.
    ProviderAway,
    /// The address is not text.
    BadAddress,
    /// There is nothing at this address.
    NoSuchRoute,
    /// The address does not know this method.
    NoSuchMethod,
}

/// A request that was not carried out.
#[derive(Clone, Debug)]
pub struct Failure(Arc<Why>);

impl From<Why> for Failure {
    fn from(why: Why) -> Self {
        Self(Arc::new(why))
    }
}

impl From<DeskError> for Failure {
    fn from(error: DeskError) -> Self {
        Why::Desk(error).into()
    }
}

impl From<domain::refusal::Refusal> for Failure {
    fn from(refusal: domain::refusal::Refusal) -> Self {
        DeskError::from(refusal).into()
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        domain::refusal::Refusal::from(fault).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A failure in the words of one language.
#[derive(Clone, Debug)]
pub struct Told {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable code.
    pub code: String,
    /// What kind of failure, in few words.
    pub title: String,
    /// Why.
    pub detail: String,
    /// What to do next; empty when there is nothing to say.
    pub way_out: String,
    /// Faults of fields: field, code, sentence.
    pub errors: Vec<(String, String, String)>,
    /// Seconds to wait before trying again.
    pub retry_after: Option<i64>,
    /// For a stale version: what is known about the difference.
    pub stale: Option<Stale>,
}

/// What happened to a case since the version a caller saw.
#[derive(Clone, Debug)]
pub struct Stale {
    /// Version now.
    pub current: i64,
    /// What happened since: version, verb, UTC microseconds.
    pub since: Vec<(i64, String, i64)>,
}

impl Failure {
    /// Why.
    #[must_use]
    pub fn why(&self) -> &Why {
        &self.0
    }

    /// Puts the failure into words. Failures of ours are logged here, once, under a number the caller is told.
    #[must_use]
    pub fn tell(&self, app: &App, language: Language) -> Told {
        let simple = |status, code: &str| told(app, language, status, code, &[]);
        match self.why() {
            Why::Desk(error) => desk_error(app, language, error),
            Why::NotSignedIn => simple(StatusCode::UNAUTHORIZED, "not_signed_in"),
            Why::CrossSite => simple(StatusCode::FORBIDDEN, "cross_site"),
            Why::NotJson => simple(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json"),
            Why::BadJson(BadJson { line, column, what }) => {
                let (line, column) = (line.to_string(), column.to_string());
                let values = [("line", line.as_str()), ("column", &column), ("what", what)];
                told(app, language, StatusCode::BAD_REQUEST, "bad_json", &values)
            }
            Why::TooLarge => simple(StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Why::FileTooLarge => simple(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large"),
            Why::NotMultipart => simple(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_multipart"),
            Why::BadMultipart(what) => told(app, language, StatusCode::BAD_REQUEST, "bad_multipart", &[("what", what)]),
            Why::NoFont(missing) => told(app, language, StatusCode::NOT_ACCEPTABLE, "no_font", &[("missing", missing)]),
            Why::TooSlow => simple(StatusCode::REQUEST_TIMEOUT, "too_slow"),
            Why::VersionRequired => simple(StatusCode::PRECONDITION_REQUIRED, "version_required"),
            Why::BadTicket(wrong) => {
                // Names and reasons are those of the interface, whatever the language of the sentence around them.
                let what: Vec<String> = wrong.iter().map(|one| format!("{} {}", one.at, one.why)).collect();
                told(app, language, StatusCode::BAD_REQUEST, "bad_ticket", &[("what", &what.join("; "))])
            }
            Why::ProviderAway => simple(StatusCode::BAD_GATEWAY, "provider_away"),
            Why::BadAddress => simple(StatusCode::BAD_REQUEST, "bad_address"),
            Why::NoSuchRoute => simple(StatusCode::NOT_FOUND, "no_such_route"),
            Why::NoSuchMethod => simple(StatusCode::METHOD_NOT_ALLOWED, "no_such_method"),
        }
    }
}

fn told(app: &App, language: Language, status: StatusCode, code: &str, values: &[(&str, &str)]) -> Told {
    let text = |part: &str| app.locales.text(language, &format!("problem.{code}.{part}"), values);
    Told {
        status,
        code: code.to_owned(),
        title: app.locales.text(language, &format!("problem.title.{}", status.as_u16()), &[]),
        detail: text("text"),
        way_out: text("way_out"),
        errors: Vec::new(),
        retry_after: None,
        stale: None,
    }
}

fn desk_error(app: &App, language: Language, error: &DeskError) -> Told {
    match error {
        DeskError::Refused(refusal) => {
            let status = match refusal.kind {
                RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
                RefusalKind::Forbidden => StatusCode::FORBIDDEN,
                RefusalKind::NotFound => StatusCode::NOT_FOUND,
                RefusalKind::Conflict => StatusCode::CONFLICT,
            };
            let values = shown(app, language, &refusal.params);
            let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let part = |part: &str| app.locales.text(language, &format!("refusal.{}.{part}", refusal.code), &values);
            let mut errors = Vec::with_capacity(refusal.faults.len());
            for fault in &refusal.faults {
                errors.push((fault.field.clone(), fault.code.to_owned(), sentence(app, language, fault)));
            }
            Told {
                detail: part("text"),
                way_out: part("way_out"),
                errors,
                ..told(app, language, status, refusal.code, &[])
            }
        }
        DeskError::Stale { current, since } => Told {
            stale: Some(Stale { current: *current, since: since.clone() }),
            ..told(app, language, StatusCode::CONFLICT, "stale", &[("current", &current.to_string())])
        },
        DeskError::TooMany { retry_after } => {
            let minutes = (retry_after / 60).max(1).to_string();
            Told {
                retry_after: Some(*retry_after),
                ..told(app, language, StatusCode::TOO_MANY_REQUESTS, "too_many", &[("minutes", &minutes)])
            }
        }
        DeskError::DamagedAttachment(what) => {
            let number = uuid::Uuid::now_v7().to_string();
            tracing::error!(what, number, "an attachment is damaged");
            told(app, language, StatusCode::INTERNAL_SERVER_ERROR, "attachment_damaged", &[("number", &number)])
        }
        error if error.is_temporary() => {
            tracing::warn!(%error, "the database is not available");
            let simple = |status, code: &str| told(app, language, status, code, &[]);
            let told = match error {
                DeskError::Store(StoreError::Full(_)) => simple(StatusCode::SERVICE_UNAVAILABLE, "disk_full"),
                DeskError::Store(StoreError::ReadOnly(_)) => simple(StatusCode::SERVICE_UNAVAILABLE, "read_only"),
                _ => simple(StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            };
            Told { retry_after: Some(5), ..told }
        }
        error => {
            let number = uuid::Uuid::now_v7().to_string();
            tracing::error!(%error, number, "a request failed");
            told(app, language, StatusCode::INTERNAL_SERVER_ERROR, "internal", &[("number", &number)])
        }
    }
}

/// Why nothing was done to one case of many: the sentence, what to do next, and faults as field, code and sentence.
#[must_use]
pub fn reason(app: &App, language: Language, reason: &Reason) -> (String, String, Vec<(String, String, String)>) {
    let params: Vec<(&str, String)> =
        reason.params.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let values = shown(app, language, &params);
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let family = if reason.code == STALE { "problem" } else { "refusal" };
    let part = |part: &str| app.locales.text(language, &format!("{family}.{}.{part}", reason.code), &values);
    let faults = reason.faults.iter().map(|fault| {
        let values: Vec<(&str, &str)> =
            fault.params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let sentence = app.locales.text(language, &format!("fault.{}", fault.code), &values);
        (fault.field.clone(), fault.code.clone(), sentence)
    });
    (part("text"), part("way_out"), faults.collect())
}

/// That somebody who was named is not told, as a sentence.
#[must_use]
pub fn unreached(app: &App, language: Language, one: &Unreached) -> String {
    app.locales.text(language, &format!("warning.{}", one.why.code()), &[("name", &one.username)])
}

/// A fault as a sentence.
#[must_use]
pub fn sentence(app: &App, language: Language, fault: &Fault) -> String {
    // What has a title in both languages brings the Chinese one beside the other.
    let zh = |name: &str| {
        let mut params = fault.params.iter();
        params.find(|(other, _)| language == Language::ZhCn && other.strip_suffix("_zh") == Some(name))
    };
    let shown = fault.params.iter().map(|(name, value)| match *name {
        "blank" => (*name, blank(app, language, value)),
        "remark" => (*name, app.locales.text(language, &format!("remark.{value}"), &[])),
        "meaning" => (*name, app.locales.text(language, &format!("check.{value}"), &[])),
        _ => (*name, zh(name).map_or(value, |(_, title)| title).clone()),
    });
    let shown: Vec<(&str, String)> = shown.collect();
    let values: Vec<(&str, &str)> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
    app.locales.text(language, &format!("fault.{}", fault.code), &values)
}

/// What a blank of a letter stands for; a pack may have blanks nobody here has words for.
#[must_use]
pub fn blank(app: &App, language: Language, name: &str) -> String {
    let key = format!("blank.{name}");
    if app.locales.has(language, &key) { app.locales.text(language, &key, &[]) } else { name.to_owned() }
}

/// Values of a refusal; codes of states, roles, permissions, plans and reasons become words.
fn shown<'p>(app: &App, language: Language, params: &[(&'p str, String)]) -> Vec<(&'p str, String)> {
    let word = |prefix: &str, code: &str| {
        let key = format!("{prefix}.{code}");
        if app.locales.has(language, &key) { app.locales.text(language, &key, &[]) } else { code.to_owned() }
    };
    let comma = app.locales.text(language, "ui.list_comma", &[]);
    params
        .iter()
        .map(|(name, value)| {
            let value = match *name {
                "state" => word("state", value),
                "stage" => word("stage", value),
                "order_standing" => word("order_standing", value),
                "standing" => word("compensation", value),
                "decision" => word("plan", value),
                "reasons" => value.split(", ").map(|code| word("stays", code)).collect::<Vec<_>>().join(&comma),
                "allowed" => value.split(", ").map(|code| word("state", code)).collect::<Vec<_>>().join(", "),
                "role" => word("role", value),
                "roles" if value.is_empty() => "—".to_owned(),
                "roles" => value.split(", ").map(|code| word("role", code)).collect::<Vec<_>>().join(&comma),
                "permission" | "verb" => word("verb", value),
                _ => value.clone(),
            };
            (*name, value)
        })
        .collect()
}

impl Told {
    /// The failure as TM Forum writes it. What makes no sense is 400 there, whatever it is elsewhere.
    #[must_use]
    pub fn tmf(&self, face: crate::tmf::face::Face) -> Response {
        let status = match self.status {
            // Neither version of the interface knows 415.
            StatusCode::UNPROCESSABLE_ENTITY
            | StatusCode::PRECONDITION_REQUIRED
            | StatusCode::UNSUPPORTED_MEDIA_TYPE => StatusCode::BAD_REQUEST,
            other => other,
        };
        let faults: Vec<String> = self.errors.iter().map(|(field, _, said)| format!("{field}: {said}")).collect();
        let reason = if faults.is_empty() { self.detail.clone() } else { faults.join("; ") };
        let body = face.error(status.as_u16(), &self.code, &reason, &self.way_out);
        self.to_programmes(status, "application/json", body.to_string())
    }

    /// A body for programmes, with what its status asks for besides.
    fn to_programmes(&self, status: StatusCode, media: &'static str, body: String) -> Response {
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"redress\""));
        }
        self.say_when(&mut response);
        response
    }

    /// A page that tells it, with its status and when to come again.
    #[must_use]
    pub fn on_page(&self, mut response: Response) -> Response {
        *response.status_mut() = self.status;
        self.say_when(&mut response);
        response
    }

    fn say_when(&self, response: &mut Response) {
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(0)));
        }
    }

    /// The failure as RFC 9457 problem details.
    #[must_use]
    pub fn problem(&self) -> Response {
        let mut body = Map::new();
        body.insert("type".to_owned(), json!(format!("/problems/{}", self.code)));
        body.insert("title".to_owned(), json!(self.title));
        body.insert("status".to_owned(), json!(self.status.as_u16()));
        body.insert("detail".to_owned(), json!(self.detail));
        body.insert("code".to_owned(), json!(self.code));
        if !self.way_out.is_empty() {
            body.insert("way_out".to_owned(), json!(self.way_out));
        }
        if !self.errors.is_empty() {
            let errors: Vec<Value> = self
                .errors
                .iter()
                .map(|(field, code, detail)| json!({"field": field, "code": code, "detail": detail}))
                .collect();
            body.insert("errors".to_owned(), Value::Array(errors));
        }
        if let Some(Stale { current, since }) = &self.stale {
            let changes: Vec<Value> = since
                .iter()
                .map(|(version, verb, at)| {
                    json!({"version": version, "operation": verb, "at": crate::api::view::micros(*at)})
                })
                .collect();
            body.insert("current_version".to_owned(), json!(current));
            body.insert("changes".to_owned(), Value::Array(changes));
        }
        self.to_programmes(self.status, "application/problem+json", Value::Object(body).to_string())
    }
}
