//! `/incidents`: mass incidents, one route a verb made from the domain's list; telling their customers; whom to tell besides;
//! and the emergency plans they start.

use super::activations::person;
use super::bulk;
use super::cases::{replayed, tagged};
use super::operations::path_and_name;
use super::view::{Object, listed, moment, owner};
use super::{answer, identifier, input};
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, Why};
use crate::query;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::incidents::{
    Batch, EXPORT, Export, IncidentFilter, IncidentLine, IncidentView, NEW_RECIPIENTS, NearAsk, NewRecipients,
    Recipients, SEND, Send, TELL, Tell,
};
use desk::plans::{NEW_PLAN, NewPlan, PlanView};
use desk::register::OnceOnly;
use desk::{CaseRef, Permission, permissions};
use domain::incident::open::{self, Open};
use domain::incident::{Command, Incident, Running, State as Standing, VERBS, Wording};
use domain::intake::PRODUCTS;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional};
use serde_json::{Map, Value, json};
use uuid::Uuid;

const TAG: &str = "Incidents";

/// Parameters of a list.
pub const LIST: &[Field] = &[
    optional("status", Kind::Code(Standing::CODES), "In this state."),
    optional("open", Kind::Bool, "`true` leaves ended ones out."),
    optional("product", Kind::Code(PRODUCTS), "About this product line."),
    optional("region", Kind::Region, "Where; everything below it."),
    optional(
        "complaint",
        Kind::Line { max: 64 },
        "Those this case is or was in, by its number or identifier; then nothing else is asked.",
    ),
    optional("limit", Kind::Whole { min: 1, max: 250 }, "Incidents a page. Default 50."),
    optional("after", Kind::Line { max: 80 }, "`next` of the page before."),
];

/// Parameters of cases near an incident.
pub const NEAR: &[Field] = &[
    optional("category", Kind::Category, "Node of the category tree; everything below it."),
    optional(
        "minutes_before",
        Kind::Whole { min: 0, max: 10_080 },
        "Received so many minutes before the trouble is said to have begun, too. Default 0.",
    ),
    optional("limit", Kind::Whole { min: 1, max: 10_000 }, "At most so many. Default: as many as one run takes."),
];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let read = permissions::READ_INCIDENTS;
    let of = |id, summary, answer| Operation::get(id, summary, TAG, answer);
    let mut routes = vec![
        Route::api(
            Method::Get,
            "/api/v1/incidents",
            read,
            Operation { query: LIST, ..of("list_incidents", "Mass incidents, the last changed first.", "Incidents") },
            get(list),
        ),
        Route::api(
            Method::Post,
            "/api/v1/incidents",
            permissions::OPEN_INCIDENT,
            Operation {
                body: Some(open::FIELDS),
                status: 201,
                repeatable: true,
                ..of("open_incident", "Open a mass incident.", "Incident")
            },
            post(create),
        ),
        Route::api(
            Method::Get,
            "/api/v1/incidents/{id}",
            read,
            of("get_incident", "A mass incident with its cases, wordings, plan and log.", "Incident"),
            get(one),
        ),
        Route::api(
            Method::Get,
            "/api/v1/incidents/{id}/near",
            read,
            Operation {
                query: NEAR,
                ..of(
                    "list_cases_near",
                    "Open cases near in place, time and product that are in no incident.",
                    "NearCases",
                )
            },
            get(near),
        ),
        Route::api(
            Method::Post,
            "/api/v1/incidents/{id}/tell",
            permissions::TELL_INCIDENT,
            Operation {
                body: Some(TELL),
                repeatable: true,
                ..of(
                    "tell_incident",
                    "Tell the customers of all cases that wait what was approved for all; or try it.",
                    "BulkRun",
                )
            },
            post(tell),
        ),
        Route::api(
            Method::Get,
            "/api/v1/incidents/{id}/recipients",
            read,
            of("count_recipients", "How many who have not complained are to be told, or were.", "Recipients"),
            get(recipients),
        ),
        Route::api(
            Method::Post,
            "/api/v1/incidents/{id}/recipients",
            permissions::ADD_RECIPIENTS,
            Operation {
                body: Some(NEW_RECIPIENTS),
                ..of(
                    "add_recipients",
                    "Put people on the list of those to be told who have not complained.",
                    "Recipients",
                )
            },
            post(add_recipients),
        ),
        Route::api(
            Method::Post,
            "/api/v1/incidents/{id}/recipients/send",
            permissions::SEND_TO_RECIPIENTS,
            Operation {
                body: Some(SEND),
                ..of(
                    "send_to_recipients",
                    "Send those on the list who wait what was approved, by short message or call; each once.",
                    "Recipients",
                )
            },
            post(send_to_recipients),
        ),
        Route::api(
            Method::Post,
            "/api/v1/incidents/{id}/recipients/export",
            permissions::EXPORT_RECIPIENTS,
            Operation {
                body: Some(EXPORT),
                ..of(
                    "export_recipients",
                    "Take their numbers out, each once, with what they are to be told.",
                    "RecipientsExport",
                )
            },
            post(export_recipients),
        ),
        Route::api(
            Method::Get,
            "/api/v1/emergency-plans",
            permissions::READ_PLANS,
            of("list_plans", "Every version of every emergency plan.", "EmergencyPlans"),
            get(plans),
        ),
        Route::api(
            Method::Post,
            "/api/v1/emergency-plans",
            permissions::PROPOSE_PLAN,
            Operation {
                body: Some(NEW_PLAN),
                status: 201,
                ..of("propose_plan", "Ask another person to approve a version of a plan.", "EmergencyPlan")
            },
            post(propose),
        ),
    ];
    for (path, id, summary, approve) in [
        ("/api/v1/emergency-plans/{plan}/{version}/approve", "approve_plan", "Approve another person's version.", true),
        ("/api/v1/emergency-plans/{plan}/{version}/refuse", "refuse_plan", "Refuse another person's version.", false),
    ] {
        let operation = Operation { body: Some(&[]), ..of(id, summary, "EmergencyPlan") };
        let handler = post(move |state, who, path, headers, body| decide(approve, state, who, path, headers, body));
        routes.push(Route::api(Method::Post, path, permissions::APPROVE_PLAN, operation, handler));
    }
    routes.extend(VERBS.iter().filter_map(|verb| {
        let (path, id) = path_and_name("/api/v1/incidents", verb.name);
        let operation = Operation {
            body: Some(verb.fields),
            versioned: true,
            repeatable: true,
            ..Operation::get(id, verb.doc.trim(), TAG, "Incident")
        };
        let name = verb.name;
        let handler = post(move |state, who, path, headers, body| run(name, state, who, path, headers, body));
        Some(Route::api(Method::Post, path, Permission::for_verb(name)?, operation, handler))
    }));
    routes
}

