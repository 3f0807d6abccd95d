//! The units of the organisation.

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
use desk::organisation::{self, CHANGE_UNIT, NEW_UNIT, NewUnit, Unit, UnitChange};
use desk::{Caller, Desk, DeskError, permissions};
use domain::duty::Duty;
use domain::ids::UnitId;
use domain::refusal::Refusal;
use serde_json::{Value, json};

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let list =
        Operation::get("list_units", "The organisation's units, as far as they concern one's area.", "Staff", "Units");
    let change = |id, summary| Operation::get(id, summary, "Staff", "Unit");
    let manage = permissions::MANAGE_ORGANISATION;
    vec![
        Route::api(Method::Get, "/api/v1/units", permissions::READ_ORGANISATION, list, get(units)),
        Route::api(
            Method::Post,
            "/api/v1/units",
            manage,
            Operation { body: Some(NEW_UNIT), status: 201, ..change("add_unit", "Make a unit.") },
            post(add),
        ),
        Route::api(
            Method::Post,
            "/api/v1/units/{id}",
            manage,
            Operation {
                body: Some(CHANGE_UNIT),
                ..change("change_unit", "Rename or move a unit, change area or duties.")
            },
            post(amend),
        ),
        Route::api(
            Method::Post,
            "/api/v1/units/{id}/close",
            manage,
            Operation { body: Some(&[]), ..change("close_unit", "Close a unit that holds nothing any more.") },
            post(|state, who, path, headers, body| act(organisation::close_unit, state, who, path, headers, body)),
        ),
        Route::api(
            Method::Post,
            "/api/v1/units/{id}/reopen",
            manage,
            Operation { body: Some(&[]), ..change("reopen_unit", "Open a closed unit again.") },
            post(|state, who, path, headers, body| act(organisation::reopen_unit, state, who, path, headers, body)),
        ),
    ]
}

async fn units(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.units(&caller).await?.iter().map(view).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn add(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: NewUnit = input(&headers, body, NEW_UNIT).await?;
    let by = caller.clone();
    let unit = blocking(&app, move |desk| organisation::add_unit(desk, &by, &new)).await?;
    one(&app, &caller, unit, StatusCode::CREATED).await
}

async fn amend(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(unit): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let change: UnitChange = input(&headers, body, CHANGE_UNIT).await?;
    let (unit, by) = (identifier::<UnitId>(&unit)?, caller.clone());
    blocking(&app, move |desk| organisation::change_unit(desk, &by, unit, &change)).await?;
    one(&app, &caller, unit, StatusCode::OK).await
}

async fn act(
    work: fn(&Desk, &Caller, UnitId) -> Result<(), DeskError>,
    State(app): State<AppState>,
    Who(caller): Who,
    Path(unit): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let (unit, by) = (identifier::<UnitId>(&unit)?, caller.clone());
    blocking(&app, move |desk| work(desk, &by, unit)).await?;
    one(&app, &caller, unit, StatusCode::OK).await
}

/// The unit as it is now.
async fn one(app: &AppState, caller: &Caller, unit: UnitId, status: StatusCode) -> Result<Response, Failure> {
    // Whoever writes need not be allowed to read: a token may have the one scope without the other.
    if !permissions::READ_ORGANISATION.allows(caller) {
        return Ok(answer(status, &json!({"id": unit.to_string()})));
    }
    let units = app.desk.units(caller).await?;
    let unit = units.iter().find(|known| known.id == unit).ok_or_else(Refusal::not_found)?;
    Ok(answer(status, &view(unit)))
}

fn view(unit: &Unit) -> Value {
    let set = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Object::default()
        .put("id", unit.id.to_string())
        .put_some("parent", unit.parent.map(|parent| parent.to_string()))
        .put("code", unit.code.as_str())
        .put("name", unit.name.as_str())
        .put_some("region", set(&unit.region))
        .put_some("area", set(&unit.area))
        .put("duties", unit.duties.iter().copied().map(Duty::code).collect::<Vec<_>>())
        .put_some("closed", unit.closed.then_some(true))
        .done()
}
