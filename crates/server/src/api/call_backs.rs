//! `/callbacks`: calls to customers that are still to be made, promised ones and those that ask how satisfied somebody is,
//! and how often a customer was tried.

use super::answer;
use super::view::{Object, moment, owner};
use crate::app::AppState;
use crate::extract::Who;
use crate::problem::Failure;
use crate::query;
use crate::routes::{Access, Face, Method, Operation, Route};
use crate::words;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use desk::call_backs::{CallBackFilter, CallBackListed, For};
use desk::permissions;
use domain::case::declare_unreachable::Tried;
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional};
use serde_json::{Value, json};

const LIST: &[Field] = &[
    optional("unit", Kind::Uuid, "The unit whose cases they are of. Default: the caller's own."),
    optional("mine", Kind::Bool, "Only those of cases the caller holds."),
    optional(
        "for",
        Kind::Code(For::CODES),
        "Only those that were promised, or those that ask how satisfied customers are.",
    ),
    optional("overdue", Kind::Bool, "Only those that are late: their moment has passed."),
    optional("limit", Kind::Whole { min: 1, max: 50 }, "Call-backs a page. Default 25."),
    optional("after", Kind::Line { max: 80 }, "`next` of the page before."),
];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let list_them = Operation::get(
        "list_call_backs",
        "Calls to customers that are still to be made, the one to be tried first first.",
        "Call-backs",
        "CallBacks",
    );
    vec![Route {
        method: Method::Get,
        path: "/api/v1/callbacks",
        access: Access::Needs(permissions::READ_CASES),
        face: Face::Api,
        operation: Some(Operation { query: LIST, ..list_them }),
        handler: get(list),
    }]
}

async fn list(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), LIST)?;
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let truth = |name: &str| given.get(name).and_then(Value::as_bool).unwrap_or(false);
    let unknown = |_| Refusal::from(Fault::new("unit", "bad_uuid"));
    let filter = CallBackFilter {
        unit: text("unit").map(str::parse).transpose().map_err(unknown)?,
        mine: truth("mine"),
        of: text("for").and_then(For::from_code),
        overdue: truth("overdue"),
        limit: given.get("limit").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
        after: text("after").map(str::to_owned),
    };
    let page = app.desk.call_backs(&caller, filter).await?;
    let items: Vec<Value> = page.items.iter().map(listed).collect();
    Ok(answer(StatusCode::OK, &Object::default().put("items", items).put_some("next", page.next).done()))
}

fn listed(call: &CallBackListed) -> Value {
    let case = &call.view.case;
    let identity = call.view.identity.as_ref();
    let attempt = |(at, outcome)| json!({"at": moment(at), "outcome": words::contact(outcome)});
    let tries: Vec<Value> = call.tries().into_iter().map(attempt).collect();
    let hours = call.hours.as_ref().map(|spans| {
        spans.iter().map(|(from, to)| json!({"from": moment(*from), "to": moment(*to)})).collect::<Vec<_>>()
    });
    Object::default()
        .put("complaint", json!({"id": case.id.to_string(), "number": case.number}))
        .put("for", call.of().code())
        .put_some("promise", call.promise().map(|promise| promise.id))
        .put_text("what", call.promise().and_then(|promise| promise.what.as_ref()))
        .put_some("name", identity.and_then(|one| one.name.as_deref()))
        .put_some("phone", identity.and_then(|one| one.phone.as_deref()))
        .put("due_at", moment(call.due_at()))
        .put("next_at", moment(call.next_at().unwrap_or_else(|| call.due_at())))
        .put("late", call.late)
        .put("tries", tries)
        .put_some("hours_today", hours)
        .put_some("another_day", call.another_day.map(moment))
        .put("region", case.record.region.as_str())
        .put("owner", owner(&case.owner, case.instead_of))
        .done()
}

/// How often a customer was tried, as a case tells it.
pub(super) fn tried(tried: &Tried) -> Value {
    json!({
        "rule": tried.rule, "need": tried.need, "distinct_days": tried.distinct_days,
        "made": tried.counted.len(), "days": tried.days.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
