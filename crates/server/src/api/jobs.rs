//! `/jobs`: work that follows from commands, for whoever looks after the installation.

use super::{answer, view};
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Access, Face, Method, Operation, Route};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use desk::jobs::queue::Waiting;
use desk::permissions;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional};
use serde_json::{Value, json};

const LIST: &[Field] = &[optional(
    "state",
    Kind::Code(&["waiting", "dead"]),
    "Jobs that wait, or that are no longer tried. Default: dead.",
)];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let list = Operation {
        query: LIST,
        ..Operation::get("list_jobs", "Jobs that wait or are dead; the oldest two hundred.", "Operation", "Jobs")
    };
    let retry = Operation::get("retry_job", "Have a dead job tried again.", "Operation", "Nothing");
    let row = |method, path, permission, operation, handler| Route {
        method,
        path,
        access: Access::Needs(permission),
        face: Face::Api,
        operation: Some(operation),
        handler,
    };
    vec![
        row(Method::Get, "/api/v1/jobs", permissions::READ_JOBS, list, get(jobs)),
        row(Method::Post, "/api/v1/jobs/{id}/retry", permissions::RETRY_JOBS, retry, post(again)),
    ]
}

async fn jobs(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), LIST)?;
    let dead = given.get("state").and_then(Value::as_str) != Some("waiting");
    let items: Vec<Value> = app.desk.jobs(&caller, dead).await?.iter().map(shown).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

fn shown(job: &Waiting) -> Value {
    let mut one = json!({
        "id": job.id.to_string(), "kind": job.kind, "key": job.key, "run_at": view::moment(job.run_at),
        "attempts": job.attempts, "dead": job.dead, "created_at": view::moment(job.created_at),
    });
    if let (false, Some(object)) = (job.error.is_empty(), one.as_object_mut()) {
        object.insert("error".to_owned(), json!(job.error));
    }
    one
}

async fn again(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Refusal::not_found())?;
    app.desk.retry_job(&caller, id).await?;
    Ok(answer(StatusCode::OK, &json!({})))
}
