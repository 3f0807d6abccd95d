//! Webhooks and listeners of hubs: who is told of events, what they did not take, and the secret of a new one, this once.

use super::form::{Draw, Input, Typed};
use super::staff_form::{beside_the_form, read};
use super::{Frame, page, shown_with};
use crate::api::{identifier, webhooks::check};
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::subscriptions::{DeadLetter, NEW_WEBHOOK, NewWebhook, Subscription, WEBHOOK};
use desk::{Caller, permissions};

const PAGE: &str = "/console/webhooks";

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Needs(permissions::MANAGE_WEBHOOKS);
    let act =
        |path, act: Act| page(Method::Post, path, may, post(move |state, who, path| carry_out(act, state, who, path)));
    vec![
        page(Method::Get, PAGE, may, get(show)),
        page(Method::Post, PAGE, may, post(make)),
        page(Method::Post, "/console/webhooks/{id}/rotate-secret", may, post(renew)),
        act("/console/webhooks/{id}/resend", Act::Resend),
        act("/console/webhooks/{id}/switch-off", Act::Off),
        act("/console/webhooks/{id}/switch-on", Act::On),
        act("/console/webhooks/{id}/remove", Act::Remove),
    ]
}

/// What can be done with one press.
#[derive(Clone, Copy)]
enum Act {
    Resend,
    Off,
    On,
    Remove,
}

/// One of those who are told.
struct Line {
    id: String,
    name: String,
    kind: String,
    url: String,
    asked: Vec<String>,
    area: String,
    personal: bool,
    made: String,
    on: bool,
    /// Why it is off.
    reason: String,
    failing: String,
    error: String,
    both: String,
    waiting: i64,
    dead: i64,
    /// Whether it has a secret.
    signs: bool,
    letters: Vec<Letter>,
}

/// Something it did not take.
struct Letter {
    number: String,
    version: i64,
    first: String,
    tries: i64,
    error: String,
}

#[derive(Template)]
#[template(path = "webhooks.html")]
struct Webhooks<'a> {
    frame: &'a Frame<'a>,
    lines: Vec<Line>,
    inputs: Vec<Input>,
    /// A secret that was just made, with whose it is.
    secret: Option<(String, String)>,
    told: Option<Told>,
}

fn line(frame: &Frame<'_>, one: Subscription, letters: Vec<DeadLetter>) -> Line {
    let moment = |at: Option<jiff::Timestamp>| at.map(|at| frame.moment(at)).unwrap_or_default();
    let now = frame.app.desk.time().now();
    let asked = match one.kind.as_str() {
        WEBHOOK => one.query.split(',').map(|kind| frame.code("event_kind", kind)).collect(),
        _ => Some(one.query.clone()).filter(|query| !query.is_empty()).into_iter().collect(),
    };
    Line {
        asked,
        id: one.id.to_string(),
        signs: one.kind == WEBHOOK,
        kind: frame.code("subscription_kind", &one.kind),
        area: frame.area(&one.region),
        made: frame.moment(one.made_at),
        reason: if one.on { String::new() } else { frame.code("subscription_off", &one.reason) },
        failing: moment(one.failing_since),
        both: moment(one.both_until.filter(|until| *until > now)),
        name: one.name,
        url: one.url,
        personal: one.personal,
        on: one.on,
        error: one.error,
        waiting: one.waiting,
        dead: one.dead,
        letters: letters
            .into_iter()
            .map(|letter| Letter {
                number: letter.number.unwrap_or_else(|| letter.case.to_string()),
                version: letter.version,
                first: frame.moment(letter.first_at),
                tries: letter.tries,
                error: letter.error,
            })
            .collect(),
    }
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    typed: &Typed,
    secret: Option<(String, String)>,
    failure: Option<Failure>,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let mut lines = Vec::new();
    for one in app.desk.subscriptions(caller).await? {
        let letters = if one.dead > 0 { app.desk.dead_letters(caller, one.id).await? } else { Vec::new() };
        lines.push(line(&frame, one, letters));
    }
    let draw = Draw { frame: &frame, words: "webhook", typed, errors: &errors, known: &|_| Vec::new() };
    let inputs = draw.inputs("", NEW_WEBHOOK);
    Ok(shown_with(told.clone(), &Webhooks { frame: &frame, lines, inputs, secret, told }))
}

async fn show(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    draw(&app, &visitor, &caller, &Typed::default(), None, None).await
}

async fn make(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let made = match read::<NewWebhook>(&typed, NEW_WEBHOOK, &Frame::new(&app, &visitor)) {
        Ok(new) => match check(&app, &new) {
            Ok(()) => {
                app.desk.add_webhook(&caller, &new).await.map(|(_, secret)| (new.name, secret)).map_err(Failure::from)
            }
            Err(failure) => Err(failure),
        },
        Err(failure) => Err(failure),
    };
    match made {
        Ok(secret) => draw(&app, &visitor, &caller, &Typed::default(), Some(secret), None).await,
        Err(failure) => {
            let failure = beside_the_form(&app, &visitor, failure)?;
            draw(&app, &visitor, &caller, &typed, None, Some(failure)).await
        }
    }
}

async fn renew(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = identifier(&id)?;
    let secret = app.desk.rotate_webhook(&caller, id).await?;
    let name = app.desk.subscription(&caller, id).await?.name;
    draw(&app, &visitor, &caller, &Typed::default(), Some((name, secret)), None).await
}

async fn carry_out(
    act: Act,
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = identifier(&id)?;
    match act {
        Act::Resend => drop(app.desk.resend_dead(&caller, id).await?),
        Act::Off => app.desk.switch_subscription(&caller, id, false).await?,
        Act::On => app.desk.switch_subscription(&caller, id, true).await?,
        Act::Remove => app.desk.remove_subscription(&caller, id).await?,
    }
    Ok(Redirect::to(PAGE).into_response())
}
