//! Who the caller is, and whom a case may be given to.

use super::answer;
use crate::app::AppState;
use crate::extract::Who;
use crate::problem::Failure;
use crate::routes::{Access, Face, Method, Operation, Route};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use desk::{Permission, permissions};
use serde_json::{Map, Value, json};

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let row = |path, permission: Permission, id, summary, answer, handler| Route {
        method: Method::Get,
        path,
        access: Access::Needs(permission),
        face: Face::Api,
        operation: Some(Operation::get(id, summary, "Staff", answer)),
        handler,
    };
    vec![
        row("/api/v1/me", permissions::READ_SELF, "me", "Who the caller is and what they may do.", "Me", get(me)),
        row("/api/v1/units", permissions::READ_ORGANISATION, "list_units", "The organisation.", "Units", get(units)),
        row("/api/v1/users", permissions::READ_ORGANISATION, "list_users", "Colleagues.", "Users", get(users)),
    ]
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

async fn units(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app
        .desk
        .units(&caller)
        .await?
        .into_iter()
        .map(|unit| {
            let mut one = json!({"id": unit.id.to_string(), "code": unit.code, "name": unit.name});
            if let (Some(parent), Some(object)) = (unit.parent, one.as_object_mut()) {
                object.insert("parent".to_owned(), json!(parent.to_string()));
            }
            one
        })
        .collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn users(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app
        .desk
        .colleagues(&caller)
        .await?
        .into_iter()
        .filter(|user| !user.disabled)
        .map(|user| {
            let mut one = json!({
                "id": user.id.to_string(),
                "username": user.username,
                "name": user.name,
                "role": user.role,
                "unit": user.unit.to_string(),
            });
            if let (false, Some(object)) = (user.region.is_empty(), one.as_object_mut()) {
                object.insert("region".to_owned(), json!(user.region));
            }
            one
        })
        .collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}
