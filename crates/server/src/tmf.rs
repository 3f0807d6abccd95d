//! The TM Forum faces: TMF621 Trouble Ticket 5.0.1 and 4.0.0, TMF683 Party Interaction 5.0.0 and 4.0.0. There is one ticket
//! inside (`ticket.rs`) and one interaction (`interaction.rs`), in the names of version 5; only `face.rs` knows the
//! versions. What happens to a case is the desk's business, as through any door.

pub mod face;
mod facts;
pub mod hub;
pub(crate) mod interaction;
mod interactions;
pub mod mapping;
mod patch;
pub mod query;
pub mod schema;
pub(crate) mod specifications;
mod status;
pub(crate) mod ticket;
pub mod turns;

use crate::app::AppState;
use crate::extract::{self, Path, Who};
use crate::problem::{Failure, Why};
use crate::routes::{Access, Face as Errors, Method, Route};
use axum::body::Body;
use axum::extract::{FromRequestParts, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, patch, post};
use desk::tickets::{Change, MOST_COUNTED, Ticket};
use desk::{Caller, DeskError, Permission, permissions};
use domain::case::State as CaseState;
use domain::ids::CaseId;
use domain::refusal::Refusal;
use face::{Api, Face};
use jiff::Timestamp;
use patch::Refused;
use query::Query;
use schema::Wrong;
use serde_json::{Map, Value};

/// How often a change is worked out anew because the ticket moved on meanwhile.
const MOST_TRIES: usize = 20;
/// Heaviest a ticket may become.
const MOST_WEIGHT: usize = 16 << 20;
/// Tickets read at once while looking for some.
const SLICE: u64 = 250;

/// The routes of both faces, each with and without a slash at its end: a redirect would break clients that post.
#[must_use]
pub fn routes() -> Vec<Route> {
    type Make = fn() -> MethodRouter<AppState>;
    let tickets: [(Method, bool, Permission, Make); 5] = [
        (Method::Get, false, permissions::READ_CASES, || get(list)),
        (Method::Post, false, permissions::REGISTER, || post(create)),
        (Method::Get, true, permissions::READ_CASES, || get(one)),
        (Method::Patch, true, permissions::CHANGE_TICKET, || patch(change)),
        (Method::Delete, true, permissions::DELETE_TICKET, || delete(remove)),
    ];
    let mut routes = Vec::new();
    let mut add = |method, path: &'static str, permission, make: Make| {
        routes.push(Route {
            method,
            path,
            access: Access::Needs(permission),
            face: Errors::Tmf,
            operation: None,
            handler: make(),
        });
    };
    for (method, single, permission, make) in tickets {
        let paths = if single {
            [
                "/tmf-api/troubleTicket/v5/troubleTicket/{id}",
                "/tmf-api/troubleTicket/v5/troubleTicket/{id}/",
                "/tmf-api/troubleTicket/v4/troubleTicket/{id}",
                "/tmf-api/troubleTicket/v4/troubleTicket/{id}/",
            ]
        } else {
            [
                "/tmf-api/troubleTicket/v5/troubleTicket",
                "/tmf-api/troubleTicket/v5/troubleTicket/",
                "/tmf-api/troubleTicket/v4/troubleTicket",
                "/tmf-api/troubleTicket/v4/troubleTicket/",
            ]
        };
        for path in paths {
            add(method, path, permission, make);
        }
    }
    let rows = specifications::ROUTES.iter().chain(interactions::ROUTES).chain(facts::ROUTES);
    for (method, path, permission, make) in rows {
        add(*method, path, *permission, *make);
    }
    for (method, path, permission, make) in hub::routes() {
        add(method, path, permission, make);
    }
    routes
}

/// A moment as RFC 3339 writes it, which is less than is understood elsewhere.
fn moment(text: &str) -> Option<Timestamp> {
    // A date alone, or words in another order, is none.
    let form = text.len() >= 20 && text.as_bytes().get(10).is_some_and(|byte| matches!(byte, b'T' | b't'));
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"-+:.TtZz".contains(&byte));
    let offset = text.len().checked_sub(6).and_then(|at| text.get(at..)).unwrap_or_default().as_bytes();
    let ends = text.ends_with(['Z', 'z']) || matches!(offset, [b'+' | b'-', _, _, b':', _, _]);
    if form && plain && ends { text.parse().ok() } else { None }
}

