//! Agree progress (约定进展告知间隔): how often the customer wants to hear how far the matter is, where that is another
//! interval than the rules have, or that they want to hear nothing before the outcome. The rules say up to what it may be
//! agreed; what is agreed holds until something else is, and messages nobody writes then no longer go out.

use super::{Case, Clock, Context, Decision, clocks, notify_progress};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::{SignedDuration, Timestamp};
use policy::{ClockRule, Stack};
use serde::Deserialize;

/// Most hours the form takes; the rules of a case may allow fewer.
const MOST: i64 = 366 * 24;

/// Shape of an agreement.
pub const FIELDS: &[Field] = &[
    optional("hours", Kind::Whole { min: 1, max: MOST }, "How many hours lie between two notices at most."),
    optional("nothing", Kind::Bool, "That the customer wants to hear nothing before the outcome; without `hours`."),
    required("note", Kind::Text { max: 500, multiline: true }, "What was agreed, and how."),
];

/// Agree on how often the customer hears of the progress.
#[derive(Clone, Debug, Deserialize)]
pub struct AgreeProgress {
    /// How many hours lie between two notices at most.
    pub hours: Option<u32>,
    /// That the customer wants to hear nothing.
    #[serde(default)]
    pub nothing: bool,
    /// What was agreed, and how.
    #[serde(deserialize_with = "plain")]
    pub note: FreeText,
}

/// What was agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Hours between two notices at most; nothing where the customer wants to hear nothing.
    pub hours: Option<u32>,
    /// When it was agreed.
    pub at: Timestamp,
    /// What was agreed, in words.
    pub note: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    notify_progress::offered(case)
}

/// Decides an agreement.
///
/// # Errors
/// After the outcome was told, when nobody can be told, where the rules leave nothing to agree, or beyond what they allow.
pub fn decide(case: &Case, agree: &AgreeProgress, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(notify_progress::FROM)?;
    if case.record.anonymous {
        return Err(Refusal::conflict("anonymous_cannot_be_reached"));
    }
    match (agree.hours, agree.nothing) {
        (None, false) => return Err(Fault::new("hours", "required").into()),
        (Some(_), true) => return Err(Fault::new("nothing", "hours_or_nothing").into()),
        _ => {}
    }
    let Some(most) = ctx.rules.clocks().filter_map(ClockRule::hours_to_agree).min() else {
        return Err(Refusal::conflict("nothing_to_agree"));
    };
    if let Some(hours) = agree.hours.filter(|hours| *hours > most) {
        return Err(Fault::new("hours", "beyond_agreement").with("max", most).with("given", hours).into());
    }
    let mut events = vec![Event::ProgressAgreed { hours: agree.hours, note: agree.note.clone() }];
    events.extend(moved(case, agree.hours, ctx));
    Ok(Decision::of(events))
}

/// What an agreement does to the clocks it is about. The new interval counts from the agreement, in which the customer
/// heard from us; what was missed before stays missed.
#[must_use]
pub(super) fn moved(case: &Case, hours: Option<u32>, ctx: &Context<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    let of_case = |clock: &&Clock| clock.round == case.round && clock.is_running();
    for clock in case.clocks.iter().filter(of_case).filter(|clock| may_be_agreed(&clock.rule, ctx.rules)) {
        let Some(hours) = hours else {
            events.push(clocks::without_object(clock, ctx));
            continue;
        };
        let (rule, round, due_at) = (clock.rule.clone(), clock.round, after(ctx.now, hours));
        if ctx.now > clock.due_at {
            events.push(clocks::ended(clock, ctx.now, ctx));
            events.push(Event::ClockStarted { rule, round, from: ctx.now, due_at });
        } else if due_at != clock.due_at {
            events.push(Event::ClockMoved { rule, round, due_at });
        }
    }
    // Whoever wanted to hear nothing and does now: the clock begins again.
    if let Some(hours) = hours.filter(|_| case.progress_agreed.as_ref().is_some_and(|agreed| agreed.hours.is_none())) {
        let runs = |rule: &str| case.clocks.iter().any(|clock| clock.rule == rule && clock.is_running());
        let rules = ctx.rules.clocks().filter(|rule| rule.hours_to_agree().is_some());
        let (from, due_at, round) = (ctx.now, after(ctx.now, hours), case.round);
        let known = |rule: &&ClockRule| {
            !runs(&rule.head.id) && case.clocks.iter().any(|clock| clock.rule == rule.head.id && clock.round == round)
        };
        events.extend(rules.filter(known).map(|rule| Event::ClockStarted {
            rule: rule.head.id.clone(),
            round,
            from,
            due_at,
        }));
    }
    events
}

/// A clock that begins, as it was agreed; nothing where the customer wants to hear nothing.
pub(super) fn instead(case: &Case, event: Event, ctx: &Context<'_>) -> Option<Event> {
    match (event, &case.progress_agreed) {
        (Event::ClockStarted { rule, round, from, .. }, Some(agreed)) if may_be_agreed(&rule, ctx.rules) => {
            let hours = agreed.hours?;
            Some(Event::ClockStarted { rule, round, from, due_at: after(from, hours) })
        }
        (event, _) => Some(event),
    }
}

/// Whether the time of a clock is the one that was agreed with the customer.
#[must_use]
pub fn is_agreed(case: &Case, rule: &str, rules: &Stack) -> bool {
    case.progress_agreed.is_some() && may_be_agreed(rule, rules)
}

fn may_be_agreed(rule: &str, rules: &Stack) -> bool {
    rules.clock(rule).is_some_and(|rule| rule.hours_to_agree().is_some())
}

fn after(at: Timestamp, hours: u32) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(i64::from(hours))).unwrap_or(at)
}

impl Case {
    pub(super) fn apply_agreement(&mut self, event: &Event, at: Timestamp) {
        let Event::ProgressAgreed { hours, note } = event else { return };
        self.progress_agreed = Some(Agreed { hours: *hours, at, note: note.clone() });
    }
}
