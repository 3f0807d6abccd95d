//! Looking after an installation: tokens, who may do what, looking through the log and having it checked, how the
//! installation is, and the first set-up.

use super::view::{Object, moment};
use super::{answer, identifier, input};
use crate::app::{App, AppState};
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desk::activation::Person;
use desk::audit::{AuditLine, AuditQuery, SEARCH};
use desk::health::Health;
use desk::setup::{SET_UP, SetUp};
use desk::tokens::{NEW_TOKEN, NewToken, Token};
use desk::verifications::Verification;
use desk::{Caller, permissions};
use domain::actor::Role;
use domain::fault::Fault;
use domain::ids::TokenId;
use serde_json::{Map, Value, json};
use store::CheckpointRow;

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let of = |id, summary, answer| Operation::get(id, summary, "Administration", answer);
    let act = |id, summary, answer| Operation { body: Some(&[]), ..of(id, summary, answer) };
    let tokens = of("list_tokens", "Tokens of one's area; the secret of none is told.", "Tokens");
    let add = Operation {
        body: Some(NEW_TOKEN),
        status: 201,
        ..of("add_token", "Make a token; its secret is in the answer and nowhere else.", "NewToken")
    };
    let audit = Operation {
        query: SEARCH,
        ..of("search_audit", "Who did what, who read what, who changed which setting; newest first.", "AuditPage")
    };
    let ask = Operation { status: 201, ..act("ask_verification", "Have the whole log checked.", "AskedVerification") };
    let say = Operation {
        body: Some(SET_UP),
        ..of("set_up", "Say that a step of the first set-up is done or left out.", "SetupState")
    };
    vec![
        Route::api(Method::Get, "/api/v1/tokens", permissions::MANAGE_TOKENS, tokens, get(list_tokens)),
        Route::api(Method::Post, "/api/v1/tokens", permissions::MANAGE_TOKENS, add, post(add_token)),
        Route::api(
            Method::Post,
            "/api/v1/tokens/{id}/end",
            permissions::MANAGE_TOKENS,
            act("end_token", "End a token: from now on it opens nothing.", "Nothing"),
            post(end_token),
        ),
        Route::api(
            Method::Get,
            "/api/v1/roles",
            permissions::READ_ORGANISATION,
            of("list_roles", "Which role may do what, and which scope a token needs for it besides.", "Roles"),
            get(roles),
        ),
        Route::api(Method::Get, "/api/v1/audit", permissions::READ_AUDIT, audit, get(search)),
        Route::api(
            Method::Get,
            "/api/v1/audit/checkpoints",
            permissions::READ_AUDIT,
            of("list_checkpoints", "The newest checkpoints, and how many entries none covers yet.", "Checkpoints"),
            get(checkpoints),
        ),
        Route::api(
            Method::Get,
            "/api/v1/audit/verifications",
            permissions::READ_AUDIT,
            of("list_verifications", "Checks of the whole log with progress and result.", "Verifications"),
            get(verifications),
        ),
        Route::api(Method::Post, "/api/v1/audit/verifications", permissions::VERIFY_LOG, ask, post(verify)),
        Route::api(
            Method::Get,
            "/api/v1/health",
            permissions::READ_METRICS,
            of("read_health", "How the installation is, and what somebody should see to.", "Health"),
            get(health),
        ),
        Route::api(
            Method::Get,
            "/api/v1/setup",
            permissions::SET_UP,
            of("read_setup", "How far the first set-up is.", "SetupState"),
            get(setup),
        ),
        Route::api(Method::Post, "/api/v1/setup", permissions::SET_UP, say, post(set_up)),
        Route::api(
            Method::Post,
            "/api/v1/tour",
            permissions::OWN_TOUR,
            act("put_tour_away", "Put the tour of the console away for good.", "Nothing"),
            post(tour),
        ),
    ]
}

fn person(one: &Person) -> Value {
    json!({"id": one.id.to_string(), "name": one.name})
}

fn token(one: &Token) -> Value {
    Object::default()
        .put("id", one.id.to_string())
        .put("name", one.name.as_str())
        .put_some("purpose", Some(one.purpose.as_str()).filter(|purpose| !purpose.is_empty()))
        .put("role", one.role.as_str())
        .put("region", one.region.as_str())
        .put("scopes", one.scopes.clone())
        .put_some("made_by", one.made_by.as_ref().map(person))
        .put("made_at", moment(one.made_at))
        .put_some("expires_at", one.expires_at.map(moment))
        .put_some("ended_at", one.ended_at.map(moment))
        .put("good", one.good)
        .done()
}