/// How a moment is written: UTC, milliseconds.
pub(crate) fn when(at: Timestamp) -> String {
    let whole = at.round(jiff::TimestampRound::new().smallest(jiff::Unit::Millisecond).mode(jiff::RoundMode::Trunc));
    format!("{:.3}", whole.unwrap_or(at))
}

/// A body or question that is refused.
fn bad(wrong: Vec<Wrong>) -> Failure {
    Why::BadTicket(wrong).into()
}

/// Which version was asked, and where it stands for whoever asks.
struct Ask {
    face: Face,
    api: Api,
    /// Address of the server, without a slash at its end.
    base: String,
    /// Address of the face, without a slash at its end.
    root: String,
}

impl FromRequestParts<AppState> for Ask {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        let (face, api) = (Face::of(parts.uri.path()).unwrap_or(Face::V5), Api::of(parts.uri.path()));
        let host = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
        let base = match (app.settings.public_url.as_str(), host) {
            ("", Some(host)) => {
                let scheme = if app.settings.secure_cookie { "https" } else { "http" };
                format!("{scheme}://{host}")
            }
            (url, _) => url.to_owned(),
        };
        let root = format!("{base}{}", api.root(face));
        Ok(Self { face, api, base, root })
    }
}

impl Ask {
    fn created(self, query: &Query, thing: Map<String, Value>, place: &str) -> Response {
        let mut response = answer(StatusCode::CREATED, &Value::Object(query.chosen(self.face, thing)));
        if let Ok(place) = HeaderValue::from_str(place) {
            response.headers_mut().insert(header::LOCATION, place);
        }
        response
    }
}

