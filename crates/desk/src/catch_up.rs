//! Catching up: whoever works an open case works by the calendars that hold now. A change of calendar moves the limits
//! of all open cases at once; a case it moves nothing in takes note of it here, with the next thing that happens to it.

use crate::Library;
use crate::error::DeskError;
use domain::actor::Actor;
use domain::case::{Case, Context, recount};
use domain::event::{Entry, Event};
use jiff::Timestamp;
use policy::Stack;

/// A case by the calendars that hold now.
pub(crate) struct CaughtUp {
    /// The case as it is to be decided on; its version is the one it has in the log.
    pub(crate) case: Case,
    /// The rules that govern it.
    pub(crate) rules: Stack,
    /// What has to be said in the log first; nothing when it is up to date.
    pub(crate) events: Vec<Event>,
}

/// Brings a case up to date. One that has ended keeps its calendars unless it is `taken_up` again.
///
/// # Errors
/// If a content the case names is not there.
pub(crate) fn catch_up(
    library: &Library,
    case: &Case,
    actor: &Actor,
    now: Timestamp,
    taken_up: bool,
) -> Result<CaughtUp, DeskError> {
    let before = library.rules_of(case)?;
    let changes = if case.state.is_open() || taken_up { library.behind(case)? } else { Vec::new() };
    if changes.is_empty() {
        return Ok(CaughtUp { case: case.clone(), rules: before, events: Vec::new() });
    }
    let mut calendars = case.calendars.clone();
    calendars.retain(|known| changes.iter().all(|change| change.calendar.id != known.id));
    calendars.extend(changes.iter().map(|change| change.calendar.clone()));
    let rules = library.rules_with(case, &calendars)?;
    let ctx = Context { now, actor, rules: &rules, taxonomy: library.taxonomy(), others: &[] };
    let events = recount::events(case, &changes, &before, &ctx);
    let mut caught_up = case.clone();
    // Nothing is written yet: version and moment stay those of the last entry.
    caught_up.apply_entry(&Entry {
        version: case.version,
        at: case.changed_at,
        actor: actor.id,
        verb: String::new(),
        events: events.clone(),
    });
    Ok(CaughtUp { case: caught_up, rules, events })
}
