//! Suspend (挂起): nothing can be done until somebody else acts. Only clocks whose rule allows it stand still; a
//! statutory one never does. It ends by itself at a moment that is named beforehand.

use super::{Case, Context, Decision, State, clocks};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use jiff::Timestamp;
use serde::Deserialize;

/// What a case may wait for.
pub const REASONS: &[&str] =
    &["waiting_customer", "waiting_third_party", "waiting_parts", "waiting_access", "force_majeure"];

/// Shape of a suspension.
pub const FIELDS: &[Field] = &[
    required("wait_for", Kind::Code(REASONS), "What the case waits for."),
    required("until", Kind::Moment, "When it goes on by itself at the latest."),
    required("reason", Kind::Text { max: 1_000, multiline: true }, "Why nothing can be done before."),
];

/// Suspend the case.
#[derive(Clone, Debug, Deserialize)]
pub struct Suspend {
    /// What it waits for.
    pub wait_for: String,
    /// When it goes on at the latest.
    pub until: Timestamp,
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// States from which it is possible.
const FROM: &[State] = &[State::Accepted, State::InProgress];

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state)
}

/// Decides a suspension.
///
/// # Errors
/// Unless the case is being worked on, or if its end has passed or lies beyond what the rules allow.
pub fn decide(case: &Case, suspend: &Suspend, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(FROM)?;
    if suspend.until <= ctx.now {
        return Err(Fault::new("until", "in_past").into());
    }
    if let Some(latest) = ctx.rules.suspend_until(ctx.now)
        && suspend.until > latest
    {
        return Err(Fault::new("until", "suspended_too_long").with("latest", latest).into());
    }
    let mut events = vec![Event::Suspended {
        wait_for: suspend.wait_for.clone(),
        until: suspend.until,
        reason: suspend.reason.clone(),
    }];
    events.extend(clocks::pause(case, &suspend.wait_for, ctx));
    events.push(Event::Moved { to: State::Suspended });
    Ok(Decision::of(events))
}
