//! Reading rules: one pack with everything it says, what differs between two, lists of deadlines held against the rules, and
//! the days of a calendar.

use super::view::Object;
use super::{answer, input};
use crate::app::{App, AppState};
use crate::blocking::blocking;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::routes::{Method, Operation, Route};
use crate::{query, rulebook};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::{DeskError, permissions};
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use jiff::civil::Date;
use policy::{Calendar, Pack, VectorReport};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// What is asked about two packs.
pub(crate) const DIFF: &[Field] = &[
    required("before", Kind::Line { max: 80 }, "The older, as `id@version`."),
    required("after", Kind::Line { max: 80 }, "The newer."),
];

/// What is asked about a calendar.
pub(crate) const YEAR: &[Field] = &[
    optional("year", Kind::Whole { min: 1990, max: 2100 }, "Which year. Default: this one."),
    optional("known_on", Kind::Day, "As it was known on that day. Default: now."),
];

/// A list of deadlines.
pub(crate) const VECTORS: &[Field] = &[
    optional("list", Kind::Line { max: 80 }, "Name of a list that stands beside the packs."),
    optional(
        "text",
        Kind::Document { max: 500_000 },
        "A list of one's own: CSV with the columns jurisdiction, rule, start, attributes, expected_deadline and reasoning.",
    ),
];

/// A list to be held against the rules.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Vectors {
    list: Option<String>,
    text: Option<String>,
}

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let read = permissions::READ_RULES;
    let of = |id, summary, answer| Operation::get(id, summary, "Rules", answer);
    let one = of("read_pack", "One pack with every rule, its figure, basis, confidence and source.", "PackText");
    let diff = Operation { query: DIFF, ..of("diff_packs", "What differs between two packs or versions.", "PackDiff") };
    let vectors = Operation {
        body: Some(VECTORS),
        ..of(
            "check_vectors",
            "Hold a list of deadlines worked out elsewhere against the rules in force.",
            "VectorReport",
        )
    };
    let list = of("list_calendars", "Calendars, each with its source and the years it covers.", "Calendars");
    let year = Operation {
        query: YEAR,
        ..of("read_calendar", "The days of a year that differ from their weekday.", "CalendarYear")
    };
    vec![
        Route::api(Method::Get, "/api/v1/packs/{pack}", read, one, get(pack)),
        Route::api(Method::Get, "/api/v1/packs/diff", read, diff, get(differ)),
        Route::api(Method::Post, "/api/v1/packs/vectors", permissions::WHAT_IF, vectors, post(check)),
        Route::api(Method::Get, "/api/v1/calendars", read, list, get(calendars)),
        Route::api(Method::Get, "/api/v1/calendars/{calendar}", read, year, get(calendar)),
    ]
}

/// A pack by `id` or `id@version`.
///
/// # Errors
/// `not_found`.
pub(crate) fn named(app: &App, name: &str) -> Result<Arc<Pack>, Refusal> {
    app.desk.library().pack(name).ok_or_else(Refusal::not_found)
}

fn unwritten(why: String) -> Failure {
    DeskError::Output(why).into()
}

async fn pack(State(app): State<AppState>, _: Who, Path(name): Path<String>) -> Result<Response, Failure> {
    let pack = named(&app, &name)?;
    let whole = serde_json::to_value(pack.as_ref()).map_err(|error| unwritten(error.to_string()))?;
    let told = json!({"id": pack.id(), "version": pack.version(), "hash": pack.hash(), "pack": whole});
    Ok(answer(StatusCode::OK, &rulebook::without_null(told)))
}

async fn differ(State(app): State<AppState>, _: Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), DIFF)?;
    let name = |field: &str| given.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let find = |field: &'static str| {
        app.desk.library().pack(&name(field)).ok_or_else(|| Refusal::from(Fault::new(field, "no_such_pack")))
    };
    let (before, after) = (find("before")?, find("after")?);
    let changes = rulebook::differences(&before, &after).map_err(unwritten)?;
    let shown = |pack: &Pack| format!("{}@{}", pack.id(), pack.version());
    let told = json!({"before": shown(&before), "after": shown(&after), "changes": changes});
    Ok(answer(StatusCode::OK, &rulebook::without_null(told)))
}

