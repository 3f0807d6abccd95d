//! The survey: links for customers, and what customers say, month by month.

use super::{answer, input, view};
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::reports::surveys::{By, RatesAsk, RatesLine};
use desk::{CaseRef, permissions};
use domain::case::survey::CHANNELS;
use domain::shape::{Field, Kind, optional};
use serde_json::{Map, Value, json};

/// By what rates are told.
pub(crate) const BY: &[&str] = &["channel", "unit", "category", "month"];

/// What is asked of the rates.
pub(crate) const ASK: &[Field] = &[
    optional("from", Kind::Line { max: 7 }, "The first month, such as `2026-01`. Default: the last that ended."),
    optional("to", Kind::Line { max: 7 }, "The last month. Default: the first."),
    optional("by", Kind::Code(BY), "By what rates are told. Default: channel."),
    optional("through", Kind::Code(CHANNELS), "Through this channel alone."),
];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let link = Operation {
        body: Some(&[]),
        ..Operation::get(
            "invite_survey",
            "Make a link through which the customer answers once; an earlier one is then good no longer.",
            "Survey",
            "SurveyLink",
        )
    };
    let rates = Operation {
        query: ASK,
        ..Operation::get(
            "get_survey_rates",
            "What customers say, by channel, unit, category or month, and how many say nothing.",
            "Survey",
            "SurveyRates",
        )
    };
    vec![
        Route::api(Method::Post, "/api/v1/complaints/{id}/survey-link", permissions::INVITE_SURVEY, link, post(invite)),
        Route::api(Method::Get, "/api/v1/survey-rates", permissions::READ_REPORTS, rates, get(show)),
    ]
}

/// The question as the desk asks it.
pub(crate) fn ask(given: &Map<String, Value>) -> RatesAsk {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    let by = match text("by").as_deref() {
        Some("unit") => By::Unit,
        Some("category") => By::Category,
        Some("month") => By::Month,
        _ => By::Channel,
    };
    RatesAsk { from: text("from"), to: text("to"), by, channel: text("through") }
}

async fn invite(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Map<String, Value> = input(&headers, body, &[]).await?;
    let invited = app.desk.invite_survey(&caller, &CaseRef::parse(&name)?, None).await?;
    let body = json!({
        "complaint": invited.case.number, "address": invited.address(&app.settings.public_url),
        "expires_at": view::moment(invited.expires_at),
    });
    Ok(super::cases::tagged(answer(StatusCode::OK, &body), invited.case.version))
}

/// A rate in thousandths as decimal text, such as `0.333`.
fn rate(thousandths: Option<i64>) -> Option<String> {
    thousandths.map(|rate| format!("{}.{:03}", rate / 1000, rate % 1000))
}

async fn show(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), ASK)?;
    let rates = app.desk.survey_rates(&caller, ask(&given)).await?;
    let line = |line: &RatesLine| {
        let sum = line.sum;
        view::Object::default()
            .put("month", line.month.as_str())
            .put("value", line.value.as_str())
            .put("asked", sum.asked)
            .put("answered", sum.answered)
            .put("satisfied", sum.satisfied)
            .put("neutral", sum.neutral)
            .put("dissatisfied", sum.dissatisfied)
            .put("solved", sum.solved)
            .put("unsolved", sum.unsolved)
            .put("timely", sum.timely)
            .put("late", sum.late)
            .put("calls", sum.calls)
            .put_some("silent_rate", rate(line.silent()))
            .put_some("satisfied_rate", rate(line.satisfied()))
            .put_some("solved_rate", rate(line.solved()))
            .put_some("timely_rate", rate(line.timely()))
            .done()
    };
    let lines: Vec<Value> = rates.lines.iter().map(line).collect();
    let body = json!({
        "from": rates.from, "to": rates.to, "behind": rates.progress.behind,
        "going_through": rates.progress.going_through, "items": lines,
    });
    Ok(answer(StatusCode::OK, &body))
}
