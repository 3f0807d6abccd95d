//! Mail that waits for a person: why, what it says, and what is to become of it.

use super::form::Typed;
use super::staff_form::{beside_the_form, read};
use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::mail_in::apart;
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::letterbox::{DECIDE, DecideMail, STATES, Waiting};
use desk::{Caller, permissions};
use domain::refusal::Refusal;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let (read, may) = (Access::Needs(permissions::READ_LETTERBOX), Access::Needs(permissions::DECIDE_MAIL));
    vec![
        page(Method::Get, "/console/letterbox", read, get(all)),
        page(Method::Get, "/console/letterbox/{id}", read, get(one)),
        page(Method::Post, "/console/letterbox/{id}/decide", may, post(decide)),
    ]
}

struct Line {
    id: String,
    reason: String,
    received: String,
    size: String,
    suggested: Option<String>,
    case: Option<String>,
    decided: String,
    waits: bool,
}

fn line(frame: &Frame<'_>, one: &Waiting) -> Line {
    Line {
        id: one.id.to_string(),
        reason: frame.code("mail_reason", &one.reason),
        received: frame.moment(one.received_at),
        size: super::attachments::size(u64::try_from(one.size).unwrap_or_default()),
        suggested: one.suggested.clone(),
        case: one.case.clone(),
        decided: one.decided_at.map(|at| frame.moment(at)).unwrap_or_default(),
        waits: one.state == "waits",
    }
}

#[derive(Template)]
#[template(path = "letterbox.html")]
struct Letterbox<'a> {
    frame: &'a Frame<'a>,
    lines: Vec<Line>,
    /// The states there are: code, words, whether it is shown.
    states: Vec<(&'static str, String, bool)>,
    /// The last one of a full page of those that wait.
    after: Option<String>,
    done: String,
}

#[derive(Template)]
#[template(path = "letterbox_one.html")]
struct One<'a> {
    frame: &'a Frame<'a>,
    line: Line,
    state: String,
    /// What the message says of itself: label and words.
    head: Vec<(String, String)>,
    text: String,
    files: Vec<String>,
    kept: bool,
    told: Option<Told>,
    case: String,
    reason: String,
}

async fn all(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let pairs = query::form(raw.unwrap_or_default().as_bytes());
    let find = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let state =
        find("state").and_then(|state| STATES.iter().find(|known| **known == state)).copied().unwrap_or("waits");
    let after = find("after").and_then(|id| id.parse().ok());
    let found = app.desk.letterbox(&caller, state, after).await?;
    let full = found.len() >= 100 && state == "waits";
    let done = find("done").filter(|done| STATES.contains(done) && *done != "waits");
    Ok(render(&Letterbox {
        after: found.last().filter(|_| full).map(|one| one.id.to_string()),
        lines: found.iter().map(|one| line(&frame, one)).collect(),
        states: STATES.iter().map(|one| (*one, frame.code("mail_state", one), *one == state)).collect(),
        done: done.map(|done| frame.code("mail_state", done)).unwrap_or_default(),
        frame: &frame,
    }))
}

async fn one(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: Uuid = id.parse().map_err(|_| Refusal::not_found())?;
    draw(&app, &visitor, &caller, id, None, &Typed::default()).await
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    id: Uuid,
    told: Option<Told>,
    typed: &Typed,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let (waiting, raw) = app.desk.open_mail(caller, id).await?;
    let kept = raw.is_some();
    let mail = raw.map(|raw| apart(raw, None, true)).unwrap_or_default();
    let head = [
        ("from", mail.from.unwrap_or_default()),
        ("name", mail.name.unwrap_or_default()),
        ("to", mail.to.into_iter().take(10).collect::<Vec<_>>().join(", ")),
        ("subject", mail.subject),
    ];
    let size = |bytes: &[u8]| super::attachments::size(bytes.len() as u64);
    let typed_case = typed.get("case").to_owned();
    let page = One {
        head: head
            .into_iter()
            .filter(|(_, words)| !words.is_empty())
            .map(|(name, words)| (frame.t(&format!("letterbox.{name}")), words))
            .collect(),
        text: mail.text.chars().take(20_000).collect(),
        files: mail.files.iter().map(|(name, bytes)| format!("{name} · {}", size(bytes))).collect(),
        kept,
        state: frame.code("mail_state", &waiting.state),
        case: if typed_case.is_empty() { waiting.suggested.clone().unwrap_or_default() } else { typed_case },
        reason: typed.get("reason").to_owned(),
        line: line(&frame, &waiting),
        told,
        frame: &frame,
    };
    Ok(render(&page))
}

async fn decide(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let id: Uuid = id.parse().map_err(|_| Refusal::not_found())?;
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let outcome = match read::<DecideMail>(&typed, DECIDE, &Frame::new(&app, &visitor)) {
        Ok(decide) => {
            app.desk.decide_mail(&caller, id, decide, |raw| apart(raw, None, true)).await.map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    let failure = match outcome {
        Ok(done) => return Ok(Redirect::to(&format!("/console/letterbox?done={}", done.item.state)).into_response()),
        Err(failure) => failure,
    };
    let told = beside_the_form(&app, &visitor, failure)?.tell(&app, visitor.language);
    let status = told.status;
    let mut response = draw(&app, &visitor, &caller, id, Some(told), &typed).await?;
    *response.status_mut() = status;
    Ok(response)
}
