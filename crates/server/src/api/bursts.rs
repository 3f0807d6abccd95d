//! `/bursts`: suspected faults and what people make of them; and `/topics`: what phrases rise.

use super::cases::tagged;
use super::view::{Object, moment};
use super::{answer, identifier, input, network};
use crate::app::{App, AppState};
use crate::extract::{self, Path, Visitor, Who};
use crate::locale::Language;
use crate::problem::Failure;
use crate::query;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::bursts::{Burst, BurstFilter, BurstView, Step, UNCLASSIFIED};
use desk::permissions;
use desk::topics::{HotTopic, TopicAsk, Topics};
use domain::actor::ActorId;
use domain::burst::{CONFIRM, Command, Confirm, DISMISS, Dismiss, State as Standing};
use domain::incident::open::{self, Open};
use domain::network::OUTAGE;
use domain::shape::{Field, Kind, optional};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

const TAG: &str = "Suspected faults";

/// Parameters of a list.
pub const LIST: &[Field] = &[
    optional("status", Kind::Code(Standing::CODES), "In this state."),
    optional("open", Kind::Bool, "`true` leaves out what somebody has decided about."),
    optional("region", Kind::Region, "Where; everything below it."),
    optional("category", Kind::Category, "Node of the category tree; everything below it."),
    optional("limit", Kind::Whole { min: 1, max: 250 }, "Suspected faults a page. Default 50."),
    optional("after", Kind::Line { max: 80 }, "`next` of the page before."),
];

/// Parameters of topics.
pub const TOPICS: &[Field] = &[
    optional("month", Kind::Line { max: 7 }, "2026-10. Default: this one."),
    optional("region", Kind::Region, "A region within the caller's area. Default: all of it."),
    optional("category", Kind::Category, "Node of the category tree; everything below it."),
];

/// What is proposed for a fault: an incident and what to tell its customers. Nothing of it is done by itself.
pub(crate) struct Proposal {
    pub(crate) title: String,
    pub(crate) region: String,
    pub(crate) product: Option<String>,
    pub(crate) started_at: Timestamp,
    pub(crate) fact: Option<Uuid>,
    /// Wording of the progress, in both languages.
    pub(crate) zh: String,
    pub(crate) en: String,
}

/// A place in words.
pub(crate) fn place(app: &App, language: Language, region: &str) -> String {
    if region.is_empty() {
        return app.locales.text(language, "ui.org.everywhere", &[]);
    }
    let province = app.desk.library().taxonomy().province(region);
    match province.map(|one| language.pick(&one.zh, &one.en)) {
        Some(name) if region.len() == 2 => name.to_owned(),
        Some(name) => format!("{name} {region}"),
        None => region.to_owned(),
    }
}

/// A category in words.
pub(crate) fn matter(app: &App, language: Language, category: &str) -> String {
    match category {
        "" => app.locales.text(language, "ui.bursts.all_categories", &[]),
        UNCLASSIFIED => app.locales.text(language, "ui.hot.no_category", &[]),
        code => match app.desk.library().taxonomy().category(code) {
            Some(found) => language.pick(&found.zh, &found.en).to_owned(),
            None => code.to_owned(),
        },
    }
}

