//! `/complaints`: take in, list, read, explain.

use super::{answer, customers, view};
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{self, Failure};
use crate::query;
use crate::routes::{Access, Face, Method, Operation, Route};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use desk::CaseRef;
use desk::permissions;
pub use desk::queries::list::STATES;
use desk::queries::list::{Filter, Order};
use desk::register::OnceOnly;
use desk::search::facets::Facet;
use domain::case::State as CaseState;
use domain::intake::{FIELDS, Intake};
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use serde_json::{Map, Value, json};

/// Parameters of a list.
pub const LIST: &[Field] = &[
    optional(
        "q",
        Kind::Line { max: 1_000 },
        "Words: plain, \"as they stand\", -without, field:value (number, subject, text, notes, replies, category, place, \
         outcome), received:2026-01-01..2026-01-31, kind:complaint. Not together with `external`, `incident`, `red_line`, \
         `escalated` and moments.",
    ),
    optional(
        "facets",
        Kind::List { of: &Kind::Code(Facet::CODES), max: 6 },
        "With `q`: how many cases there are by each of these, separated by commas; at most 40 values each.",
    ),
    optional("status", Kind::List { of: &Kind::Code(STATES), max: 15 }, "Any of these states, separated by commas."),
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
    optional("open", Kind::Bool, "`true` leaves ended cases out. `sort=due` does so by itself."),
    optional(
        "sort",
        Kind::Code(&["due", "-received", "relevance"]),
        "By time left, newest receipt first, or what fits the words best. Default: `due`, for ended cases `-received`, \
         with `q` `relevance`.",
    ),
    optional("limit", Kind::Whole { min: 1, max: 250 }, "Cases a page. Default 50."),
    optional("after", Kind::Line { max: 80 }, "`next` of the page before."),
];

const PERSONS: &[Field] = &[required("phone", Kind::Line { max: 64 }, "Contact or business number.")];

const AT_VERSION: &[Field] =
    &[optional("version", Kind::Whole { min: 1, max: 1_000_000 }, "The case as it stood after this entry.")];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let row = |method, path, permission, operation, handler| Route {
        method,
        path,
        access: Access::Needs(permission),
        face: Face::Api,
        operation: Some(operation),
        handler,
    };
    let read = |id, summary, answer| Operation::get(id, summary, "Complaints", answer);
    vec![
        row(
            Method::Get,
            "/api/v1/persons",
            permissions::READ_CASES,
            Operation {
                query: PERSONS,
                ..read("find_persons", "Persons who were in touch under a number; a match only suggests.", "Persons")
            },
            get(persons),
        ),
        row(
            Method::Post,
            "/api/v1/complaints",
            permissions::REGISTER,
            Operation {
                body: Some(FIELDS),
                status: 201,
                repeatable: true,
                ..read("register", "Register a contact.", "Receipt")
            },
            post(register),
        ),
        row(
            Method::Post,
            "/api/v1/complaints/check",
            permissions::REGISTER,
            Operation {
                body: Some(FIELDS),
                ..read(
                    "check",
                    "Try a registration without making one: its faults, cases that may be the same matter, and where \
                     the operator's customer system is connected whom it knows under the numbers, masked. Never \
                     refuses a body that is JSON.",
                    "Checked",
                )
            },
            post(check),
        ),
        row(
            Method::Get,
            "/api/v1/complaints",
            permissions::READ_CASES,
            Operation { query: LIST, ..read("list_complaints", "List the cases the caller may see.", "Page") },
            get(list),
        ),
        row(
            Method::Get,
            "/api/v1/complaints/{id}",
            permissions::READ_CASES,
            Operation { query: AT_VERSION, ..read("get_complaint", "A case, identifiers masked.", "Complaint") },
            get(one),
        ),
        row(
            Method::Get,
            "/api/v1/complaints/{id}/events",
            permissions::READ_LOG,
            read("get_events", "The log of a case, identifiers masked.", "Entries"),
            get(events),
        ),
        row(
            Method::Get,
            "/api/v1/complaints/{id}/accesses",
            permissions::READ_LOG,
            read("get_accesses", "Who looked at the personal data of a case, and why.", "Accesses"),
            get(accesses),
        ),
        row(
            Method::Get,
            "/api/v1/complaints/{id}/clocks/{rule}/explain",
            permissions::READ_CASES,
            read("explain_clock", "Why a clock stands where it stands.", "Explanations"),
            get(explain),
        ),
        row(
            Method::Get,
            "/api/v1/complaints/{id}/grade/explain",
            permissions::READ_CASES,
            read("explain_grade", "Why a case has its grade, and what would change it.", "GradeExplained"),
            get(explain_grade),
        ),
    ]
}

