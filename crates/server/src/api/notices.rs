//! `/notices`: what the caller should look at.

use super::{answer, view};
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::routes::{Access, Face, Method, Operation, Route};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use desk::jobs::notify::Notice;
use desk::permissions;
use domain::refusal::Refusal;
use serde_json::{Value, json};

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let row = |method, path, permission, operation, handler: MethodRouter<AppState>| Route {
        method,
        path,
        access: Access::Needs(permission),
        face: Face::Api,
        operation: Some(operation),
        handler,
    };
    let list = Operation::get("list_notices", "What the caller has not read yet.", "Notices", "Notices");
    let one = Operation::get("read_notice", "Mark a notice as read.", "Notices", "Nothing");
    let all = Operation::get("read_all_notices", "Mark every notice as read.", "Notices", "Nothing");
    vec![
        row(Method::Get, "/api/v1/notices", permissions::READ_SELF, list, get(unread)),
        row(Method::Post, "/api/v1/notices/read", permissions::MARK_NOTICES, all, post(read_all)),
        row(Method::Post, "/api/v1/notices/{id}/read", permissions::MARK_NOTICES, one, post(read_one)),
    ]
}

async fn unread(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.notices(&caller).await?.iter().map(shown).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

fn shown(notice: &Notice) -> Value {
    let mut one = json!({
        "id": notice.id.to_string(), "kind": notice.kind, "number": notice.number, "at": view::moment(notice.at),
    });
    if let Some(object) = one.as_object_mut() {
        object.extend(notice.rule.iter().map(|rule| ("rule".to_owned(), json!(rule))));
        object.extend(notice.percent.iter().map(|percent| ("percent".to_owned(), json!(percent))));
    }
    one
}

async fn read_one(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Refusal::not_found())?;
    app.desk.read_notices(&caller, Some(id)).await?;
    Ok(answer(StatusCode::OK, &json!({})))
}

async fn read_all(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    app.desk.read_notices(&caller, None).await?;
    Ok(answer(StatusCode::OK, &json!({})))
}
