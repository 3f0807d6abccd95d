//! Why a case stands as it does, on one page to be printed: grade, packs, clocks and windows with every step.

use super::facts::grade_why;
use super::progress::{Clock, clocks};
use super::rules::governing;
use super::windows::{Windows, windows};
use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{Visitor, Who};
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use desk::{CaseRef, permissions};

pub(super) fn routes() -> Vec<Route> {
    vec![page(Method::Get, "/console/cases/{id}/why", Access::Needs(permissions::READ_CASES), get(show))]
}

#[derive(Template)]
#[template(path = "why.html")]
struct Reasons<'a> {
    frame: &'a Frame<'a>,
    number: &'a str,
    made: String,
    received: String,
    state: String,
    grade: String,
    grade_why: Vec<String>,
    governing: Vec<String>,
    clocks: Vec<Clock>,
    windows: Windows,
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let view = app.desk.case(&caller, &CaseRef::parse(&name)?).await?;
    let case = &view.case;
    let now = app.desk.time().now();
    Ok(render(&Reasons {
        number: &case.number,
        made: frame.moment(now),
        received: frame.moment(case.received_at),
        state: frame.code("state", case.state.code()),
        grade: frame.code("grade", case.grade.code()),
        grade_why: grade_why(&frame, case),
        governing: governing(&frame, case),
        clocks: clocks(&frame, case, now)?,
        windows: windows(&frame, case, now)?,
        frame: &frame,
    }))
}
