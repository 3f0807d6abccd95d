//! `/ledger`: who held cases how long, by unit, stage or category and month.

use super::answer;
use crate::app::AppState;
use crate::extract::Who;
use crate::problem::Failure;
use crate::query;
use crate::routes::{Access, Face, Method, Operation, Route};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use desk::permissions;
use desk::reports::ledger::{LedgerAsk, LedgerLine};
use domain::shape::{Field, Kind, optional};
use serde_json::{Map, Value, json};
use store::reports::By;

/// By what the ledger is added up.
pub(crate) const BY: &[&str] = &["unit", "stage", "category"];

/// What is asked of the ledger.
pub(crate) const ASK: &[Field] = &[
    optional("from", Kind::Line { max: 7 }, "The first month, such as `2026-01`. Default: the last that ended."),
    optional("to", Kind::Line { max: 7 }, "The last month. Default: the first."),
    optional("by", Kind::Code(BY), "By what times are added up. Default: unit."),
];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::Get,
        path: "/api/v1/ledger",
        access: Access::Needs(permissions::READ_REPORTS),
        face: Face::Api,
        operation: Some(Operation {
            query: ASK,
            ..Operation::get(
                "get_ledger",
                "Who held cases how long, month by month: spans that have ended, natural and working time.",
                "Reports",
                "Ledger",
            )
        }),
        handler: get(show),
    }]
}

/// The question as the desk asks it.
pub(crate) fn ask(given: &Map<String, Value>) -> LedgerAsk {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    let by = match text("by").as_deref() {
        Some("stage") => By::Stage,
        Some("category") => By::Category,
        _ => By::Holder,
    };
    LedgerAsk { from: text("from"), to: text("to"), by }
}

async fn show(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), ASK)?;
    let ledger = app.desk.who_held(&caller, ask(&given)).await?;
    let line = |line: &LedgerLine| {
        json!({
            "month": line.month, "value": line.value, "millis": line.sum.millis, "working_millis": line.sum.working,
            "spans": line.sum.spans,
        })
    };
    let lines: Vec<Value> = ledger.lines.iter().map(line).collect();
    Ok(answer(
        StatusCode::OK,
        &json!({
            "from": ledger.from, "to": ledger.to, "behind": ledger.progress.behind,
            "going_through": ledger.progress.going_through, "items": lines,
        }),
    ))
}
