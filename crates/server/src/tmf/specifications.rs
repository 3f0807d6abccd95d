//! TroubleTicketSpecification of version 5: what kinds of tickets there are, and what each says.

use super::face::Face;
use super::query::Query;
use super::schema::{self, Wrong};
use super::{Ask, MOST_TRIES, Patch, answer, bad, cut, listed, object, page, when};
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::routes::Method;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, patch, post};
use desk::tickets::Specification;
use desk::{DeskError, Permission, permissions};
use domain::refusal::Refusal;
use serde_json::{Map, Value};
use uuid::Uuid;

const ALL: &str = "/tmf-api/troubleTicket/v5/troubleTicketSpecification";
const ALL_SLASH: &str = "/tmf-api/troubleTicket/v5/troubleTicketSpecification/";
const ONE: &str = "/tmf-api/troubleTicket/v5/troubleTicketSpecification/{id}";
const ONE_SLASH: &str = "/tmf-api/troubleTicket/v5/troubleTicketSpecification/{id}/";

/// A row for the table of routes.
type Row = (Method, &'static str, Permission, fn() -> MethodRouter<AppState>);

/// The routes of this file.
pub(super) const ROUTES: &[Row] = &[
    (Method::Get, ALL, permissions::READ_CASES, || get(list)),
    (Method::Get, ALL_SLASH, permissions::READ_CASES, || get(list)),
    (Method::Post, ALL, permissions::SPECIFY_TICKETS, || post(create)),
    (Method::Post, ALL_SLASH, permissions::SPECIFY_TICKETS, || post(create)),
    (Method::Get, ONE, permissions::READ_CASES, || get(one)),
    (Method::Get, ONE_SLASH, permissions::READ_CASES, || get(one)),
    (Method::Patch, ONE, permissions::SPECIFY_TICKETS, || patch(change)),
    (Method::Patch, ONE_SLASH, permissions::SPECIFY_TICKETS, || patch(change)),
    (Method::Delete, ONE, permissions::SPECIFY_TICKETS, || delete(remove)),
    (Method::Delete, ONE_SLASH, permissions::SPECIFY_TICKETS, || delete(remove)),
];

const SHAPE: &str = "TroubleTicketSpecification_FVO";
const OWNED: &[&str] = &["id", "href", "creationDate", "lastUpdate"];

/// The name of their type.
pub(crate) const TYPE: &str = "TroubleTicketSpecification";

fn told(ask: &Ask, one: &Specification) -> Map<String, Value> {
    tell(one, &ask.root)
}

/// A specification as it is told below an address.
pub(crate) fn tell(one: &Specification, root: &str) -> Map<String, Value> {
    let mut thing = one.attributes.clone();
    let mut own = |name: &str, value: String| thing.insert(name.to_owned(), value.into());
    own("id", one.id.to_string());
    own("href", format!("{root}/troubleTicketSpecification/{}", one.id));
    own("creationDate", when(one.made_at));
    own("lastUpdate", when(one.changed_at));
    schema::tidy(thing)
}

fn id_of(id: &str) -> Result<Uuid, Refusal> {
    Uuid::try_parse(id).map_err(|_| Refusal::not_found())
}

fn wrong(body: &Value) -> Vec<Wrong> {
    let mut found = schema::check(Face::V5, SHAPE, body, OWNED);
    let word = |name: &str| body.get(name).and_then(Value::as_str);
    if word("@type").is_some_and(|name| name != TYPE) && word("@baseType") != Some(TYPE) {
        found.push(Wrong { at: "@type".to_owned(), why: format!("is not {TYPE}, nor is @baseType") });
    }
    // The words of the specification are examples; other houses have others.
    if word("lifecycleStatus").is_some_and(|word| word.trim().is_empty()) {
        found.push(Wrong { at: "lifecycleStatus".to_owned(), why: "must not be blank".to_owned() });
    }
    found
}

async fn create(
    State(app): State<AppState>,
    ask: Ask,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let query = Query::one(raw.as_deref())?;
    let body = object(&headers, body).await?;
    let mut found = schema::kinds(Face::V5, "TroubleTicketSpecification", &body, OWNED);
    let body = Value::Object(body);
    found.extend(wrong(&body));
    if !found.is_empty() {
        return Err(bad(found));
    }
    let Value::Object(mut body) = body else { return Err(bad(found)) };
    body.retain(|name, _| !OWNED.contains(&name.as_str()));
    let made = app.desk.add_specification(&caller, body).await?;
    let thing = told(&ask, &made);
    let place = format!("{}/troubleTicketSpecification/{}", ask.root, made.id);
    Ok(ask.created(&query, thing, &place))
}

async fn one(
    State(app): State<AppState>,
    ask: Ask,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let query = Query::one(raw.as_deref())?;
    let found = app.desk.specification(&caller, id_of(&id)?).await?;
    Ok(answer(StatusCode::OK, &Value::Object(query.chosen(ask.face, told(&ask, &found)))))
}

async fn list(
    State(app): State<AppState>,
    ask: Ask,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let attributes = schema::attributes(Face::V5, "TroubleTicketSpecification");
    let query = Query::list(ask.face, raw.as_deref(), &attributes)?;
    if query.looks_at_each().is_none() {
        let (found, total) = app.desk.specifications(&caller, Some((query.offset, query.limit))).await?;
        return Ok(listed(&ask, &query, found.iter().map(|one| told(&ask, one)).collect(), Some(total)));
    }
    let (all, _) = app.desk.specifications(&caller, None).await?;
    let mut found: Vec<Value> = all.iter().map(|one| Value::Object(told(&ask, one))).collect();
    found.retain(|thing| query.matches(thing));
    query.arrange(&mut found);
    // All that match, wherever a page of them begins.
    let total = found.len() as u64;
    cut(&query, &mut found)?;
    Ok(listed(&ask, &query, page(&query, found), Some(total)))
}

async fn change(
    State(app): State<AppState>,
    ask: Ask,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let query = Query::one(raw.as_deref())?;
    let id = id_of(&id)?;
    let patch = Patch::read(ask.face, &headers, body).await?;
    patch.check(ask.face, "TroubleTicketSpecification", OWNED)?;
    let lists = |name: &str| schema::is_list(Face::V5, SHAPE, name);
    let _turn = app.turns.of(id).await;
    for attempt in 0.. {
        let seen = app.desk.specification(&caller, id).await?;
        let after = patch.apply(&told(&ask, &seen), &lists)?;
        let found = wrong(&Value::Object(after.clone()));
        if !found.is_empty() {
            return Err(bad(found));
        }
        let mut after = after;
        after.retain(|name, _| !OWNED.contains(&name.as_str()));
        match app.desk.change_specification(&caller, &seen, after).await {
            Ok(()) => break,
            Err(DeskError::Overtaken) if attempt < MOST_TRIES => {}
            Err(other) => return Err(other.into()),
        }
    }
    let found = app.desk.specification(&caller, id).await?;
    Ok(answer(StatusCode::OK, &Value::Object(query.chosen(ask.face, told(&ask, &found)))))
}

async fn remove(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    Query::one(raw.as_deref())?;
    app.desk.remove_specification(&caller, id_of(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
