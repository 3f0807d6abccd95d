//! Writing a letter: the draft for the letter and language somebody chose, and what stands against sending it or makes it
//! hard to read, said before it goes out.

use super::case::drawn_with;
use super::form::Typed;
use super::letters::{hard_words, spoken};
use super::{Frame, page};
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, blank};
use crate::routes::{Access, Method, Route};
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use desk::queries::case::CaseView;
use desk::{Caller, CaseRef, Permission};
use domain::case::grade;
use domain::fault::Fault;
use policy::{ClockKind, LetterFault, LetterRule, Stack, plain};

/// The verb whose form this is.
pub(super) const VERB: &str = "issue-letter";
/// Box of the form that says which draft it was filled with: letter and language.
const DRAFTED: &str = "drafted";

/// What is to be said beside the form of a letter.
pub(super) struct Writing {
    /// Whether a draft was put in, and nothing else looked at.
    pub(super) drafted: bool,
    /// What has to be done before it can be sent; nothing where it can be.
    pub(super) left: Vec<String>,
    /// What is hard to read in it.
    pub(super) hard: Vec<String>,
    /// Which draft the form was filled with.
    pub(super) mark: String,
}

pub(super) fn routes() -> Vec<Route> {
    let Some(permission) = Permission::for_verb(VERB) else { return Vec::new() };
    let access = Access::Needs(permission);
    vec![
        page(
            Method::Post,
            "/console/cases/{id}/issue-letter/draft",
            access,
            post(|state, visitor, who, path, headers, body| step(true, state, visitor, who, path, headers, body)),
        ),
        page(
            Method::Post,
            "/console/cases/{id}/issue-letter/check",
            access,
            post(|state, visitor, who, path, headers, body| step(false, state, visitor, who, path, headers, body)),
        ),
    ]
}

/// Puts a draft into the form, or says what is left to do; nothing is sent.
async fn step(
    anew: bool,
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let case = CaseRef::parse(&name)?;
    let mut typed = Typed::read(&extract::bytes(&headers, body).await?);
    let view = app.desk.case(&caller, &case).await?;
    let frame = Frame::new(&app, &visitor);
    let rules = app.desk.library().rules_of(&view.case)?;
    let chosen = rules.letter(typed.get("letter"));
    let wrong = match chosen {
        None => Some(Fault::new("letter", "required")),
        Some(rule) if !typed.get("language").is_empty() && !has(rule, typed.get("language")) => {
            Some(Fault::new("language", "not_one_of").with("allowed", rule.languages.join(", ")))
        }
        Some(_) => None,
    };
    if let Some(fault) = wrong {
        let told = Failure::from(fault).tell(&app, visitor.language);
        return super::case::troubled(&app, &visitor, &caller, &case, (VERB, Some(&typed)), told).await;
    }
    let drafted = if anew || typed.get("content").is_empty() {
        fill(&frame, &view, &mut typed)?;
        true
    } else {
        follow_language(&frame, &view, &mut typed)
    };
    let writing = looked(&frame, &view, &typed, drafted);
    show(&app, &visitor, &caller, &view, (&typed, writing)).await
}

async fn show(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    view: &CaseView,
    (typed, writing): (&Typed, Option<Writing>),
) -> Result<Response, Failure> {
    drawn_with(app, visitor, caller, view, (VERB, typed), writing).await
}

fn has(rule: &LetterRule, language: &str) -> bool {
    rule.languages.iter().any(|known| known == language)
}

/// The form of a letter as somebody starts from it: the draft in the language asked for, else in that of the page.
pub(super) fn started(frame: &Frame<'_>, view: &CaseView, letter: &str, language: Option<&str>) -> Typed {
    let mut typed = Typed::default();
    typed.set("letter", letter);
    typed.set("language", language.unwrap_or_default());
    // A letter this case does not have leaves the form as it is.
    match fill(frame, view, &mut typed) {
        Ok(()) => typed,
        Err(_) => Typed::default(),
    }
}

/// Puts the draft of the chosen letter into the form, in the chosen language if the letter has it.
fn fill(frame: &Frame<'_>, view: &CaseView, typed: &mut Typed) -> Result<(), Failure> {
    let rules = frame.app.desk.library().rules_of(&view.case)?;
    let (letter, language) = (typed.get("letter").to_owned(), typed.get("language").to_owned());
    let language = match rules.letter(&letter) {
        Some(rule) if !has(rule, &language) => spoken(frame, rule).to_owned(),
        _ => language,
    };
    let draft = frame.app.desk.letter_draft(view, &letter, Some(&language))?;
    typed.set(DRAFTED, format!("{letter}|{language}"));
    typed.set("language", draft.language);
    typed.set("content", draft.content);
    Ok(())
}

/// Drafts anew for another letter or language, where nobody has changed the draft that was there.
pub(super) fn follow_language(frame: &Frame<'_>, view: &CaseView, typed: &mut Typed) -> bool {
    let mark = typed.get(DRAFTED).to_owned();
    let Some((letter, language)) = mark.split_once('|') else { return false };
    if (letter, language) == (typed.get("letter"), typed.get("language")) {
        return false;
    }
    let close = |text: &str| text.split_whitespace().collect::<String>();
    let before = frame.app.desk.letter_draft(view, letter, Some(language));
    let untouched = before.is_ok_and(|before| close(&before.content) == close(typed.get("content")));
    untouched && fill(frame, view, typed).is_ok()
}

/// What is left to do and what is hard to read in the letter as it stands in the form; nothing where none is chosen.
pub(super) fn looked(frame: &Frame<'_>, view: &CaseView, typed: &Typed, drafted: bool) -> Option<Writing> {
    let rules = frame.app.desk.library().rules_of(&view.case).ok()?;
    let rule = rules.letter(typed.get("letter"))?;
    let (language, content) = (typed.get("language"), typed.get("content"));
    if !has(rule, language) || content.is_empty() {
        return None;
    }
    let mut left = Vec::new();
    for fault in rule.faults(language, content) {
        match fault {
            LetterFault::Lacks { words, .. } => {
                left.push(frame.app.locales.text(frame.language, "fault.letter_lacks", &[("words", &words)]))
            }
            LetterFault::Blank(name) => {
                let (place, words) = (format!("{{{name}}}"), blank(frame.app, frame.language, &name));
                let key = if content.contains(&place) { "letters.left_blank" } else { "letters.left_empty" };
                left.push(frame.tv(key, &[("words", &words), ("place", &place)]));
                if name == "appeal_closes_at" {
                    left.extend(counted_from_it(frame, view, &rules, rule, &words));
                }
            }
        }
    }
    let hard = plain::advice(language, content).iter().map(|one| hard_words(frame, one)).collect();
    Some(Writing { drafted, left, hard, mark: typed.get(DRAFTED).to_owned() })
}

/// Where the customer's time to apply runs from this letter, no case can know its end before.
fn counted_from_it(
    frame: &Frame<'_>,
    view: &CaseView,
    rules: &Stack,
    rule: &LetterRule,
    words: &str,
) -> Option<String> {
    let library = frame.app.desk.library();
    let facts = grade::facts(&view.case, rules, library.taxonomy());
    let now = frame.app.desk.time().now();
    let started = rules.clocks_started_with(&rule.head.id, &facts, view.case.grade, now);
    let is_window = |id: &str| rules.clock(id).is_some_and(|clock| clock.kind == ClockKind::Window);
    let one = started.into_iter().find(|one| is_window(&one.rule))?;
    let values = [("words", words), ("at", &rules.told(one.due_at)), ("rule", &frame.rule(&one.rule))];
    Some(frame.tv("letters.counted_from_it", &values))
}
