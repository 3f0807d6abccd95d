//! REST API v1. One resource a file; what is allowed and what happens is the desk's business.

pub mod attachments;
pub mod cases;
pub mod jobs;
pub mod notices;
pub mod operations;
pub mod rules;
pub mod staff;
pub mod view;

use crate::routes::Route;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// Where version 1 begins.
pub const ROOT: &str = "/api/v1";

/// The routes of the API.
#[must_use]
pub fn routes() -> Vec<Route> {
    let mut routes = cases::routes();
    routes.extend(attachments::routes());
    routes.extend(operations::routes());
    routes.extend(rules::routes());
    routes.extend(staff::routes());
    routes.extend(notices::routes());
    routes.extend(jobs::routes());
    routes.extend(crate::openapi::routes());
    routes
}

/// A JSON answer.
pub(crate) fn answer(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
