//! What if: the form for a draft, and what it would have changed, rule by rule, with the cases.

use super::form::{Draw, Input, Typed};
use super::rulebook::name_of;
use super::staff_form::{beside_the_form, read};
use super::{Frame, page, shown_with};
use crate::api::rulebook::named;
use crate::app::AppState;
use crate::extract::{self, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::routes::{Access, Method, Route};
use crate::{query, what_if};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use desk::activation::RulesKind;
use desk::what_if::{Effect, Found, RuleEffects, WHAT_IF, WhatIf};
use desk::{Caller, permissions};
use policy::Pack;

const PAGE: &str = "/console/rules/what-if";
/// Cases listed on the page; the file has all.
const LISTED: usize = 50;

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Needs(permissions::WHAT_IF);
    vec![
        page(Method::Get, PAGE, may, get(show)),
        page(Method::Post, PAGE, may, post(ask)),
        page(Method::Post, "/console/rules/what-if/csv", may, post(list)),
    ]
}

/// How many, and some of the cases.
struct Shown {
    /// What the column says, where no heading is seen.
    label: String,
    count: u64,
    cases: Vec<String>,
    more: bool,
}

impl Shown {
    fn of(label: String, effect: &Effect) -> Self {
        let cases: Vec<String> = effect.cases.iter().take(LISTED).cloned().collect();
        Self { label, count: effect.count, more: effect.cases.len() > cases.len(), cases }
    }
}

/// A line of the table.
struct Line {
    title: String,
    rule: String,
    effects: Vec<Shown>,
}

struct Answer {
    /// What was looked at, and what could not be told.
    said: Vec<String>,
    grades: Shown,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "what_if.html")]
struct Page<'a> {
    frame: &'a Frame<'a>,
    /// Packs a draft can be begun from, by name and version.
    packs: Vec<String>,
    inputs: Vec<Input>,
    answer: Option<Answer>,
    told: Option<Told>,
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(_): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let pairs = query::form(raw.unwrap_or_default().as_bytes());
    let mut typed = Typed::default();
    if let Some((_, name)) = pairs.iter().find(|(key, value)| key == "pack" && !value.is_empty()) {
        let pack = named(&app, name)?;
        typed.set("kind", RulesKind::Pack.code());
        typed.set("text", begun(&app, &pack).unwrap_or_default());
    }
    Ok(draw(&app, &visitor, &typed, None, None))
}

/// The text of a pack under a version nobody has used yet.
fn begun(app: &AppState, pack: &Pack) -> Option<String> {
    let library = app.desk.library();
    let text = library.text_of(pack.hash())?;
    let versions = library.packs().iter().filter(|one| one.id() == pack.id()).map(|one| one.version_key()).max()?;
    let (last, before) = versions.split_last()?;
    let raised = before.iter().copied().chain([last.saturating_add(1)]);
    let raised: Vec<String> = raised.map(|part| part.to_string()).collect();
    let line = |version: &str| format!("version = \"{version}\"");
    Some(text.replacen(&line(pack.version()), &line(&raised.join(".")), 1))
}

async fn ask(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    match asked(&app, &visitor, &caller, &typed).await {
        Ok(found) => Ok(draw(&app, &visitor, &typed, Some(&found), None)),
        Err(failure) => {
            let failure = beside_the_form(&app, &visitor, failure)?;
            Ok(draw(&app, &visitor, &typed, None, Some(&failure)))
        }
    }
}

async fn asked(app: &AppState, visitor: &Visitor, caller: &Caller, typed: &Typed) -> Result<Found, Failure> {
    let wanted = read::<WhatIf>(typed, WHAT_IF, &Frame::new(app, visitor))?;
    what_if::ask(app, caller, wanted).await
}

async fn list(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let sent = match read::<WhatIf>(&typed, WHAT_IF, &Frame::new(&app, &visitor)) {
        Ok(wanted) => what_if::list(&app, &caller, wanted).await,
        Err(failure) => Err(failure),
    };
    let Err(failure) = sent else { return sent };
    let failure = beside_the_form(&app, &visitor, failure)?;
    Ok(draw(&app, &visitor, &typed, None, Some(&failure)))
}

/// Packs a draft can be begun from: those in force here, then the others, of each the newest first.
fn beginnings(app: &AppState) -> Vec<String> {
    let here = app.desk.rules_here();
    let mut names: Vec<String> = here.iter().flat_map(policy::Stack::packs).map(name_of).collect();
    for one in app.desk.library().packs().iter().rev().map(|pack| name_of(pack)) {
        if !names.contains(&one) {
            names.push(one);
        }
    }
    names
}

fn draw(
    app: &AppState,
    visitor: &Visitor,
    typed: &Typed,
    found: Option<&Found>,
    failure: Option<&Failure>,
) -> Response {
    let frame = Frame::new(app, visitor);
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let nobody = |_: &str| Vec::new();
    let drawing = Draw { frame: &frame, words: "what-if", typed, errors: &errors, known: &nobody };
    let answer = found.map(|found| answer(&frame, found));
    // What was typed is not lost to a choice beside it.
    let packs = if typed.get("text").is_empty() { beginnings(app) } else { Vec::new() };
    shown_with(told.clone(), &Page { packs, inputs: drawing.inputs("", WHAT_IF), answer, told, frame: &frame })
}

fn answer(frame: &Frame<'_>, found: &Found) -> Answer {
    let count = |key: &str, count: u64| (count > 0).then(|| frame.tv(key, &[("count", &count.to_string())]));
    let (cases, changed) = (found.cases.to_string(), found.changed.to_string());
    let values =
        [("rules", found.rules.as_str()), ("version", &found.version), ("cases", &cases), ("changed", &changed)];
    let mut said = vec![frame.tv("what_if.looked", &values)];
    if let Some(reached) = found.reached.filter(|_| !found.complete) {
        said.push(frame.tv("what_if.reached", &[("at", &frame.moment(reached))]));
    }
    said.extend(count("what_if.no_say", found.no_say));
    said.extend(count("what_if.untold", found.untold));
    said.extend(count("what_if.not_judged", found.not_judged));
    let line = |rule: &RuleEffects| Line {
        title: rule.title.as_ref().map_or("", |title| frame.language.pick(&title.zh, &title.en)).to_owned(),
        rule: rule.rule.clone(),
        effects: rule
            .effects()
            .map(|(name, effect)| Shown::of(frame.t(&format!("what_if.{}", name.code())), effect))
            .collect(),
    };
    Answer {
        said,
        grades: Shown::of(String::new(), &found.grades),
        lines: found.rules_changed.iter().map(line).collect(),
    }
}