async fn list_tokens(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.tokens(&caller).await?.iter().map(token).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn add_token(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: NewToken = input(&headers, body, NEW_TOKEN).await?;
    let (id, secret) = app.desk.add_token(&caller, &new).await?;
    Ok(answer(StatusCode::CREATED, &json!({"id": id.to_string(), "token": secret})))
}

async fn end_token(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    app.desk.end_token(&caller, identifier::<TokenId>(&id)?).await?;
    Ok(answer(StatusCode::OK, &json!({})))
}

async fn roles(_: Who) -> Result<Response, Failure> {
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.code()).collect();
    let row = |row: &permissions::Row| {
        let may: Vec<&str> = row.roles.iter().map(|role| role.code()).collect();
        json!({"permission": row.permission.name(), "scope": row.scope.code(), "roles": may})
    };
    let items: Vec<Value> = permissions::TABLE.iter().map(row).collect();
    Ok(answer(StatusCode::OK, &json!({"roles": roles, "items": items})))
}

/// A question of an address.
///
/// # Errors
/// Its faults.
pub(crate) fn asked(given: Map<String, Value>) -> Result<AuditQuery, Failure> {
    Ok(serde_json::from_value(Value::Object(given)).map_err(|_| Fault::new("", "unreadable"))?)
}

fn entry(one: &AuditLine) -> Value {
    Object::default()
        .put("at", moment(one.at))
        .put("ledger", one.ledger)
        .put("subject", one.subject.to_string())
        .put_some("number", one.number.as_deref())
        .put("version", one.version)
        .put("actor", person(&one.actor))
        .put("verb", one.verb.as_str())
        .put("told", json!(one.told))
        .done()
}

async fn search(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let page = app.desk.audit(&caller, asked(query::read(raw.as_deref(), SEARCH)?)?).await?;
    let items: Vec<Value> = page.items.iter().map(entry).collect();
    let told = Object::default().put("items", items).put_some("next", page.next).put_some("looked", page.looked);
    Ok(answer(StatusCode::OK, &told.done()))
}

fn checkpoint(row: &CheckpointRow) -> Value {
    let at = jiff::Timestamp::from_microsecond(row.at).map(moment).unwrap_or_default();
    json!({
        "n": row.n, "at": at, "entries": row.leaves, "root": STANDARD.encode(&row.root),
        "signature": STANDARD.encode(&row.signature), "public_key": STANDARD.encode(&row.public_key),
    })
}

async fn checkpoints(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let (rows, unsealed) = app.desk.checkpoints(&caller).await?;
    let items: Vec<Value> = rows.iter().map(checkpoint).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items, "unsealed": unsealed})))
}

fn verification(one: &Verification) -> Value {
    let outcome = one.outcome.as_ref().and_then(|outcome| serde_json::to_value(outcome).ok());
    Object::default()
        .put("id", one.id.to_string())
        .put("state", one.state)
        .put("asked_by", person(&one.asked_by))
        .put("asked_at", moment(one.asked_at))
        .put("looked", one.looked)
        .put("whole", one.whole)
        .put_some("ended_at", one.ended_at.map(moment))
        .put_some("outcome", outcome)
        .done()
}

async fn verifications(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.verifications(&caller).await?.iter().map(verification).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn verify(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let id = app.desk.ask_verification(&caller).await?;
    Ok(answer(StatusCode::CREATED, &json!({"id": id.to_string()})))
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Concern {
    /// All is well.
    Fine,
    /// Somebody should look at it soon.
    Look,
    /// Somebody should act now.
    Act,
}

impl Concern {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Look => "look",
            Self::Act => "act",
        }
    }
}

/// Jobs that may wait before somebody should look.
const MANY_JOBS: i64 = 1_000;
/// Entries without a checkpoint that are more than a moment's work.
const MANY_UNSEALED: i64 = 100_000;
/// Entries an index may be behind before searches miss something.
const FAR_BEHIND: i64 = 10_000;
/// Hours after which a backup is old.
const BACKUP_HOURS: i64 = 26;

