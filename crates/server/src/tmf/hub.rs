//! The hubs of both interfaces in both versions: who registers a listener is told of tickets, or of interactions, with the
//! rights they have. And the listeners of the specifications on our side, which take what is sent and do nothing about it:
//! we ask nobody for either.

use super::face::{Api, Face};
use super::query::{Query, refused};
use super::schema::{self, Wrong};
use super::{Ask, answer, bad, object};
use crate::app::AppState;
use crate::events::{ContactNews, News, SpecificationNews};
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::routes::Method;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use desk::subscriptions::Subscription;
use desk::{Permission, permissions};
use domain::refusal::Refusal;
use mail::outward::Guard;
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;

/// A row for the table of routes.
type Row = (Method, &'static str, Permission, fn() -> MethodRouter<AppState>);

const ALL: [&str; 8] = [
    "/tmf-api/troubleTicket/v5/hub",
    "/tmf-api/troubleTicket/v5/hub/",
    "/tmf-api/troubleTicket/v4/hub",
    "/tmf-api/troubleTicket/v4/hub/",
    "/tmf-api/partyInteraction/v5/hub",
    "/tmf-api/partyInteraction/v5/hub/",
    "/tmf-api/partyInteraction/v4/hub",
    "/tmf-api/partyInteraction/v4/hub/",
];
const ONE: [&str; 8] = [
    "/tmf-api/troubleTicket/v5/hub/{id}",
    "/tmf-api/troubleTicket/v5/hub/{id}/",
    "/tmf-api/troubleTicket/v4/hub/{id}",
    "/tmf-api/troubleTicket/v4/hub/{id}/",
    "/tmf-api/partyInteraction/v5/hub/{id}",
    "/tmf-api/partyInteraction/v5/hub/{id}/",
    "/tmf-api/partyInteraction/v4/hub/{id}",
    "/tmf-api/partyInteraction/v4/hub/{id}/",
];
const LISTENERS: [&str; 8] = [
    "/tmf-api/troubleTicket/v5/listener/{event}",
    "/tmf-api/troubleTicket/v5/listener/{event}/",
    "/tmf-api/troubleTicket/v4/listener/{event}",
    "/tmf-api/troubleTicket/v4/listener/{event}/",
    "/tmf-api/partyInteraction/v5/listener/{event}",
    "/tmf-api/partyInteraction/v5/listener/{event}/",
    "/tmf-api/partyInteraction/v4/listener/{event}",
    "/tmf-api/partyInteraction/v4/listener/{event}/",
];

/// The routes of this file.
pub(super) fn routes() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for path in ALL {
        rows.push((Method::Get, path, permissions::SUBSCRIBE, || get(list)));
        rows.push((Method::Post, path, permissions::SUBSCRIBE, || post(register)));
    }
    for path in ONE {
        rows.push((Method::Get, path, permissions::SUBSCRIBE, || get(one)));
        rows.push((Method::Delete, path, permissions::SUBSCRIBE, || delete(remove)));
    }
    rows.extend(LISTENERS.map(|path| -> Row { (Method::Post, path, permissions::CHANGE_TICKET, || post(listen)) }));
    rows
}

/// Longest callback and query.
const MOST: usize = 2_000;
/// What an event says besides what it is about, for a query to ask by.
const ENVELOPE: [&str; 4] = ["eventType", "eventId", "eventTime", "event"];

/// What a listener wants to be told: conditions on the event and what it is about, and the attributes that is to hold.
pub struct Wanted {
    query: Query,
}

