//! `/handoffs`: what other bodies hand over.

use super::cases::replayed;
use super::{answer, view};
use crate::app::AppState;
use crate::extract::{self, Who};
use crate::problem::Failure;
use crate::routes::{Access, Face, Method, Operation, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use desk::permissions;
use domain::case::hand_off::FIELDS;

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::Post,
        path: "/api/v1/handoffs",
        access: Access::Needs(permissions::HAND_OFF),
        face: Face::Api,
        operation: Some(Operation {
            body: Some(FIELDS),
            status: 201,
            ..Operation::get(
                "hand_off",
                "Take in what another body hands over: it joins the case there is or becomes a new one. The same owner \
                 and number once more are answered as the first time.",
                "Hand-offs",
                "HandoffReceipt",
            )
        }),
        handler: post(hand_off),
    }]
}

async fn hand_off(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let bytes = extract::bytes(&headers, body).await?;
    let handed = app.desk.hand_off(&caller, extract::json(&headers, &bytes)?).await?;
    let mut response = answer(StatusCode::CREATED, &view::handoff(&handed.receipt));
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/complaints/{}", handed.receipt.case)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(replayed(response, handed.replayed))
}
