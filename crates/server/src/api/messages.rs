//! Messages to the customer of a case, drafts of them, and what a gateway reports about them.

use super::view::{Object, moment};
use super::{answer, identifier, input};
use crate::app::AppState;
use crate::extract::{self, Path, Who};
use crate::problem::Failure;
use crate::routes::{Access, Face, Method, Operation, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::drafts::{self, Draft, NewDraft};
use desk::outbox::Carried;
use desk::{CaseRef, permissions};
use domain::case::message::{Stage, Why as Reason};
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{self, Field, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// Where gateways report to.
pub const REPORTS: &str = "/gateway/reports";

/// Shape of a report.
pub const REPORT: &[Field] = &[
    required("id", Kind::Uuid, "The message, as it was handed over."),
    required(
        "status",
        Kind::Code(&["delivered", "failed", "no_answer"]),
        "What became of it; a call is delivered when it was answered.",
    ),
    optional("at", Kind::Moment, "When. Default: now."),
];

#[derive(Deserialize)]
struct Report {
    id: Uuid,
    status: String,
    at: Option<Timestamp>,
}

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let list = Operation::get(
        "list_messages",
        "Messages of the house to the customer, oldest first.",
        "Complaints",
        "Messages",
    );
    let drafted = Operation::get("get_drafts", "What the caller is writing to the customer.", "Complaints", "Drafts");
    let keep = Operation {
        body: Some(drafts::FIELDS),
        ..Operation::get("keep_draft", "Keep what the caller is writing, or forget it.", "Complaints", "Drafts")
    };
    let path = "/api/v1/complaints/{id}/drafts";
    vec![
        Route::api(Method::Get, "/api/v1/complaints/{id}/messages", permissions::READ_CASES, list, get(messages)),
        Route::api(Method::Get, path, permissions::DRAFT, drafted, get(found)),
        Route::api(Method::Post, path, permissions::DRAFT, keep, post(kept)),
        Route {
            method: Method::Post,
            path: REPORTS,
            access: Access::Public,
            face: Face::Api,
            operation: None,
            handler: post(reported),
        },
    ]
}

async fn messages(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.messages(&caller, &CaseRef::parse(&id)?).await?.iter().map(message).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

fn message(one: &Carried) -> Value {
    let waits = one.stage.is_none();
    Object::default()
        .put("id", one.id.to_string())
        .put("what", one.what.code())
        .put("way", one.way.code())
        .put("stage", one.stage.map_or("waits", Stage::code))
        .put("at", moment(one.at))
        .put_some("why", one.why.map(Reason::code))
        .put_some("attempts", waits.then_some(one.attempts))
        .put_some("quiet", waits.then_some(one.quiet))
        .done()
}

async fn found(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Response, Failure> {
    drafted(&app, &caller, &CaseRef::parse(&id)?).await
}

async fn drafted(app: &AppState, caller: &desk::Caller, case: &CaseRef) -> Result<Response, Failure> {
    let shown = |draft: &Draft| {
        Object::default()
            .put("verb", draft.verb)
            .put("content", draft.content.as_str())
            .put("at", moment(draft.at))
            .put_some("machine", draft.machine.as_deref())
            .done()
    };
    let items: Vec<Value> = app.desk.drafts(caller, case).await?.iter().map(shown).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn kept(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let draft: NewDraft = input(&headers, body, drafts::FIELDS).await?;
    let case = CaseRef::parse(&id)?;
    app.desk.keep_draft(&caller, &case, draft).await?;
    drafted(&app, &caller, &case).await
}

/// A report of the gateway. Who knows the secret may report, and nobody else learns whether a message exists.
async fn reported(State(app): State<AppState>, headers: HeaderMap, body: Body) -> Result<Response, Failure> {
    let bytes = extract::bytes(&headers, body).await?;
    let signature = headers.get("x-redress-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let now = Timestamp::now();
    let known = app.settings.gateway.as_ref();
    if !known.is_some_and(|gateway| gateway.verifies(signature, &bytes, now.as_second())) {
        return Err(Refusal::forbidden("bad_signature").into());
    }
    let value = shape::check(extract::json(&headers, &bytes)?, REPORT).map_err(Refusal::invalid)?;
    let report: Report = serde_json::from_value(value).map_err(|_| Fault::new("", "unreadable"))?;
    let (stage, why) = match report.status.as_str() {
        "delivered" => (Stage::Delivered, None),
        "no_answer" => (Stage::Failed, Some(Reason::NoAnswer)),
        _ => (Stage::Failed, Some(Reason::CameBack)),
    };
    if !app.desk.report_message(report.id, stage, why, report.at.unwrap_or(now)).await? {
        return Err(Refusal::not_found().into());
    }
    Ok(answer(StatusCode::OK, &json!({})))
}

/// An identity from an address.
pub(super) fn item(text: &str) -> Result<Uuid, Refusal> {
    identifier(text)
}