fn answer(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn media(headers: &HeaderMap) -> String {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Some clients send the header twice, which reads as a list.
    declared.split([';', ',']).next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A body that has to be there.
async fn json(headers: &HeaderMap, body: Body) -> Result<Value, Failure> {
    let bytes = extract::bytes(headers, body).await?;
    match extract::parsed(&bytes) {
        Ok(value) => Ok(value),
        Err(extract::Unread::Broken(broken)) => Err(Why::BadJson(broken).into()),
        Err(extract::Unread::Twice(faults)) => Err(Refusal::invalid(faults).into()),
    }
}

/// A body that has to be an object.
async fn object(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>, Failure> {
    if media(headers) != "application/json" {
        return Err(Why::NotJson.into());
    }
    match json(headers, body).await? {
        Value::Object(members) => Ok(members),
        _ => Err(bad(vec![Wrong { at: "body".to_owned(), why: "is no object".to_owned() }])),
    }
}

/// The case an address names; whatever is none names nothing.
fn case(id: &str) -> Result<CaseId, Refusal> {
    uuid::Uuid::try_parse(id).map(CaseId).map_err(|_| Refusal::not_found())
}

fn told(ask: &Ask, ticket: &Ticket) -> Map<String, Value> {
    ask.face.tell(ticket::tell(ticket, &ask.root))
}

/// The shape of a ticket as it is created and as it is answered.
fn shapes(face: Face) -> (&'static str, &'static str) {
    match face {
        Face::V5 => ("TroubleTicket_FVO", "TroubleTicket"),
        Face::V4 => ("TroubleTicket_Create", "TroubleTicket"),
    }
}

/// What is wrong with a ticket as a whole.
fn wrong(face: Face, body: &Value) -> Vec<Wrong> {
    let mut skip = ticket::OWNED.to_vec();
    if face == Face::V4 {
        // A word version 4 does not know is taken for the first one.
        skip.push("status");
    }
    let mut found = schema::check(face, shapes(face).0, body, &skip);
    if face == Face::V4 && body.get("status").is_some_and(|status| !status.is_string()) {
        found.push(Wrong { at: "status".to_owned(), why: "is no text".to_owned() });
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
    // The answer is the ticket: who may not read it would not know that it was made, and come again.
    permissions::READ_CASES.require(&caller).map_err(DeskError::from)?;
    let query = Query::one(raw.as_deref())?;
    let body = object(&headers, body).await?;
    let mut found = schema::kinds(ask.face, shapes(ask.face).1, &body, ticket::OWNED);
    let body = Value::Object(body);
    found.extend(wrong(ask.face, &body));
    let is = |name: &str| body.get(name).and_then(Value::as_str);
    let ours = is("@type").is_none_or(|kind| kind == "TroubleTicket") || is("@baseType") == Some("TroubleTicket");
    if ask.face == Face::V5 && !ours {
        found.push(Wrong { at: "@type".to_owned(), why: "is not TroubleTicket, nor is @baseType".to_owned() });
    }
    if !found.is_empty() {
        return Err(bad(found));
    }
    let Value::Object(body) = body else { return Err(bad(found)) };
    let body = ask.face.hear(body);
    let status =
        body.get("status").and_then(Value::as_str).filter(|word| status::WORDS.contains(word)).map(str::to_owned);
    let intake = ticket::intake(&body, &app.settings.tmf, app.desk.library().taxonomy())?;
    let mut kept = ticket::kept(body);
    let now = when(app.desk.time().now());
    if let Some(Value::Array(list)) = kept.remove("note") {
        kept.insert("note".to_owned(), Value::Array(ticket::fresh_notes(list, &now)));
    }
    let reason = kept.get("statusChangeReason").and_then(Value::as_str).map(str::to_owned);
    let cause = ticket::characteristic(&kept, "rootCause").map(str::to_owned);
    let done = app.desk.register_ticket(&caller, intake, kept, None).await?;
    // What the ticket says of its status is carried out as far as the rules let it; the ticket is there in any case.
    if let Some(status) = status.filter(|word| word != status::of(&done.case)) {
        let said = (reason.as_deref(), cause.as_deref());
        let way = status::way(&done.case, &status, said, &app.settings.tmf.ticket, app.desk.time().now());
        if let Ok(commands) = way {
            let change = Change { commands, ..Change::default() };
            match app.desk.change_ticket(&caller, done.case.id, done.case.version, change).await {
                Ok(_) | Err(DeskError::Refused(_) | DeskError::Stale { .. }) => {}
                Err(error) => tracing::warn!(%error, "a new ticket did not come to the status it named"),
            }
        }
    }
    let ticket = app.desk.ticket(&caller, done.case.id).await?;
    let thing = told(&ask, &ticket);
    let place = format!("{}/troubleTicket/{}", ask.root, done.case.id);
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
    let id = case(&id)?;
    let ticket = app.desk.ticket(&caller, id).await?;
    app.desk.log_tickets(&caller, vec![id.0]).await?;
    Ok(answer(StatusCode::OK, &Value::Object(query.chosen(ask.face, told(&ask, &ticket)))))
}

async fn list(
    State(app): State<AppState>,
    ask: Ask,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let attributes = schema::attributes(ask.face, shapes(ask.face).1);
    let query = Query::list(ask.face, raw.as_deref(), &attributes)?;
    let ids = |things: &mut dyn Iterator<Item = &Value>| things.filter_map(|id| id.as_str()?.parse().ok()).collect();
    // Cases have an index by state: where a state says all that is asked, nothing else is looked at.
    let states = query.statuses().map(status::states);
    let among = states.as_ref().map(|(states, _)| states.as_slice());
    let by_index = states.as_ref().is_some_and(|(_, exactly)| *exactly) && query.asks_nothing_but_status();
    let (things, total, shown): (Vec<_>, _, Vec<uuid::Uuid>) = match query.looks_at_each().filter(|_| !by_index) {
        None => {
            let counted = app.desk.count_tickets(&caller, among).await?;
            let tickets = app.desk.tickets(&caller, among, query.offset, query.limit).await?;
            let things: Vec<Map<String, Value>> = tickets.iter().map(|ticket| told(&ask, ticket)).collect();
            let shown = ids(&mut things.iter().filter_map(|thing| thing.get("id")));
            (things, (counted <= MOST_COUNTED).then_some(counted), shown)
        }
        Some(name) => {
            let mut found = matching(&app, &caller, &ask, &query, (name, among)).await?;
            query.arrange(&mut found);
            // All that match, wherever a page of them begins.
            let total = found.len() as u64;
            cut(&query, &mut found)?;
            // Whoever asks for those that hold certain words learns of each that it does.
            let told_by_filter: Option<Vec<_>> =
                query.asks_for_words().then(|| ids(&mut found.iter().filter_map(|thing| thing.get("id"))));
            let page: Vec<uuid::Uuid> = ids(&mut page(&query, found).iter().filter_map(|thing| thing.get("id")));
            // One that went meanwhile is left out.
            let tickets = app.desk.tickets_named(&caller, &page).await?;
            let things: Vec<Map<String, Value>> = tickets.iter().map(|ticket| told(&ask, ticket)).collect();
            let shown = told_by_filter.unwrap_or_else(|| ids(&mut things.iter().filter_map(|thing| thing.get("id"))));
            (things, Some(total), shown)
        }
    };
    app.desk.log_tickets(&caller, shown).await?;
    Ok(listed(&ask, &query, things, total))
}

/// Every ticket that is asked for, by its identity and what it is ordered by.
async fn matching(
    app: &AppState,
    caller: &Caller,
    ask: &Ask,
    query: &Query,
    (name, among): (&str, Option<&[CaseState]>),
) -> Result<Vec<Value>, Failure> {
    if let Some(id) = query.by_id() {
        let Ok(id) = case(id) else { return Ok(Vec::new()) };
        let found = match app.desk.ticket(caller, id).await {
            Ok(ticket) => vec![Value::Object(told(ask, &ticket))],
            Err(DeskError::Refused(_)) => Vec::new(),
            Err(other) => return Err(other.into()),
        };
        return Ok(found.into_iter().filter(|thing| query.matches(thing)).map(|thing| query.kept(thing)).collect());
    }
    if app.desk.count_tickets(caller, among).await? > MOST_COUNTED {
        let why = format!("would have to look at more than {MOST_COUNTED} tickets; ask by `id`, or page without it");
        return Err(query::refused(name, &why));
    }
    let mut found = Vec::new();
    let mut before = uuid::Uuid::max();
    for _ in 0..=MOST_COUNTED / SLICE {
        let (tickets, next) = app.desk.tickets_before(caller, among, before, (0, SLICE)).await?;
        let things = tickets.iter().map(|ticket| Value::Object(told(ask, ticket)));
        found.extend(things.filter(|thing| query.matches(thing)).map(|thing| query.kept(thing)));
        match next {
            Some(last) => before = last,
            None => break,
        }
    }
    Ok(found)
}

/// Leaves what comes after one identity and before another.
fn cut(query: &Query, found: &mut Vec<Value>) -> Result<(), Failure> {
    let place = |found: &[Value], name: &str, id: &str| {
        let place = found.iter().position(|thing| thing["id"] == id);
        place.ok_or_else(|| query::refused(name, "names nothing of this list"))
    };
    if let Some(id) = &query.after {
        let at = place(found, "after", id)?;
        found.drain(..=at);
    }
    if let Some(id) = &query.before {
        let at = place(found, "before", id)?;
        found.truncate(at);
    }
    Ok(())
}

fn page(query: &Query, found: Vec<Value>) -> Vec<Map<String, Value>> {
    let (offset, limit) =
        (usize::try_from(query.offset).unwrap_or(usize::MAX), usize::try_from(query.limit).unwrap_or(0));
    let objects = found.into_iter().filter_map(|thing| match thing {
        Value::Object(members) => Some(members),
        _ => None,
    });
    objects.skip(offset).take(limit).collect()
}

/// A page of things with how many there are.
fn listed(ask: &Ask, query: &Query, things: Vec<Map<String, Value>>, total: Option<u64>) -> Response {
    let count = things.len();
    let chosen = things.into_iter().map(|thing| Value::Object(query.chosen(ask.face, thing))).collect();
    let mut response = answer(StatusCode::OK, &Value::Array(chosen));
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-result-count"), HeaderValue::from(count));
    if let Some(total) = total {
        headers.insert(HeaderName::from_static("x-total-count"), HeaderValue::from(total));
    }
    response
}

/// A patch, by what its media type says it is.
enum Patch {
    Merge(Value),
    Operations(Value, bool),
}

impl Patch {
    async fn read(face: Face, headers: &HeaderMap, body: Body) -> Result<Self, Failure> {
        let media = media(headers);
        let value = json(headers, body).await?;
        match media.as_str() {
            "application/json" | "application/merge-patch+json" => {
                if value.is_object() {
                    return Ok(Self::Merge(value));
                }
                Err(bad(vec![Wrong { at: "body".to_owned(), why: "is no object".to_owned() }]))
            }
            "application/json-patch+json" => Ok(Self::Operations(value, false)),
            "application/json-patch-query+json" if face == Face::V5 => Ok(Self::Operations(value, true)),
            _ => Err(Why::NotJson.into()),
        }
    }

    /// The document after it. What the server owns and what stays as it was is not touched by a merge.
    fn apply(&self, before: &Map<String, Value>, lists: &dyn Fn(&str) -> bool) -> Result<Map<String, Value>, Failure> {
        let mut document = Value::Object(before.clone());
        match self {
            Self::Merge(value) => {
                let mut value = value.clone();
                if let Some(members) = value.as_object_mut() {
                    members.retain(|name, _| {
                        !ticket::OWNED.contains(&name.as_str()) && !ticket::FIXED.contains(&name.as_str())
                    });
                }
                patch::merge(&mut document, &value);
            }
            Self::Operations(list, query) => {
                document = patch::operations(&document, list, *query, lists).map_err(|refused| match refused {
                    Refused::Bad(number, why) => bad(vec![Wrong { at: format!("operation {number}"), why }]),
                    Refused::Test(number) => Failure::from(Refusal::conflict("patch_test").with("operation", number)),
                })?;
            }
        }
        match document {
            Value::Object(mut after) => {
                for name in ticket::OWNED.iter().chain(ticket::FIXED) {
                    match before.get(*name) {
                        Some(value) => drop(after.insert((*name).to_owned(), value.clone())),
                        None => drop(after.remove(*name)),
                    }
                }
                Ok(after)
            }
            _ => Err(bad(vec![Wrong { at: "body".to_owned(), why: "leaves no object".to_owned() }])),
        }
    }

    /// Refuses what the server owns where it is not even of its kind.
    fn check(&self, face: Face, shape: &str, owned: &[&str]) -> Result<(), Failure> {
        let Self::Merge(Value::Object(members)) = self else { return Ok(()) };
        let found = schema::kinds(face, shape, members, owned);
        if found.is_empty() { Ok(()) } else { Err(bad(found)) }
    }

    /// Whether it says anything of an attribute, be it what is there already.
    fn names(&self, name: &str) -> bool {
        match self {
            Self::Merge(value) => value.get(name).is_some(),
            Self::Operations(list, _) => {
                let mut paths = list.as_array().into_iter().flatten().filter_map(|one| one["path"].as_str());
                paths.any(|path| path.strip_prefix('/') == Some(name))
            }
        }
    }

    fn merges(&self) -> bool {
        matches!(self, Self::Merge(_))
    }
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
    let id = case(&id)?;
    let patch = Patch::read(ask.face, &headers, body).await?;
    patch.check(ask.face, shapes(ask.face).1, ticket::OWNED)?;
    // Here one after the other; what another node does at this moment is met by trying again.
    let _turn = app.turns.of(id.0).await;
    for attempt in 0.. {
        let ticket = app.desk.ticket(&caller, id).await?;
        let change = tokio::task::block_in_place(|| worked_out(&app, &ask, &ticket, &patch))?;
        if change.commands.is_empty() && change.attributes.is_empty() {
            break;
        }
        match app.desk.change_ticket(&caller, id, ticket.view.case.version, change).await {
            Ok(_) => break,
            // Somebody else changed it at this moment: the patch is applied to what it is now.
            Err(DeskError::Stale { .. } | DeskError::Overtaken) if attempt < MOST_TRIES => {}
            Err(other) => return Err(other.into()),
        }
    }
    let ticket = app.desk.ticket(&caller, id).await?;
    app.desk.log_tickets(&caller, vec![id.0]).await?;
    Ok(answer(StatusCode::OK, &Value::Object(query.chosen(ask.face, told(&ask, &ticket)))))
}

/// What a patch comes to on a ticket as it is.
fn worked_out(app: &AppState, ask: &Ask, ticket: &Ticket, patch: &Patch) -> Result<Change, Failure> {
    let now = app.desk.time().now();
    let clear = ticket.clone().cleared();
    let lists = |name: &str| schema::is_list(ask.face, shapes(ask.face).1, name);
    // A client works on what it sees: nothing it asks, tests or sends may tell it what is masked.
    let before = ask.face.tell(ticket::tell(ticket, &ask.root));
    let after = patch.apply(&before, &lists)?;
    let whole = if ticket.is_clear() { before.clone() } else { ask.face.tell(ticket::tell(&clear, &ask.root)) };
    let whole = |name: &str, value: Value| match (whole.get(name), before.get(name)) {
        (Some(clear), Some(seen)) if !ticket.is_clear() => ticket::restored(clear, seen, value),
        _ => value,
    };
    let restored = after.iter().map(|(name, value)| (name.clone(), whole(name, value.clone()))).collect();
    let restored = Value::Object(restored);
    let (weight, _) = patch::weight(&restored);
    if weight > MOST_WEIGHT {
        let why = format!("would make the ticket larger than {MOST_WEIGHT} bytes");
        return Err(bad(vec![Wrong { at: "body".to_owned(), why }]));
    }
    let mut found = wrong(ask.face, &restored);
    let status = after.get("status").and_then(Value::as_str);
    if ask.face == Face::V4 && status.is_some_and(|word| !status::WORDS.contains(&word)) {
        found.push(Wrong { at: "status".to_owned(), why: format!("is none of {}", status::WORDS.join(", ")) });
    }
    if !found.is_empty() {
        return Err(bad(found));
    }
    let status = status.filter(|word| before.get("status").and_then(Value::as_str) != Some(word)).map(str::to_owned);
    let reason = after.get("statusChangeReason").and_then(Value::as_str).filter(|_| patch.names("statusChangeReason"));
    let reason = reason.map(str::to_owned);
    let found = ticket::differences(ask.face, &before, after, patch.merges(), &when(now))?;
    let mut attributes: Map<String, Value> = found
        .into_iter()
        .map(|(name, value)| {
            if name == "note" {
                (name, value)
            } else {
                let value = whole(&name, value);
                (name, value)
            }
        })
        .collect();
    if ask.face == Face::V4
        && let Some(value) = attributes.remove("externalIdentifier")
    {
        attributes.insert("externalIdentifier".to_owned(), face::with_others(&ticket::kept_numbers(&clear), value));
    }
    let case = &ticket.view.case;
    let commands = match status {
        Some(status) => {
            let all = clear.attributes();
            let cause = ticket::characteristic(&attributes, "rootCause").or(ticket::characteristic(&all, "rootCause"));
            status::way(case, &status, (reason.as_deref(), cause), &app.settings.tmf.ticket, now)?
        }
        None => Vec::new(),
    };
    Ok(Change { commands, attributes, ..Change::default() })
}

async fn remove(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    Query::one(raw.as_deref())?;
    let id = case(&id)?;
    for attempt in 0.. {
        let ticket = app.desk.ticket(&caller, id).await?;
        let change = Change { gone: true, ..Change::default() };
        match app.desk.change_ticket(&caller, id, ticket.view.case.version, change).await {
            Ok(_) => break,
            Err(DeskError::Stale { .. } | DeskError::Overtaken) if attempt < MOST_TRIES => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
