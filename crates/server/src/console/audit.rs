//! Looking through the log, and having it checked.

use super::staff_form::beside_the_form;
use super::{Frame, page, shown_with};
use crate::api::administration::asked;
use crate::app::AppState;
use crate::extract::{Visitor, Who};
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::audit::{AuditLine, AuditPage, LEDGERS, SEARCH};
use desk::verifications::{KeptFinding, Verification};
use desk::{Caller, permissions};
use serde_json::Value;

const PAGE: &str = "/console/admin/audit";
const CHECKS: &str = "/console/admin/verification";

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Needs(permissions::READ_AUDIT);
    vec![
        page(Method::Get, PAGE, may, get(search)),
        page(Method::Get, CHECKS, may, get(checks)),
        page(Method::Post, CHECKS, Access::Needs(permissions::VERIFY_LOG), post(ask)),
    ]
}

struct Line {
    at: String,
    ledger: String,
    who: String,
    /// The code of whoever it was, to be looked for.
    actor: String,
    verb: String,
    /// Number of a case or identity of what it is about, and an address that leads there.
    about: String,
    href: String,
    version: i64,
    told: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Search<'a> {
    frame: &'a Frame<'a>,
    ledgers: Vec<(&'static str, String, bool)>,
    subject: String,
    actor: String,
    verb: String,
    from: String,
    until: String,
    lines: Vec<Line>,
    next: String,
    looked: String,
    told: Option<Told>,
}

/// Words under the first of these keys that has any; else the code itself.
fn words(frame: &Frame<'_>, keys: &[String], code: &str) -> String {
    let known = keys.iter().find(|key| frame.app.locales.has(frame.language, key));
    known.map_or_else(|| code.to_owned(), |key| frame.app.locales.text(frame.language, key, &[]))
}

/// Something said of an entry, with the name of what it is.
fn part(frame: &Frame<'_>, name: &str, value: &str) -> (String, String) {
    let value = match name {
        "purpose" | "role" => words(frame, &[format!("{name}.{value}")], value),
        "region" if value.is_empty() => frame.t("org.everywhere"),
        // What was read, and which one of several.
        "extent" => {
            let (what, which) = value.split_once(' ').unwrap_or((value, ""));
            let what = words(frame, &[format!("ui.audit.extent.{what}")], what);
            format!("{what} {which}").trim_end().to_owned()
        }
        _ => value.to_owned(),
    };
    (words(frame, &[format!("ui.audit.part.{name}")], name), value)
}

fn line(frame: &Frame<'_>, one: AuditLine) -> Line {
    let verb = words(frame, &[format!("ui.change.{}", one.verb), format!("verb.{}", one.verb)], &one.verb);
    Line {
        at: frame.moment(one.at),
        ledger: frame.t(&format!("audit.in.{}", one.ledger)),
        who: match one.actor.id {
            domain::actor::ActorId::System => frame.t("audit.system"),
            _ => one.actor.name,
        },
        actor: one.actor.id.to_string(),
        verb,
        href: match (&one.number, one.ledger) {
            (Some(number), _) => format!("/console/cases/{number}"),
            (None, "problem") => format!("/console/problems/{}", one.subject),
            (None, "incident") => format!("/console/incidents/{}", one.subject),
            (None, _) => format!("{PAGE}?subject={}", one.subject),
        },
        about: one.number.unwrap_or_else(|| one.subject.to_string()),
        version: one.version,
        told: one
            .told
            .iter()
            .map(|(name, value)| part(frame, name, value))
            .filter(|(_, value)| !value.is_empty())
            .collect(),
    }
}

async fn search(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let given = query::texts(raw.as_deref(), SEARCH);
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let outcome = match query::read(raw.as_deref(), SEARCH).map_err(Failure::from).and_then(asked) {
        Ok(ask) => app.desk.audit(&caller, ask).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    let (found, told) = match outcome {
        Ok(found) => (found, None),
        Err(failure) => {
            let told = beside_the_form(&app, &visitor, failure)?.tell(&app, visitor.language);
            (AuditPage { items: Vec::new(), next: None, looked: None }, Some(told))
        }
    };
    let chosen = Some(text("ledger")).filter(|ledger| !ledger.is_empty());
    let chosen = chosen.unwrap_or_else(|| if text("subject").is_empty() { "access".to_owned() } else { String::new() });
    let mut next = String::new();
    if let Some(after) = &found.next {
        let kept = given.iter().filter(|(name, _)| *name != "after");
        let kept = kept.filter_map(|(name, value)| Some(format!("{name}={}&", query::encode(value.as_str()?))));
        next = format!("{PAGE}?{}after={}", kept.collect::<String>(), query::encode(after));
    }
    Ok(shown_with(
        told.clone(),
        &Search {
            ledgers: LEDGERS.iter().map(|one| (*one, frame.t(&format!("audit.of.{one}")), *one == chosen)).collect(),
            subject: text("subject"),
            actor: text("actor"),
            verb: text("verb"),
            from: text("from"),
            until: text("until"),
            looked: found
                .looked
                .map_or_else(String::new, |looked| frame.tv("audit.looked", &[("count", &looked.to_string())])),
            lines: found.items.into_iter().map(|one| line(&frame, one)).collect(),
            next,
            told,
            frame: &frame,
        },
    ))
}

/// A check of the log.
struct Check {
    asked: String,
    state: String,
    class: &'static str,
    /// How far it is, of a hundred; nothing once it ended.
    percent: Option<i64>,
    progress: String,
    said: String,
    keys: Vec<String>,
    findings: Vec<KeptFinding>,
}

#[derive(Template)]
#[template(path = "verification.html")]
struct Checks<'a> {
    frame: &'a Frame<'a>,
    checks: Vec<Check>,
    /// Number, when, entries and the beginning of the root.
    checkpoints: Vec<(i64, String, i64, String)>,
    unsealed: String,
    key: String,
    may: bool,
    told: Option<Told>,
}

fn check(frame: &Frame<'_>, one: Verification) -> Check {
    let values = [("at", frame.moment(one.asked_at)), ("name", one.asked_by.name.clone())];
    let asked = frame.tv("verification.asked", &values.each_ref().map(|(name, value)| (*name, value.as_str())));
    let waits = one.state == "waiting";
    let count = |number: u64| number.to_string();
    let outcome = one.outcome.unwrap_or_default();
    let said = [
        ("entries", count(outcome.entries)),
        ("cases", count(outcome.cases)),
        ("checkpoints", count(outcome.checkpoints)),
        ("attachments", count(outcome.attachments)),
        ("unsealed", count(outcome.unsealed)),
        ("ended", one.ended_at.map(|at| frame.moment(at)).unwrap_or_default()),
    ];
    let found = count(outcome.found);
    let (state, class) = match (one.state, outcome.found) {
        ("waiting", _) => (frame.t("verification.waiting"), "half"),
        ("done", 0) => (frame.t("verification.whole"), "calm"),
        ("done", _) => (frame.tv("verification.broken", &[("count", &found)]), "over"),
        _ => (frame.t("verification.failed"), "over"),
    };
    Check {
        asked,
        state,
        class,
        percent: waits.then(|| one.looked * 100 / one.whole.max(1)),
        progress: frame
            .tv("verification.progress", &[("looked", &one.looked.to_string()), ("whole", &one.whole.to_string())]),
        said: match one.state {
            "done" => frame.tv("verification.said", &said.each_ref().map(|(name, value)| (*name, value.as_str()))),
            _ => String::new(),
        },
        keys: outcome.public_keys,
        findings: outcome.findings,
    }
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    failure: Option<Failure>,
) -> Result<Response, Failure> {
    use base64::Engine as _;
    let frame = Frame::new(app, visitor);
    let checks = app.desk.verifications(caller).await?.into_iter().map(|one| check(&frame, one)).collect();
    let (rows, unsealed) = app.desk.checkpoints(caller).await?;
    let base64 = base64::engine::general_purpose::STANDARD;
    let checkpoints = rows.iter().map(|row| {
        let at = jiff::Timestamp::from_microsecond(row.at).map(|at| frame.moment(at)).unwrap_or_default();
        (row.n, at, row.leaves, base64.encode(&row.root).chars().take(16).collect())
    });
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    Ok(shown_with(
        told.clone(),
        &Checks {
            checks,
            checkpoints: checkpoints.collect(),
            unsealed: frame.tv("verification.unsealed", &[("count", &unsealed.to_string())]),
            key: base64.encode(app.desk.public_key()),
            may: frame.may(permissions::VERIFY_LOG),
            told,
            frame: &frame,
        },
    ))
}

async fn checks(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    draw(&app, &visitor, &caller, None).await
}

async fn ask(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    match app.desk.ask_verification(&caller).await.map_err(Failure::from) {
        Ok(_) => Ok(Redirect::to(CHECKS).into_response()),
        Err(failure) => {
            let failure = beside_the_form(&app, &visitor, failure)?;
            draw(&app, &visitor, &caller, Some(failure)).await
        }
    }
}
