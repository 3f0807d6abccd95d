//! The page of a case as its customer sees it: where it stands, by when it is answered, what was said by either side, and
//! what they can do.

use super::{again, bodies, ours, shown, tracked};
use crate::api::letters;
use crate::app::AppState;
use crate::console::{Frame, page, shown_with};
use crate::extract::{self, Path, Visitor};
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use crate::upload;
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::portal::Tracked;
use desk::queries::case::CaseView;
use domain::actor::ActorId;
use domain::case::message::What;
use domain::case::{Case, State as Standing, confirm, dispute, invite_survey, notify_progress, supplement};
use domain::command::Command;
use domain::event::{Entry, Event};
use domain::refusal::Refusal;
use policy::{ClockRule, Stack};
use serde_json::{Value, json};

pub(super) fn routes() -> Vec<Route> {
    vec![
        page(Method::Get, super::CASE, Access::Public, get(show)),
        page(Method::Post, "/portal/case/add", Access::Public, post(add)),
        page(Method::Post, "/portal/case/file", Access::Public, post(file)),
        page(Method::Post, "/portal/case/confirm", Access::Public, post(accept)),
        page(Method::Post, "/portal/case/dispute", Access::Public, post(reject)),
        page(Method::Post, "/portal/case/survey", Access::Public, post(survey)),
        page(Method::Get, "/portal/case/letters/{letter}", Access::Public, get(letter)),
    ]
}

/// Steps of a case, as its customer needs to tell them apart.
const STEPS: [&str; 4] = ["received", "working", "answered", "ended"];

/// What was said.
struct Said {
    at: String,
    /// Whether the customer said it.
    theirs: bool,
    what: String,
    words: String,
    /// Number of the letter to be read or kept; 0 for none.
    letter: u32,
}

#[derive(Template)]
#[template(path = "portal_case.html")]
struct CasePage<'a> {
    frame: &'a Frame<'a>,
    back: &'a str,
    number: &'a str,
    /// The code, where it is told: once, to whoever has just handed the case in.
    code: &'a str,
    received: String,
    /// Words of each step, and whether it was reached.
    steps: Vec<(String, bool)>,
    standing: String,
    /// By when an answer is due, and whether that has passed.
    answer_by: Option<(String, bool)>,
    promises: Vec<String>,
    said: Vec<Said>,
    files: Vec<String>,
    erased: bool,
    may_add: bool,
    may_judge: bool,
    /// The answer to be judged: when it was given, and its words.
    answer: Option<(String, String)>,
    may_confirm: bool,
    may_be_asked: bool,
    bodies: Vec<String>,
    /// What was typed into a box that was refused.
    typed: (&'static str, String),
    done: bool,
    told: Option<Told>,
}

/// What the page says besides: that something was done, why it was not, what was typed.
#[derive(Default)]
struct Besides {
    new: bool,
    done: bool,
    told: Option<Told>,
    typed: (&'static str, String),
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let Some(case) = tracked(&app, &visitor, &headers).await? else { return Ok(again()) };
    let given = query::form(raw.unwrap_or_default().as_bytes());
    let has = |wanted: &str| given.iter().any(|(name, _)| name == wanted);
    drawn(&app, &visitor, &headers, case, Besides { new: has("new"), done: has("done"), ..Besides::default() }).await
}

async fn drawn(
    app: &AppState,
    visitor: &Visitor,
    headers: &HeaderMap,
    case: Tracked,
    besides: Besides,
) -> Result<Response, Failure> {
    let view = app.desk.tracked(case).await?;
    let case = &view.case;
    let rules = app.desk.library().rules_of(case)?;
    let frame = Frame::new(app, visitor);
    let Besides { new, done, told, typed } = besides;
    let reached = step(case.state);
    let steps = STEPS.iter().enumerate().map(|(n, name)| (frame.t(&format!("portal.step.{name}")), n <= reached));
    let now = app.desk.time().now();
    let page = CasePage {
        frame: &frame,
        back: super::CASE,
        number: &case.number,
        code: if new { shown(headers).map_or("", |(_, code)| code) } else { "" },
        received: rules.told_there(case.received_at),
        steps: steps.collect(),
        standing: frame.t(&format!("portal.standing.{}", standing(case.state))),
        answer_by: answer_by(case, &rules).map(|at| (rules.told_there(at), at < now)),
        promises: promises(&frame, &rules, case),
        said: said(&frame, &rules, &view),
        files: files(&view),
        erased: view.erased,
        may_add: !view.erased && supplement::offered(case),
        may_confirm: confirm::offered(case) && !case.confirmed,
        may_judge: !view.erased && dispute::offered(case),
        answer: answer(&rules, &view),
        may_be_asked: !view.erased && invite_survey::offered(case),
        bodies: bodies(visitor.language, &rules),
        typed,
        done,
        told: told.clone(),
    };
    Ok(shown_with(told, &page))
}

/// How far a case has come, as a place in [`STEPS`].
fn step(state: Standing) -> usize {
    match state {
        Standing::Draft | Standing::Triage | Standing::Registered => 0,
        Standing::Accepted
        | Standing::InProgress
        | Standing::AwaitingReview
        | Standing::AwaitingReply
        | Standing::Suspended
        | Standing::Reopened => 1,
        Standing::AwaitingCustomer => 2,
        Standing::Closed | Standing::Withdrawn | Standing::Voided | Standing::Merged | Standing::Declined => 3,
    }
}

/// The same in more words; what goes on inside the house is one thing to its customer.
fn standing(state: Standing) -> &'static str {
    match state {
        Standing::Draft | Standing::Triage | Standing::Registered => "received",
        Standing::Accepted
        | Standing::InProgress
        | Standing::AwaitingReview
        | Standing::AwaitingReply
        | Standing::Reopened => "working",
        Standing::Suspended => "suspended",
        Standing::AwaitingCustomer => "answered",
        Standing::Closed => "closed",
        Standing::Withdrawn => "withdrawn",
        Standing::Voided => "voided",
        Standing::Merged => "merged",
        Standing::Declined => "declined",
    }
}