fn number(given: &Map<String, Value>, name: &str) -> usize {
    given.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
}

/// Filters of a list, from checked parameters.
pub(crate) fn filter(given: &Map<String, Value>) -> IncidentFilter {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    IncidentFilter {
        state: text("status"),
        open_only: given.get("open").and_then(Value::as_bool).unwrap_or(false),
        product: text("product"),
        region: text("region"),
        limit: number(given, "limit"),
        after: text("after"),
    }
}

/// What cases near are asked for with, from checked parameters.
pub(crate) fn near_ask(given: &Map<String, Value>) -> NearAsk {
    NearAsk {
        category: given.get("category").and_then(Value::as_str).map(str::to_owned),
        minutes_before: given.get("minutes_before").and_then(Value::as_i64).unwrap_or(0),
        limit: number(given, "limit"),
    }
}

async fn list(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), LIST)?;
    if let Some(case) = given.get("complaint").and_then(Value::as_str) {
        let found = app.desk.incidents_of(&caller, &CaseRef::parse(case)?).await?;
        let items: Vec<Value> =
            found.iter().map(|(one, standing)| line(one).put("standing", *standing).done()).collect();
        return Ok(answer(StatusCode::OK, &json!({"items": items})));
    }
    let page = app.desk.incidents(&caller, &filter(&given)).await?;
    let items: Vec<Value> = page.items.iter().map(|one| line(one).done()).collect();
    Ok(answer(StatusCode::OK, &Object::default().put("items", items).put_some("next", page.next).done()))
}

fn line(one: &IncidentLine) -> Object {
    Object::default()
        .put("id", one.id.to_string())
        .put("number", one.number.as_str())
        .put("version", one.version)
        .put("status", one.state.as_str())
        .put("title", one.title.as_str())
        .put_some("product", one.product.as_deref())
        .put("area", one.area.as_str())
        .put("started_at", moment(one.started_at))
        .put_some("restored_at", one.restored_at.map(moment))
        .put("changed_at", moment(one.changed_at))
        .put("case_counts", json!(one.cases))
}

async fn create(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let key = extract::repeat_key(&headers)?.map(str::to_owned);
    let bytes = extract::bytes(&headers, body).await?;
    let open: Open = input(&headers, Body::from(bytes.clone()), open::FIELDS).await?;
    let once = key.as_deref().map(|key| OnceOnly { key, body: &bytes });
    let done = app.desk.open_incident(&caller, open, once).await?;
    let view = app.desk.incident(&caller, done.incident.id).await?;
    let response = answer(StatusCode::CREATED, &incident(&at(view, &done.incident)));
    Ok(replayed(tagged(response, done.incident.version), done.replayed))
}

