//! Lists under a name.

use super::cases::{LIST, filter};
use super::view::Object;
use super::{answer, identifier, input};
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::audience::Audience;
use desk::permissions;
use desk::views::{NEW_NAME, NEW_VIEW, NewView, SavedView};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let list =
        Operation::get("list_views", "Lists the caller may use: own ones, the unit's, the role's.", "Views", "Views");
    let change = |id, summary| Operation::get(id, summary, "Views", "Entered");
    vec![
        Route::api(Method::Get, "/api/v1/views", permissions::READ_CASES, list, get(views)),
        Route::api(
            Method::Post,
            "/api/v1/views",
            permissions::SAVE_VIEW,
            Operation {
                body: Some(NEW_VIEW),
                status: 201,
                ..change("keep_view", "Keep a list under a name; the same name for the same people replaces one.")
            },
            post(keep),
        ),
        Route::api(
            Method::Post,
            "/api/v1/views/{id}/rename",
            permissions::SAVE_VIEW,
            Operation { body: Some(NEW_NAME), ..change("rename_view", "Give a list another name.") },
            post(rename),
        ),
        Route::api(
            Method::Post,
            "/api/v1/views/{id}/remove",
            permissions::SAVE_VIEW,
            Operation { body: Some(&[]), ..change("remove_view", "Take a list away.") },
            post(remove),
        ),
    ]
}

/// What a list shows beyond the view it begins with, as an address has it.
pub(crate) fn address(look: &Map<String, Value>) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    };
    let parts = look.iter().filter(|(name, _)| *name != "view");
    // A list is asked for states as `status`; here it would be taken for the state of what is kept.
    let named = |name: &str| if name == "states" { "status".to_owned() } else { name.to_owned() };
    parts.map(|(name, value)| format!("{}={}", named(name), query::encode(&text(value)))).collect::<Vec<_>>().join("&")
}

async fn views(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.views(&caller).await?.iter().map(shown).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

fn shown(view: &SavedView) -> Value {
    let role = match view.audience {
        Audience::Role(role) => Some(role.code()),
        _ => None,
    };
    let mut shown = Object::default()
        .put("id", view.id.to_string())
        .put("name", view.name.clone())
        .put("shared", view.audience.code())
        .put_some("role", role)
        .put("may_remove", view.may_remove)
        .done();
    if let Some(members) = shown.as_object_mut() {
        members.extend(view.look.clone());
        members.insert("view".to_owned(), json!(view.view()));
    }
    shown
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

async fn keep(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: NewView = input(&headers, body, NEW_VIEW).await?;
    let filter = filter(&query::read(Some(&address(&new.look)), LIST)?, &caller)?;
    let id = app.desk.keep_view(&caller, new, &filter).await?;
    Ok(answer(StatusCode::CREATED, &json!({"id": id.to_string()})))
}

async fn rename(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(view): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let id = identifier::<Uuid>(&view)?;
    let Named { name } = input(&headers, body, NEW_NAME).await?;
    app.desk.rename_view(&caller, id, &name).await?;
    Ok(answer(StatusCode::OK, &json!({"id": id.to_string()})))
}

async fn remove(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(view): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let id = identifier::<Uuid>(&view)?;
    app.desk.remove_view(&caller, id).await?;
    Ok(answer(StatusCode::OK, &json!({"id": id.to_string()})))
}
