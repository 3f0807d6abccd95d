//! `/webhooks`: who is told of events, and what they did not take.

use super::{answer, identifier, input, view};
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::problem::Failure;
use crate::routes::{Method, Operation, Route};
use crate::tmf::hub::address;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::permissions;
use desk::subscriptions::{DeadLetter, NEW_WEBHOOK, NewWebhook, Subscription};
use domain::fault::Fault;
use serde_json::{Value, json};
use uuid::Uuid;

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let may = permissions::MANAGE_WEBHOOKS;
    let of = |id, summary, answer| Operation::get(id, summary, "Events", answer);
    let act = |id, summary, answer| Operation { body: Some(&[]), ..of(id, summary, answer) };
    let list = of("list_webhooks", "Webhooks, and listeners of the TM Forum hubs.", "Webhooks");
    let add = Operation {
        body: Some(NEW_WEBHOOK),
        status: 201,
        ..of("add_webhook", "Make a webhook; its secret is in the answer and nowhere else.", "WebhookSecret")
    };
    let rotate =
        act("rotate_webhook_secret", "A new secret; the one before signs beside it for a day.", "WebhookSecret");
    let dead = of("list_dead_letters", "What was given up after three days; the newest two hundred.", "DeadLetters");
    let resend = act("resend_dead_letters", "Have everything tried again that was given up.", "Resent");
    let on = act("switch_webhook_on", "Go on from where it was told last.", "Nothing");
    let off = act("switch_webhook_off", "Tell it nothing until it is switched on.", "Nothing");
    let remove = act("remove_webhook", "Remove it with everything that waits for it.", "Nothing");
    vec![
        Route::api(Method::Get, "/api/v1/webhooks", may, list, get(webhooks)),
        Route::api(Method::Post, "/api/v1/webhooks", may, add, post(make)),
        Route::api(Method::Post, "/api/v1/webhooks/{id}/rotate-secret", may, rotate, post(renew)),
        Route::api(Method::Get, "/api/v1/webhooks/{id}/dead-letters", may, dead, get(dead_letters)),
        Route::api(Method::Post, "/api/v1/webhooks/{id}/resend", may, resend, post(again)),
        Route::api(
            Method::Post,
            "/api/v1/webhooks/{id}/switch-off",
            may,
            off,
            post(|state, who, path, headers, body| switch(false, state, who, path, headers, body)),
        ),
        Route::api(
            Method::Post,
            "/api/v1/webhooks/{id}/switch-on",
            may,
            on,
            post(|state, who, path, headers, body| switch(true, state, who, path, headers, body)),
        ),
        Route::api(Method::Post, "/api/v1/webhooks/{id}/remove", may, remove, post(end)),
    ]
}

/// Whether a webhook may be sent to its address.
///
/// # Errors
/// A fault of `url`.
pub(crate) fn check(app: &AppState, new: &NewWebhook) -> Result<(), Failure> {
    // Whoever opened a network to events may read along in it; elsewhere nobody may.
    let guard = app.settings.guard();
    let url = url::Url::parse(&new.url).ok();
    let plain = url.and_then(|url| url.host().map(|host| guard.opens(&host))).unwrap_or_default();
    address(&guard, &new.url, plain).map_err(|_| Fault::new("url", "closed_address").into())
}

fn shown(one: &Subscription) -> Value {
    view::Object::default()
        .put("id", one.id.to_string())
        .put("kind", one.kind.as_str())
        .put("name", one.name.as_str())
        .put("url", one.url.as_str())
        .put("query", one.query.as_str())
        .put("region", one.region.as_str())
        .put("personal", one.personal)
        .put("made_at", view::moment(one.made_at))
        .put("on", one.on)
        .put_some("reason", Some(one.reason.as_str()).filter(|reason| !reason.is_empty()))
        .put_some("failing_since", one.failing_since.map(view::moment))
        .put_some("next_at", one.next_at.map(view::moment))
        .put_some("error", Some(one.error.as_str()).filter(|error| !error.is_empty()))
        .put_some("both_until", one.both_until.map(view::moment))
        .put("waiting", one.waiting)
        .put("dead", one.dead)
        .done()
}

fn letter(one: &DeadLetter) -> Value {
    view::Object::default()
        .put("case", one.case.to_string())
        .put_some("number", one.number.as_deref())
        .put("version", one.version)
        .put("first_at", view::moment(one.first_at))
        .put("tries", one.tries)
        .put("error", one.error.as_str())
        .done()
}

async fn webhooks(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.subscriptions(&caller).await?.iter().map(shown).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn make(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let new: NewWebhook = input(&headers, body, NEW_WEBHOOK).await?;
    check(&app, &new)?;
    let (id, secret) = app.desk.add_webhook(&caller, &new).await?;
    Ok(answer(StatusCode::CREATED, &json!({"id": id.to_string(), "secret": secret})))
}

async fn renew(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let id = identifier::<Uuid>(&id)?;
    let secret = app.desk.rotate_webhook(&caller, id).await?;
    Ok(answer(StatusCode::OK, &json!({"id": id.to_string(), "secret": secret})))
}

async fn dead_letters(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let items: Vec<Value> = app.desk.dead_letters(&caller, identifier(&id)?).await?.iter().map(letter).collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn again(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    let sent = app.desk.resend_dead(&caller, identifier(&id)?).await?;
    Ok(answer(StatusCode::OK, &json!({"resent": sent})))
}

async fn switch(
    on: bool,
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    app.desk.switch_subscription(&caller, identifier(&id)?, on).await?;
    Ok(answer(StatusCode::OK, &json!({})))
}

async fn end(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let _: Value = input(&headers, body, &[]).await?;
    app.desk.remove_subscription(&caller, identifier(&id)?).await?;
    Ok(answer(StatusCode::OK, &json!({})))
}
