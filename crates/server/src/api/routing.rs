//! Where cases go: taking the next one of a queue, why a case goes where it goes, and dry runs of a table.

use super::cases::{replayed, tagged};
use super::view::{self, Object, moment};
use super::{answer, input};
use crate::app::AppState;
use crate::extract::{self, Path, Who};
use crate::problem::Failure;
use crate::routes::{Method, Operation, Route};
use crate::what_if;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::register::OnceOnly;
use desk::routing::{DRY_RUN, DryRun, Explained, RowRemark, RowTally, Tally};
use desk::{CaseRef, permissions};
use domain::case::route::Found;
use domain::routing::Routed;
use policy::Text;
use serde_json::{Value, json};

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let claim = Operation {
        body: Some(&[]),
        repeatable: true,
        ..Operation::get("claim", "Take the next case of one's unit's queue.", "Operations", "Receipt")
    };
    let why = Operation::get(
        "explain_routing",
        "Where the routing table sends a case, and why.",
        "Complaints",
        "RoutingExplained",
    );
    let dry = Operation {
        body: Some(DRY_RUN),
        ..Operation::get(
            "routing_dry_run",
            "Where a draft of the routing table would send past cases; nothing is written.",
            "Rules",
            "RoutingDryRun",
        )
    };
    vec![
        Route::api(Method::Post, "/api/v1/queue/claim", permissions::CLAIM, claim, post(take)),
        Route::api(Method::Get, "/api/v1/complaints/{id}/routing", permissions::READ_CASES, why, get(explain)),
        Route::api(Method::Post, "/api/v1/routing/dry-run", permissions::WHAT_IF, dry, post(dry_run)),
    ]
}

async fn take(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let key = extract::repeat_key(&headers)?.map(str::to_owned);
    let _: Value = input(&headers, body, &[]).await?;
    let once = key.as_deref().map(|key| OnceOnly { key, body: b"queue/claim" });
    let done = app.desk.claim_next(&caller, once).await?;
    let response = answer(StatusCode::OK, &view::receipt(&app.desk, &done.case));
    Ok(replayed(tagged(response, done.case.version), done.replayed))
}

async fn explain(State(app): State<AppState>, Who(caller): Who, Path(name): Path<String>) -> Result<Response, Failure> {
    let explained = app.desk.explain_routing(&caller, &CaseRef::parse(&name)?).await?;
    Ok(answer(StatusCode::OK, &explanation(&explained)))
}

async fn dry_run(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let wanted: DryRun = input(&headers, body, DRY_RUN).await?;
    let tally = what_if::route(&app, &caller, wanted).await?;
    Ok(answer(StatusCode::OK, &dry(&tally)))
}

/// The row by which a case came to its owner.
pub(super) fn routed(routed: &Routed) -> Value {
    json!({"pack": routed.pack, "version": routed.version, "rule": routed.rule, "how": routed.how.code()})
}

fn title(text: &Text) -> Value {
    json!({"zh": text.zh, "en": text.en})
}

fn explanation(explained: &Explained) -> Value {
    let (goes, no_unit) = match &explained.found {
        Found::NoRow => (None, None),
        Found::NoUnit(unit) => (None, Some(unit.clone())),
        Found::Goes(goes) => {
            let to = Object::default()
                .put("unit", goes.owner.unit.to_string())
                .put_some("user", goes.owner.user.map(|user| user.to_string()))
                .put_some("instead_of", goes.instead_of.map(|user| user.to_string()))
                .put("how", goes.routed.how.code())
                .done();
            (Some(to), None)
        }
    };
    let rows = explained.rows.iter().map(
        |row| json!({"rule": row.rule, "title": title(&row.title), "unit": row.unit, "looked": row.looked.code()}),
    );
    let pack = explained.pack.as_ref().map(|(id, version)| json!({"id": id, "version": version}));
    Object::default()
        .put_some("routed", explained.routed.as_ref().map(routed))
        .put_some("pack", pack)
        .put("rows", rows.collect::<Vec<_>>())
        .put_some("goes", goes)
        .put_some("no_unit", no_unit)
        .done()
}

/// What is the matter with a row of a table.
pub(crate) fn remark(one: &RowRemark) -> Value {
    json!({
        "rule": one.rule, "line": one.line, "code": one.remark.code(), "name": one.name, "stops": one.remark.stops(),
    })
}

/// What a dry run found, for programmes.
pub(crate) fn dry(tally: &Tally) -> Value {
    let row = |row: &RowTally| {
        Object::default()
            .put("rule", row.rule.as_str())
            .put_some("title", row.title.as_ref().map(title))
            .put("unit", row.unit.as_str())
            .put("cases", row.cases)
            .put("changed", row.changed)
            .put("examples", json!(row.told))
            .done()
    };
    Object::default()
        .put("rules", tally.rules.as_str())
        .put("version", tally.version.as_str())
        .put("cases", tally.cases)
        .put("changed", tally.changed)
        .put("no_row", tally.no_row)
        .put("no_say", tally.no_say)
        .put("remarks", tally.remarks.iter().map(remark).collect::<Vec<_>>())
        .put("rows", tally.rows.iter().map(row).collect::<Vec<_>>())
        .put("complete", tally.complete)
        .put_some("reached", tally.reached.map(moment))
        .done()
}
