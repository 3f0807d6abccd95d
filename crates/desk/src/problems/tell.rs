//! Whoever a command on a problem concerns is told, in its own transaction: there are a few such commands a day.

use crate::Desk;
use crate::error::DeskError;
use crate::jobs::notify::meant;
use crate::notices::letters;
use crate::organisation::{area, role_of};
use crate::permissions::READ_PROBLEMS;
use crate::time::stored;
use domain::case::Owner;
use domain::case::notices::To;
use domain::problem::{Entry, Event, Problem};
use std::collections::BTreeSet;
use store::{NoticeRow, Tx, people};
use uuid::Uuid;

/// What a notice about a problem can be of.
pub const KINDS: &[&str] =
    &["problem_given", "action_given", "action_reported", "action_approved", "action_returned", "action_cancelled"];

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

/// Writes the notices of an entry: to the person named, or to those who lead the unit; never to whoever did it, and to
/// nobody who does not see the problem.
pub(super) fn tell(desk: &Desk, tx: &mut Tx<'_>, told: &Told<'_>) -> Result<(), DeskError> {
    let (at, by) = (told.entry.at, told.entry.actor.user());
    let mut done: BTreeSet<(Uuid, &str)> = BTreeSet::new();
    for (kind, owner) in told.entry.events.iter().filter_map(|event| told.of(event)) {
        let to = owner.user.map_or(To::Leads(owner.unit), To::User);
        for user in meant(tx, to, &told.problem.area, false, at)? {
            if by.is_some_and(|by| by.0 == user) || !sees(tx, user, &told.problem.area)? || !done.insert((user, kind)) {
                continue;
            }
            let by_mail = letters::announce(desk, tx, user)?;
            let row = NoticeRow {
                id: Uuid::now_v7(),
                user,
                case: told.problem.id,
                kind: kind.to_owned(),
                rule: String::new(),
                percent: 0,
                at: stored(at),
                run: None,
                mail: if by_mail { store::notices::WAITS } else { store::notices::NO_MAIL },
            };
            store::notices::insert(tx, &row)?;
        }
    }
    Ok(())
}

fn sees(tx: &mut Tx<'_>, user: Uuid, region: &str) -> Result<bool, DeskError> {
    let Some(row) = people::user(tx, user)?.filter(|row| !row.disabled) else { return Ok(false) };
    Ok(READ_PROBLEMS.granted_to(role_of(&row)?) && area::of_user(tx, &row)?.covers(region))
}