impl Wanted {
    /// Reads the query of a hub: `eventType=…&troubleTicket.severity=…&fields=…`.
    ///
    /// # Errors
    /// Names the parameter; text that asks nothing is refused, for whoever wrote it would be told everything.
    pub fn read(api: Api, face: Face, text: &str) -> Result<Self, Failure> {
        let text = text.trim();
        let text = text.strip_prefix('?').unwrap_or(text);
        if text.is_empty() {
            return Ok(Self { query: Query::default() });
        }
        if !text.contains('=') {
            let why = "asks nothing: conditions are written attribute=value, such as eventType=…, and joined by &";
            return Err(refused("query", why));
        }
        for (name, _) in url::form_urlencoded::parse(text.as_bytes()) {
            if ["offset", "limit", "sort", "after", "before"].contains(&name.as_ref()) {
                return Err(refused(&format!("query.{name}"), "makes no sense of events"));
            }
        }
        let attributes: Vec<String> = api.things(face).iter().flat_map(|thing| named(face, thing)).collect();
        let attributes: Vec<&str> = attributes.iter().map(String::as_str).collect();
        Ok(Self { query: Query::list(face, Some(text), &attributes)? })
    }

    /// The same of a listener that is registered: one of before may have asked nothing and is told everything, as then.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn of_listener(api: Api, face: Face, text: &str) -> Result<Self, Failure> {
        Self::read(api, face, if text.contains('=') { text } else { "" })
    }

    /// Whether an event is among what is wanted: conditions may name the attributes of what it is about with or without
    /// the way to it.
    pub fn matches(&self, face: Face, shape: &str, thing: &Map<String, Value>, envelope: &Map<String, Value>) -> bool {
        if self.query.is_empty() {
            return true;
        }
        // What asks about tickets is no question about specifications.
        let known = named(face, shape);
        if !self.query.asks_only(&|name| known.iter().any(|one| one == name)) {
            return false;
        }
        let mut whole = thing.clone();
        whole.extend(envelope.clone());
        whole.insert("event".to_owned(), json!({listener(shape): thing}));
        whole.insert(listener(shape), Value::Object(thing.clone()));
        self.query.matches(&Value::Object(whole))
    }

    /// What an event is about with the attributes that are wanted.
    pub fn chosen(&self, face: Face, thing: Map<String, Value>) -> Map<String, Value> {
        self.query.chosen(face, thing)
    }
}

/// What a query may name of an event about something.
fn named(face: Face, shape: &str) -> Vec<String> {
    let own = schema::attributes(face, shape).into_iter().chain(ENVELOPE).map(str::to_owned);
    own.chain(std::iter::once(listener(shape))).collect()
}

/// An address events may be sent to, or why not.
///
/// # Errors
/// In words.
pub fn address(guard: &Guard, text: &str, plain: bool) -> Result<(), String> {
    let url = Url::parse(text).map_err(|_| "is no address".to_owned())?;
    let Some(host) = url.host() else { return Err("names no host".to_owned()) };
    if !guard.allows_host(&host) {
        return Err("leads to this machine or into its network".to_owned());
    }
    match url.scheme() {
        "https" => {}
        "http" if plain => {}
        "http" => return Err("begins with https://".to_owned()),
        _ => return Err("begins with neither https:// nor http://".to_owned()),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("has parts that are not sent".to_owned());
    }
    Ok(())
}

/// The name of the listener that takes an event, and of what an event is about.
pub fn listener(kind: &str) -> String {
    let (first, rest) = kind.split_at_checked(1).unwrap_or_default();
    format!("{}{rest}", first.to_ascii_lowercase())
}

fn told(ask: &Ask, one: &Subscription) -> Map<String, Value> {
    let mut hub = Map::new();
    let mut put = |name: &str, value: String| hub.insert(name.to_owned(), value.into());
    put("id", one.id.to_string());
    put("callback", one.url.clone());
    if !one.query.is_empty() {
        put("query", one.query.clone());
    }
    if ask.face == Face::V5 {
        put("@type", "Hub".to_owned());
        put("href", format!("{}/hub/{}", ask.root, one.id));
    }
    hub
}

