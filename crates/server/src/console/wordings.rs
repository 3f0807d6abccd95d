//! Wordings of messages: what is shipped, every version with the two people behind it and an example of how it reads, and
//! the form that asks for another.

use super::form::{Draw, Input, Typed};
use super::staff_form::{beside_the_form, read};
use super::{Frame, page, shown_with};
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::locale::Language;
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::wordings::{EXAMPLE, KINDS, LANGUAGES, Length, NEW_WORDING, NewWording, WordingStanding, WordingView, fill};
use desk::{Caller, permissions};

/// Address of the page.
pub(super) const PAGE: &str = "/console/wordings";

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Needs(permissions::APPROVE_WORDING);
    let decided = |approve: bool| post(move |state, visitor, who, path| decide(approve, state, visitor, who, path));
    vec![
        page(Method::Get, PAGE, Access::Needs(permissions::READ_WORDINGS), get(show)),
        page(Method::Post, PAGE, Access::Needs(permissions::EDIT_WORDING), post(edit)),
        page(Method::Post, "/console/wordings/{part}/{language}/{version}/approve", may, decided(true)),
        page(Method::Post, "/console/wordings/{part}/{language}/{version}/refuse", may, decided(false)),
    ]
}

/// A kind in a language.
struct Group {
    title: String,
    kind: &'static str,
    language: &'static str,
    blanks: String,
    /// What it has to say, in words of which one says it; empty for nothing.
    says: String,
    shipped: String,
    length: String,
    shipped_holds: bool,
    lines: Vec<Line>,
}

/// A version on the page.
struct Line {
    version: i64,
    state: String,
    note: String,
    asked: String,
    decided: String,
    text: String,
    example: String,
    length: String,
    hash: String,
    may_decide: bool,
    /// Whether it may be asked for again.
    may_return: bool,
}

#[derive(Template)]
#[template(path = "wordings.html")]
struct Wordings<'a> {
    frame: &'a Frame<'a>,
    groups: Vec<Group>,
    inputs: Vec<Input>,
    told: Option<Told>,
    done: bool,
}

fn example(frame: &Frame<'_>, text: &str) -> String {
    let now = frame.moment(frame.app.desk.time().now());
    let of =
        |(name, example): (&'static str, &'static str)| (name, if name == "number" { example } else { now.as_str() });
    fill(text, &EXAMPLE.map(of))
}

/// How long words are, where there is a limit.
fn length(frame: &Frame<'_>, kind: &str, text: &str) -> String {
    let Some(Length { characters, parts }) = desk::wordings::length(kind, text) else { return String::new() };
    let characters = characters.to_string();
    match parts.map(|parts| parts.to_string()) {
        Some(parts) => frame.tv("wordings.length_sms", &[("characters", &characters), ("parts", &parts)]),
        None => frame.tv("wordings.length", &[("characters", &characters)]),
    }
}

fn line(frame: &Frame<'_>, caller: &Caller, one: &WordingView) -> Line {
    let said = |name: &str, at| frame.tv("rules.by", &[("name", name), ("at", &frame.moment(at))]);
    let own = one.asked_by.id == caller.actor.id;
    let waits = one.standing == WordingStanding::Requested;
    Line {
        version: one.version,
        state: frame.code("wording_standing", one.standing.code()),
        note: one.note.clone(),
        asked: said(&one.asked_by.name, one.asked_at),
        decided: one.decided_by.as_ref().zip(one.decided_at).map(|(by, at)| said(&by.name, at)).unwrap_or_default(),
        example: example(frame, &one.text),
        length: length(frame, &one.kind, &one.text),
        text: one.text.clone(),
        hash: one.hash.chars().take(12).collect(),
        may_decide: waits && !own && frame.may(permissions::APPROVE_WORDING),
        may_return: one.standing == WordingStanding::Replaced && frame.may(permissions::EDIT_WORDING),
    }
}

fn groups(frame: &Frame<'_>, caller: &Caller, all: &[WordingView]) -> Vec<Group> {
    let mut groups = Vec::new();
    for kind in &KINDS {
        for &language in LANGUAGES {
            let of: Vec<&WordingView> =
                all.iter().filter(|one| one.kind == kind.code && one.language == language).collect();
            let words = Language::from_tag(language).unwrap_or(Language::En);
            // The blanks stay open where nothing is given for them.
            let blanks = [("number", "{number}"), ("at", "{at}"), ("next", "{next}")];
            let shipped = || frame.app.locales.text(words, &format!("ui.post.{}", kind.code), &blanks);
            let shipped = if kind.shipped { shipped() } else { String::new() };
            let says = kind.says.map(|says| says.words(language).join(", "));
            groups.push(Group {
                title: format!("{} · {}", frame.code("wording_part", kind.code), frame.code("language", language)),
                kind: kind.code,
                language,
                blanks: kind.may.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(" "),
                says: says.map(|words| frame.tv("wordings.says", &[("words", &words)])).unwrap_or_default(),
                length: if kind.shipped { length(frame, kind.code, &shipped) } else { String::new() },
                shipped,
                shipped_holds: !of.iter().any(|one| one.standing == WordingStanding::InForce),
                lines: of.into_iter().map(|one| line(frame, caller, one)).collect(),
            });
        }
    }
    groups
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    typed: &Typed,
    failure: Option<Failure>,
    done: bool,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let groups = groups(&frame, caller, &app.desk.wordings(caller).await?);
    let draw = Draw { frame: &frame, words: "wording", typed, errors: &errors, known: &|_| Vec::new() };
    let inputs = if frame.may(permissions::EDIT_WORDING) { draw.inputs("", NEW_WORDING) } else { Vec::new() };
    Ok(shown_with(told.clone(), &Wordings { frame: &frame, groups, inputs, told, done }))
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let done = query::form(raw.unwrap_or_default().as_bytes()).iter().any(|(name, _)| name == "done");
    draw(&app, &visitor, &caller, &Typed::default(), None, done).await
}

async fn edit(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let outcome = match read::<NewWording>(&typed, NEW_WORDING, &Frame::new(&app, &visitor)) {
        Ok(new) => app.desk.edit_wording(&caller, new).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    let Err(failure) = outcome else { return Ok(Redirect::to("/console/wordings?done=asked").into_response()) };
    let failure = beside_the_form(&app, &visitor, failure)?;
    draw(&app, &visitor, &caller, &typed, Some(failure), false).await
}

async fn decide(
    approve: bool,
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path((kind, language, version)): Path<(String, String, String)>,
) -> Result<Response, Failure> {
    let version = version.parse().map_err(|_| Failure::from(domain::refusal::Refusal::not_found()))?;
    let outcome = app.desk.decide_wording(&caller, (&kind, &language, version), approve).await;
    let Err(failure) = outcome.map_err(Failure::from) else {
        return Ok(Redirect::to("/console/wordings?done=decided").into_response());
    };
    let failure = beside_the_form(&app, &visitor, failure)?;
    draw(&app, &visitor, &caller, &Typed::default(), Some(failure), false).await
}
