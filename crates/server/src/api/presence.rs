//! `/complaints/{id}/presence`: who else has a case open, and who is writing.

use super::answer;
use super::view::Object;
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::routes::{Method, Operation, Route};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use desk::presence::Present;
use desk::{CaseRef, permissions};
use serde_json::{Value, json};

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let read =
        Operation::get("list_presence", "Who else has a case open now, and who is writing.", "Cases", "Presence");
    vec![Route::api(Method::Get, "/api/v1/complaints/{id}/presence", permissions::READ_CASES, read, get(list))]
}

async fn list(State(app): State<AppState>, Who(caller): Who, Path(name): Path<String>) -> Result<Response, Failure> {
    let one = |present: Present| -> Value {
        let told = Object::default().put("user", present.user.to_string()).put("name", present.name);
        told.put_some("writing", present.writing).done()
    };
    let items: Vec<Value> = others(&app, &caller, &CaseRef::parse(&name)?).await?.into_iter().map(one).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

/// Who else has a case open; nobody where the operator of the server wants people not to be told of each other.
///
/// # Errors
/// Those of the desk.
pub(crate) async fn others(app: &AppState, caller: &desk::Caller, name: &CaseRef) -> Result<Vec<Present>, Failure> {
    if app.settings.no_presence {
        // Whether there is such a case is told all the same as everywhere.
        app.desk.seen_case(caller, name).await?;
        return Ok(Vec::new());
    }
    Ok(app.desk.present(caller, name).await?)
}
