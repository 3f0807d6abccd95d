//! Rules that were put into force, or are asked to be.

use super::routing::remark;
use super::view::{Object, moment};
use super::{answer, identifier, input};
use crate::app::AppState;
use crate::blocking::blocking;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::activation::{self, Activation, NEW_ACTIVATION, NewActivation, Person};
use desk::routing::RowRemark;
use desk::{Caller, Desk, DeskError, permissions};
use domain::refusal::Refusal;
use serde_json::{Value, json};
use uuid::Uuid;

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let list = Operation::get(
        "list_activations",
        "Rules put into force or asked to be, newest first.",
        "Rules",
        "Activations",
    );
    let change = |id, summary| Operation { body: Some(&[]), ..Operation::get(id, summary, "Rules", "Activation") };
    let may = permissions::ACTIVATE_RULES;
    vec![
        Route::api(Method::Get, "/api/v1/activations", permissions::READ_RULES, list, get(activations)),
        Route::api(
            Method::Post,
            "/api/v1/activations",
            may,
            Operation {
                body: Some(NEW_ACTIVATION),
                status: 201,
                ..change("request_activation", "Ask for a pack or calendar to be put into force.")
            },
            post(request),
        ),
        Route::api(
            Method::Post,
            "/api/v1/activations/{id}/approve",
            may,
            change("approve_activation", "Put into force what another person asked for."),
            post(|state, who, path, headers, body| act(activation::approve, state, who, path, headers, body)),
        ),
        Route::api(
            Method::Post,
            "/api/v1/activations/{id}/refuse",
            may,
            change("refuse_activation", "Say no to what another person asked for."),
            post(|state, who, path, headers, body| act(activation::refuse, state, who, path, headers, body)),
        ),
        Route::api(
            Method::Post,
            "/api/v1/activations/{id}/withdraw",
            may,
            change("withdraw_activation", "Take back what one asked for oneself."),
            post(|state, who, path, headers, body| act(activation::withdraw, state, who, path, headers, body)),
        ),
    ]
}

async fn activations(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let found = app.desk.activations(&caller).await?;
    let remarks = app.desk.table_remarks(&caller, &found).await?;
    let items: Vec<Value> = found.iter().map(|one| view(one, remarks.get(&one.id))).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn request(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: NewActivation = input(&headers, body, NEW_ACTIVATION).await?;
    let by = caller.clone();
    let id = blocking(&app, move |desk| activation::request(desk, &by, &new)).await?;
    one(&app, &caller, id, StatusCode::CREATED).await
}

async fn act(
    work: fn(&Desk, &Caller, Uuid) -> Result<(), DeskError>,
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let (id, by) = (identifier::<Uuid>(&id)?, caller.clone());
    blocking(&app, move |desk| work(desk, &by, id)).await?;
    one(&app, &caller, id, StatusCode::OK).await
}

/// The activation as it is now.
async fn one(app: &AppState, caller: &Caller, id: Uuid, status: StatusCode) -> Result<Response, Failure> {
    let found = app.desk.activations(caller).await?;
    let found = found.iter().find(|known| known.id == id).ok_or_else(Refusal::not_found)?;
    let remarks = app.desk.table_remarks(caller, std::slice::from_ref(found)).await?;
    Ok(answer(status, &view(found, remarks.get(&id))))
}

/// Somebody who asked or decided.
pub(super) fn person(person: &Person) -> Value {
    json!({"id": person.id.to_string(), "name": person.name})
}

/// An activation with the two people behind it, and what is the matter with the rows of a table that waits.
pub(super) fn view(one: &Activation, remarks: Option<&Vec<RowRemark>>) -> Value {
    Object::default()
        .put("id", one.id.to_string())
        .put("kind", one.kind.code())
        .put("rules", one.rules.as_str())
        .put("version", one.version.as_str())
        .put("hash", one.hash.as_str())
        .put("effective_from", one.effective_from.to_string())
        .put("note", one.note.as_str())
        .put("state", one.state.code())
        .put("requested_by", person(&one.requested_by))
        .put("requested_at", moment(one.requested_at))
        .put_some("decided_by", one.decided_by.as_ref().map(person))
        .put_some("decided_at", one.decided_at.map(moment))
        .put_some("holds_at", one.holds_at.map(moment))
        .put("looked", one.looked)
        .put("moved", one.moved)
        .put_some("recounted_at", one.recounted_at.map(moment))
        .put_some("remarks", remarks.map(|all| all.iter().map(remark).collect::<Vec<_>>()))
        .done()
}
