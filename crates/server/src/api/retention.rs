//! `/retention`: how long what is kept and why, plans of erasing, certificates; and what is kept about one person, for
//! handing over.

use super::view::{Object, moment};
use super::{answer, identifier, input};
use crate::app::AppState;
use crate::blocking::blocking;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::routes::{Method, Operation, Route};
use crate::{look_over, query, subject};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::retention::decide::{self, APPROVAL, Approval};
use desk::retention::plan::Stays;
use desk::retention::schedule::RECORDS;
use desk::retention::subject::{Ask, FIELDS};
use desk::retention::{Certificate, DryRun, Duty, NEW_PLAN, NewPlan, Plan, Planned};
use desk::{Caller, CaseRef, Desk, DeskError, permissions};
use domain::refusal::Refusal;
use domain::retention::{Ground, Limit};
use domain::shape::{Field, Kind, optional};
use serde_json::{Value, json};
use uuid::Uuid;

const TAG: &str = "Retention";
const PAGE: &[Field] =
    &[optional("before", Kind::Whole { min: 1, max: i64::MAX }, "Certificates with smaller numbers than this.")];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let read =
        |path, operation, handler| Route::api(Method::Get, path, permissions::READ_RETENTION, operation, handler);
    let act = |path, operation, handler| Route::api(Method::Post, path, permissions::PLAN_ERASURE, operation, handler);
    let change = |id, summary| Operation { body: Some(&[]), ..Operation::get(id, summary, TAG, "ErasurePlan") };
    vec![
        read(
            "/api/v1/retention",
            Operation::get(
                "get_retention",
                "What the rules in force ask about keeping, and what is kept.",
                TAG,
                "Retention",
            ),
            get(schedule),
        ),
        read(
            "/api/v1/retention/dry-run",
            Operation::get("dry_run", "Who would be erased now, and why others stay. Changes nothing.", TAG, "DryRun"),
            get(dry_run),
        ),
        read(
            "/api/v1/retention/plans",
            Operation::get("list_erasure_plans", "Plans of erasing, the newest hundred.", TAG, "ErasurePlans"),
            get(plans),
        ),
        read(
            "/api/v1/retention/plans/{id}",
            Operation::get("get_erasure_plan", "A plan with whom it names and what came of each.", TAG, "ErasurePlan"),
            get(one_plan),
        ),
        act(
            "/api/v1/retention/plans",
            Operation {
                body: Some(NEW_PLAN),
                status: 201,
                ..change("make_erasure_plan", "Make a plan of what is due now; another person decides about it.")
            },
            post(make),
        ),
        act(
            "/api/v1/retention/plans/{id}/approve",
            Operation {
                body: Some(APPROVAL),
                ..change("approve_erasure_plan", "Have another person's plan carried out, if it still fits.")
            },
            post(approve),
        ),
        act(
            "/api/v1/retention/plans/{id}/refuse",
            change("refuse_erasure_plan", "Say no to another person's plan."),
            post(|state, who, path, headers, body| decided(decide::refuse, state, who, path, headers, body)),
        ),
        act(
            "/api/v1/retention/plans/{id}/withdraw",
            change("withdraw_erasure_plan", "Take back a plan one made oneself."),
            post(|state, who, path, headers, body| decided(decide::withdraw, state, who, path, headers, body)),
        ),
        read(
            "/api/v1/retention/certificates",
            Operation {
                query: PAGE,
                ..Operation::get("list_certificates", "Certificates of erasure, newest first.", TAG, "Certificates")
            },
            get(certificates),
        ),
        read(
            "/api/v1/retention/certificates/{n}",
            Operation::get(
                "get_certificate",
                "A certificate, signed, as a file that proves itself.",
                TAG,
                "Certificate",
            ),
            get(certificate),
        ),
        Route::api(
            Method::Post,
            "/api/v1/complaints/{id}/person-data",
            permissions::EXPORT_PERSON,
            Operation {
                body: Some(FIELDS),
                ..Operation::get(
                    "get_person_data",
                    "Everything that is kept about the complainant, from all their cases, as a ZIP; the access is logged.",
                    "Personal data",
                    "Archive",
                )
            },
            post(person_data),
        ),
    ]
}

async fn schedule(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.retention(&caller)?.iter().map(duty).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items, "records": records()})))
}

/// What Redress keeps itself.
pub(crate) fn records() -> Vec<Value> {
    let one = |record: &desk::retention::Record| {
        Object::default()
            .put("record", record.code)
            .put_some("class", record.class.map(|class| class.code()))
            .put("erased", record.erased)
            .put_some("days", record.days)
            .done()
    };
    RECORDS.iter().map(one).collect()
}

/// A rule about keeping.
pub(crate) fn duty(one: &Duty) -> Value {
    Object::default()
        .put("class", one.class.code())
        .put("ours", one.ours)
        .put("rule", one.rule.as_str())
        .put("title", json!(one.title))
        .put("pack", one.pack.as_str())
        .put("version", one.version.as_str())
        .put("layer", one.layer.code())
        .put("basis", one.basis.code())
        .put("confidence", one.confidence.code())
        .put("stated_as_law", one.stated)
        .put_some("source", one.source.as_ref().map(|source| json!(source)))
        .put_some("min", one.min.map(|amount| amount.to_string()))
        .put_some("max", one.max.map(|amount| amount.to_string()))
        .put("from", one.from.code())
        .put_some("note", one.note.as_ref().map(|note| json!(note)))
        .done()
}

