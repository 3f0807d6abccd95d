//! Accept (受理): somebody takes the case up. From here a person is answerable, not a queue.

use super::{Case, Context, Decision, Owner, State, clocks};
use crate::event::Event;
use crate::refusal::Refusal;
use crate::shape::Field;
use policy::{StartFact, StopFact};
use serde::Deserialize;

/// Accepting needs no words.
pub const FIELDS: &[Field] = &[];

/// Take the case up.
#[derive(Clone, Debug, Deserialize)]
pub struct Accept {}

/// States from which it is possible.
const FROM: &[State] = &[State::Registered, State::Reopened];

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state) || waits_in_queue(case)
}

/// Whether nobody holds a case that is being worked on: after a transfer or a dispute it lies in a unit's queue.
fn waits_in_queue(case: &Case) -> bool {
    matches!(case.state, State::Accepted | State::InProgress) && case.owner.user.is_none()
}

/// Decides an acceptance.
///
/// # Errors
/// Unless the case waits to be taken up, or if the one who takes it handled an outcome the customer rejected.
pub fn decide(case: &Case, _: &Accept, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    super::dispute::impartial(case, ctx.actor.id)?;
    if waits_in_queue(case)
        && let Some(user) = ctx.actor.user()
    {
        let owner = Owner { unit: ctx.actor.unit, user: Some(user) };
        return Ok(Decision::of(vec![
            Event::Accepted {},
            Event::Assigned { owner, instead_of: None, reason: None, routed: None },
        ]));
    }
    case.require(FROM)?;
    let mut events = vec![Event::Accepted {}];
    // A token has no person behind it; the case then stays in its queue.
    let owner = Owner { unit: ctx.actor.unit, user: ctx.actor.user() };
    if owner.user.is_some() && owner != case.owner {
        events.push(Event::Assigned { owner, instead_of: None, reason: None, routed: None });
    }
    events.extend(clocks::stop(case, StopFact::Accepted, ctx));
    let started = clocks::start_unless_running(case, StartFact::Accepted, ctx.now, &events, ctx);
    events.extend(started);
    events.push(Event::Moved { to: State::Accepted });
    Ok(Decision::of(events))
}
