//! What other bodies have in hand: where each matter stands with them, step by step, each with its time and its paper.

use super::Frame;
use super::bundle::{Checked, check};
use desk::queries::case::CaseView;
use domain::case::Matter;
use domain::case::bundle::Concern;
use domain::case::matter::Step;

/// A matter on the page.
pub(super) struct Shown {
    /// The body, and its number.
    pub(super) title: String,
    pub(super) stage: String,
    pub(super) owed: bool,
    /// Steps, oldest first.
    pub(super) steps: Vec<Line>,
    /// Number within the case.
    pub(super) id: u32,
    /// What the body's bundle has to hold, and what of it is there.
    pub(super) check: Vec<Checked>,
}

impl Shown {
    /// Whether the bundle for the body would lack something.
    pub(super) fn wanting(&self) -> bool {
        self.check.iter().any(|line| line.wanting)
    }
}

/// A step of a matter.
pub(super) struct Line {
    pub(super) stage: String,
    /// When, how it ended, the number of its paper.
    pub(super) about: String,
    /// The attached paper: identity and name.
    pub(super) document: Option<(String, String)>,
}

/// All matters of a case.
pub(super) fn matters(frame: &Frame<'_>, view: &CaseView) -> Vec<Shown> {
    let shown = |matter: &Matter| Shown {
        title: title(frame, matter),
        stage: frame.code("stage", matter.stage.code()),
        owed: matter.owes_feedback(),
        steps: matter.steps.iter().map(|step| line(frame, view, step)).collect(),
        id: matter.id,
        check: check(frame, view, Concern::Matter(matter.id)),
    };
    view.case.matters.iter().map(shown).collect()
}

/// The body and its number.
pub(super) fn title(frame: &Frame<'_>, matter: &Matter) -> String {
    let number = matter.number.as_deref().unwrap_or_default();
    format!("{} {number}", frame.code("external", &matter.owner)).trim_end().to_owned()
}

fn line(frame: &Frame<'_>, view: &CaseView, step: &Step) -> Line {
    let mut parts = vec![frame.moment(step.at)];
    parts.extend(step.result.as_deref().map(|result| frame.code("result", result)));
    parts.extend(step.reference.as_deref().map(|number| format!("{} {number}", frame.t("matters.paper"))));
    let document = step.document.and_then(|id| view.case.attachments.iter().find(|file| file.id == id));
    let document = document.map(|file| (file.id.to_string(), file.name.plain().unwrap_or_default().to_owned()));
    Line { stage: frame.code("stage", step.stage.code()), about: parts.join(" · "), document }
}
