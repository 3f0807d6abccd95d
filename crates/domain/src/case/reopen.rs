//! Reopen (重开): the same matter again within the pack's window. First receipt and first owner stay; internal
//! clocks start a new round, statutory ones keep their first limit.

use super::{Case, Context, Decision, State, clocks, merge};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use policy::StartFact;
use serde::Deserialize;

/// Shape of a reopening.
pub const FIELDS: &[Field] = &[required("reason", Kind::Text { max: 2_000, multiline: true }, "Why.")];

/// Endings after which the same matter may be taken up again. What was void or went up in another case has no life of
/// its own any more.
const FROM: &[State] = &[State::Closed, State::Declined, State::Withdrawn];

/// Take an ended case up again.
#[derive(Clone, Debug, Deserialize)]
pub struct Reopen {
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state)
}

/// Decides a reopening.
///
/// # Errors
/// Unless the case was closed, declined or withdrawn and the pack's window has not passed.
pub fn decide(case: &Case, reopen: &Reopen, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Some(closed_at) = case.closed_at.filter(|_| FROM.contains(&case.state)) else {
        return Err(Refusal::conflict("not_closed").with("state", case.state.code()));
    };
    if let Some(until) = ctx.rules.reopen_until(closed_at)
        && ctx.now > until
    {
        return Err(Refusal::conflict("reopen_window_passed").with("until", until));
    }
    Ok(again(case, reopen.reason.clone(), ctx))
}

/// What it means for an ended case to be taken up again, for whatever reason.
#[must_use]
pub(super) fn again(case: &Case, reason: FreeText, ctx: &Context<'_>) -> Decision {
    let round = case.round.saturating_add(1);
    let (merged, elsewhere) = merge::wait_again(case, ctx);
    let mut events = vec![Event::Reopened { reason, round }];
    events.extend(merged);
    events.extend(clocks::start(case, StartFact::Reopened, round, ctx.now, ctx));
    // Taken back and brought again, it owes the same answer by the same day.
    if case.state == State::Withdrawn {
        events.extend(clocks::revive(case, round, ctx));
    }
    // What ended before it was sorted goes back to where it was.
    let to = if case.category.is_some() { State::Reopened } else { State::Triage };
    events.push(Event::Moved { to });
    Decision { events, elsewhere }
}
