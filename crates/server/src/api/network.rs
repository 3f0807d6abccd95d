//! `/network-facts`, `/products`, `/exposures`: what other systems know, one by one or as a file; and the facts near a case.

use super::view::{Object, moment};
use super::{answer, identifier, input};
use crate::app::AppState;
use crate::extract::{self, Path, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::network::{FactFilter, FactVersion, FactView, ProductView, RecordKind, Taken};
use desk::{CaseRef, permissions};
use domain::intake::PRODUCTS;
use domain::network::{Fact, KINDS};
use domain::shape::{Field, Kind, optional, required};
use serde::Deserialize;
use serde_json::{Map, Value, json};

const TAG: &str = "Network and products";
/// Largest file; the body of a request holds it escaped.
const MOST_BYTES: usize = 900_000;

/// Parameters of a list of facts.
pub const LIST: &[Field] = &[
    optional("region", Kind::Region, "Where; everything below it."),
    optional("product", Kind::Code(PRODUCTS), "About this product line, or all."),
    optional("fact", Kind::Code(KINDS), "Of this kind."),
    optional("source", Kind::Line { max: 40 }, "Known by this system."),
    optional("from", Kind::Moment, "Lasting at this moment or later."),
    optional("to", Kind::Moment, "Begun by this moment."),
    optional("withdrawn", Kind::Bool, "`true` shows what was withdrawn, too."),
    optional("limit", Kind::Whole { min: 1, max: 250 }, "Facts a page. Default 50."),
    optional("after", Kind::Line { max: 80 }, "`next` of the page before."),
];

/// Parameters of users by month.
const MONTHS: &[Field] = &[
    optional("from", Kind::Line { max: 7 }, "First month, 2026-01."),
    optional("to", Kind::Line { max: 7 }, "Last month."),
];

/// Shape of a file.
pub const IMPORT: &[Field] = &[
    required(
        "csv",
        Kind::Document { max: MOST_BYTES },
        "A CSV file in UTF-8 with the names of the fields as headings; at most 5,000 rows. All rows or none.",
    ),
    optional("dry_run", Kind::Bool, "Only say what would change."),
];

/// A file.
#[derive(Debug, Deserialize)]
struct File {
    csv: String,
    #[serde(default)]
    dry_run: bool,
}

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let of = |id, summary, answer| Operation::get(id, summary, TAG, answer);
    let mut routes = vec![
        Route::api(
            Method::Get,
            "/api/v1/network-facts",
            permissions::READ_NETWORK_FACTS,
            Operation {
                query: LIST,
                ..of(
                    "list_network_facts",
                    "Outages, planned works and measurements, the last begun first.",
                    "NetworkFacts",
                )
            },
            get(list),
        ),
        Route::api(
            Method::Get,
            "/api/v1/network-facts/{id}",
            permissions::READ_NETWORK_FACTS,
            of("get_network_fact", "A fact, and what was said of it before.", "NetworkFact"),
            get(one),
        ),
        Route::api(
            Method::Get,
            "/api/v1/complaints/{id}/network-facts",
            permissions::READ_NETWORK_FACTS,
            of("list_facts_near", "Outages and planned works near a case in place and time.", "NetworkFacts"),
            get(near),
        ),
        Route::api(
            Method::Get,
            "/api/v1/products",
            permissions::READ_CATALOGUE,
            of(
                "list_products",
                "The operator's own products by line, and the stages of a customer's life.",
                "Catalogue",
            ),
            get(products),
        ),
        Route::api(
            Method::Get,
            "/api/v1/exposures",
            permissions::READ_REPORTS,
            Operation { query: MONTHS, ..of("list_exposures", "Users by month and region.", "Exposures") },
            get(exposures),
        ),
    ];
    for (kind, path, id, summary, import, import_id, import_summary) in [
        (
            RecordKind::NetworkFacts,
            "/api/v1/network-facts",
            "record_network_fact",
            "Say or correct a fact; the same again changes nothing.",
            "/api/v1/network-facts/import",
            "import_network_facts",
            "Take in a file of facts.",
        ),
        (
            RecordKind::Products,
            "/api/v1/products",
            "record_product",
            "Say or change a product; the same again changes nothing.",
            "/api/v1/products/import",
            "import_products",
            "Take in a file of products.",
        ),
        (
            RecordKind::Exposures,
            "/api/v1/exposures",
            "record_exposure",
            "Say or correct how many users there were; the same again changes nothing.",
            "/api/v1/exposures/import",
            "import_exposures",
            "Take in a file of users by month.",
        ),
    ] {
        let operation = Operation { body: Some(kind.fields()), ..of(id, summary, "Recorded") };
        let handler = post(move |state, who, headers, body| record(kind, state, who, headers, body));
        routes.push(Route::api(Method::Post, path, kind.permission(), operation, handler));
        let operation = Operation { body: Some(IMPORT), ..of(import_id, import_summary, "Recorded") };
        let handler = post(move |state, who, headers, body| take_in(kind, state, who, headers, body));
        routes.push(Route::api(Method::Post, import, kind.permission(), operation, handler));
    }
    routes
}

