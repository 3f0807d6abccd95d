//! `/bulk`: the same operation on many cases, what became of each, and taking it back.

use super::cases::{STATES, filter, replayed};
use super::view::{Object, moment};
use super::{answer, identifier};
use crate::app::{App, AppState};
use crate::extract::{self, Path, Visitor, Who};
use crate::locale::Language;
use crate::problem::{self, Failure};
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::bulk::{Bulk, Item, MOST, Named, Outcome, Run, Selection, VERBS};
use desk::permissions;
use desk::register::OnceOnly;
use domain::case::{
    ask_satisfaction, assign, close, join_incident, leave_incident, note, notify_progress, reply, set_cause,
};
use domain::command::Command;
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{self, Field, Kind, optional};
use serde_json::{Map, Value, json};

const FILTER: &[Field] = &[
    optional("status", Kind::List { of: &Kind::Code(STATES), max: 15 }, "Any of these states."),
    optional("grade", Kind::Code(&["normal", "major", "urgent"]), "Grade."),
    optional("category", Kind::Category, "Node of the category tree; everything below it."),
    optional("assignee", Kind::Line { max: 40 }, "Identifier of the holder, or `me`."),
    optional("unit", Kind::Uuid, "Identifier of the holding unit."),
    optional("region", Kind::Region, "Where it happened; everything below it."),
    optional("phone", Kind::Line { max: 64 }, "Cases of persons with this contact or business number."),
    optional("external", Kind::Line { max: 64 }, "Another body's number."),
    optional("received_from", Kind::Moment, "First received at this moment or later."),
    optional("received_before", Kind::Moment, "First received before this moment."),
    optional("due_from", Kind::Moment, "With a clock due at this moment or later."),
    optional("due_before", Kind::Moment, "With a clock due before this moment."),
    optional("red_line", Kind::Bool, "`true`: of a category on the red-line list."),
    optional("escalated", Kind::Bool, "`true`: open, brought by another body, and the customer has no answer yet."),
    optional("incident", Kind::Uuid, "In this mass incident."),
    optional(
        "open",
        Kind::Bool,
        "`false` takes ended cases in. Default: open ones only, unless `status` says otherwise.",
    ),
];

/// Shape of work over many cases.
pub const BULK: &[Field] = &[
    optional(
        "cases",
        Kind::List { of: &Kind::Line { max: 80 }, max: MOST },
        "Numbers or identifiers. `@` and a version behind one (`…@4`) has a case refused that has moved on since.",
    ),
    optional("filter", Kind::Object(FILTER), "Instead of `cases`: all that a list with this filter holds."),
    optional("dry_run", Kind::Bool, "Only say what would happen to each."),
    optional("assign", Kind::Object(assign::FIELDS), "Give them to a unit or person. Exactly one operation is named."),
    optional("note", Kind::Object(note::FIELDS), "Write the same note in each."),
    optional("reply", Kind::Object(reply::FIELDS), "Tell each customer the same."),
    optional("notify-progress", Kind::Object(notify_progress::FIELDS), "Tell each customer how far the matter is."),
    optional("set-cause", Kind::Object(set_cause::FIELDS), "Name the same cause."),
    optional("ask-satisfaction", Kind::Object(ask_satisfaction::FIELDS), "Ask each customer."),
    optional("close", Kind::Object(close::FIELDS), "End them."),
    optional("join-incident", Kind::Object(join_incident::FIELDS), "Make them cases of a mass incident."),
    optional("leave-incident", Kind::Object(leave_incident::FIELDS), "Take them out of their incident."),
];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let operation = |id, summary| Operation::get(id, summary, "Bulk", "BulkRun");
    let summary = "Do the same to many cases, each by the rules that hold for it alone; or try it.";
    let work = Operation { body: Some(BULK), repeatable: true, ..operation("bulk", summary) };
    let look = operation("get_bulk_run", "What became of each case; for whoever did it.");
    let undo = operation("undo_bulk_run", "Take back what was done, where nothing happened since.");
    vec![
        Route::api(Method::Post, "/api/v1/bulk", permissions::BULK, work, post(run)),
        Route::api(Method::Get, "/api/v1/bulk/{id}", permissions::READ_CASES, look, get(one)),
        Route::api(Method::Post, "/api/v1/bulk/{id}/undo", permissions::BULK, undo, post(take_back)),
    ]
}

