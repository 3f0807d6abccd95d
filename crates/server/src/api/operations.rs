//! `POST /complaints/{id}/{operation}`: one route a verb, made from the domain's list of verbs; reveals and erasures.

use super::cases::{replayed, tagged};
use super::{answer, view};
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{self, Failure, Why};
use crate::routes::{Access, Face, Method, Operation, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use desk::CaseRef;
use desk::register::OnceOnly;
use desk::{Permission, permissions, reveal};
use domain::command::{Command, VERBS};
use domain::refusal::Refusal;
use domain::shape::{self, Field, Kind, required};
use serde_json::{Value, json};

/// Shape of an erasure.
pub const ERASURE: &[Field] =
    &[required("reason", Kind::Line { max: 200 }, "Why. Do not write personal data here: it is kept for good.")];

/// Path and name of a verb's route; leaked once, because the table of routes is made once per process and wants static
/// names.
pub(super) fn path_and_name(root: &str, verb: &str) -> (&'static str, &'static str) {
    let path = Box::leak(format!("{root}/{{id}}/{verb}").into_boxed_str());
    (path, Box::leak(verb.replace('-', "_").into_boxed_str()))
}

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let mut routes: Vec<Route> = VERBS
        .iter()
        .filter_map(|verb| {
            let permission = Permission::for_verb(verb.name)?;
            let name = verb.name;
            let (path, id) = path_and_name("/api/v1/complaints", name);
            let operation = Operation {
                body: Some(verb.fields),
                versioned: true,
                repeatable: true,
                ..Operation::get(id, verb.doc.trim(), "Operations", "Receipt")
            };
            let handler = post(move |state, visitor, who, path, headers, body| {
                run(name, state, visitor, who, path, headers, body)
            });
            Some(row(path, permission, operation, handler))
        })
        .collect();
    let reveal_operation = Operation {
        body: Some(reveal::FIELDS),
        ..Operation::get("reveal", "See personal data unmasked; the access is logged.", "Personal data", "Revealed")
    };
    let erasure = Operation {
        body: Some(ERASURE),
        ..Operation::get("erase", "Erase the complainant of an ended case.", "Personal data", "Erased")
    };
    routes.push(row("/api/v1/complaints/{id}/reveal", permissions::REVEAL, reveal_operation, post(show)));
    routes.push(row("/api/v1/complaints/{id}/erasure", permissions::ERASE, erasure, post(erase)));
    routes
}

fn row(
    path: &'static str,
    permission: Permission,
    operation: Operation,
    handler: axum::routing::MethodRouter<AppState>,
) -> Route {
    Route {
        method: Method::Post,
        path,
        access: Access::Needs(permission),
        face: Face::Api,
        operation: Some(operation),
        handler,
    }
}

/// What distinguishes an operation from another under the same idempotency key: the case and the version seen besides
/// the body.
pub(crate) fn distinguishing(name: &CaseRef, seen: &str, body: &[u8]) -> Vec<u8> {
    [format!("{name:?}:{seen}:").as_bytes(), body].concat()
}

async fn run(
    verb: &'static str,
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let key = extract::repeat_key(&headers)?.map(str::to_owned);
    let name = CaseRef::parse(&name)?;
    let seen = extract::seen(&headers)?;
    let bytes = extract::bytes(&headers, body).await?;
    let command = Command::read(verb, extract::json(&headers, &bytes)?).ok_or(Why::NoSuchRoute)?;
    let command = command.map_err(Refusal::invalid)?;
    let whole = distinguishing(&name, &seen.to_string(), &bytes);
    let once = key.as_deref().map(|key| OnceOnly { key, body: &whole });
    let done = app.desk.run(&caller, &name, seen, command, once).await?;
    let mut receipt = view::receipt(&app.desk, &done.case);
    if let (false, Some(object)) = (done.unreached.is_empty(), receipt.as_object_mut()) {
        let warnings = done.unreached.iter().map(|one| {
            let detail = problem::unreached(&app, visitor.language, one);
            json!({"code": one.why.code(), "username": one.username, "detail": detail})
        });
        object.insert("warnings".to_owned(), warnings.collect());
    }
    let response = answer(StatusCode::OK, &receipt);
    Ok(replayed(tagged(response, done.case.version), done.replayed))
}

async fn checked(headers: &HeaderMap, body: Body, fields: &[Field]) -> Result<Value, Failure> {
    let bytes = extract::bytes(headers, body).await?;
    let value = extract::json(headers, &bytes)?;
    Ok(shape::check(value, fields).map_err(Refusal::invalid)?)
}

async fn show(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let value = checked(&headers, body, reveal::FIELDS).await?;
    let ask: reveal::Reveal =
        serde_json::from_value(value).map_err(|_| Refusal::from(domain::fault::Fault::new("", "unreadable")))?;
    let shown = app.desk.reveal(&caller, &CaseRef::parse(&name)?, ask).await?;
    let mut body = json!({"identity": view::identity(&shown.identity)});
    if let (Some(whole), Some(object)) = (&shown.view, body.as_object_mut()) {
        object.insert("complaint".to_owned(), view::case(&app.desk, whole));
        object.insert("events".to_owned(), view::entries(whole));
    }
    Ok(answer(StatusCode::OK, &body))
}

async fn erase(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let value = checked(&headers, body, ERASURE).await?;
    let reason = value.get("reason").and_then(Value::as_str).unwrap_or_default();
    let done = app.desk.erase(&caller, &CaseRef::parse(&name)?, reason).await?;
    let said = json!({"person": done.person.to_string(), "erased": true, "certificate": done.certificate});
    Ok(answer(StatusCode::OK, &said))
}
