//! Who is away and who stands in.

use super::view::Object;
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
use desk::organisation::{self, Absence, NEW_ABSENCE, NewAbsence};
use desk::permissions;
use serde_json::{Value, json};
use uuid::Uuid;

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let list = Operation::get("list_absences", "Absences that run or lie ahead.", "Staff", "Absences");
    let change = |id, summary| Operation::get(id, summary, "Staff", "Entered");
    vec![
        Route::api(Method::Get, "/api/v1/absences", permissions::READ_ORGANISATION, list, get(absences)),
        Route::api(
            Method::Post,
            "/api/v1/absences",
            permissions::OWN_ABSENCE,
            Operation {
                body: Some(NEW_ABSENCE),
                status: 201,
                ..change("add_absence", "Enter one's own absence; those of others for who leads a team.")
            },
            post(add),
        ),
        Route::api(
            Method::Post,
            "/api/v1/absences/{id}/end",
            permissions::OWN_ABSENCE,
            Operation { body: Some(&[]), ..change("end_absence", "End an absence now, or call it off.") },
            post(end),
        ),
    ]
}

async fn absences(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.absences(&caller).await?.iter().map(view).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn add(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: NewAbsence = input(&headers, body, NEW_ABSENCE).await?;
    let absence = blocking(&app, move |desk| organisation::add_absence(desk, &caller, &new)).await?;
    Ok(answer(StatusCode::CREATED, &json!({"id": absence.to_string()})))
}

async fn end(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(absence): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let absence = identifier::<Uuid>(&absence)?;
    blocking(&app, move |desk| organisation::end_absence(desk, &caller, absence)).await?;
    Ok(answer(StatusCode::OK, &json!({"id": absence.to_string()})))
}

fn view(absence: &Absence) -> Value {
    Object::default()
        .put("id", absence.id.to_string())
        .put("user", absence.user.to_string())
        .put_some("deputy", absence.deputy.map(|deputy| deputy.to_string()))
        .put("from", absence.from.to_string())
        .put("until", absence.until.to_string())
        .done()
}
