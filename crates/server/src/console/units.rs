//! Forms for units.

use super::form::Typed;
use super::names::Names;
use super::staff_form::{Act, StaffForm, beside_the_form, read};
use super::{Frame, page};
use crate::api::identifier;
use crate::app::AppState;
use crate::blocking::blocking;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::organisation::{self, CHANGE_UNIT, NEW_UNIT, NewUnit, Unit, UnitChange};
use desk::{Caller, Desk, DeskError, permissions};
use domain::ids::UnitId;
use domain::refusal::Refusal;

const DONE: &str = "/console/organisation?done=unit";

pub(super) fn routes() -> Vec<Route> {
    let manage = Access::Needs(permissions::MANAGE_ORGANISATION);
    vec![
        page(Method::Get, "/console/organisation/new-unit", manage, get(blank)),
        page(Method::Post, "/console/organisation/new-unit", manage, post(add)),
        page(Method::Get, "/console/organisation/units/{id}", manage, get(show)),
        page(Method::Post, "/console/organisation/units/{id}", manage, post(amend)),
        page(
            Method::Post,
            "/console/organisation/units/{id}/close",
            manage,
            post(|state, visitor, who, path| act(organisation::close_unit, state, visitor, who, path)),
        ),
        page(
            Method::Post,
            "/console/organisation/units/{id}/reopen",
            manage,
            post(|state, visitor, who, path| act(organisation::reopen_unit, state, visitor, who, path)),
        ),
    ]
}

fn new_form(frame: &Frame<'_>) -> StaffForm<'static> {
    StaffForm {
        title: frame.t("org.new_unit"),
        known_as: String::new(),
        action: "/console/organisation/new-unit".to_owned(),
        button: frame.t("org.make"),
        words: "unit",
        fields: NEW_UNIT,
        hidden: &[],
        aside: None,
        acts: Vec::new(),
    }
}

fn form(frame: &Frame<'_>, unit: &Unit) -> StaffForm<'static> {
    let action = format!("/console/organisation/units/{}", unit.id);
    let (verb, words) = if unit.closed { ("reopen", "org.reopen_unit") } else { ("close", "org.close_unit") };
    let root = unit.parent.is_none();
    let act = Act { action: format!("{action}/{verb}"), words: frame.t(words) };
    StaffForm {
        title: unit.name.clone(),
        known_as: unit.code.clone(),
        action,
        button: frame.t("org.save"),
        words: "unit",
        fields: CHANGE_UNIT,
        hidden: if root { &["inherit_region", "parent", "region"] } else { &["inherit_region"] },
        aside: None,
        acts: if root { Vec::new() } else { vec![act] },
    }
}

/// The boxes filled with what is so now.
fn filled(unit: &Unit) -> Typed {
    let mut typed = Typed::default();
    typed.set("name", unit.name.as_str());
    typed.set("parent", unit.parent.map(|parent| parent.to_string()).unwrap_or_default());
    typed.set("region", unit.region.as_str());
    for duty in &unit.duties {
        typed.add("duties", duty.code());
    }
    typed
}

/// A unit the caller may change.
async fn find(app: &AppState, frame: &Frame<'_>, caller: &Caller, id: &str) -> Result<(Unit, Names), Failure> {
    let id: UnitId = identifier(id)?;
    let names = Names::gather(app, caller).await?;
    let unit = names.units.iter().find(|unit| unit.id == id && frame.manages_unit(unit)).cloned();
    Ok((unit.ok_or_else(Refusal::not_found)?, names))
}

async fn blank(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let names = Names::gather(&app, &caller).await?;
    Ok(new_form(&frame).draw(&frame, &names, &Typed::default(), None))
}

async fn add(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    let outcome = match read::<NewUnit>(&typed, NEW_UNIT, &frame) {
        Ok(new) => {
            let by = caller.clone();
            blocking(&app, move |desk| organisation::add_unit(desk, &by, &new)).await
        }
        Err(failure) => Err(failure),
    };
    let Err(failure) = outcome else {
        return Ok(Redirect::to(DONE).into_response());
    };
    let failure = beside_the_form(&app, &visitor, failure)?;
    let names = Names::gather(&app, &caller).await?;
    Ok(new_form(&frame).draw(&frame, &names, &typed, Some(&failure)))
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let (unit, names) = find(&app, &frame, &caller, &id).await?;
    Ok(form(&frame, &unit).draw(&frame, &names, &filled(&unit), None))
}

async fn amend(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    let (unit, names) = find(&app, &frame, &caller, &id).await?;
    let outcome = match read::<UnitChange>(&typed, CHANGE_UNIT, &frame) {
        Ok(change) => {
            let id = unit.id;
            blocking(&app, move |desk| organisation::change_unit(desk, &caller, id, &change)).await
        }
        Err(failure) => Err(failure),
    };
    let Err(failure) = outcome else {
        return Ok(Redirect::to(DONE).into_response());
    };
    let failure = beside_the_form(&app, &visitor, failure)?;
    Ok(form(&frame, &unit).draw(&frame, &names, &typed, Some(&failure)))
}

async fn act(
    work: fn(&Desk, &Caller, UnitId) -> Result<(), DeskError>,
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let (unit, names) = find(&app, &frame, &caller, &id).await?;
    let id = unit.id;
    let Err(failure) = blocking(&app, move |desk| work(desk, &caller, id)).await else {
        return Ok(Redirect::to(DONE).into_response());
    };
    let failure = beside_the_form(&app, &visitor, failure)?;
    Ok(form(&frame, &unit).draw(&frame, &names, &filled(&unit), Some(&failure)))
}
