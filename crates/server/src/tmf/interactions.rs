//! PartyInteraction of both versions: contacts on cases, told and taken.

use super::face::Face;
use super::interaction::{
    self, OWNED, Told, additions, all, case_of, command, id, in_its_words, kept, named, wrong_words,
};
use super::query::{self, Query};
use super::schema::{self, Wrong};
use super::{
    Ask, MOST_TRIES, MOST_WEIGHT, Patch, answer, bad, case, cut, listed, object, page, patch as changes, when,
};
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::routes::Method;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{MethodRouter, get, patch, post};
use desk::tickets::{Change, Contact, MOST_COUNTED, Ticket};
use desk::{Caller, DeskError, Permission, permissions};
use domain::ids::CaseId;
use domain::refusal::Refusal;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

const V5: &str = "/tmf-api/partyInteraction/v5/partyInteraction";
const V5_SLASH: &str = "/tmf-api/partyInteraction/v5/partyInteraction/";
const V5_ONE: &str = "/tmf-api/partyInteraction/v5/partyInteraction/{id}";
const V5_ONE_SLASH: &str = "/tmf-api/partyInteraction/v5/partyInteraction/{id}/";
const V4: &str = "/tmf-api/partyInteraction/v4/partyInteraction";
const V4_SLASH: &str = "/tmf-api/partyInteraction/v4/partyInteraction/";
const V4_ONE: &str = "/tmf-api/partyInteraction/v4/partyInteraction/{id}";
const V4_ONE_SLASH: &str = "/tmf-api/partyInteraction/v4/partyInteraction/{id}/";

/// A row for the table of routes.
type Row = (Method, &'static str, Permission, fn() -> MethodRouter<AppState>);

/// The routes of this file. None takes an interaction away: the log is not rewritten, so `DELETE` is 405.
pub(super) const ROUTES: &[Row] = &[
    (Method::Get, V5, permissions::READ_CASES, || get(list)),
    (Method::Get, V5_SLASH, permissions::READ_CASES, || get(list)),
    (Method::Get, V4, permissions::READ_CASES, || get(list)),
    (Method::Get, V4_SLASH, permissions::READ_CASES, || get(list)),
    (Method::Post, V5, permissions::CHANGE_TICKET, || post(create)),
    (Method::Post, V5_SLASH, permissions::CHANGE_TICKET, || post(create)),
    (Method::Post, V4, permissions::CHANGE_TICKET, || post(create)),
    (Method::Post, V4_SLASH, permissions::CHANGE_TICKET, || post(create)),
    (Method::Get, V5_ONE, permissions::READ_CASES, || get(one)),
    (Method::Get, V5_ONE_SLASH, permissions::READ_CASES, || get(one)),
    (Method::Get, V4_ONE, permissions::READ_CASES, || get(one)),
    (Method::Get, V4_ONE_SLASH, permissions::READ_CASES, || get(one)),
    (Method::Patch, V5_ONE, permissions::CHANGE_TICKET, || patch(change)),
    (Method::Patch, V5_ONE_SLASH, permissions::CHANGE_TICKET, || patch(change)),
    (Method::Patch, V4_ONE, permissions::CHANGE_TICKET, || patch(change)),
    (Method::Patch, V4_ONE_SLASH, permissions::CHANGE_TICKET, || patch(change)),
];

/// The shape of an answer.
const SHAPE: &str = "PartyInteraction";
/// Tickets held open while a list is told.
const MOST_OPEN: usize = 250;

/// The shape of what is created.
fn created(ask: &Ask) -> &'static str {
    match ask.face {
        Face::V5 => "PartyInteraction_FVO",
        Face::V4 => "PartyInteraction_Create",
    }
}

/// The interactions of a ticket in the version asked for, oldest first.
fn told(ask: &Ask, ticket: &Ticket) -> Vec<Map<String, Value>> {
    let all = all(ticket, &ask.base, ask.face).into_iter();
    all.map(|one| ask.face.tell_interaction(one.attributes)).collect()
}

