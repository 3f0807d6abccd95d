//! The page of a bundle: what a body outside is given of a case, in both languages, with what is missing on top. And the
//! same check on the page of the case, before anything is taken out.

use super::archive::{File, files, linked};
use super::attachments::take_out;
use super::compensations::{self, compensations};
use super::facts::{facts, person, texts};
use super::history::{Moment, timeline};
use super::letters;
use super::matters::{self, matters};
use super::names::Names;
use super::progress::{Clock, clocks};
use super::referrals::{self, referrals};
use super::rules::governing;
use super::windows::{Windows, windows};
use super::{Frame, page as route};
use crate::api::bundles::concern;
use crate::app::AppState;
use crate::extract::{Path, Visitor, Who};
use crate::locale::Language;
use crate::problem::{Failure, Why};
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use desk::archive::bundle::Bundle;
use desk::archive::{Archive, CASE, LOG, MANIFEST, PROOFS, SIGNATURE};
use desk::queries::case::CaseView;
use desk::{Caller, DeskError, permissions};
use domain::case::bundle::{Concern, LeftOut};
use domain::case::bundle_check::{Item, Standing, What};
use policy::{RuleHead, RuleRef, Source, Stack};

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Needs(permissions::EXPORT_CASE);
    vec![
        route(Method::Post, "/console/cases/{id}/referrals/{n}/bundle", may, post(of_referral)),
        route(Method::Post, "/console/cases/{id}/matters/{n}/bundle", may, post(of_matter)),
    ]
}

