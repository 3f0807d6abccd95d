//! What the person who is signed in should look at.

use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{Visitor, Who};
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::permissions;

pub(super) fn routes() -> Vec<Route> {
    vec![
        page(Method::Get, "/console/notices", Access::Needs(permissions::READ_SELF), get(show)),
        page(Method::Post, "/console/notices/read", Access::Needs(permissions::MARK_NOTICES), post(read)),
    ]
}

struct Line {
    at: String,
    words: String,
    number: String,
    late: bool,
}

#[derive(Template)]
#[template(path = "notices.html")]
struct Notices<'a> {
    frame: &'a Frame<'a>,
    lines: Vec<Line>,
}

async fn show(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let lines = app.desk.notices(&caller).await?.into_iter().map(|notice| {
        let rule = notice.rule.as_deref().map(|rule| frame.rule(rule)).unwrap_or_default();
        let percent = notice.percent.unwrap_or_default().to_string();
        let values = [("rule", rule.as_str()), ("percent", percent.as_str())];
        Line {
            at: frame.moment(notice.at),
            words: app.locales.text(visitor.language, &format!("notice.{}", notice.kind), &values),
            number: notice.number,
            late: matches!(
                notice.kind.as_str(),
                "clock_overdue" | "promise_broken" | "order_late" | "visit_missed" | "ownership_late"
            ),
        }
    });
    let lines = lines.collect();
    Ok(render(&Notices { frame: &frame, lines }))
}

async fn read(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    app.desk.read_notices(&caller, None).await?;
    Ok(Redirect::to("/console/notices").into_response())
}