/// The next limit for an answer that binds the house and may be stated.
fn answer_by(case: &Case, rules: &Stack) -> Option<jiff::Timestamp> {
    let answers = |rule: &str| {
        rules.clock(rule).is_some_and(|rule| ClockRule::limits_answer(rule) && rule.binds_provider())
            && rules.states_compliance(rule)
    };
    let open = case.clocks.iter().filter(|clock| clock.is_open() && !clock.is_paused() && answers(&clock.rule));
    open.map(|clock| clock.due_at).min()
}

fn promises(frame: &Frame<'_>, rules: &Stack, case: &Case) -> Vec<String> {
    let agreed = case.progress_agreed.as_ref().filter(|_| notify_progress::offered(case));
    let agreed = agreed.map(|agreed| match agreed.hours {
        Some(hours) => frame.tv("portal.agreed", &[("hours", &hours.to_string())]),
        None => frame.t("portal.agreed_nothing"),
    });
    let open = case.promises.iter().filter(|promise| promise.kept_at.is_none() && promise.origin.is_none());
    open.map(|promise| {
        let what = promise.what.as_ref().and_then(|what| what.plain()).unwrap_or_default();
        let what = if what.is_empty() { frame.t("portal.promised_reply") } else { what.to_owned() };
        frame.tv("portal.promised", &[("what", &what), ("at", &rules.told_there(promise.due_at))])
    })
    .chain(agreed)
    .collect()
}

/// Everything said between the customer and the house, oldest first; nothing of what was said inside.
fn said(frame: &Frame<'_>, rules: &Stack, view: &CaseView) -> Vec<Said> {
    if view.erased {
        return Vec::new();
    }
    let record = &view.case.record;
    let words = [Some(&record.description), record.demand.as_ref()];
    let words: Vec<&str> = words.into_iter().flatten().filter_map(|text| text.plain()).collect();
    let first = Said {
        at: rules.told_there(view.case.received_at),
        theirs: true,
        what: frame.t("portal.said.handed_in"),
        words: words.join("\n\n"),
        letter: 0,
    };
    let further =
        view.entries.iter().flat_map(|entry| entry.events.iter().filter_map(|event| one(frame, rules, entry, event)));
    std::iter::once(first).chain(further).collect()
}

/// The newest answer, which whoever is asked about it reads first.
fn answer(rules: &Stack, view: &CaseView) -> Option<(String, String)> {
    let mut events = view.entries.iter().rev().flat_map(|entry| entry.events.iter().map(move |event| (entry, event)));
    events.find_map(|(entry, event)| match event {
        Event::Replied { content, .. } => Some((rules.told_there(entry.at), content.plain()?.to_owned())),
        _ => None,
    })
}

fn one(frame: &Frame<'_>, rules: &Stack, entry: &Entry, event: &Event) -> Option<Said> {
    let (theirs, code, text, letter) = match event {
        Event::Supplemented { text, .. } => (true, "added", Some(text), 0),
        Event::Disputed { reason } => (true, "disputed", Some(reason), 0),
        Event::Confirmed { .. } => (true, "confirmed", None, 0),
        Event::Replied { content, .. } => (false, "replied", Some(content), 0),
        Event::ProgressNotified { content, .. } => (false, "progress", Some(content), 0),
        Event::MessageWritten { content, .. } => (false, "message", Some(content), 0),
        Event::MessageMoved { what: What::News, way, stage, .. } if *stage == way.told_at() => (false, "news", None, 0),
        Event::Declined { explanation, .. } => (false, "declined", Some(explanation), 0),
        Event::LetterIssued { letter, content, .. } => (false, "letter", Some(content), *letter),
        _ => return None,
    };
    Some(Said {
        at: rules.told_there(entry.at),
        theirs,
        what: frame.t(&format!("portal.said.{code}")),
        words: text.and_then(|text| text.plain()).unwrap_or_default().to_owned(),
        letter,
    })
}