/// Filters of a list, from checked parameters.
pub(crate) fn filter(given: &Map<String, Value>) -> FactFilter {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    let at = |name: &str| given.get(name).and_then(Value::as_str).and_then(|at| at.parse().ok());
    FactFilter {
        region: text("region"),
        product: text("product"),
        kind: text("fact"),
        source: text("source"),
        from: at("from"),
        to: at("to"),
        withdrawn: given.get("withdrawn").and_then(Value::as_bool).unwrap_or(false),
        limit: given.get("limit").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
        after: text("after"),
    }
}

fn said(fact: &Fact) -> Object {
    Object::default()
        .put("source", fact.source.as_str())
        .put("number", fact.number.as_str())
        .put("fact", fact.fact.as_str())
        .put("region", fact.region.as_str())
        .put_some("product", fact.product.as_deref())
        .put_some("place", fact.place.as_deref())
        .put_some("cell", fact.cell.as_deref())
        .put("from", moment(fact.from))
        .put_some("to", fact.to.map(moment))
        .put_some("users", fact.users)
        .put_some("minutes_down", fact.minutes_down)
        .put_some("note", fact.note.as_deref())
        .put_some("withdrawn", fact.withdrawn.then_some(true))
}

pub(super) fn view(one: &FactView) -> Object {
    said(&one.fact)
        .put("id", one.id.to_string())
        .put("revision", one.revision)
        .put("recorded_at", moment(one.recorded_at))
        .put("recorded_by", one.recorded_by.as_str())
}

async fn list(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let page = app.desk.network_facts(&caller, &filter(&query::read(raw.as_deref(), LIST)?)).await?;
    let items: Vec<Value> = page.items.iter().map(|one| view(one).done()).collect();
    Ok(answer(StatusCode::OK, &Object::default().put("items", items).put_some("next", page.next).done()))
}

async fn one(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Response, Failure> {
    let (fact, versions) = app.desk.network_fact(&caller, identifier(&id)?).await?;
    let version = |one: &FactVersion| {
        said(&one.fact)
            .put("revision", one.revision)
            .put("recorded_at", moment(one.at))
            .put("recorded_by", one.actor.as_str())
            .done()
    };
    let versions: Vec<Value> = versions.iter().map(version).collect();
    Ok(answer(StatusCode::OK, &view(&fact).put("versions", versions).done()))
}

async fn near(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Response, Failure> {
    let found = app.desk.facts_near(&caller, &CaseRef::parse(&id)?).await?;
    Ok(answer(StatusCode::OK, &shown(&found)))
}

/// Facts near a case, as they are shown.
pub(crate) fn shown(facts: &[FactView]) -> Value {
    json!({"items": facts.iter().map(|one| view(one).done()).collect::<Vec<_>>()})
}

async fn products(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let one = |one: &ProductView| {
        Object::default()
            .put("code", one.product.code.as_str())
            .put("line", one.product.line.as_str())
            .put("title", json!({"zh": one.product.zh, "en": one.product.en}))
            .put_some("since", one.product.since.as_deref())
            .put_some("until", one.product.until.as_deref())
            .put("revision", one.revision)
            .put("recorded_at", moment(one.recorded_at))
            .done()
    };
    let items: Vec<Value> = app.desk.products(&caller).await?.iter().map(one).collect();
    let stages = app.desk.library().taxonomy().stages().iter();
    let stages: Vec<Value> =
        stages.map(|stage| json!({"stage": stage.id, "title": stage.title, "categories": stage.categories})).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items, "lines": PRODUCTS, "stages": stages})))
}

async fn exposures(
    State(app): State<AppState>,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), MONTHS)?;
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let found = app.desk.exposures(&caller, text("from"), text("to")).await?;
    let items: Vec<Value> = found
        .iter()
        .map(|one| {
            json!({
                "month": one.month, "region": one.region, "users": one.users, "revision": one.revision,
                "recorded_at": moment(one.recorded_at),
            })
        })
        .collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn record(
    kind: RecordKind,
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let value = extract::json(&headers, &extract::bytes(&headers, body).await?)?;
    let value = if value.is_null() { json!({}) } else { value };
    Ok(answer(StatusCode::OK, &taken(&app.desk.take_record(&caller, kind, value).await?)))
}

async fn take_in(
    kind: RecordKind,
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let file: File = input(&headers, body, IMPORT).await?;
    Ok(answer(StatusCode::OK, &taken(&app.desk.take_sheet(&caller, kind, &file.csv, file.dry_run).await?)))
}

fn taken(one: &Taken) -> Value {
    Object::default()
        .put("new", one.new)
        .put("corrected", one.corrected)
        .put("same", one.same)
        .put("dry_run", one.dry_run)
        .put_some("id", one.id.map(|id| id.to_string()))
        .done()
}
