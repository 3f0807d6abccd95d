//! Ended cases like one: why they are shown, what was done, how they ended, and whether that helped.

use super::names::Names;
use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{Path, Visitor, Who};
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use crate::words;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use desk::search::{Alike, Why};
use desk::{CaseRef, Permission, permissions};
use domain::advice::Advice;

pub(super) fn routes() -> Vec<Route> {
    vec![page(Method::Get, "/console/cases/{id}/similar", Access::Needs(permissions::READ_CASES), get(show))]
}

/// A case like this one, in words.
pub(super) struct Shown {
    pub(super) number: String,
    pub(super) category: String,
    /// Why it is shown, one reason each.
    pub(super) why: Vec<String>,
    /// When it was received and closed, where, and from what it came.
    about: Vec<String>,
    /// What came out, what the customer was told: label and words.
    texts: Vec<(String, String)>,
    /// What the customer got.
    remedies: Vec<String>,
    satisfied: String,
    useful: Option<bool>,
}

/// Cases like one, in words.
pub(super) fn shown(frame: &Frame<'_>, one: &Alike) -> Shown {
    let why = |why: &Why| match why {
        Why::Words(words) => frame.tv("similar.words", &[("words", &words.join(" · "))]),
        other => frame.code("alike_why", other.code()),
    };
    let mut about = vec![frame.tv("similar.received", &[("at", &frame.short(one.received_at))])];
    about.extend(one.closed_at.map(|at| frame.tv("similar.closed", &[("at", &frame.short(at))])));
    let province = frame.app.desk.library().taxonomy().province(&one.region);
    about.extend(province.map(|province| frame.language.pick(&province.zh, &province.en).to_owned()));
    about.extend(one.cause.as_deref().map(|cause| frame.cause(cause)));
    let text = |key: &str, text: &Option<String>| text.clone().map(|text| (frame.t(key), text));
    let remedy = one.remedies.iter().map(|(kind, sum, standing)| {
        let sum = sum.as_ref().map(|sum| sum.sum().to_string());
        let words = [Some(frame.code("remedy", kind.code())), sum, Some(frame.code("compensation", standing.code()))];
        words.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    });
    Shown {
        number: one.number.clone(),
        category: one.category.as_deref().map(|code| frame.category(code)).unwrap_or_default(),
        why: one.why.iter().map(why).collect(),
        about,
        texts: [text("similar.outcome", &one.outcome), text("similar.reply", &one.reply)]
            .into_iter()
            .flatten()
            .collect(),
        remedies: remedy.collect(),
        satisfied: one.satisfied.map(|said| frame.code("satisfied", words::satisfaction(said))).unwrap_or_default(),
        useful: one.useful,
    }
}

#[derive(Template)]
#[template(path = "similar.html")]
struct Similar<'a> {
    frame: &'a Frame<'a>,
    number: &'a str,
    version: i64,
    cases: Vec<Shown>,
    complete: bool,
    may_judge: bool,
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let name = CaseRef::parse(&name)?;
    let view = app.desk.case(&caller, &name).await?;
    let found = app.desk.similar_cases(&caller, &name).await?;
    Ok(render(&Similar {
        number: &view.case.number,
        version: view.case.version,
        cases: found.items.iter().map(|one| shown(&frame, one)).collect(),
        complete: found.complete,
        may_judge: !view.erased && Permission::for_verb("judge-similar").is_some_and(|one| one.allows(&caller)),
        frame: &frame,
    }))
}

/// What was made of something the machine found, as a sentence of the history.
pub(super) fn said(frame: &Frame<'_>, names: &Names, advice: &Advice) -> Option<String> {
    let likely = |name: &str, per_mille: u16| format!("{name} {}%", per_mille.saturating_add(5) / 10);
    let say = |code: &str, values: &[(&str, &str)]| Some(frame.app.locales.text(frame.language, code, values));
    match advice {
        Advice::Similar { number, useful: true, .. } => say("event.similar_useful", &[("number", number)]),
        Advice::Similar { number, .. } => say("event.similar_useless", &[("number", number)]),
        // The reader sees none of them.
        Advice::OtherMatter { cases } if cases.is_empty() => None,
        Advice::OtherMatter { cases } => {
            let numbers: Vec<&str> = cases.iter().map(|one| one.number.as_str()).collect();
            say("event.other_matter", &[("numbers", &numbers.join(", "))])
        }
        Advice::Draft { by, changed: true, .. } => say("event.machine_draft_changed", &[("by", by)]),
        Advice::Draft { by, .. } => say("event.machine_draft_confirmed", &[("by", by)]),
        Advice::Category { suggested, sure, .. } => {
            let one = |one: &domain::advice::Suggested| {
                let likely = one.per_mille.map(|likely| format!(" {}%", likely.saturating_add(5) / 10));
                format!("{}{}", frame.category(&one.category), likely.unwrap_or_default())
            };
            let told: Vec<String> = suggested.iter().map(one).collect();
            let code = if *sure { "event.categories_suggested" } else { "event.categories_unsure" };
            say(code, &[("categories", &told.join(" · "))])
        }
        Advice::Unit { suggested, sure, went, .. } => {
            let told: Vec<String> = suggested.iter().map(|one| likely(names.unit(one.unit), one.per_mille)).collect();
            let code = if *sure { "event.units_suggested" } else { "event.units_unsure" };
            say(code, &[("units", &told.join(" · ")), ("unit", names.unit(*went))])
        }
        Advice::Grade { suggested, sure, given, .. } => {
            let grade = |grade: policy::Grade| frame.code("grade", grade.code());
            let told: Vec<String> = suggested.iter().map(|one| likely(&grade(one.grade), one.per_mille)).collect();
            let code = if *sure { "event.grades_suggested" } else { "event.grades_unsure" };
            say(code, &[("grades", &told.join(" · ")), ("grade", &grade(*given))])
        }
    }
}