/// Files that came from outside: what the house attached is its own paper.
fn files(view: &CaseView) -> Vec<String> {
    let theirs = view.entries.iter().filter(|entry| entry.actor == ActorId::System);
    theirs
        .flat_map(|entry| &entry.events)
        .filter_map(|event| match event {
            Event::Attached { name, .. } => name.plain().map(str::to_owned),
            _ => None,
        })
        .collect()
}

async fn add(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let command = |words: &str| ("supplement", json!({"text": words, "channel": "web"}));
    say(&app, &visitor, &headers, body, "text", command).await
}

async fn accept(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    say(&app, &visitor, &headers, body, "", |_| ("confirm", json!({"mode": "portal"}))).await
}

async fn reject(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    say(&app, &visitor, &headers, body, "reason", |words| ("dispute", json!({"reason": words}))).await
}

/// Carries out what a customer says in one box.
async fn say(
    app: &AppState,
    visitor: &Visitor,
    headers: &HeaderMap,
    body: Body,
    named: &'static str,
    command: impl FnOnce(&str) -> (&'static str, Value),
) -> Result<Response, Failure> {
    ours(headers)?;
    let pairs = query::form(&extract::bytes(headers, body).await?);
    let Some(case) = tracked(app, visitor, headers).await? else { return Ok(again()) };
    let words = pairs.into_iter().find(|(name, _)| name == named).map(|(_, words)| words).unwrap_or_default();
    let (verb, body) = command(&words);
    let read = Command::read(verb, body).unwrap_or_else(|| Err(Vec::new())).map_err(Refusal::invalid);
    let done = match read {
        Ok(command) => app.desk.say_at_portal(case, command, visitor.address).await.map(drop).map_err(Failure::from),
        Err(refusal) => Err(refusal.into()),
    };
    match done {
        Ok(()) => Ok(Redirect::to("/portal/case?done").into_response()),
        Err(failure) => refused(app, visitor, headers, case, failure, (named, words)).await,
    }
}

async fn refused(
    app: &AppState,
    visitor: &Visitor,
    headers: &HeaderMap,
    case: Tracked,
    failure: Failure,
    typed: (&'static str, String),
) -> Result<Response, Failure> {
    let told = Some(failure.tell(app, visitor.language));
    drawn(app, visitor, headers, case, Besides { told, typed, ..Besides::default() }).await
}

async fn file(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    ours(&headers)?;
    let Some(case) = tracked(&app, &visitor, &headers).await? else { return Ok(again()) };
    app.desk.count_at_portal(visitor.address).await?;
    let (caller, name) = app.desk.at_the_portal(case);
    match upload::take(&app, &caller, &name, None, upload::Door::Portal, &headers, body).await {
        Ok(_) => Ok(Redirect::to("/portal/case?done").into_response()),
        Err(failure) => refused(&app, &visitor, &headers, case, failure, ("file", String::new())).await,
    }
}

async fn survey(State(app): State<AppState>, visitor: Visitor, headers: HeaderMap) -> Result<Response, Failure> {
    ours(&headers)?;
    let Some(case) = tracked(&app, &visitor, &headers).await? else { return Ok(again()) };
    app.desk.count_at_portal(visitor.address).await?;
    let address = app.desk.survey_at_portal(case).await?;
    Ok(Redirect::to(address.as_deref().unwrap_or(super::CASE)).into_response())
}

async fn letter(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let Some(case) = tracked(&app, &visitor, &headers).await? else { return Ok(again()) };
    // A letter that is out has a number; by other names there are only drafts, which are nobody's outside.
    let number = name.split_once('.').map_or(name.as_str(), |(number, _)| number);
    if number.parse::<u32>().is_err() {
        return Err(Refusal::not_found().into());
    }
    let (caller, _) = app.desk.at_the_portal(case);
    let number = app.desk.tracked(case).await?.case.number;
    letters::answer(&app, &caller, &number, &name, None, &headers).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_step_and_words() {
        let locales = crate::locale::Locales::load(crate::data::locales(None).unwrap()).unwrap();
        for state in Standing::ALL {
            assert!(step(state) < STEPS.len(), "{state:?}");
            for language in crate::locale::Language::ALL {
                let key = format!("ui.portal.standing.{}", standing(state));
                assert_ne!(locales.text(language, &key, &[]), key);
            }
        }
    }
}