/// What is proposed; nothing once it was nothing, or has its incident.
pub(crate) fn proposal(app: &App, language: Language, view: &BurstView) -> Option<Proposal> {
    let said = &view.burst.said;
    if said.state == Standing::Dismissed || said.incident.is_some() {
        return None;
    }
    let words = |language: Language, key: &str| {
        let (place, matter) = (place(app, language, &said.region), matter(app, language, &said.category));
        app.locales.text(language, key, &[("place", &place), ("matter", &matter)])
    };
    let outage = view.facts.iter().find(|one| one.fact.fact == OUTAGE).or(view.facts.first());
    Some(Proposal {
        title: words(language, "ui.bursts.proposal.title"),
        region: said.region.clone(),
        product: view.product.clone(),
        started_at: said.began,
        fact: outage.map(|one| one.id),
        zh: words(Language::ZhCn, "ui.bursts.proposal.wording"),
        en: words(Language::En, "ui.bursts.proposal.wording"),
    })
}

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let of = |id, summary, answer| Operation::get(id, summary, TAG, answer);
    let decide = |id, summary, body| Operation { body: Some(body), versioned: true, ..of(id, summary, "Burst") };
    vec![
        Route::api(
            Method::Get,
            "/api/v1/bursts",
            permissions::READ_BURSTS,
            Operation {
                query: LIST,
                ..of("list_bursts", "Where more came in than the season explains, the last ended first.", "Bursts")
            },
            get(list),
        ),
        Route::api(
            Method::Get,
            "/api/v1/bursts/{id}",
            permissions::READ_BURSTS,
            of("get_burst", "A suspected fault with its course, cases, facts near, and log.", "Burst"),
            get(one),
        ),
        Route::api(
            Method::Post,
            "/api/v1/bursts/{id}/acknowledge",
            permissions::ACKNOWLEDGE_BURST,
            decide("acknowledge_burst", "Say that one looks into it.", &[]),
            post(acknowledge),
        ),
        Route::api(
            Method::Post,
            "/api/v1/bursts/{id}/dismiss",
            permissions::DISMISS_BURST,
            decide("dismiss_burst", "Say that it was nothing, and why.", DISMISS),
            post(dismiss),
        ),
        Route::api(
            Method::Post,
            "/api/v1/bursts/{id}/confirm",
            permissions::CONFIRM_BURST,
            decide("confirm_burst", "Say that there is a fault; and which incident was opened for it.", CONFIRM),
            post(confirm),
        ),
        Route::api(
            Method::Post,
            "/api/v1/bursts/{id}/incident",
            permissions::CONFIRM_BURST,
            decide(
                "open_burst_incident",
                "Open the mass incident of a fault and say that it is its incident, both or neither.",
                open::FIELDS,
            ),
            post(open_incident),
        ),
        Route::api(
            Method::Get,
            "/api/v1/topics",
            permissions::READ_TOPICS,
            Operation {
                query: TOPICS,
                ..Operation::get("list_topics", "Phrases that rise in a month, by category.", "Reports", "Topics")
            },
            get(topics),
        ),
    ]
}

/// Filters of a list, from checked parameters.
pub(crate) fn filter(given: &Map<String, Value>) -> BurstFilter {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    BurstFilter {
        state: text("status"),
        open_only: given.get("open").and_then(Value::as_bool).unwrap_or(false),
        region: text("region"),
        category: text("category"),
        limit: given.get("limit").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
        after: text("after"),
    }
}

/// What topics are asked with, from checked parameters.
pub(crate) fn topic_ask(given: &Map<String, Value>) -> TopicAsk {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    TopicAsk { month: text("month"), region: text("region"), category: text("category") }
}

/// A figure people read: three digits behind the point are more than it is worth.
pub(crate) fn rounded(figure: f64) -> f64 {
    (figure * 1_000.0).round() / 1_000.0
}

fn line(one: &Burst) -> Object {
    let said = &one.said;
    let mut line = Object::default()
        .put("id", one.id.to_string())
        .put("number", one.number.as_str())
        .put("version", one.version)
        .put("status", said.state.code())
        .put("goes_on", !said.done)
        .put("region", said.region.as_str())
        .put("category", said.category.as_str())
        .put_some("product", said.product.as_deref())
        .put_some("first_region", said.origin.as_deref())
        .put("whole", one.whole)
        .put("began_at", moment(said.began))
        .put("ended_at", moment(said.ended))
        .put("detected_at", moment(said.detected_at))
        .put("found_at", moment(said.found_at))
        .put("count", said.count)
        .put("copies", said.copies)
        .put("expected", rounded(said.expected))
        .put("growth", rounded(said.growth))
        .put("log10_p", rounded(said.log10_p))
        .put("needed_log10_p", rounded(said.needs))
        .put("dismissed_before", said.dismissed_before);
    if let Some((by, at)) = &said.acknowledged {
        line = line.put("acknowledged", decision(*by, *at).done());
    }
    if let Some((by, at)) = &said.decided {
        let decided = decision(*by, *at).put_some("why", said.why.as_deref());
        line = line.put("decided", decided.put_some("note", said.note.as_deref()).done());
    }
    line.put_some("incident", said.incident.map(|id| id.to_string()))
}

fn decision(by: ActorId, at: Timestamp) -> Object {
    Object::default().put("by", by.to_string()).put("at", moment(at))
}