/// What there is to judge, each with a stable code. The words beside each say what to do. [P]: the limits are proposals of
/// this product.
pub(crate) fn judged(app: &App, health: &Health) -> Vec<(&'static str, Concern)> {
    let when = |bad: bool, concern: Concern| if bad { concern } else { Concern::Fine };
    let room = match health.room {
        Some((free, all)) if free < all / 50 => Concern::Act,
        Some((free, all)) if free < all / 10 => Concern::Look,
        _ => Concern::Fine,
    };
    let old = |made_at: i64| health.now.as_microsecond() - made_at > BACKUP_HOURS * 3_600_000_000;
    let settings = &app.settings;
    let stuck = health.messages > 0 && !app.desk.ways().any();
    let crm = settings.crm.as_ref().is_some_and(|crm| !crm.answers());
    vec![
        ("database", when(health.trouble.is_some(), Concern::Act)),
        ("schema", when(health.schema.0 != health.schema.1, Concern::Act)),
        ("room", room),
        ("jobs", if health.jobs.1 > 0 { Concern::Act } else { when(health.jobs.0 > MANY_JOBS, Concern::Look) }),
        ("mail", when(health.letters > 0 && !app.desk.mails(), Concern::Look)),
        ("messages", when(health.messages > MANY_JOBS || stuck, Concern::Look)),
        ("letterbox", when(health.letterbox > 0, Concern::Look)),
        ("events", when(health.told.dead > 0 || health.told.failing > 0, Concern::Look)),
        ("log", when(health.unsealed > MANY_UNSEALED, Concern::Look)),
        ("index", when(!health.index.there || health.index.behind > FAR_BEHIND, Concern::Look)),
        ("backups", health.backups.first().map_or(Concern::Look, |one| when(old(one.made_at), Concern::Look))),
        ("crm", when(crm, Concern::Look)),
        ("https", when(!settings.secure_cookie, Concern::Look)),
    ]
}

async fn health(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let health = app.desk.health(&caller).await?;
    let items: Vec<Value> =
        judged(&app, &health).into_iter().map(|(what, how)| json!({"what": what, "how": how.code()})).collect();
    let duties: Vec<Value> = health
        .duties
        .iter()
        .map(|duty| {
            Object::default()
                .put("name", duty.name.as_str())
                .put_some("next_at", duty.next_at.map(moment))
                .put_some("held_until", duty.held_until.map(moment))
                .done()
        })
        .collect();
    let backups: Vec<Value> = health
        .backups
        .iter()
        .map(|one| {
            let at = jiff::Timestamp::from_microsecond(one.made_at).map(moment).unwrap_or_default();
            json!({"made_at": at, "file": one.file, "bytes": one.bytes, "entries": one.entries})
        })
        .collect();
    let told = Object::default()
        .put("version", env!("CARGO_PKG_VERSION"))
        .put("database", health.database)
        .put("schema", health.schema.0)
        .put_some("trouble", health.trouble)
        .put_some("room_free", health.room.and_then(|(free, _)| i64::try_from(free).ok()))
        .put_some("room_whole", health.room.and_then(|(_, all)| i64::try_from(all).ok()))
        .put("jobs_waiting", health.jobs.0)
        .put("jobs_dead", health.jobs.1)
        .put("letters_waiting", health.letters)
        .put("messages_waiting", health.messages)
        .put("letterbox_waiting", health.letterbox)
        .put("events_waiting", health.told.waiting)
        .put("events_dead", health.told.dead)
        .put("subscriptions", health.told.all)
        .put("subscriptions_off", health.told.off)
        .put("subscriptions_failing", health.told.failing)
        .put_some("checkpoint_at", health.checkpoint.map(moment))
        .put("unsealed", health.unsealed)
        .put("index", health.index.there)
        .put("index_behind", health.index.behind)
        .put("now", moment(health.now))
        .put("duties", duties)
        .put("backups", backups)
        .put("items", items);
    Ok(answer(StatusCode::OK, &told.done()))
}

async fn setup(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let setup = app.desk.setup(&caller).await?;
    let steps: Vec<Value> = setup
        .steps
        .iter()
        .map(|step| {
            Object::default()
                .put("step", step.step)
                .put("state", step.state.as_str())
                .put_some("by", step.said.as_ref().map(|(by, _)| person(by)))
                .put_some("at", step.said.as_ref().map(|(_, at)| moment(*at)))
                .done()
        })
        .collect();
    let told = json!({
        "steps": steps, "due": setup.due, "sample": setup.sample, "stack": app.desk.library().stack(),
    });
    Ok(answer(StatusCode::OK, &told))
}

async fn set_up(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let said: SetUp = input(&headers, body, SET_UP).await?;
    say_step(&app, &caller, &said).await?;
    setup(State(app), Who(caller)).await
}

/// Notes what was said of a step; invented cases only where nobody has the names that come with them.
///
/// # Errors
/// The desk's, and `sample_names_taken`.
pub(crate) async fn say_step(app: &App, caller: &Caller, said: &SetUp) -> Result<(), Failure> {
    if said.step == "sample" && said.state == "done" {
        crate::demo::fits(&app.desk).await?;
    }
    Ok(app.desk.set_up(caller, said).await?)
}

async fn tour(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    app.desk.put_tour_away(&caller).await?;
    Ok(answer(StatusCode::OK, &json!({})))
}
