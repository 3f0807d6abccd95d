//! The page of an archive: the whole case for people, in both languages, without scripts and without asking anything
//! from anywhere.

use super::Frame;
use super::compensations::{self, compensations};
use super::facts::{facts, person, texts};
use super::history::{Moment, timeline};
use super::matters::{Shown, matters};
use super::names::Names;
use super::progress::{Clock, clocks};
use super::ties::{Tie, ties};
use crate::app::AppState;
use crate::locale::Language;
use crate::problem::{Failure, Why};
use crate::query;
use askama::Template;
use desk::archive::{Archive, CASE, LOG, MANIFEST, PROOFS, SIGNATURE};
use desk::{Caller, DeskError};

/// The case in one language.
struct Half<'a> {
    frame: Frame<'a>,
    state: String,
    grade: String,
    owner: String,
    texts: Vec<(String, String)>,
    facts: Vec<(String, String)>,
    person: Vec<(String, String)>,
    clocks: Vec<Clock>,
    matters: Vec<Shown>,
    compensations: Vec<compensations::Shown>,
    ties: Vec<Tie>,
    timeline: Vec<Moment>,
    accesses: Vec<Line>,
    files: Vec<File>,
    /// Letters as documents: name and place.
    letters: Vec<(String, String)>,
    /// Names of the members that prove it.
    members: [&'static str; 5],
}

/// One access to personal data.
struct Line {
    at: String,
    who: String,
    purpose: String,
    reason: String,
    extent: String,
}

/// An attachment.
pub(super) struct File {
    pub(super) name: String,
    pub(super) about: String,
    /// Where it lies in the archive; empty when it is gone.
    pub(super) link: String,
    pub(super) digest: String,
}

#[derive(Template)]
#[template(path = "archive.html")]
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
    letters: &[(String, Vec<u8>)],
) -> Result<String, Failure> {
    let mut names = Names::gather(app, caller).await?;
    names.add(&archive.view);
    let case = &archive.view.case;
    let now = app.desk.time().now();
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
            told_by: app.desk.library().rules_of(case).ok(),
        };
        halves.push(Half {
            state: frame.code("state", case.state.code()),
            grade: frame.code("grade", case.grade.code()),
            owner: names.owner(case.owner.unit, case.owner.user),
            texts: texts(&frame, case),
            facts: facts(&frame, case),
            person: person(&frame, &archive.view, archive.view.identity.as_ref()),
            clocks: clocks(&frame, case, now)?,
            matters: matters(&frame, &archive.view),
            compensations: compensations(&frame, &archive.view, now),
            ties: ties(&frame, case),
            timeline: timeline(&frame, &archive.view, &names),
            accesses: accesses(&frame, archive),
            files: files(&frame, archive),
            letters: letters.iter().map(|(member, _)| linked(member)).collect(),
            members: [CASE, LOG, PROOFS, MANIFEST, SIGNATURE],
            frame,
        });
    }
    let page = Page {
        number: &case.number,
        subject: case.record.subject.as_ref().and_then(|subject| subject.plain()).unwrap_or_default(),
        erased: archive.view.erased,
        made: now.to_string(),
        halves,
    };
    page.render().map_err(|error| Why::Desk(DeskError::Output(error.to_string())).into())
}

fn accesses(frame: &Frame<'_>, archive: &Archive) -> Vec<Line> {
    let who = |actor: &str| {
        let user = actor.strip_prefix("user:").and_then(|id| id.parse().ok());
        let name = user.and_then(|user| archive.view.users.get(&user).cloned());
        match actor.split(':').next() {
            Some("token") => frame.t("actor.token"),
            Some("system") => frame.t("actor.system"),
            _ => name.unwrap_or_else(|| actor.to_owned()),
        }
    };
    let line = |one: &desk::reveal::Access| Line {
        at: frame.moment(one.at),
        who: who(&one.actor),
        purpose: frame.code("purpose", &one.purpose),
        reason: one.reason.clone().unwrap_or_default(),
        extent: one.extent.clone(),
    };
    archive.accesses.iter().map(line).collect()
}

/// A letter by its name, and the link to it.
pub(super) fn linked(member: &str) -> (String, String) {
    let link = member.split('/').map(query::encode).collect::<Vec<_>>().join("/");
    (member.to_owned(), link)
}

/// The attachments of a case, each with its place.
pub(super) fn files(frame: &Frame<'_>, archive: &Archive) -> Vec<File> {
    let link = |id| {
        let member = archive.kept.iter().find(|one| one.id == id).map(|one| one.member.as_str()).unwrap_or_default();
        member.split('/').map(query::encode).collect::<Vec<_>>().join("/")
    };
    let file = |one: &domain::case::Attachment| File {
        name: one.name.plain().unwrap_or_default().to_owned(),
        about: super::attachments::about(frame, one),
        link: link(one.id),
        digest: one.digest.clone(),
    };
    archive.view.case.attachments.iter().map(file).collect()
}
