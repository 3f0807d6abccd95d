//! Confirm (客户确认): the customer accepts the outcome.

use super::{Case, Context, Decision, State};
use crate::event::Event;
use crate::intake::MODES;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of the confirmation.
pub const FIELDS: &[Field] = &[required("mode", Kind::Code(MODES), "How the customer said so.")];

/// Record that the customer accepts the outcome.
#[derive(Clone, Debug, Deserialize)]
pub struct Confirm {
    /// How.
    pub mode: String,
}

/// States from which it is possible.
const FROM: &[State] = &[State::AwaitingCustomer];

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state)
}

/// Decides the confirmation.
///
/// # Errors
/// Before the customer was answered, or when it is confirmed already.
pub fn decide(case: &Case, confirm: &Confirm, _: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(FROM)?;
    if case.confirmed {
        return Err(Refusal::conflict("already_confirmed"));
    }
    Ok(Decision::of(vec![Event::Confirmed { mode: confirm.mode.clone() }]))
}