async fn run(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let key = extract::repeat_key(&headers)?.map(str::to_owned);
    let bytes = extract::bytes(&headers, body).await?;
    let value = extract::json(&headers, &bytes)?;
    let value = if value.is_null() { Value::Object(Map::new()) } else { value };
    let ask = ask(shape::check(value, BULK).map_err(Refusal::invalid)?, &caller)?;
    let once = key.as_deref().map(|key| OnceOnly { key, body: &bytes });
    let done = app.desk.bulk(&caller, ask, once).await?;
    let response = answer(StatusCode::OK, &view(&app, visitor.language, &done));
    Ok(replayed(response, done.replayed))
}

/// What a checked body asks for.
fn ask(mut body: Value, caller: &desk::Caller) -> Result<Bulk, Refusal> {
    let mut given = body.as_object_mut().map(std::mem::take).unwrap_or_default();
    let mut named = VERBS.iter().filter_map(|verb| Some((*verb, given.remove(*verb)?)));
    let (verb, input) = named.next().ok_or_else(|| Fault::new("", "bulk_no_operation"))?;
    if let Some((another, _)) = named.next() {
        return Err(Fault::new(another, "bulk_one_operation").into());
    }
    let command = Command::read(verb, input).ok_or_else(|| Fault::new("", "bulk_no_operation"))?;
    let command = command.map_err(Refusal::invalid)?;
    let selection = match (given.remove("cases"), given.remove("filter")) {
        (Some(_), Some(_)) => return Err(Fault::new("filter", "bulk_cases_or_filter").into()),
        (Some(cases), None) => {
            let cases = cases.as_array().into_iter().flatten().filter_map(Value::as_str);
            Selection::Named(cases.map(Named::parse).collect())
        }
        (None, Some(wanted)) => {
            let wanted = wanted.as_object().cloned().unwrap_or_default();
            Selection::Filter(Box::new(filter(&wanted, caller)?))
        }
        (None, None) => return Err(Fault::new("cases", "bulk_cases_or_filter").into()),
    };
    let dry_run = given.get("dry_run").and_then(Value::as_bool).unwrap_or(false);
    Ok(Bulk { selection, command, dry_run })
}

async fn one(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let run = app.desk.bulk_run(&caller, identifier(&id)?).await?;
    Ok(answer(StatusCode::OK, &view(&app, visitor.language, &run)))
}

async fn take_back(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let run = app.desk.undo_bulk(&caller, identifier(&id)?).await?;
    Ok(answer(StatusCode::OK, &view(&app, visitor.language, &run)))
}

pub(super) fn view(app: &App, language: Language, run: &Run) -> Value {
    let counts = Outcome::ALL.into_iter().fold(Object::default(), |counts, one| counts.put(one.code(), run.count(one)));
    let mut undo = Object::default().put("possible", run.can_be_undone());
    if let Some(reason) = run.stays() {
        undo = undo.put("detail", problem::reason(app, language, &reason).0).put("code", reason.code);
    }
    let items: Vec<Value> = run.items.iter().map(|item| item_view(app, language, item)).collect();
    Object::default()
        .put_some("id", run.id.map(|id| id.to_string()))
        .put("operation", run.verb.as_str())
        .put("dry_run", run.id.is_none())
        .put_some("undoes", run.undoes.map(|id| id.to_string()))
        .put("at", moment(run.at))
        .put_some("ended_at", run.ended_at.map(moment))
        .put("total", run.total)
        .put("counts", counts.done())
        .put("undo", undo.done())
        .put("items", items)
        .done()
}

fn item_view(app: &App, language: Language, item: &Item) -> Value {
    let case = item.case.zip(item.number.as_deref());
    let mut one = Object::default()
        .put("named", item.named.as_str())
        .put_some("complaint", case.map(|(id, number)| json!({"id": id.to_string(), "number": number})))
        .put("outcome", item.outcome.code())
        .put_some("version", item.version);
    if let Some(reason) = &item.reason {
        let (detail, way_out, faults) = problem::reason(app, language, reason);
        let faults: Vec<Value> = faults
            .into_iter()
            .map(|(field, code, detail)| json!({"field": field, "code": code, "detail": detail}))
            .collect();
        one = one.put("code", reason.code.as_str()).put("detail", detail).put("way_out", way_out).put("errors", faults);
    }
    one.done()
}