fn found(ticket: &Ticket, ask: &Ask, version: i64) -> Result<Told, Failure> {
    let one = all(ticket, &ask.base, ask.face).into_iter().find(|one| one.version == version);
    Ok(one.ok_or_else(Refusal::not_found)?)
}

async fn read(app: &AppState, caller: &Caller, ask: &Ask, place: Contact) -> Result<Map<String, Value>, Failure> {
    let ticket = app.desk.ticket(caller, place.case).await?;
    let one = found(&ticket, ask, place.version)?;
    app.desk.log_tickets(caller, vec![place.case.0]).await?;
    Ok(ask.face.tell_interaction(one.attributes))
}

fn place(id: &str) -> Result<Contact, Failure> {
    let (case, version) = named(id).ok_or_else(Refusal::not_found)?;
    Ok(Contact { case, version })
}

async fn one(
    State(app): State<AppState>,
    ask: Ask,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let query = Query::one(raw.as_deref())?;
    let thing = read(&app, &caller, &ask, place(&id)?).await?;
    Ok(answer(StatusCode::OK, &Value::Object(query.chosen(ask.face, thing))))
}

/// Which ticket the interactions that are asked for are of, if the question says so.
fn of_ticket(ask: &Ask, query: &Query) -> Option<Option<CaseId>> {
    let path: &[&str] = match ask.face {
        Face::V5 => &["interactionItem", "item", "entity", "id"],
        Face::V4 => &["interactionItem", "item", "id"],
    };
    if let Some(id) = query.by_id() {
        return Some(named(id).map(|(case, _)| case));
    }
    query.by(path).map(|id| case(id).ok())
}

/// The case of an interaction as it is told.
fn case_told(thing: &Value) -> Option<Uuid> {
    named(thing.get("id")?.as_str()?).map(|(case, _)| case.0)
}

/// The tickets of a list, each opened once for entries that lie near each other.
struct Open<'a> {
    app: &'a AppState,
    caller: &'a Caller,
    ask: &'a Ask,
    tickets: HashMap<Uuid, HashMap<i64, Map<String, Value>>>,
}

impl Open<'_> {
    /// An interaction; nothing where its ticket went meanwhile.
    async fn take(&mut self, place: Contact) -> Result<Option<Map<String, Value>>, Failure> {
        if !self.tickets.contains_key(&place.case.0) {
            if self.tickets.len() >= MOST_OPEN {
                self.tickets.clear();
            }
            let all = match self.app.desk.ticket(self.caller, place.case).await {
                Ok(ticket) => all(&ticket, &self.ask.base, self.ask.face),
                Err(DeskError::Refused(_)) => Vec::new(),
                Err(other) => return Err(other.into()),
            };
            let all = all.into_iter().map(|one| (one.version, self.ask.face.tell_interaction(one.attributes)));
            self.tickets.insert(place.case.0, all.collect());
        }
        Ok(self.tickets.get_mut(&place.case.0).and_then(|all| all.remove(&place.version)))
    }
}

