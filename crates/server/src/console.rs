//! The console.
use crate::app::App;
use crate::locale::Language;
use crate::problem::Told;
use crate::routes::Route;
use axum::response::{IntoResponse, Redirect, Response};

/// Routes.
#[must_use]
pub fn routes() -> Vec<Route> {
    Vec::new()
}
/// To sign in.
#[must_use]
pub fn to_sign_in(_: &str) -> Response {
    Redirect::to("/sign-in").into_response()
}
/// Problem page.
#[must_use]
pub fn problem_page(_: &App, _: Language, _: Option<&desk::Caller>, told: &Told) -> Response {
    told.problem()
}
/// Broken.
pub fn broken_template(_: &askama::Error) -> Response {
    Response::default()
}