async fn one(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Response, Failure> {
    let view = app.desk.incident(&caller, identifier(&id)?).await?;
    Ok(tagged(answer(StatusCode::OK, &incident(&view)), view.incident.version))
}

async fn near(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let ask = near_ask(&query::read(raw.as_deref(), NEAR)?);
    let found = app.desk.near_incident(&caller, identifier(&id)?, &ask).await?;
    let items: Vec<Value> = found
        .cases
        .iter()
        .map(|one| {
            Object::default()
                .put("id", one.id.to_string())
                .put("number", one.number.as_str())
                .put("version", one.version)
                .put("region", one.region.as_str())
                .put_some("product", one.product.as_deref())
                .put("received_at", moment(one.received_at))
                .done()
        })
        .collect();
    let body = json!({"from": moment(found.from), "to": moment(found.to), "items": items});
    Ok(answer(StatusCode::OK, &body))
}

async fn tell(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let key = extract::repeat_key(&headers)?.map(str::to_owned);
    let bytes = extract::bytes(&headers, body).await?;
    let ask: Tell = input(&headers, Body::from(bytes.clone()), TELL).await?;
    let id: Uuid = identifier(&id)?;
    let whole = [format!("{id}:").as_bytes(), &bytes].concat();
    let once = key.as_deref().map(|key| OnceOnly { key, body: &whole });
    let done = app.desk.tell_incident(&caller, id, ask, once).await?;
    let response = answer(StatusCode::OK, &bulk::view(&app, visitor.language, &done));
    Ok(replayed(response, done.replayed))
}

async fn recipients(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let found = app.desk.recipients(&caller, identifier(&id)?).await?;
    Ok(answer(StatusCode::OK, &counted(&found)))
}

async fn add_recipients(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: NewRecipients = input(&headers, body, NEW_RECIPIENTS).await?;
    let found = app.desk.add_recipients(&caller, identifier(&id)?, new).await?;
    Ok(answer(StatusCode::OK, &counted(&found)))
}

fn counted(found: &Recipients) -> Value {
    let file = |one: &Batch| json!({"batch": one.number, "count": one.count, "at": moment(one.at)});
    let batches: Vec<Value> = found.batches.iter().map(file).collect();
    json!({
        "added": found.added, "known": found.known, "waiting": found.waiting, "exported": found.exported,
        "sending": found.sending, "sent": found.sent, "delivered": found.delivered, "failed": found.failed,
        "complained": found.complained, "batches": batches,
    })
}

async fn send_to_recipients(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let send: Send = input(&headers, body, SEND).await?;
    let found = app.desk.send_to_recipients(&caller, identifier(&id)?, send).await?;
    Ok(answer(StatusCode::OK, &counted(&found)))
}

async fn export_recipients(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let ask: Export = input(&headers, body, EXPORT).await?;
    let handed = app.desk.export_recipients(&caller, identifier(&id)?, ask).await?;
    Ok(answer(StatusCode::OK, &json!({"batch": handed.batch, "count": handed.count, "csv": handed.csv})))
}

async fn run(
    verb: &'static str,
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let key = extract::repeat_key(&headers)?.map(str::to_owned);
    let id: Uuid = identifier(&id)?;
    let seen = extract::seen(&headers)?;
    let bytes = extract::bytes(&headers, body).await?;
    let command = Command::read(verb, extract::json(&headers, &bytes)?).ok_or(Why::NoSuchRoute)?;
    let command = command.map_err(Refusal::invalid)?;
    let whole = [format!("{id}:{seen}:").as_bytes(), &bytes].concat();
    let once = key.as_deref().map(|key| OnceOnly { key, body: &whole });
    let done = app.desk.run_incident(&caller, id, seen, command, once).await?;
    let view = app.desk.incident(&caller, id).await?;
    let response = answer(StatusCode::OK, &incident(&at(view, &done.incident)));
    Ok(replayed(tagged(response, done.incident.version), done.replayed))
}

/// The view of an incident as it stood after a command; of its cases how they stand now.
fn at(mut view: IncidentView, then: &Incident) -> IncidentView {
    view.incident = then.clone();
    view.log.retain(|line| line.version <= then.version);
    view
}

/// An incident as it is shown.
pub(crate) fn incident(view: &IncidentView) -> Value {
    let one = &view.incident;
    let cases: Vec<Value> =
        view.cases.iter().map(|(case, standing)| json!({"standing": standing, "complaint": listed(case)})).collect();
    let log: Vec<Value> = view
        .log
        .iter()
        .map(|line| {
            json!({
                "version": line.version, "at": moment(line.at), "operation": line.verb, "by": line.actor.to_string(),
            })
        })
        .collect();
    let ending = one
        .ending
        .as_ref()
        .map(|ending| json!({"at": moment(ending.at), "by": ending.by.to_string(), "result": ending.result}));
    Object::default()
        .put("id", one.id.to_string())
        .put("number", one.number.as_str())
        .put("version", one.version)
        .put("status", one.state().code())
        .put("title", one.matter.title.as_str())
        .put_some("description", one.matter.description.as_deref())
        .put_some("product", one.matter.product.as_deref())
        .put_some("fact", one.matter.fact.map(|id| id.to_string()))
        .put("area", one.area.as_str())
        .put("started_at", moment(one.started_at))
        .put_some("restored_at", one.restored_at.map(moment))
        .put_some("cause", one.cause.as_deref())
        .put("owner", owner(&one.owner, None))
        .put("opened_at", moment(one.opened_at))
        .put("opened_by", one.opened_by.to_string())
        .put("changed_at", moment(one.changed_at))
        .put("wordings", one.wordings.iter().map(wording).collect::<Vec<_>>())
        .put_some("plan", one.plan.as_ref().map(running))
        .put("case_counts", json!(view.counts))
        .put_some("master", view.master.as_ref().map(|(id, number)| json!({"id": id.to_string(), "number": number})))
        .put("cases", cases)
        .put_some("ending", ending)
        .put("log", log)
        .done()
}

fn wording(one: &Wording) -> Value {
    Object::default()
        .put("wording", one.id)
        .put("purpose", one.purpose.code())
        .put("zh", one.zh.as_str())
        .put("en", one.en.as_str())
        .put("by", one.by.to_string())
        .put("at", moment(one.at))
        .put_some("approved", one.approved)
        .put_some("decided_by", one.decided_by.map(|by| by.to_string()))
        .put_some("reason", one.reason.as_deref())
        .done()
}

fn running(one: &Running) -> Value {
    let roles: Vec<Value> = one
        .plan
        .roles
        .iter()
        .map(|role| {
            Object::default()
                .put("role", role.id.as_str())
                .put("title", json!({"zh": role.zh, "en": role.en}))
                .put_some("user", one.holder(&role.id).map(|user| user.to_string()))
                .done()
        })
        .collect();
    let items: Vec<Value> = (1..)
        .zip(one.plan.items.iter().zip(&one.ticked))
        .map(|(n, (item, ticked)): (u32, _)| {
            let done = ticked
                .as_ref()
                .map(|done| json!({"at": moment(done.at), "by": done.by.to_string(), "evidence": done.evidence}));
            Object::default()
                .put("item", n)
                .put("role", item.role.as_str())
                .put("title", json!({"zh": item.zh, "en": item.en}))
                .put_some("within_minutes", item.within)
                .put_some("done", done)
                .done()
        })
        .collect();
    json!({
        "id": one.plan.id, "version": one.plan.version, "title": {"zh": one.plan.zh, "en": one.plan.en},
        "started_at": moment(one.started_at), "started_by": one.started_by.to_string(), "roles": roles, "items": items,
    })
}

async fn plans(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.plans(&caller).await?.iter().map(plan).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

fn plan(one: &PlanView) -> Value {
    let roles = one.plan.roles.iter().map(|role| json!({"role": role.id, "title": role.title}));
    let items = one.plan.items.iter().map(|item| {
        Object::default()
            .put("role", item.role.as_str())
            .put("title", json!(item.title))
            .put_some("within_minutes", item.within)
            .done()
    });
    Object::default()
        .put("id", one.plan.id.as_str())
        .put("version", one.plan.version)
        .put("title", json!(one.plan.title))
        .put("state", one.standing.code())
        .put("text", one.text.as_str())
        .put("roles", roles.collect::<Vec<_>>())
        .put("items", items.collect::<Vec<_>>())
        .put("asked_by", person(&one.asked_by))
        .put("asked_at", moment(one.asked_at))
        .put_some("decided_by", one.decided_by.as_ref().map(person))
        .put_some("decided_at", one.decided_at.map(moment))
        .done()
}

async fn propose(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: NewPlan = input(&headers, body, NEW_PLAN).await?;
    Ok(answer(StatusCode::CREATED, &plan(&app.desk.propose_plan(&caller, new).await?)))
}

async fn decide(
    approve: bool,
    State(app): State<AppState>,
    Who(caller): Who,
    Path((id, version)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let decided = app.desk.decide_plan(&caller, &id, identifier(&version)?, approve).await?;
    Ok(answer(StatusCode::OK, &plan(&decided)))
}
