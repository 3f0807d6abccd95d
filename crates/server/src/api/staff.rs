//! Who the caller is.

use super::answer;
use crate::extract::Who;
use crate::problem::Failure;
use crate::routes::{Access, Face, Method, Operation, Route};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use desk::permissions;
use serde_json::{Map, Value, json};

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::Get,
        path: "/api/v1/me",
        access: Access::Needs(permissions::READ_SELF),
        face: Face::Api,
        operation: Some(Operation::get("me", "Who the caller is and what they may do.", "Staff", "Me")),
        handler: get(me),
    }]
}

async fn me(Who(caller): Who) -> Result<Response, Failure> {
    let may: Vec<&str> = permissions::TABLE
        .iter()
        .filter(|row| row.permission.allows(&caller))
        .map(|row| row.permission.name())
        .collect();
    let scopes: Vec<&str> = caller.scopes.iter().map(|scope| scope.code()).collect();
    let mut body = Map::new();
    body.insert("actor".to_owned(), json!(caller.actor.id.to_string()));
    body.insert("name".to_owned(), json!(caller.name));
    body.insert("role".to_owned(), json!(caller.actor.role.code()));
    if !caller.actor.area.code().is_empty() {
        body.insert("region".to_owned(), json!(caller.actor.area.code()));
    }
    body.insert("unit".to_owned(), json!(caller.actor.unit.to_string()));
    body.insert("scopes".to_owned(), json!(scopes));
    body.insert("permissions".to_owned(), json!(may));
    Ok(answer(StatusCode::OK, &Value::Object(body)))
}
