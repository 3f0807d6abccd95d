//! `/wordings`: what messages say beside the words of people, in versions that another person approves.

use super::activations::person;
use super::view::{Object, moment};
use super::{answer, input};
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::permissions;
use desk::wordings::{Length, NEW_WORDING, NewWording, WordingView, length};
use domain::refusal::Refusal;
use serde_json::{Value, json};

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let of = |id, summary, answer| Operation::get(id, summary, "Wordings", answer);
    let mut routes = vec![
        Route::api(
            Method::Get,
            "/api/v1/wordings",
            permissions::READ_WORDINGS,
            of("list_wordings", "Every version of every wording of messages.", "Wordings"),
            get(list),
        ),
        Route::api(
            Method::Post,
            "/api/v1/wordings",
            permissions::EDIT_WORDING,
            Operation {
                body: Some(NEW_WORDING),
                status: 201,
                ..of("edit_wording", "Ask another person to approve a version of a wording.", "Wording")
            },
            post(edit),
        ),
    ];
    for (path, id, summary, approve) in [
        (
            "/api/v1/wordings/{part}/{language}/{version}/approve",
            "approve_wording_of_messages",
            "Approve another person's version; it is what is sent from now on.",
            true,
        ),
        (
            "/api/v1/wordings/{part}/{language}/{version}/refuse",
            "refuse_wording_of_messages",
            "Refuse another person's version.",
            false,
        ),
    ] {
        let operation = Operation { body: Some(&[]), ..of(id, summary, "Wording") };
        let handler = post(move |state, who, path, headers, body| decide(approve, state, who, path, headers, body));
        routes.push(Route::api(Method::Post, path, permissions::APPROVE_WORDING, operation, handler));
    }
    routes
}

async fn list(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.wordings(&caller).await?.iter().map(wording).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn edit(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: NewWording = input(&headers, body, NEW_WORDING).await?;
    Ok(answer(StatusCode::CREATED, &wording(&app.desk.edit_wording(&caller, new).await?)))
}

async fn decide(
    approve: bool,
    State(app): State<AppState>,
    Who(caller): Who,
    Path((kind, language, version)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let version = version.parse().map_err(|_| Failure::from(Refusal::not_found()))?;
    let decided = app.desk.decide_wording(&caller, (&kind, &language, version), approve).await?;
    Ok(answer(StatusCode::OK, &wording(&decided)))
}

fn wording(one: &WordingView) -> Value {
    Object::default()
        .put("part", one.kind.as_str())
        .put("language", one.language.as_str())
        .put("version", one.version)
        .put("text", one.text.as_str())
        .put_some(
            "length",
            length(&one.kind, &one.text).map(|length| {
                let Length { characters, parts } = length;
                Object::default().put("characters", characters).put_some("parts", parts).done()
            }),
        )
        .put("hash", one.hash.as_str())
        .put("note", one.note.as_str())
        .put("state", one.standing.code())
        .put("asked_by", person(&one.asked_by))
        .put("asked_at", moment(one.asked_at))
        .put_some("decided_by", one.decided_by.as_ref().map(person))
        .put_some("decided_at", one.decided_at.map(moment))
        .done()
}
