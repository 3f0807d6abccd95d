//! Mail that waits for a person to decide about it.

use super::messages::item;
use super::view::{Object, moment};
use super::{answer, input};
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::mail_in::apart;
use crate::problem::Failure;
use crate::query;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::letterbox::{DECIDE, DecideMail, STATES, Waiting};
use desk::permissions;
use domain::shape::{Field, Kind, optional};
use serde_json::{Value, json};

const LIST: &[Field] = &[
    optional("state", Kind::Code(STATES), "Those that wait, or were decided about so. Default: `waits`."),
    optional("after", Kind::Uuid, "Of those that wait: behind this one."),
];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let list = Operation {
        query: LIST,
        ..Operation::get(
            "list_letterbox",
            "Mail that waits for a person, oldest first, or was decided about, newest first; a hundred at most.",
            "Letterbox",
            "Letterbox",
        )
    };
    let open = Operation::get(
        "open_mail",
        "A message as it was read, unmasked; that it was looked at stands in the ledger.",
        "Letterbox",
        "OpenMail",
    );
    let decide = Operation {
        body: Some(DECIDE),
        ..Operation::get("decide_mail", "Register it, attach it to a case, or throw it away.", "Letterbox", "Mail")
    };
    let (read, may) = (permissions::READ_LETTERBOX, permissions::DECIDE_MAIL);
    vec![
        Route::api(Method::Get, "/api/v1/letterbox", read, list, get(all)),
        Route::api(Method::Get, "/api/v1/letterbox/{id}", read, open, get(one)),
        Route::api(Method::Post, "/api/v1/letterbox/{id}/decide", may, decide, post(decided)),
    ]
}

async fn all(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), LIST)?;
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let after = text("after").and_then(|id| id.parse().ok());
    let found = app.desk.letterbox(&caller, text("state").unwrap_or("waits"), after).await?;
    let items: Vec<Value> = found.iter().map(|one| shown(one).done()).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn one(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Response, Failure> {
    let (waiting, raw) = app.desk.open_mail(&caller, item(&id)?).await?;
    let mut object = shown(&waiting);
    if let Some(raw) = raw {
        let mail = apart(raw, Some(waiting.received_at), true);
        let files: Vec<Value> =
            mail.files.iter().map(|(name, bytes)| json!({"name": name, "size": bytes.len()})).collect();
        object = object
            .put_some("from", mail.from)
            .put_some("name", mail.name)
            .put("to", mail.to)
            .put("subject", mail.subject)
            .put("text", mail.text)
            .put("files", files);
    }
    Ok(answer(StatusCode::OK, &object.done()))
}

async fn decided(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let decide: DecideMail = input(&headers, body, DECIDE).await?;
    let done = app.desk.decide_mail(&caller, item(&id)?, decide, |raw| apart(raw, None, true)).await?;
    Ok(answer(StatusCode::OK, &shown(&done.item).done()))
}

fn shown(one: &Waiting) -> Object {
    Object::default()
        .put("id", one.id.to_string())
        .put("reason", one.reason.as_str())
        .put("state", one.state.as_str())
        .put("received_at", moment(one.received_at))
        .put("at", moment(one.at))
        .put("size", one.size)
        .put_some("suggested", one.suggested.clone())
        .put_some("case", one.case.clone())
        .put_some("decided_at", one.decided_at.map(moment))
}
