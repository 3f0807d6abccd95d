//! Send back (审核退回): the proposed outcome is not good enough. Never without a reason.

use super::{Case, Context, Decision, State};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of a sending back.
pub const FIELDS: &[Field] =
    &[required("reason", Kind::Text { max: 2_000, multiline: true }, "What is missing or wrong.")];

/// Send the proposed outcome back.
#[derive(Clone, Debug, Deserialize)]
pub struct SendBack {
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// States from which it is possible.
const FROM: &[State] = &[State::AwaitingReview];

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state)
}

/// Decides a sending back.
///
/// # Errors
/// Unless an outcome waits for approval.
pub fn decide(case: &Case, back: &SendBack, _: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(FROM)?;
    Ok(Decision::of(vec![Event::SentBack { reason: back.reason.clone() }, Event::Moved { to: State::InProgress }]))
}