/// Holds a list against the rules, one at a time on this node: a long list takes its time.
///
/// # Errors
/// Faults of the list.
pub(crate) async fn hold(app: &AppState, ask: Vectors) -> Result<VectorReport, Failure> {
    let folder = app.settings.data_folder.clone();
    let (list, text) = match (ask.list, ask.text) {
        (Some(name), None) => {
            let list = rulebook::list(folder.as_deref(), &name).ok_or_else(|| Fault::new("list", "no_such_list"))?;
            (Some(list), String::new())
        }
        (None, Some(text)) => (None, text),
        (None, None) => return Err(Fault::new("text", "required").into()),
        (Some(_), Some(_)) => return Err(Fault::new("text", "list_or_text").into()),
    };
    let place = Arc::clone(&app.what_if).acquire_owned().await.map_err(|error| unwritten(error.to_string()))?;
    let held = blocking(app, move |desk| {
        Ok(match &list {
            Some(list) => Ok(rulebook::hold_beside(desk.library(), list)),
            None => rulebook::hold_against(desk.library(), &text),
        })
    })
    .await?;
    drop(place);
    held.map_err(|why| Fault::new("text", "bad_vectors").with("why", why).into())
}

async fn check(State(app): State<AppState>, _: Who, headers: HeaderMap, body: Body) -> Result<Response, Failure> {
    let ask: Vectors = input(&headers, body, VECTORS).await?;
    let report = hold(&app, ask).await?;
    let told = serde_json::to_value(&report).map_err(|error| unwritten(error.to_string()))?;
    Ok(answer(StatusCode::OK, &told))
}

fn head(calendar: &Calendar) -> Object {
    let title = calendar.title();
    let versions: Vec<String> = calendar.versions().iter().map(ToString::to_string).collect();
    let source = calendar.source().map(|source| {
        Object::default()
            .put("title", json!({"zh": source.title.zh, "en": source.title.en}))
            .put("basis", source.basis.code())
            .put("confidence", source.confidence.code())
            .put_some("url", source.url.clone())
            .put_some("seen", source.seen.map(|day| day.to_string()))
            .done()
    });
    Object::default()
        .put("id", calendar.id())
        .put("title", json!({"zh": title.zh, "en": title.en}))
        .put("zone", calendar.zone_name())
        .put("version", calendar.version().to_string())
        .put("versions", versions)
        .put("hash", calendar.hash())
        .put("weekend", calendar.weekend().map(|day| day.code().to_owned()).collect::<Vec<_>>())
        .put_some("covers_from", calendar.covers().map(|(from, _)| from.to_string()))
        .put_some("covers_to", calendar.covers().map(|(_, to)| to.to_string()))
        .put_some("source", source)
}

async fn calendars(State(app): State<AppState>, _: Who) -> Result<Response, Failure> {
    let all = app.desk.library().calendars();
    let items: Vec<Value> = all.iter().filter(|one| !one.hash().is_empty()).map(|one| head(one).done()).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

/// A calendar as it was known on a day, and which year of it.
///
/// # Errors
/// `not_found`.
pub(crate) fn calendar_of(
    app: &App,
    name: &str,
    year: Option<i16>,
    known_on: Option<Date>,
) -> Result<(Arc<Calendar>, i16), Refusal> {
    let calendar = app.desk.library().calendars().get(name).filter(|one| !one.hash().is_empty());
    let calendar = calendar.ok_or_else(Refusal::not_found)?;
    let calendar = known_on.map_or_else(|| Arc::clone(&calendar), |day| Arc::new(calendar.as_known_on(day)));
    let today = app.desk.time().now().to_zoned_datetime(calendar.zone().clone()).date();
    Ok((calendar, year.unwrap_or_else(|| today.year())))
}

async fn calendar(
    State(app): State<AppState>,
    _: Who,
    Path(name): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), YEAR)?;
    let year = given.get("year").and_then(Value::as_i64).and_then(|year| i16::try_from(year).ok());
    let known = given.get("known_on").and_then(Value::as_str).and_then(|day| day.parse().ok());
    let (calendar, year) = calendar_of(&app, &name, year, known)?;
    let text = |(zh, en): &(String, String)| json!({"zh": zh, "en": en});
    let days: Vec<Value> = rulebook::days_of(&calendar, year)
        .iter()
        .map(|one| {
            Object::default()
                .put("day", one.day.to_string())
                .put("kind", one.kind)
                .put("name", text(&one.name))
                .put_some("provisional", one.provisional.as_ref().map(text))
                .done()
        })
        .collect();
    Ok(answer(StatusCode::OK, &head(&calendar).put("year", i64::from(year)).put("days", days).done()))
}
