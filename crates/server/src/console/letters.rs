//! Letters on the page of a case: what is owed, what went out and how, and the draft somebody starts from.

use super::{Frame, page};
use crate::api::letters;
use crate::app::AppState;
use crate::extract::{Path, Who};
use crate::letters::Document;
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use desk::permissions;
use desk::queries::case::CaseView;
use domain::case::{Case, Hold, Issued, Letter, gates, grade};
use policy::{LetterRule, Stack};

/// A letter on the page.
pub(super) struct Shown {
    pub(super) title: String,
    pub(super) rule: String,
    /// Since when it is owed, or how it went out.
    pub(super) about: String,
    pub(super) binding: bool,
    pub(super) owed: bool,
    pub(super) done: bool,
    /// Name of the document; empty when there is none to show.
    pub(super) link: String,
    /// What its address says besides: the language of a draft.
    pub(super) language: String,
    /// What is hard to read in it, as sentences.
    pub(super) hard: Vec<String>,
    /// What proves that it went out: the number or the name of the attached paper.
    pub(super) proof: String,
    /// What it says, when it is out.
    pub(super) content: String,
}

/// All letters of a case, what is owed first.
pub(super) fn letters(frame: &Frame<'_>, view: &CaseView) -> Vec<Shown> {
    let case = &view.case;
    let Ok(rules) = frame.app.desk.library().rules_of(case) else { return Vec::new() };
    let mut shown: Vec<Shown> = case.letters.iter().map(|letter| one(frame, view, &rules, letter)).collect();
    shown.sort_by_key(|letter| (!letter.owed, !letter.binding));
    shown
}

fn one(frame: &Frame<'_>, view: &CaseView, rules: &Stack, letter: &Letter) -> Shown {
    let case = &view.case;
    let rule = rules.letter(&letter.rule);
    // A draft is in the language its form begins with.
    let (name, language) = match &letter.issued {
        Some(_) => (letter.id.to_string(), None),
        None => (letter.rule.clone(), rule.map(|rule| spoken(frame, rule))),
    };
    let known = Document::of(frame.app, view, &name, language).ok().filter(|_| !view.erased);
    let about = match (&letter.issued, &letter.owed) {
        (Some(issued), _) => {
            let mut parts = vec![frame.code("medium", issued.medium.code()), frame.moment(issued.at)];
            parts.extend(letter.delivered_at.map(|at| frame.tv("letters.delivered", &[("at", &frame.moment(at))])));
            parts.join(" · ")
        }
        (None, Some((since, by))) => {
            frame.tv("letters.owed_since", &[("at", &frame.moment(*since)), ("rule", &frame.rule(by))])
        }
        (None, None) => String::new(),
    };
    Shown {
        title: rule.map_or_else(|| letter.rule.clone(), |rule| title(frame, rule)),
        rule: letter.rule.clone(),
        about,
        binding: letter.binding,
        owed: letter.issued.is_none(),
        done: letter.is_done(rule) || (letter.owed.is_some() && !gates::is_owed(case, letter, rules)),
        link: known.as_ref().map(|_| name).unwrap_or_default(),
        language: language.map(|language| format!("?language={language}")).unwrap_or_default(),
        hard: known.map(|known| hard(frame, &known)).unwrap_or_default(),
        proof: letter.issued.as_ref().map(|issued| proof(frame, view, issued)).unwrap_or_default(),
        content: letter.issued.as_ref().and_then(|one| one.content.plain()).unwrap_or_default().to_owned(),
    }
}

fn proof(frame: &Frame<'_>, view: &CaseView, issued: &Issued) -> String {
    let number = issued.reference.as_deref().map(|number| format!("{} {number}", frame.t("matters.paper")));
    let paper = issued.document.and_then(|id| view.case.attachments.iter().find(|file| file.id == id));
    let paper = paper.and_then(|file| file.name.plain()).map(str::to_owned);
    number.into_iter().chain(paper).collect::<Vec<_>>().join(" · ")
}

fn hard(frame: &Frame<'_>, document: &Document) -> Vec<String> {
    document.advice().iter().map(|one| hard_words(frame, one)).collect()
}

