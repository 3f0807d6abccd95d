//! The page a person gets with their data: both languages, without scripts and without asking anything from anywhere.

use super::Frame;
use super::facts::{facts, person, texts};
use crate::app::AppState;
use crate::locale::Language;
use crate::problem::{Failure, Why};
use crate::query;
use askama::Template;
use desk::queries::case::CaseView;
use desk::retention::SubjectData;
use desk::{Caller, DeskError};
use domain::event::Event;
use domain::free_text::FreeText;

/// A case of the person.
struct Case {
    number: String,
    state: String,
    received: String,
    texts: Vec<(String, String)>,
    facts: Vec<(String, String)>,
    /// What passed between the person and us: moment, what, words.
    passed: Vec<(String, String, Vec<String>)>,
    /// Name and place of each file.
    files: Vec<(String, String)>,
}

/// The page in one language.
struct Half<'a> {
    frame: Frame<'a>,
    person: Vec<(String, String)>,
    cases: Vec<Case>,
}

#[derive(Template)]
#[template(path = "subject.html")]
struct Page<'a> {
    made: String,
    halves: Vec<Half<'a>>,
}

/// Draws the page.
///
/// # Errors
/// If it cannot be drawn.
pub(crate) fn page(app: &AppState, caller: &Caller, data: &SubjectData) -> Result<String, Failure> {
    let halves = Language::ALL.into_iter().map(|language| {
        let frame = Frame {
            app,
            language,
            caller: Some(caller),
            theme: Default::default(),
            place: "",
            unread: 0,
            views: &[],
            told_by: None,
        };
        let first = data.cases.first();
        let person = first.map(|view| person(&frame, view, Some(&data.identity))).unwrap_or_default();
        let cases = data.cases.iter().map(|view| {
            let told_by = app.desk.library().rules_of(&view.case).ok();
            case(
                &Frame {
                    app,
                    language,
                    caller: Some(caller),
                    theme: Default::default(),
                    place: "",
                    unread: 0,
                    views: &[],
                    told_by,
                },
                view,
                data,
            )
        });
        let cases = cases.collect();
        Half { person, cases, frame }
    });
    let page = Page { made: app.desk.time().now().to_string(), halves: halves.collect() };
    page.render().map_err(|error| Why::Desk(DeskError::Output(error.to_string())).into())
}

fn case(frame: &Frame<'_>, view: &CaseView, data: &SubjectData) -> Case {
    let number = view.case.number.clone();
    let files = data.files.iter().filter(|(of, _)| *of == number).map(|(_, place)| {
        let name = place.rsplit('/').next().unwrap_or_default().to_owned();
        (name, place.split('/').map(query::encode).collect::<Vec<_>>().join("/"))
    });
    Case {
        state: frame.code("state", view.case.state.code()),
        received: frame.moment(view.case.received_at),
        texts: texts(frame, &view.case),
        facts: facts(frame, &view.case),
        passed: passed(frame, view),
        files: files.collect(),
        number,
    }
}

/// What passed between the person and us, oldest first; notes and proposals for colleagues are not among it.
fn passed(frame: &Frame<'_>, view: &CaseView) -> Vec<(String, String, Vec<String>)> {
    let mut found = Vec::new();
    for entry in &view.entries {
        for event in &entry.events {
            let theirs = matches!(
                event,
                Event::Supplemented { .. }
                    | Event::Contacted { .. }
                    | Event::ProgressNotified { .. }
                    | Event::ProgressAgreed { .. }
                    | Event::Promised { .. }
                    | Event::Replied { .. }
                    | Event::LetterIssued { .. }
                    | Event::Declined { .. }
                    | Event::Disputed { .. }
                    | Event::Withdrawn { .. }
                    | Event::SatisfactionRecorded { .. }
            );
            if theirs {
                let mut event = event.clone();
                let words = event.texts().into_iter().filter_map(|(_, text)| match &*text {
                    FreeText::Plain(words) => Some(words.clone()),
                    FreeText::Sealed(_) => None,
                });
                found.push((frame.moment(entry.at), frame.code("verb", &entry.verb), words.collect()));
            }
        }
    }
    found
}