async fn dry_run(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let found = look_over::dry_run(&app, &caller).await?;
    Ok(answer(StatusCode::OK, &looked(&found)))
}

/// What a look over everybody found.
pub(crate) fn looked(found: &DryRun) -> Value {
    let items: Vec<Value> = found.due.iter().map(|one| planned(one).done()).collect();
    counted(found).put("due", items.len()).put("items", items).done()
}

fn counted(found: &DryRun) -> Object {
    Object::default()
        .put("persons", found.persons)
        .put("more", found.more)
        .put("cases", found.cases)
        .put("attachments", found.attachments)
        .put("by_rule", json!(found.by_rule))
        .put("stay", json!(found.stay))
        .put("named", found.named.iter().map(stays).collect::<Vec<_>>())
}

fn planned(one: &Planned) -> Object {
    let cases = one.cases.iter().map(|(number, version)| json!({"number": number, "version": version}));
    let ground = match &one.ground {
        Ground::Maximum { limit: ended } => Object::default().put("kind", "maximum").put("limit", limit(ended)).done(),
        Ground::Request { case } => json!({"kind": "request", "case": case}),
    };
    Object::default()
        .put("person", one.person.to_string())
        .put("cases", cases.collect::<Vec<_>>())
        .put("ground", ground)
}

fn limit(one: &Limit) -> Value {
    json!({"at": moment(one.at), "rule": one.rule, "pack": one.pack, "version": one.version, "law": one.law})
}

fn stays(one: &Stays) -> Value {
    Object::default()
        .put("cases", json!(one.cases))
        .put("reasons", json!(one.reasons))
        .put_some("until", one.until.as_ref().map(limit))
        .put_some("request", one.request.as_deref())
        .done()
}

async fn plans(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.erasure_plans(&caller).await?.iter().map(|one| plan_view(one, false)).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

/// A plan with the two people behind it.
fn plan_view(one: &Plan, whole: bool) -> Value {
    let person = |by: &desk::activation::Person| json!({"id": by.id.to_string(), "name": by.name});
    let line = |(item, outcome): &(Planned, String)| {
        planned(item).put_some("outcome", Some(outcome.as_str()).filter(|outcome| !outcome.is_empty())).done()
    };
    let items = whole.then(|| one.items.iter().map(line).collect::<Vec<_>>());
    Object::default()
        .put("id", one.id.to_string())
        .put("hash", one.hash.as_str())
        .put("note", one.note.as_str())
        .put("state", one.state.code())
        .put("made_by", person(&one.made_by))
        .put("made_at", moment(one.made_at))
        .put_some("decided_by", one.decided_by.as_ref().map(person))
        .put_some("decided_at", one.decided_at.map(moment))
        .put_some("through", whole.then(|| one.through()))
        .put("found", counted(&one.found).done())
        .put_some("items", items)
        .done()
}

async fn one_plan(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Response, Failure> {
    shown(&app, &caller, identifier(&id)?, StatusCode::OK).await
}

async fn shown(app: &AppState, caller: &Caller, id: Uuid, status: StatusCode) -> Result<Response, Failure> {
    let found = app.desk.erasure_plan(caller, id).await?;
    Ok(answer(status, &plan_view(&found, true)))
}

async fn make(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: NewPlan = input(&headers, body, NEW_PLAN).await?;
    let id = look_over::make(&app, &caller, new).await?;
    shown(&app, &caller, id, StatusCode::CREATED).await
}

async fn approve(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let approval: Approval = input(&headers, body, APPROVAL).await?;
    let (id, by) = (identifier::<Uuid>(&id)?, caller.clone());
    blocking(&app, move |desk| decide::approve(desk, &by, id, &approval)).await?;
    shown(&app, &caller, id, StatusCode::OK).await
}

async fn decided(
    work: fn(&Desk, &Caller, Uuid) -> Result<(), DeskError>,
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let (id, by) = (identifier::<Uuid>(&id)?, caller.clone());
    blocking(&app, move |desk| work(desk, &by, id)).await?;
    shown(&app, &caller, id, StatusCode::OK).await
}

async fn certificates(
    State(app): State<AppState>,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), PAGE)?;
    let before = given.get("before").and_then(Value::as_i64);
    let items: Vec<Value> = app.desk.certificates(&caller, before).await?.iter().map(Certificate::file).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn certificate(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(n): Path<String>,
) -> Result<Response, Failure> {
    let n = n.parse().map_err(|_| Refusal::not_found())?;
    Ok(answer(StatusCode::OK, &app.desk.certificate(&caller, n).await?.file()))
}

async fn person_data(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let ask: Ask = input(&headers, body, FIELDS).await?;
    subject::answer(&app, &caller, &CaseRef::parse(&name)?, ask).await
}
