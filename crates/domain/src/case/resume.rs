//! Resume (解挂): what the case waited for has happened, or its time is up. Clocks that stood still run on, longer by
//! what they stood.

use super::{Case, Context, Decision, State, clocks};
use crate::event::Event;
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional};
use serde::Deserialize;

/// Shape of a resumption.
pub const FIELDS: &[Field] = &[optional("remark", Kind::Text { max: 1_000, multiline: true }, "What happened.")];

/// Go on with the case.
#[derive(Clone, Debug, Deserialize)]
pub struct Resume {
    /// What happened.
    #[serde(default, deserialize_with = "plain_option")]
    pub remark: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state == State::Suspended
}

/// Decides a resumption.
///
/// # Errors
/// Unless the case is suspended.
pub fn decide(case: &Case, resume: &Resume, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(&[State::Suspended])?;
    Ok(Decision::of(events(case, resume.remark.clone(), false, ctx)))
}

/// What going on means, whether somebody says so or the time is up.
pub(super) fn events(case: &Case, remark: Option<FreeText>, by_limit: bool, ctx: &Context<'_>) -> Vec<Event> {
    let before = case.suspension.as_ref().map_or(State::InProgress, |suspension| suspension.before);
    let mut events = vec![Event::Resumed { remark, by_limit }];
    events.extend(clocks::resume(case, ctx));
    events.push(Event::Moved { to: before });
    events
}
