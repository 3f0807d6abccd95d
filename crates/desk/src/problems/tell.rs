//! Whoever a command on a problem concerns is told, in its own transaction: there are a few such commands a day.

use crate::Desk;
use crate::error::DeskError;
use crate::notices::named::{Thing, write};
use crate::permissions::READ_PROBLEMS;
use domain::actor::AreaScope;
use domain::case::Owner;
use domain::problem::{Entry, Event, Problem};
use store::Tx;

/// What a notice about a problem can be of.
pub const KINDS: &[&str] = &[
    "problem_given",
    "action_given",
    "action_late",
    "action_reported",
    "action_approved",
    "action_returned",
    "action_cancelled",
];

/// An entry with the problem before and after it.
pub(super) struct Told<'a> {
    /// Nothing for the first entry.
    pub(super) before: Option<&'a Problem>,
    pub(super) problem: &'a Problem,
    pub(super) entry: &'a Entry,
}

impl Told<'_> {
    /// Whom an event concerns, and what of it.
    fn of(&self, event: &Event) -> Option<(&'static str, Owner)> {
        let doer = |action: u32| self.problem.action(action).ok().map(|one| one.owner);
        match event {
            Event::Opened { owner, .. } => Some(("problem_given", *owner)),
            Event::Amended { owner, .. } => {
                self.before.is_none_or(|before| before.owner != *owner).then_some(("problem_given", *owner))
            }
            Event::ActionPlanned { owner, .. } => Some(("action_given", *owner)),
            // Somebody else than the doer decides; who answers for the problem sees to it that somebody does.
            Event::ActionReported { .. } => Some(("action_reported", self.problem.owner)),
            Event::ActionApproved { action, .. } => Some(("action_approved", doer(*action)?)),
            Event::ActionReturned { action, .. } => Some(("action_returned", doer(*action)?)),
            Event::ActionCancelled { action, .. } => Some(("action_cancelled", doer(*action)?)),
            Event::Analysed { .. }
            | Event::CasesLinked { .. }
            | Event::CaseUnlinked { .. }
            | Event::Closed { .. }
            | Event::Dismissed { .. }
            | Event::Reopened { .. } => None,
        }
    }
}

/// Writes the notices of an entry.
pub(super) fn tell(desk: &Desk, tx: &mut Tx<'_>, told: &Told<'_>) -> Result<(), DeskError> {
    let named = told.entry.events.iter().filter_map(|event| told.of(event));
    let sees = |area: &AreaScope, of: &str| area.covers(of);
    let about = Thing { id: told.problem.id, region: &told.problem.area, needs: READ_PROBLEMS, sees: &sees };
    write(desk, tx, &about, (told.entry.actor.user(), told.entry.at), named.collect())
}
