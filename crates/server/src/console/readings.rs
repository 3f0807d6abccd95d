//! Words that are read by a second person before they go out, on the page of a case.

use super::Frame;
use desk::Caller;
use desk::queries::case::CaseView;
use domain::actor::ActorId;
use domain::case::Case;
use domain::case::reading::{self, Paper, Reading, Standing};
use domain::free_text::FreeText;

/// What a reader does.
pub(super) const VERBS: [&str; 2] = ["release-reading", "return-reading"];

/// A reading on the page.
pub(super) struct Shown {
    pub(super) title: String,
    pub(super) standing: String,
    /// Who wrote and who read it, each with the moment.
    pub(super) about: Vec<String>,
    pub(super) content: String,
    pub(super) remark: String,
    /// Whether somebody still has to do something about it.
    pub(super) open: bool,
}

/// What is read, in words.
pub(super) fn title(frame: &Frame<'_>, paper: &Paper) -> String {
    match paper {
        Paper::Reply {} => frame.code("paper", paper.code()),
        Paper::Letter { letter, .. } => frame.rule(letter),
    }
}

/// The readings of a case, newest first.
pub(super) fn shown(frame: &Frame<'_>, view: &CaseView) -> Vec<Shown> {
    let who = |by: &ActorId| match by {
        ActorId::User(user) => view.users.get(user).cloned().unwrap_or_else(|| user.to_string()),
        ActorId::Token(_) => frame.t("actor.token"),
        ActorId::System => frame.t("actor.system"),
    };
    let one = |one: &Reading| {
        let told = |key: &str, by: &ActorId, at| frame.tv(key, &[("who", &who(by)), ("at", &frame.moment(at))]);
        let mut about = vec![told("readings.written", &one.by, one.at)];
        about.extend(one.read.as_ref().map(|(by, at)| told("readings.read", by, *at)));
        about.extend(one.drafted.as_ref().map(|(by, changed)| {
            let key = if *changed { "readings.drafted_changed" } else { "readings.drafted" };
            frame.tv(key, &[("by", by)])
        }));
        let words = |text: &FreeText| text.plain().unwrap_or_default().to_owned();
        Shown {
            title: format!("{} {}", one.id, title(frame, &one.paper)),
            standing: frame.code("reading", one.standing.code()),
            about,
            content: words(&one.content),
            remark: one.remark.as_ref().map(words).unwrap_or_default(),
            open: matches!(one.standing, Standing::Waiting | Standing::Released),
        }
    };
    view.case.readings.iter().rev().map(one).collect()
}

/// Whether the rules want the answer of a case read before it is told; of one that was told nothing is said.
pub(super) fn wanted(frame: &Frame<'_>, case: &Case) -> bool {
    let library = frame.app.desk.library();
    let asks = || library.rules_of(case).is_ok_and(|rules| reading::wanted(case, &rules, library.taxonomy()));
    case.state.is_open() && case.reply.is_none() && asks()
}

fn choice(frame: &Frame<'_>, one: &Reading) -> (String, String) {
    (one.id.to_string(), format!("{} {}", one.id, title(frame, &one.paper)))
}

/// Readings whose words may go out with a verb.
pub(super) fn released(frame: &Frame<'_>, case: &Case, verb: &str) -> Vec<(String, String)> {
    let fits = |one: &&Reading| (one.paper == Paper::Reply {}) == (verb == "reply");
    case.released_readings().filter(fits).map(|one| choice(frame, one)).collect()
}

/// Readings that wait for somebody like the caller.
pub(super) fn to_read(frame: &Frame<'_>, case: &Case, caller: &Caller) -> Vec<(String, String)> {
    let theirs = |one: &&Reading| one.by != caller.actor.id;
    case.waiting_readings().filter(theirs).map(|one| choice(frame, one)).collect()
}