/// A piece of advice as a sentence.
pub(super) fn hard_words(frame: &Frame<'_>, one: &policy::plain::Advice) -> String {
    let hard = frame.code("ui.hard", one.hard.code());
    match &one.instead {
        Some(instead) => frame.tv("letters.instead", &[("words", &one.words), ("hard", &hard), ("instead", instead)]),
        None => frame.tv("letters.place", &[("words", &one.words), ("hard", &hard)]),
    }
}

/// The language a draft begins in: that of the page where the letter has it, else the letter's first.
pub(super) fn spoken<'r>(frame: &Frame<'_>, rule: &'r LetterRule) -> &'r str {
    let tag = frame.language.pick("zh-CN", "en");
    let alike = |known: &&String| known.split('-').next() == tag.split('-').next();
    let exact = rule.languages.iter().find(|known| *known == tag);
    let alike = || rule.languages.iter().find(alike);
    exact.or_else(alike).or(rule.languages.first()).map_or("", String::as_str)
}

pub(super) fn routes() -> Vec<Route> {
    let access = Access::Needs(permissions::READ_CASES);
    vec![page(Method::Get, "/console/cases/{id}/letters/{letter}", access, get(document))]
}

async fn document(
    State(app): State<AppState>,
    Who(caller): Who,
    Path((case, letter)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    letters::answer(&app, &caller, &case, &letter, raw.as_deref(), &headers).await
}

fn title(frame: &Frame<'_>, rule: &LetterRule) -> String {
    frame.language.pick(&rule.head.title.zh, &rule.head.title.en).to_owned()
}

/// What must not be done, as sentences; what has ended is history.
pub(super) fn holds(frame: &Frame<'_>, case: &Case) -> Vec<String> {
    let lasting = case.holds.iter().filter(|hold| hold.lasts());
    let sentence = |hold: &Hold| {
        let held: Vec<String> = hold.holds.iter().map(|held| frame.code("held", held.code())).collect();
        let held = held.join(&frame.t("list_comma"));
        let since = frame.moment(hold.placed_at);
        frame.tv("holds.lasts", &[("held", &held), ("at", &since), ("rule", &frame.rule(&hold.rule))])
    };
    let legal = case.lasting_legal_holds().map(|hold| {
        let reason = hold.reason.plain().unwrap_or_default();
        let (id, since) = (hold.id.to_string(), frame.moment(hold.placed_at));
        frame.tv("holds.legal", &[("hold", &id), ("at", &since), ("reason", reason)])
    });
    lasting.map(sentence).chain(legal).collect()
}

/// Ways to bodies outside that are open, as sentences.
pub(super) fn opened(frame: &Frame<'_>, case: &Case) -> Vec<String> {
    let sentence = |(route, at): &(String, jiff::Timestamp)| {
        frame.tv("routes.open", &[("route", &frame.rule(route)), ("at", &frame.moment(*at))])
    };
    case.opened.iter().map(sentence).collect()
}

/// What the forms offer: letters for this case, their languages, letters that are out.
pub(super) struct Letters {
    pub(super) known: Vec<(String, String)>,
    pub(super) languages: Vec<(String, String)>,
    pub(super) out: Vec<(String, String)>,
}

impl Letters {
    pub(super) fn of(frame: &Frame<'_>, case: &Case) -> Self {
        let library = frame.app.desk.library();
        let Ok(rules) = library.rules_of(case) else {
            return Self { known: Vec::new(), languages: Vec::new(), out: Vec::new() };
        };
        let facts = grade::facts(case, &rules, library.taxonomy());
        let mut mine: Vec<&LetterRule> = rules.letters(&facts, case.grade, case.received_at).collect();
        let owed = case.letters.iter().filter(|letter| letter.issued.is_none());
        for rule in owed.filter_map(|letter| rules.letter(&letter.rule)) {
            if mine.iter().all(|known| known.head.id != rule.head.id) {
                mine.push(rule);
            }
        }
        let mut languages: Vec<&str> = mine.iter().flat_map(|rule| &rule.languages).map(String::as_str).collect();
        languages.sort_unstable();
        languages.dedup();
        let out = case.letters.iter().filter(|letter| letter.issued.is_some() && letter.delivered_at.is_none());
        Self {
            known: mine.iter().map(|rule| (rule.head.id.clone(), title(frame, rule))).collect(),
            languages: languages.into_iter().map(|tag| (tag.to_owned(), tag.to_owned())).collect(),
            out: out.map(|letter| (letter.id.to_string(), frame.rule(&letter.rule))).collect(),
        }
    }
}
