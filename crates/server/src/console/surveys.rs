//! What customers say: rates by channel, unit, category and month, with those who said nothing beside each.

use super::names::Names;
use super::{Frame, page, render, what_was_typed};
use crate::api::surveys::{ASK, BY, ask};
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
use desk::reports::surveys::RatesLine;
use domain::case::survey::CHANNELS;
use serde_json::Value;

pub(super) fn routes() -> Vec<Route> {
    vec![page(Method::Get, "/console/surveys", Access::Needs(permissions::READ_REPORTS), get(show))]
}

struct Line {
    month: String,
    what: String,
    asked: i64,
    answered: i64,
    silent: String,
    satisfied: String,
    solved: String,
    timely: String,
    calls: i64,
}

#[derive(Template)]
#[template(path = "surveys.html")]
struct SurveysPage<'a> {
    frame: &'a Frame<'a>,
    from: String,
    to: String,
    by: Vec<(&'static str, String, bool)>,
    through: Vec<(&'static str, String, bool)>,
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
    let chosen = given.get("by").and_then(Value::as_str).filter(|by| BY.contains(by)).unwrap_or("channel").to_owned();
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let channel = text("through");
    let names = Names::gather(&app, &caller).await?;
    let by = BY.iter().map(|by| (*by, frame.t(&format!("surveys.by_{by}")), *by == chosen)).collect();
    let through = CHANNELS.iter().map(|one| (*one, frame.code("through", one), *one == channel)).collect();
    let (shown, told) = match app.desk.survey_rates(&caller, ask(&given)).await.map_err(Failure::from) {
        Ok(rates) => (Some(rates), None),
        Err(failure) => {
            let told = what_was_typed(&app, &visitor, failure)?;
            (None, Some(told))
        }
    };
    let (from, to) = shown.as_ref().map_or((text("from"), text("to")), |one| (one.from.clone(), one.to.clone()));
    let behind = shown.as_ref().is_some_and(|one| one.progress.going_through || one.progress.behind > 0);
    let lines = shown.iter().flat_map(|rates| &rates.lines).map(|one| line(&frame, &names, &chosen, one)).collect();
    Ok(render(&SurveysPage { frame: &frame, from, to, by, through, lines, behind, told }))
}

/// A rate in percent with one place.
fn percent(rate: Option<i64>) -> String {
    rate.map_or_else(|| "–".to_owned(), |rate| format!("{}.{} %", rate / 10, rate % 10))
}

fn line(frame: &Frame<'_>, names: &Names, by: &str, one: &RatesLine) -> Line {
    let what = match (by, one.value.as_str()) {
        ("month", _) => frame.t("surveys.all"),
        ("channel", channel) => frame.code("through", channel),
        ("category", "") => frame.t("ledger.no_category"),
        ("category", category) => frame.category(category),
        (_, unit) => unit.parse().map_or_else(|_| unit.to_owned(), |unit| names.unit(unit).to_owned()),
    };
    Line {
        month: one.month.clone(),
        what,
        asked: one.sum.asked,
        answered: one.sum.answered,
        silent: percent(one.silent()),
        satisfied: percent(one.satisfied()),
        solved: percent(one.solved()),
        timely: percent(one.timely()),
        calls: one.sum.calls,
    }
}
