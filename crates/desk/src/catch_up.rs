//! Catching up: whoever works an open case works by the calendars that hold now, and on what has come true by now. A
//! change of calendar moves the limits of all open cases at once; a case it moves nothing in takes note of it here, with
//! the next thing that happens to it. What a timer has not come to yet is said here too: a command that ends a late
//! clock would else take away what the rules attach to its limit.

use crate::Library;
use crate::error::DeskError;
use domain::actor::Actor;
use domain::case::{Case, Context, recount, timers};
use domain::event::Event;
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

impl CaughtUp {
    /// Adds what has to be said, with the case as that leaves it.
    fn say(
        &mut self,
        library: &Library,
        actor: &Actor,
        now: Timestamp,
        what: impl FnOnce(&Case, &Context<'_>) -> Vec<Event>,
    ) {
        let ctx = Context { now, actor, rules: &self.rules, taxonomy: library.taxonomy(), others: &[] };
        let said = what(&self.case, &ctx);
        self.case.anticipate(&said, &ctx);
        self.events.extend(said);
    }
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
    let mut caught_up = CaughtUp { case: case.clone(), rules: library.rules_of(case)?, events: Vec::new() };
    let changes = if case.state.is_open() || taken_up { library.behind(case)? } else { Vec::new() };
    if !changes.is_empty() {
        let mut calendars = case.calendars.clone();
        calendars.retain(|known| changes.iter().all(|change| change.calendar.id != known.id));
        calendars.extend(changes.iter().map(|change| change.calendar.clone()));
        let before = std::mem::replace(&mut caught_up.rules, library.rules_with(case, &calendars)?);
        caught_up.say(library, actor, now, |case, ctx| recount::events(case, &changes, &before, ctx));
    }
    caught_up.say(library, actor, now, timers::ring);
    Ok(caught_up)
}
