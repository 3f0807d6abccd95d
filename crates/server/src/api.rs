//! REST API v1. One resource a file; what is allowed and what happens is the desk's business.

pub mod absences;
pub mod activations;
pub mod attachments;
pub mod board;
pub mod bulk;
pub mod bundles;
pub mod bursts;
pub mod call_backs;
pub mod cases;
pub mod customers;
pub mod handoffs;
pub mod incidents;
pub mod jobs;
pub mod kpis;
pub mod ledger;
pub mod letterbox;
pub mod letters;
pub mod macros;
pub mod messages;
pub mod models;
pub mod network;
pub mod notices;
pub mod operations;
pub mod orders;
pub mod presence;
pub mod problems;
pub mod remedies;
pub mod reports;
pub mod retention;
pub mod routing;
pub mod rules;
pub mod similar;
pub mod staff;
pub mod surveys;
pub mod units;
pub mod users;
pub mod view;
pub mod views;
pub mod webhooks;
pub mod what_if;
pub mod wordings;

use crate::extract;
use crate::problem::Failure;
use crate::routes::Route;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{self, Field};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Where version 1 begins.
pub const ROOT: &str = "/api/v1";

/// The routes of the API.
#[must_use]
pub fn routes() -> Vec<Route> {
    let mut routes = cases::routes();
    routes.extend(attachments::routes());
    routes.extend(bundles::routes());
    routes.extend(letters::routes());
    routes.extend(messages::routes());
    routes.extend(letterbox::routes());
    routes.extend(operations::routes());
    routes.extend(customers::routes());
    routes.extend(bulk::routes());
    routes.extend(call_backs::routes());
    routes.extend(wordings::routes());
    routes.extend(orders::routes());
    routes.extend(webhooks::routes());
    routes.extend(routing::routes());
    routes.extend(handoffs::routes());
    routes.extend(rules::routes());
    routes.extend(activations::routes());
    routes.extend(what_if::routes());
    routes.extend(staff::routes());
    routes.extend(notices::routes());
    routes.extend(presence::routes());
    routes.extend(jobs::routes());
    routes.extend(remedies::routes());
    routes.extend(similar::routes());
    routes.extend(surveys::routes());
    routes.extend(reports::routes());
    routes.extend(ledger::routes());
    routes.extend(problems::routes());
    routes.extend(incidents::routes());
    routes.extend(bursts::routes());
    routes.extend(network::routes());
    routes.extend(kpis::routes());
    routes.extend(retention::routes());
    routes.extend(units::routes());
    routes.extend(users::routes());
    routes.extend(absences::routes());
    routes.extend(views::routes());
    routes.extend(macros::routes());
    routes.extend(models::routes());
    routes.extend(board::routes());
    routes.extend(crate::openapi::routes());
    routes
}

/// A JSON answer.
pub(crate) fn answer(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

/// A JSON body of a shape; nothing at all reads as an empty object.
pub(crate) async fn input<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    fields: &[Field],
) -> Result<T, Failure> {
    let value = extract::json(headers, &extract::bytes(headers, body).await?)?;
    let value = if value.is_null() { Value::Object(Map::new()) } else { value };
    let value = shape::check(value, fields).map_err(Refusal::invalid)?;
    Ok(serde_json::from_value(value).map_err(|_| Fault::new("", "unreadable"))?)
}

/// An identifier from an address; whatever is none names nothing.
pub(crate) fn identifier<T: std::str::FromStr>(text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| Refusal::not_found())
}
