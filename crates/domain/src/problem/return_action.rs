//! Return an action (整改退回): the evidence does not show it; it is to be done.

use super::approve_action::another_persons;
use super::{Context, Event, Problem};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use crate::text::nobody::nobody;
use serde::Deserialize;

/// Shape of a return.
pub const FIELDS: &[Field] = &[
    required("action", Kind::Whole { min: 1, max: 1_000 }, "Number of the action."),
    required("reason", Kind::Text { max: 1_000, multiline: true }, "What is lacking. No personal data."),
];

/// Send an action back.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Its number.
    pub action: u32,
    /// What is lacking.
    pub reason: String,
}

/// Whether a problem offers it.
#[must_use]
pub fn offered(problem: &Problem) -> bool {
    super::approve_action::offered(problem)
}

/// Decides a return.
///
/// # Errors
/// If the action does not wait for a decision, or whoever decides did it; or the text holds what identifies somebody.
pub fn decide(problem: &Problem, input: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let action = another_persons(problem, input.action, ctx.actor)?.id;
    nobody("reason", &input.reason)?;
    Ok(vec![Event::ActionReturned { action, reason: input.reason.clone() }])
}