async fn list(
    State(app): State<AppState>,
    ask: Ask,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let attributes = schema::attributes(ask.face, SHAPE);
    let query = Query::list(ask.face, raw.as_deref(), &attributes)?;
    let mut open = Open { app: &app, caller: &caller, ask: &ask, tickets: HashMap::new() };
    let Some(name) = query.looks_at_each() else {
        let most = usize::try_from(query.offset.saturating_add(query.limit)).unwrap_or(usize::MAX);
        let (places, whole) = app.desk.contacts(&caller, most).await?;
        let total = whole.then_some(places.len() as u64);
        let mut things = Vec::new();
        for (_, place) in places.into_iter().skip(usize::try_from(query.offset).unwrap_or(usize::MAX)) {
            things.extend(open.take(place).await?);
        }
        let shown: BTreeSet<Uuid> =
            things.iter().filter_map(|thing| named(thing.get("id")?.as_str()?)).map(|(case, _)| case.0).collect();
        app.desk.log_tickets(&caller, shown.into_iter().collect()).await?;
        return Ok(listed(&ask, &query, things, total));
    };
    let mut found: Vec<Value> = Vec::new();
    match of_ticket(&ask, &query) {
        Some(None) => {}
        Some(Some(id)) => match app.desk.ticket(&caller, id).await {
            Ok(ticket) => found.extend(told(&ask, &ticket).into_iter().rev().map(Value::Object)),
            Err(DeskError::Refused(_)) => {}
            Err(other) => return Err(other.into()),
        },
        None => {
            let most = usize::try_from(MOST_COUNTED).unwrap_or(usize::MAX);
            let (places, whole) = app.desk.contacts(&caller, most).await?;
            if !whole {
                let why = format!(
                    "would have to look at more than {MOST_COUNTED} interactions; ask by `id` or ticket, or page without it"
                );
                return Err(query::refused(name, &why));
            }
            for (_, place) in places {
                found.extend(open.take(place).await?.map(Value::Object).filter(|thing| query.matches(thing)));
            }
        }
    }
    found.retain(|thing| query.matches(thing));
    query.arrange(&mut found);
    // All that match, wherever a page of them begins.
    let total = found.len() as u64;
    cut(&query, &mut found)?;
    // Whoever asks for those that hold certain words learns of each that it does.
    let told_by_filter: Option<BTreeSet<Uuid>> =
        query.asks_for_words().then(|| found.iter().filter_map(case_told).collect());
    let things = page(&query, found);
    let shown = told_by_filter.unwrap_or_else(|| {
        things.iter().filter_map(|thing| named(thing.get("id")?.as_str()?)).map(|(case, _)| case.0).collect()
    });
    app.desk.log_tickets(&caller, shown.into_iter().collect()).await?;
    Ok(listed(&ask, &query, things, Some(total)))
}

async fn create(
    State(app): State<AppState>,
    ask: Ask,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    // The answer is the interaction: who may not read it would not know that it was recorded, and come again.
    permissions::READ_CASES.require(&caller).map_err(DeskError::from)?;
    let query = Query::one(raw.as_deref())?;
    let body = object(&headers, body).await?;
    let mut found = schema::kinds(ask.face, SHAPE, &body, OWNED);
    found.extend(wrong_words(&body));
    let is = |name: &str| body.get(name).and_then(Value::as_str);
    let ours = is("@type").is_none_or(|kind| kind == SHAPE) || is("@baseType") == Some(SHAPE);
    if ask.face == Face::V5 && !ours {
        found.push(Wrong { at: "@type".to_owned(), why: format!("is not {SHAPE}, nor is @baseType") });
    }
    found.extend(schema::check(ask.face, created(&ask), &Value::Object(body.clone()), OWNED));
    if !found.is_empty() {
        return Err(bad(found));
    }
    let body = ask.face.hear_interaction(body);
    let now = app.desk.time().now();
    let said = kept(body.clone(), &when(now));
    let place = match case_of(&body).map_err(bad)? {
        Some((at, case)) => recorded(&app, &caller, (&at, case), &body, said, now).await?,
        None => registered(&app, &caller, &body, said).await?,
    };
    let thing = read(&app, &caller, &ask, place).await?;
    let address = format!("{}/partyInteraction/{}", ask.root, id(place.case, place.version));
    Ok(ask.created(&query, thing, &address))
}

