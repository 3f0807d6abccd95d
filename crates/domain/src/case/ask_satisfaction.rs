//! Ask satisfaction (满意度征询): before closing, the customer is asked (DB3212/T 1102-2022).

use super::{Case, Context, Decision, State};
use crate::event::Event;
use crate::intake::MODES;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of the asking.
pub const FIELDS: &[Field] = &[required("mode", Kind::Code(MODES), "How the customer was asked.")];

/// Record that the customer was asked.
#[derive(Clone, Debug, Deserialize)]
pub struct AskSatisfaction {
    /// How.
    pub mode: String,
}

/// Decides the asking.
///
/// # Errors
/// Before the customer was answered, or when nobody can be asked.
pub fn decide(case: &Case, ask: &AskSatisfaction, _: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(&[State::AwaitingCustomer])?;
    if case.record.anonymous {
        return Err(Refusal::conflict("anonymous_cannot_be_asked"));
    }
    Ok(Decision::of(vec![Event::SatisfactionAsked { mode: ask.mode.clone() }]))
}