async fn register(
    State(app): State<AppState>,
    ask: Ask,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let query = Query::one(raw.as_deref())?;
    let body = object(&headers, body).await?;
    let mut wrong = Vec::new();
    let mut text = |name: &str, needed: bool| match body.get(name) {
        Some(Value::String(text)) if text.chars().count() <= MOST && !(needed && text.trim().is_empty()) => {
            text.clone()
        }
        None if !needed => String::new(),
        found => {
            let why = match found {
                None => "is missing",
                Some(Value::String(text)) if text.trim().is_empty() => "is empty",
                Some(Value::String(_)) => "is too long",
                Some(_) => "is no text",
            };
            wrong.push(Wrong { at: name.to_owned(), why: why.to_owned() });
            String::new()
        }
    };
    let (callback, asked) = (text("callback", true), text("query", false));
    for name in ["@type", "@baseType", "@schemaLocation"] {
        text(name, false);
    }
    if !callback.is_empty()
        && let Err(why) = address(&app.settings.guard(), &callback, true)
    {
        wrong.push(Wrong { at: "callback".to_owned(), why });
    }
    if !wrong.is_empty() {
        return Err(bad(wrong));
    }
    Wanted::read(ask.api, ask.face, &asked)?;
    let id = app.desk.subscribe(&caller, ask.api.kind(ask.face), &callback, &asked).await?;
    let made = find(&app, &ask, &caller, id).await?;
    let place = format!("{}/hub/{id}", ask.root);
    let thing = told(&ask, &made);
    Ok(ask.created(&query, thing, &place))
}

async fn find(app: &AppState, ask: &Ask, caller: &desk::Caller, id: Uuid) -> Result<Subscription, Failure> {
    let all = app.desk.listeners(caller, ask.api.kind(ask.face)).await?;
    Ok(all.into_iter().find(|one| one.id == id).ok_or_else(Refusal::not_found)?)
}

async fn list(
    State(app): State<AppState>,
    ask: Ask,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let query = Query::one(raw.as_deref())?;
    let all = app.desk.listeners(&caller, ask.api.kind(ask.face)).await?;
    let items = all.iter().map(|one| Value::Object(query.chosen(ask.face, told(&ask, one)))).collect();
    Ok(answer(StatusCode::OK, &Value::Array(items)))
}

fn id_of(id: &str) -> Result<Uuid, Refusal> {
    Uuid::try_parse(id).map_err(|_| Refusal::not_found())
}

async fn one(
    State(app): State<AppState>,
    ask: Ask,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let query = Query::one(raw.as_deref())?;
    let found = find(&app, &ask, &caller, id_of(&id)?).await?;
    Ok(answer(StatusCode::OK, &Value::Object(query.chosen(ask.face, told(&ask, &found)))))
}

async fn remove(
    State(app): State<AppState>,
    ask: Ask,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    app.desk.unsubscribe(&caller, ask.api.kind(ask.face), id_of(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn listen(ask: Ask, Path(event): Path<String>, headers: HeaderMap, body: Body) -> Result<Response, Failure> {
    let named = |name: &str| listener(name) == event;
    let known = match ask.api {
        Api::Tickets => {
            News::ALL.iter().any(|news| named(news.tmf()))
                || ask.face == Face::V5 && SpecificationNews::ALL.iter().any(|news| named(news.tmf()))
        }
        Api::Interactions => ContactNews::ALL.iter().any(|news| named(news.tmf())),
    };
    if !known {
        return Err(Refusal::not_found().into());
    }
    let body = object(&headers, body).await?;
    if body.get("event").is_some_and(|event| !event.is_object()) {
        return Err(bad(vec![Wrong { at: "event".to_owned(), why: "is no object".to_owned() }]));
    }
    match ask.face {
        Face::V5 => Ok(StatusCode::NO_CONTENT.into_response()),
        Face::V4 => {
            let id =
                body.get("eventId").and_then(Value::as_str).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned);
            Ok(answer(StatusCode::CREATED, &json!({"id": id, "callback": format!("{}/listener/{event}", ask.root)})))
        }
    }
}
