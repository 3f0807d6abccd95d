//! What a draft of rules would have changed.

use super::view::{Object, moment};
use super::{answer, input};
use crate::app::AppState;
use crate::extract::Who;
use crate::problem::Failure;
use crate::routes::{Method, Operation, Route};
use crate::what_if;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use desk::permissions;
use desk::what_if::{Effect, Found, RuleEffects, WHAT_IF, WhatIf};
use serde_json::{Value, json};

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let summary = "What a draft of a pack or calendar would have changed in past cases; nothing is written.";
    let operation = Operation { body: Some(WHAT_IF), ..Operation::get("what_if", summary, "Rules", "WhatIf") };
    vec![Route::api(Method::Post, "/api/v1/whatif", permissions::WHAT_IF, operation, post(ask))]
}

async fn ask(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let wanted: WhatIf = input(&headers, body, WHAT_IF).await?;
    let found = what_if::ask(&app, &caller, wanted).await?;
    Ok(answer(StatusCode::OK, &view(&found)))
}

/// What was found, for programmes.
pub(crate) fn view(found: &Found) -> Value {
    Object::default()
        .put("kind", found.kind.code())
        .put("rules", found.rules.as_str())
        .put("version", found.version.as_str())
        .put_some("since", found.since.map(|day| day.to_string()))
        .put("cases", found.cases)
        .put("changed", found.changed)
        .put("no_say", found.no_say)
        .put("untold", found.untold)
        .put("not_judged", found.not_judged)
        .put("complete", found.complete)
        .put_some("reached", found.reached.map(moment))
        .put("grades", effect(&found.grades))
        .put("effects", found.rules_changed.iter().map(effects).collect::<Vec<_>>())
        .done()
}

fn effects(rule: &RuleEffects) -> Value {
    let mut one = Object::default()
        .put("rule", rule.rule.as_str())
        .put_some("title", rule.title.as_ref().map(|title| json!({"zh": title.zh, "en": title.en})));
    for (change, what) in rule.effects() {
        one = one.put(change.code(), effect(what));
    }
    one.done()
}

fn effect(effect: &Effect) -> Value {
    json!({"count": effect.count, "cases": effect.cases})
}