/// Records a contact on a case there is.
async fn recorded(
    app: &AppState,
    caller: &Caller,
    (at, case): (&str, CaseId),
    body: &Map<String, Value>,
    said: Map<String, Value>,
    now: Timestamp,
) -> Result<Contact, Failure> {
    let command = command(body, &app.settings.tmf, now)?;
    let _turn = app.turns.of(case.0).await;
    for attempt in 0.. {
        let ticket = match app.desk.ticket(caller, case).await {
            Err(DeskError::Refused(refusal)) if refusal.code == "not_found" => {
                return Err(bad(vec![Wrong { at: at.to_owned(), why: "names no ticket there is".to_owned() }]));
            }
            other => other?,
        };
        let change = Change { commands: vec![command.clone()], contact: Some(said.clone()), ..Change::default() };
        match app.desk.change_ticket(caller, case, ticket.view.case.version, change).await {
            Ok(version) => return Ok(Contact { case, version }),
            Err(DeskError::Stale { .. } | DeskError::Overtaken) if attempt < MOST_TRIES => {}
            Err(DeskError::Refused(refusal)) => return Err(in_its_words(*refusal).into()),
            Err(other) => return Err(other.into()),
        }
    }
    Err(Refusal::not_found().into())
}

/// Registers a complaint, where somebody who wrote or called names no ticket.
async fn registered(
    app: &AppState,
    caller: &Caller,
    body: &Map<String, Value>,
    said: Map<String, Value>,
) -> Result<Contact, Failure> {
    let is = |name: &str| body.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    if is("direction") != "inbound" {
        let why = "names no ticket; only what comes from the customer can begin one".to_owned();
        return Err(bad(vec![Wrong { at: "interactionItem".to_owned(), why }]));
    }
    if is("description").is_empty() {
        let why = "is required where no ticket is named: it is what the complaint says".to_owned();
        return Err(bad(vec![Wrong { at: "description".to_owned(), why }]));
    }
    let ticket = interaction::ticket(body);
    let intake = super::ticket::intake(&ticket, &app.settings.tmf, app.desk.library().taxonomy())?;
    let done = app.desk.register_ticket(caller, intake, super::ticket::kept(ticket), Some(said)).await?;
    Ok(Contact { case: done.case.id, version: 1 })
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
    let place = place(&id)?;
    let patch = Patch::read(ask.face, &headers, body).await?;
    patch.check(ask.face, SHAPE, OWNED)?;
    let _turn = app.turns.of(place.case.0).await;
    for attempt in 0.. {
        let ticket = app.desk.ticket(&caller, place.case).await?;
        let one = found(&ticket, &ask, place.version)?;
        let more = tokio::task::block_in_place(|| worked_out(&app, &ask, &one, &patch))?;
        if more.is_empty() {
            break;
        }
        let said = serde_json::json!({"entry": place.version, "more": more});
        let attributes = Map::from_iter([(desk::tickets::CONTACT.to_owned(), said)]);
        let change = Change { attributes, ..Change::default() };
        match app.desk.change_ticket(&caller, place.case, ticket.view.case.version, change).await {
            Ok(_) => break,
            Err(DeskError::Stale { .. } | DeskError::Overtaken) if attempt < MOST_TRIES => {}
            Err(other) => return Err(other.into()),
        }
    }
    let thing = read(&app, &caller, &ask, place).await?;
    Ok(answer(StatusCode::OK, &Value::Object(query.chosen(ask.face, thing))))
}

/// What a patch adds to an interaction as its client sees it.
fn worked_out(app: &AppState, ask: &Ask, one: &Told, patch: &Patch) -> Result<Map<String, Value>, Failure> {
    let lists = |name: &str| schema::is_list(ask.face, SHAPE, name);
    let before = ask.face.tell_interaction(one.attributes.clone());
    let after = patch.apply(&before, &lists)?;
    let whole = Value::Object(after.clone());
    let mut wrong = schema::check(ask.face, SHAPE, &whole, OWNED);
    wrong.extend(wrong_words(&after));
    if changes::weight(&whole).0 > MOST_WEIGHT {
        let why = format!("would make the interaction larger than {MOST_WEIGHT} bytes");
        wrong.push(Wrong { at: "body".to_owned(), why });
    }
    if !wrong.is_empty() {
        return Err(bad(wrong));
    }
    let now = when(app.desk.time().now());
    Ok(additions(ask.face, one, &before, &after, patch.merges(), &now)?)
}