async fn of_referral(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path((name, n)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    take_out(&app, &visitor, &caller, &name, Some(concern(&n, Concern::Referral)?), &headers, body).await
}

async fn of_matter(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path((name, n)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    take_out(&app, &visitor, &caller, &name, Some(concern(&n, Concern::Matter)?), &headers, body).await
}

/// A line of the check in words.
pub(super) struct Checked {
    pub(super) sign: &'static str,
    pub(super) words: String,
    pub(super) standing: String,
    pub(super) wanting: bool,
}

/// What a bundle has to hold, in words, what is wanting first.
pub(super) fn checked(frame: &Frame<'_>, view: &CaseView, of: Concern, items: &[Item]) -> Vec<Checked> {
    let Ok(rules) = frame.app.desk.library().rules_of(&view.case) else { return Vec::new() };
    let mut lines: Vec<Checked> = items.iter().map(|item| line(frame, view, &rules, of, item)).collect();
    lines.sort_by_key(|line| !line.wanting);
    lines
}

/// The check of a referral or matter as it stands.
pub(super) fn check(frame: &Frame<'_>, view: &CaseView, of: Concern) -> Vec<Checked> {
    checked(frame, view, of, &frame.app.desk.bundle_check(view, of).unwrap_or_default())
}

fn line(frame: &Frame<'_>, view: &CaseView, rules: &Stack, of: Concern, item: &Item) -> Checked {
    let pick = |text: &policy::Text| frame.language.pick(&text.zh, &text.en).to_owned();
    let stage = item.stage.as_deref().map(|id| {
        let rule = of.route(&view.case, rules).and_then(|route| route.stage(id));
        match (of, rule) {
            (_, Some(rule)) => pick(&rule.title),
            (Concern::Matter(_), None) => frame.code("stage", id),
            (Concern::Referral(_), None) => id.to_owned(),
        }
    });
    let mut words = vec![frame.code("bundle_item", item.what.code())];
    words.extend(item.what.rule().map(|rule| frame.rule(rule)));
    if let What::Statement(letter, element) = &item.what {
        let elements = rules.letter(letter).map(|rule| rule.elements.as_slice()).unwrap_or_default();
        let said = elements.iter().find(|one| one.id == *element).and_then(|one| {
            let mine = one.text.iter().find(|(tag, _)| tag.starts_with(frame.lang().get(..2).unwrap_or_default()));
            mine.or(one.text.iter().next()).map(|(_, words)| words.clone())
        });
        words.push(said.unwrap_or_else(|| element.clone()));
    }
    words.extend(stage.map(|stage| match item.next {
        true => frame.tv("bundle.next", &[("stage", &stage)]),
        false => stage,
    }));
    words.extend(item.at.map(|at| frame.moment(at)));
    Checked {
        sign: match item.standing {
            Standing::There => "✓",
            Standing::Missing | Standing::Missed => "✕",
            Standing::Running => "○",
        },
        words: words.join(" · "),
        standing: frame.code("checked", item.standing.code()),
        wanting: item.standing.is_wanting(),
    }
}

/// The bundle in one language.
struct Half<'a> {
    frame: Frame<'a>,
    /// The body with its number, and where the matter stands.
    title: String,
    stage: String,
    ours: bool,
    /// Stage, and when with its paper.
    steps: Vec<(String, String)>,
    check: Vec<Checked>,
    complete: bool,
    texts: Vec<(String, String)>,
    person: Vec<(String, String)>,
    facts: Vec<(String, String)>,
    state: String,
    clocks: Vec<Clock>,
    windows: Windows,
    governing: Vec<String>,
    /// Other rules the bundle rests on: title and what stands behind it.
    standing: Vec<(String, String)>,
    /// Sources: title, and address with the day it was seen.
    sources: Vec<(String, String)>,
    letters: Vec<letters::Shown>,
    documents: Vec<(String, String)>,
    compensations: Vec<compensations::Shown>,
    timeline: Vec<Moment>,
    files: Vec<File>,
    left_out: Vec<String>,
    members: [&'static str; 5],
}

#[derive(Template)]
#[template(path = "bundle.html")]
struct Page<'a> {
    number: &'a str,
    subject: &'a str,
    erased: bool,
    made: String,
    halves: Vec<Half<'a>>,
}

/// Draws the page.
///
/// # Errors
/// Those of the desk.
pub(crate) async fn page(
    app: &AppState,
    caller: &Caller,
    archive: &Archive,
    bundle: &Bundle,
    documents: &[(String, Vec<u8>)],
) -> Result<String, Failure> {
    let mut names = Names::gather(app, caller).await?;
    names.add(&archive.view);
    let view = &archive.view;
    let case = &view.case;
    let now = app.desk.time().now();
    let rules = app.desk.library().rules_of(case)?;
    let mut halves = Vec::new();
    for language in Language::ALL {
        let frame = Frame {
            app,
            language,
            caller: Some(caller),
            theme: Default::default(),
            place: "",
            unread: 0,
            views: &[],
            told_by: Some(rules.clone()),
        };
        let (title, stage, ours, steps) = stands(&frame, view);
        let (standing, sources) = rest_on(&frame, archive, bundle)?;
        halves.push(Half {
            title,
            stage,
            ours,
            steps,
            complete: !bundle.check.iter().any(|item| item.standing.is_wanting()),
            check: checked(&frame, view, bundle.concern, &bundle.check),
            texts: texts(&frame, case),
            person: person(&frame, view, view.identity.as_ref()),
            facts: facts(&frame, case),
            state: frame.code("state", case.state.code()),
            clocks: clocks(&frame, &bundle.counted, now)?,
            windows: windows(&frame, &bundle.counted, now)?,
            governing: governing(&frame, &bundle.counted),
            standing,
            sources,
            letters: letters::letters(&frame, view),
            documents: documents.iter().map(|(member, _)| linked(member)).collect(),
            compensations: compensations(&frame, view, now),
            timeline: timeline(&frame, view, &names),
            files: files(&frame, archive),
            left_out: left_out(&frame, bundle),
            members: [CASE, LOG, PROOFS, MANIFEST, SIGNATURE],
            frame,
        });
    }
    let page = Page {
        number: &case.number,
        subject: case.record.subject.as_ref().and_then(|subject| subject.plain()).unwrap_or_default(),
        erased: view.erased,
        made: now.to_string(),
        halves,
    };
    page.render().map_err(|error| Why::Desk(DeskError::Output(error.to_string())).into())
}

/// Title, stage, whether the operator has to act, and the steps of the one referral or matter that is left.
fn stands(frame: &Frame<'_>, view: &CaseView) -> (String, String, bool, Vec<(String, String)>) {
    if let Some(referrals::Shown { title, stage, ours, steps, .. }) = referrals(frame, view).pop() {
        return (title, stage, ours, steps);
    }
    match matters(frame, view).pop() {
        Some(matters::Shown { title, stage, owed, steps, .. }) => {
            let step = |step: matters::Line| {
                let paper = step.document.map(|(_, name)| format!(" · {name}")).unwrap_or_default();
                (step.stage, step.about + &paper)
            };
            (title, stage, owed, steps.into_iter().map(step).collect())
        }
        None => (String::new(), String::new(), false, Vec::new()),
    }
}

type Pairs = Vec<(String, String)>;

/// What stands behind the way and its letters, and every source the rules of the bundle were read in.
fn rest_on(frame: &Frame<'_>, archive: &Archive, bundle: &Bundle) -> Result<(Pairs, Pairs), Failure> {
    let desk = &frame.app.desk;
    let case = &bundle.counted;
    let rules = desk.library().rules_of(case)?;
    let find = |wanted: &RuleHead| -> Option<RuleRef> {
        let mut packs = rules.packs();
        packs.find_map(|pack| pack.heads().any(|(_, head)| head.id == wanted.id).then(|| pack.reference(wanted))?)
    };
    let mut heads: Vec<&RuleHead> = Vec::new();
    heads.extend(bundle.concern.route(case, &rules).map(|route| &route.head));
    for letter in &archive.view.case.letters {
        let Some(rule) = rules.letter(&letter.rule) else { continue };
        if heads.iter().all(|known| known.id != rule.head.id) {
            heads.push(&rule.head);
        }
    }
    let told: Vec<RuleRef> = heads.into_iter().filter_map(find).collect();
    let mut sources: Vec<Source> = Vec::new();
    let clocks = desk.explain_clocks(case)?.into_iter().filter_map(|one| one.explanation.rule);
    let windows = desk.windows(case)?.known.into_iter().filter_map(|one| one.explanation.rule);
    for rule in told.iter().cloned().chain(clocks).chain(windows) {
        if !sources.contains(&rule.source) {
            sources.push(rule.source);
        }
    }
    let pick = |text: &policy::Text| frame.language.pick(&text.zh, &text.en).to_owned();
    let standing = told.iter().map(|rule| {
        let title = format!("{} ({} {} {})", pick(&rule.title), rule.pack, rule.pack_version, rule.rule);
        (title, rule.basis_line(frame.language.of_rules()))
    });
    let sources = sources.iter().map(|source| {
        let seen = source.seen.map(|day| day.to_string());
        let about: Vec<String> = source.url.clone().into_iter().chain(seen).collect();
        (pick(&source.title), about.join(" · "))
    });
    Ok((standing.collect(), sources.collect()))
}

/// What stays out and why, each reason with how many events it concerns.
fn left_out(frame: &Frame<'_>, bundle: &Bundle) -> Vec<String> {
    let line = |why: LeftOut| {
        let count = bundle.left_out.get(&why).copied().unwrap_or_default().to_string();
        format!("{} · {}", frame.code("left_out", why.code()), frame.tv("bundle.events", &[("count", &count)]))
    };
    LeftOut::ALL.into_iter().map(line).collect()
}