fn view(app: &App, language: Language, view: &BurstView) -> Value {
    let step = |one: &Step| json!({"from": moment(one.from), "count": one.count, "expected": rounded(one.expected)});
    let case = |one: &store::SeenBy| {
        Object::default()
            .put("id", one.id.to_string())
            .put("number", one.number.as_str())
            .put("version", one.version)
            .put("region", one.region.as_str())
            .put("category", one.category.as_str())
            .put("received_at", super::view::micros(one.received_at))
            .put("open", one.open)
            .done()
    };
    let said = |(at, by, verb): &(Timestamp, ActorId, String)| {
        Object::default().put("at", moment(*at)).put("operation", verb.as_str()).put("by", by.to_string()).done()
    };
    let mut whole = line(&view.burst)
        .put_some("product", view.product.as_deref())
        .put("course", view.course.iter().map(step).collect::<Vec<_>>())
        .put("cases", view.cases.iter().map(case).collect::<Vec<_>>())
        .put("facts", view.facts.iter().map(|one| network::view(one).done()).collect::<Vec<_>>())
        .put("log", view.log.iter().map(said).collect::<Vec<_>>());
    if let Some(proposed) = proposal(app, language, view) {
        let incident = Object::default()
            .put("title", proposed.title)
            .put_some("region", Some(proposed.region).filter(|region| !region.is_empty()))
            .put_some("product", proposed.product)
            .put("started_at", moment(proposed.started_at))
            .put_some("fact", proposed.fact.map(|id| id.to_string()));
        let wording = json!({"purpose": "progress", "zh": proposed.zh, "en": proposed.en});
        whole = whole.put("proposal", json!({"incident": incident.done(), "wording": wording}));
    }
    whole.done()
}

async fn list(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let page = app.desk.bursts(&caller, &filter(&query::read(raw.as_deref(), LIST)?)).await?;
    let items: Vec<Value> = page.items.iter().map(|one| line(one).done()).collect();
    Ok(answer(StatusCode::OK, &Object::default().put("items", items).put_some("next", page.next).done()))
}

async fn one(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let found = app.desk.burst(&caller, identifier(&id)?).await?;
    Ok(tagged(answer(StatusCode::OK, &view(&app, visitor.language, &found)), found.burst.version))
}

async fn decide(
    (app, visitor, caller): (AppState, Visitor, desk::Caller),
    id: &str,
    seen: i64,
    command: Command,
) -> Result<Response, Failure> {
    let done = app.desk.decide_burst(&caller, identifier(id)?, seen, command).await?;
    Ok(tagged(answer(StatusCode::OK, &view(&app, visitor.language, &done)), done.burst.version))
}

/// Nothing.
#[derive(Deserialize)]
struct Plain {}

async fn acknowledge(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let seen = extract::seen(&headers)?;
    let Plain {} = input(&headers, body, &[]).await?;
    decide((app, visitor, caller), &id, seen, Command::Acknowledge).await
}

async fn dismiss(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let seen = extract::seen(&headers)?;
    let command = Command::Dismiss(input::<Dismiss>(&headers, body, DISMISS).await?);
    decide((app, visitor, caller), &id, seen, command).await
}

async fn confirm(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let seen = extract::seen(&headers)?;
    let command = Command::Confirm(input::<Confirm>(&headers, body, CONFIRM).await?);
    decide((app, visitor, caller), &id, seen, command).await
}

async fn open_incident(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let seen = extract::seen(&headers)?;
    let open: Open = input(&headers, body, open::FIELDS).await?;
    let done = app.desk.open_incident_of_burst(&caller, identifier(&id)?, seen, open).await?;
    Ok(tagged(answer(StatusCode::OK, &view(&app, visitor.language, &done)), done.burst.version))
}

fn topic(one: &HotTopic) -> Value {
    json!({
        "category": one.category, "phrase": one.phrase, "persons": one.now, "persons_before": one.before,
        "expected": rounded(one.expected), "strength": rounded(one.strength), "cases": one.cases,
    })
}

fn told(found: &Topics) -> Value {
    json!({
        "month": found.month, "region": found.region, "texts": found.texts.0, "texts_before": found.texts.1,
        "complete": !found.more, "made_at": moment(found.made_at),
        "items": found.topics.iter().map(topic).collect::<Vec<_>>(),
    })
}

async fn topics(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let found = app.desk.topics(&caller, &topic_ask(&query::read(raw.as_deref(), TOPICS)?)).await?;
    Ok(answer(StatusCode::OK, &told(&found)))
}