/// Adds the case's version as a strong entity tag.
pub(super) fn tagged(mut response: Response, version: i64) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Marks an answer that repeats an earlier one.
pub(super) fn replayed(mut response: Response, replayed: bool) -> Response {
    if replayed {
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    response
}

async fn register(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let key = extract::repeat_key(&headers)?.map(str::to_owned);
    let bytes = extract::bytes(&headers, body).await?;
    let intake = Intake::read(extract::json(&headers, &bytes)?).map_err(Refusal::invalid)?;
    let once = key.as_deref().map(|key| OnceOnly { key, body: &bytes });
    let done = app.desk.register(&caller, intake, once).await?;
    let mut response = answer(StatusCode::CREATED, &view::receipt(&app.desk, &done.case));
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/complaints/{}", done.case.id)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(replayed(tagged(response, done.case.version), done.replayed))
}

async fn check(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let bytes = extract::bytes(&headers, body).await?;
    let value = extract::json(&headers, &bytes)?;
    let customers = customers::while_registering(&app, &caller, &value);
    let (checked, customers) = tokio::join!(app.desk.check(&caller, value.clone()), customers);
    let checked = checked?;
    let told = |fault: &domain::fault::Fault| json!({"field": fault.field, "code": fault.code, "detail": problem::sentence(&app, visitor.language, fault)});
    let faults = checked.faults.iter().map(told).collect();
    let mut told = view::checked(faults, &checked);
    if let (Some(customers), Some(object)) = (customers, told.as_object_mut()) {
        object.insert("customer".to_owned(), view::customers(&customers, false));
    }
    Ok(answer(StatusCode::OK, &told))
}

/// What to list, from checked parameters.
///
/// # Errors
/// A fault naming the parameter that makes no sense.
pub fn filter(given: &Map<String, Value>, caller: &desk::Caller) -> Result<Filter, Refusal> {
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let moment = |name: &str| text(name).and_then(|at| at.parse().ok());
    let states: Vec<CaseState> = given
        .get("status")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|code| CaseState::from_code(code.as_str()?))
        .collect();
    let facets = given.get("facets").and_then(Value::as_array).into_iter().flatten();
    let mut facets: Vec<Facet> = facets.filter_map(|code| Facet::from_code(code.as_str()?)).collect();
    facets.sort_unstable();
    facets.dedup();
    let open = given.get("open").and_then(Value::as_bool);
    let ended = states.iter().any(|state| !state.is_open()) || open == Some(false);
    let order = match text("sort") {
        Some("due") => Order::Due,
        Some("relevance") => Order::Relevance,
        Some(_) => Order::Received,
        None if text("q").is_some() => Order::Relevance,
        None if ended => Order::Received,
        None => Order::Due,
    };
    let unknown = |name: &'static str| Refusal::from(domain::fault::Fault::new(name, "bad_uuid"));
    let assignee = match text("assignee") {
        Some("me") => Some(caller.actor.user().ok_or_else(|| unknown("assignee"))?),
        Some(id) => Some(id.parse().map_err(|_| unknown("assignee"))?),
        None => None,
    };
    Ok(Filter {
        states,
        grade: text("grade").and_then(policy::Grade::from_code),
        category: text("category").map(str::to_owned),
        assignee,
        also: Vec::new(),
        unit: text("unit").map(str::parse).transpose().map_err(|_| unknown("unit"))?,
        region: text("region").map(str::to_owned),
        words: text("q").map(str::to_owned),
        facets,
        phone: text("phone").map(str::to_owned),
        external: text("external").map(str::to_owned),
        received_from: moment("received_from"),
        received_before: moment("received_before"),
        due_from: moment("due_from"),
        due_before: moment("due_before"),
        red_line: given.get("red_line").and_then(Value::as_bool) == Some(true),
        escalated: given.get("escalated").and_then(Value::as_bool) == Some(true),
        incident: text("incident").and_then(|id| id.parse().ok()),
        open_only: open == Some(true) || order == Order::Due,
        order,
        limit: given.get("limit").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
        after: text("after").map(str::to_owned),
    })
}

async fn list(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), LIST)?;
    let filter = filter(&given, &caller)?;
    if filter.words.is_some() {
        return Ok(answer(StatusCode::OK, &view::found(&app.desk.search(&caller, &filter).await?)));
    }
    let page = app.desk.list(&caller, &filter).await?;
    let mut body = json!({"items": page.items.iter().map(view::listed).collect::<Vec<_>>()});
    if let (Some(next), Some(object)) = (page.next, body.as_object_mut()) {
        object.insert("next".to_owned(), Value::String(next));
    }
    Ok(answer(StatusCode::OK, &body))
}

async fn persons(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), PERSONS)?;
    let phone = given.get("phone").and_then(Value::as_str).unwrap_or_default();
    let found = app.desk.persons(&caller, phone).await?;
    Ok(answer(StatusCode::OK, &json!({"items": view::suggested(&found)})))
}

async fn one(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(name): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), AT_VERSION)?;
    let name = CaseRef::parse(&name)?;
    let view = match given.get("version").and_then(Value::as_i64) {
        Some(version) => app.desk.case_at(&caller, &name, version).await?,
        None => app.desk.case(&caller, &name).await?,
    };
    Ok(tagged(answer(StatusCode::OK, &view::case(&app.desk, &view)), view.case.version))
}

async fn events(State(app): State<AppState>, Who(caller): Who, Path(name): Path<String>) -> Result<Response, Failure> {
    let view = app.desk.case(&caller, &CaseRef::parse(&name)?).await?;
    let body = json!({"items": view::entries(&view)});
    Ok(tagged(answer(StatusCode::OK, &body), view.case.version))
}

async fn accesses(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let list = app.desk.accesses(&caller, &CaseRef::parse(&name)?).await?;
    Ok(answer(StatusCode::OK, &json!({"items": view::accesses(&list)})))
}

async fn explain(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path((name, rule)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let explained = app.desk.explain(&caller, &CaseRef::parse(&name)?, &rule).await?;
    let body = json!({"items": view::explained(&explained, visitor.language.of_rules())});
    Ok(answer(StatusCode::OK, &body))
}

async fn explain_grade(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let view = app.desk.case(&caller, &CaseRef::parse(&name)?).await?;
    let rules = app.desk.library().rules_of(&view.case)?;
    Ok(answer(StatusCode::OK, &view::graded(&view.case, &rules)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_are_all_there() {
        assert_eq!(STATES, CaseState::ALL.map(CaseState::code));
    }
}
