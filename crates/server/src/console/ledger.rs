//! The ball's ledger over all cases: who held them how long, by unit, stage or category and month.

use super::names::Names;
use super::{Frame, page, render, what_was_typed};
use crate::api::ledger::{ASK, BY, ask};
use crate::app::AppState;
use crate::extract::{Visitor, Who};
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use desk::permissions;
use desk::reports::ledger::Ledger;
use jiff::SignedDuration;
use serde_json::Value;

pub(super) fn routes() -> Vec<Route> {
    vec![page(Method::Get, "/console/ledger", Access::Needs(permissions::READ_REPORTS), get(show))]
}

struct Line {
    month: String,
    who: String,
    lasted: String,
    working: String,
    spans: i64,
}

#[derive(Template)]
#[template(path = "ledger.html")]
struct LedgerPage<'a> {
    frame: &'a Frame<'a>,
    from: String,
    to: String,
    by: Vec<(&'static str, String, bool)>,
    lines: Vec<Line>,
    behind: bool,
    told: Option<Told>,
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let given = query::texts(raw.as_deref(), ASK);
    let chosen = given.get("by").and_then(Value::as_str).filter(|by| BY.contains(by)).unwrap_or("unit").to_owned();
    let names = Names::gather(&app, &caller).await?;
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let by = BY.iter().map(|by| (*by, frame.t(&format!("ledger.by_{by}")), *by == chosen)).collect();
    let (mut shown, told) = match app.desk.who_held(&caller, ask(&given)).await.map_err(Failure::from) {
        Ok(ledger) => (Some(ledger), None),
        Err(failure) => {
            let told = what_was_typed(&app, &visitor, failure)?;
            (None, Some(told))
        }
    };
    let lines = shown.as_mut().map(|ledger| lines(&frame, &names, &chosen, ledger)).unwrap_or_default();
    let (from, to) = shown.as_ref().map_or((text("from"), text("to")), |one| (one.from.clone(), one.to.clone()));
    let behind = shown.is_some_and(|ledger| ledger.progress.going_through || ledger.progress.behind > 0);
    Ok(render(&LedgerPage { frame: &frame, from, to, by, lines, behind, told }))
}

/// The lines of each month, the longest first.
fn lines(frame: &Frame<'_>, names: &Names, by: &str, ledger: &mut Ledger) -> Vec<Line> {
    ledger.lines.sort_by(|one, other| (&one.month, -one.sum.millis).cmp(&(&other.month, -other.sum.millis)));
    let who = |value: &str| match (by, value) {
        ("stage", state) => frame.code("state", state),
        ("category", "") => frame.t("ledger.no_category"),
        ("category", category) => frame.category(category),
        (_, "customer") => frame.t("ball.customer"),
        (_, "third_party") => frame.t("ball.third_party"),
        (_, unit) => unit.parse().map_or_else(|_| unit.to_owned(), |unit| names.unit(unit).to_owned()),
    };
    let span = |millis: i64| super::orders::span(frame, SignedDuration::from_millis(millis));
    let line = |one: &desk::reports::ledger::LedgerLine| Line {
        month: one.month.clone(),
        who: who(&one.value),
        lasted: span(one.sum.millis),
        working: span(one.sum.working),
        spans: one.sum.spans,
    };
    ledger.lines.iter().map(line).collect()
}
