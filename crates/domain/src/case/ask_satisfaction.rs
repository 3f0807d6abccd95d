//! Ask satisfaction (满意度征询): before closing, the customer is asked (DB3212/T 1102-2022).

use super::survey::BROUGHT;
use super::{Case, Context, Decision, State};
use crate::event::Event;
use crate::intake::MODES;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use serde::Deserialize;

/// Shape of the asking.
pub const FIELDS: &[Field] = &[
    required("mode", Kind::Code(MODES), "How the customer was asked."),
    optional("through", Kind::Code(BROUGHT), "Whose result it is. Default: sms by SMS, else the agent."),
];

/// Record that the customer was asked.
#[derive(Clone, Debug, Deserialize)]
pub struct AskSatisfaction {
    /// How.
    pub mode: String,
    /// Whose result it is.
    pub through: Option<String>,
}

/// States from which it is possible.
const FROM: &[State] = &[State::AwaitingCustomer];

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state)
}

/// Decides the asking.
///
/// # Errors
/// Before the customer was answered, or when nobody can be asked.
pub fn decide(case: &Case, ask: &AskSatisfaction, _: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(FROM)?;
    if case.record.anonymous {
        return Err(Refusal::conflict("anonymous_cannot_be_asked"));
    }
    Ok(Decision::of(vec![Event::SatisfactionAsked { mode: ask.mode.clone(), channel: ask.through.clone() }]))
}
