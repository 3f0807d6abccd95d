//! `/complaints/{id}/customer`: what the operator's customer system says about the complainant, fetched when somebody asks.

use super::{answer, view};
use crate::app::AppState;
use crate::crm::{Customer, Number, Told};
use crate::extract::{self, Path, Who};
use crate::problem::Failure;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::archive::{Ask, FIELDS};
use desk::{Caller, CaseRef, DeskError, permissions};
use domain::refusal::Refusal;
use domain::shape;
use serde_json::Value;

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let path = "/api/v1/complaints/{id}/customer";
    let masked = Operation::get(
        "get_customer",
        "Whom the operator's customer system knows under the complainant's numbers, masked.",
        "Personal data",
        "Customers",
    );
    let clear = Operation {
        body: Some(FIELDS),
        ..Operation::get("reveal_customer", "The same unmasked; the access is logged.", "Personal data", "Customers")
    };
    vec![
        Route::api(Method::Get, path, permissions::READ_CASES, masked, get(show)),
        Route::api(Method::Post, path, permissions::REVEAL, clear, post(reveal)),
    ]
}

async fn show(State(app): State<AppState>, Who(caller): Who, Path(name): Path<String>) -> Result<Response, Failure> {
    let told = about(&app, &caller, &CaseRef::parse(&name)?, None).await?;
    Ok(answer(StatusCode::OK, &view::customers(&told, false)))
}

async fn reveal(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let bytes = extract::bytes(&headers, body).await?;
    let value = shape::check(extract::json(&headers, &bytes)?, FIELDS).map_err(Refusal::invalid)?;
    let ask: Ask =
        serde_json::from_value(value).map_err(|_| Refusal::from(domain::fault::Fault::new("", "unreadable")))?;
    let told = about(&app, &caller, &CaseRef::parse(&name)?, Some(ask)).await?;
    Ok(answer(StatusCode::OK, &view::customers(&told, true)))
}

/// Asks about the complainant of a case, for showing it in the clear when a purpose is given.
///
/// # Errors
/// Those of [`desk::Desk::customer_numbers`], or that no customer system is connected.
pub(crate) async fn about(app: &AppState, caller: &Caller, name: &CaseRef, ask: Option<Ask>) -> Result<Told, Failure> {
    let Some(crm) = &app.settings.crm else {
        // Whether there is such a case is told by the same look as ever.
        app.desk.case(caller, name).await?;
        return Err(Refusal::conflict("no_customer_system").into());
    };
    let numbers = app.desk.customer_numbers(caller, name, ask).await?;
    let told = crm.about(&Number::of(numbers.phone.as_deref(), numbers.subscription.as_deref())).await;
    Ok(of_area(caller, told))
}

/// Asks about whoever is just being registered; nothing where no system is connected, no number is complete, the caller may
/// not see cases, somebody does not want to be known, or somebody under these numbers restricted the use of their data.
///
/// # Errors
/// Those of the database.
pub(crate) async fn while_registering(
    app: &AppState,
    caller: &Caller,
    intake: &Value,
) -> Result<Option<Told>, DeskError> {
    let Some(crm) = app.settings.crm.as_ref().filter(|_| permissions::READ_CASES.allows(caller)) else {
        return Ok(None);
    };
    let text = |at: &str| intake.pointer(at).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let anonymous = intake.pointer("/complainant/anonymous").and_then(Value::as_bool) == Some(true);
    let (phone, line) = (text("/complainant/phone"), text("/subscription/number"));
    let numbers = Number::of(phone, line);
    if anonymous || numbers.is_empty() {
        return Ok(None);
    }
    let typed: Vec<&str> = [phone, line].into_iter().flatten().collect();
    if app.desk.restricts_numbers(caller, &typed).await? {
        return Ok(None);
    }
    Ok(Some(of_area(caller, crm.about(&numbers).await)))
}

/// Customers of a region beyond the caller's area are not there for them.
fn of_area(caller: &Caller, told: Told) -> Told {
    let within = |one: &Customer| one.region.as_deref().is_none_or(|region| caller.actor.area.covers(region));
    match told {
        Told::Known(mut known) => {
            known.retain(within);
            Told::Known(known)
        }
        Told::Silent => Told::Silent,
    }
}
