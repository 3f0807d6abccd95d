//! Why a case stands as it does, on one page to be printed: grade, packs, clocks and windows with every step.

use super::facts::grade_why;
use super::names::Names;
use super::orders::limits;
use super::progress::{Clock, clocks};
use super::rules::governing;
use super::windows::{Windows, windows};
use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{Path, Visitor, Who};
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use desk::routing::Explained;
use desk::{CaseRef, permissions};
use domain::case::route::Found;

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
    routing: Vec<String>,
    orders: Vec<(String, Vec<String>)>,
}

/// Rows told one by one; of a longer table those before them are counted.
const TOLD: usize = 30;

/// Where the routing table sends the case, and why.
fn routing(frame: &Frame<'_>, explained: &Explained) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(routed) = &explained.routed {
        let why = frame.code("how", routed.how.code());
        let row = format!("{} · {} {}", routed.rule, routed.pack, routed.version);
        lines.push(frame.tv("why_page.came_by", &[("row", row.as_str()), ("why", why.as_str())]));
    }
    let skipped = explained.rows.len().saturating_sub(TOLD);
    if skipped > 0 {
        lines.push(frame.tv("why_page.rows_before", &[("count", skipped.to_string().as_str())]));
    }
    for row in explained.rows.iter().skip(skipped) {
        let title = frame.language.pick(&row.title.zh, &row.title.en);
        lines.push(format!("{title} → {}: {}", row.unit, frame.code("looked", row.looked.code())));
    }
    match &explained.found {
        Found::NoRow if explained.pack.is_some() => lines.push(frame.t("why_page.no_row")),
        Found::NoUnit(unit) => lines.push(frame.tv("why_page.no_unit", &[("unit", unit.as_str())])),
        Found::NoRow | Found::Goes(_) => {}
    }
    lines
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
        routing: routing(&frame, &app.desk.explain_routing(&caller, &CaseRef::Id(case.id)).await?),
        orders: limits(&frame, case, &app.desk.library().rules_of(case)?, &Names::gather(&app, &caller).await?),
        frame: &frame,
    }))
}
