//! Recounting: a newer version of a calendar moves the limits of an open case. A closed case keeps every limit, and the
//! calendar it was counted with.
//!
//! Clocks of the law move like all others: the law counts days, and which days count is what was announced. What was
//! kept shorter than its rule stays so.

use super::{Case, Clock, Context, grade};
use crate::event::{CalendarPin, Event};
use policy::Stack;

/// A calendar that changed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The version that holds now.
    pub calendar: CalendarPin,
    /// Why, in the words of whoever asked for it.
    pub note: String,
}

/// What the changes cause in a case: the calendars it is counted with from now on, and every clock they move. The rules
/// of the context count with the new calendars, `before` with the old.
#[must_use]
pub fn events(case: &Case, changes: &[Change], before: &Stack, ctx: &Context<'_>) -> Vec<Event> {
    let changed = changes.iter().map(|change| Event::CalendarChanged {
        before: case.calendars.iter().find(|known| known.id == change.calendar.id).map(|known| known.version),
        calendar: change.calendar.clone(),
        note: change.note.clone(),
    });
    changed.chain(moved(case, before, ctx)).collect()
}

/// The clocks that a change of calendars moves.
#[must_use]
pub fn moved(case: &Case, before: &Stack, ctx: &Context<'_>) -> Vec<Event> {
    let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
    let counted = |clock: &Clock, rules: &Stack| {
        // One that stands still is counted to where it would be due had it run on; it moves again when it does.
        let stood: Vec<_> = clock.pauses.iter().filter(|(_, to)| to.is_some()).copied().collect();
        Some(rules.due_paused(&clock.rule, clock.from, &facts, case.grade, &stood)?.due_at)
    };
    case.clocks
        .iter()
        .filter(|clock| clock.is_open())
        .filter_map(|clock| {
            let (old, new) = (counted(clock, before)?, counted(clock, ctx.rules)?);
            // What is shorter than its rule was kept so, and may only become shorter still. What is longer came from
            // another case with facts of its own, which are not known here.
            let due_at = match clock.due_at.cmp(&old) {
                std::cmp::Ordering::Equal => new,
                std::cmp::Ordering::Less => new.min(clock.due_at),
                std::cmp::Ordering::Greater => clock.due_at,
            };
            let differs = due_at != clock.due_at;
            differs.then(|| Event::ClockMoved { rule: clock.rule.clone(), round: clock.round, due_at })
        })
        .collect()
}
