//! Cancel an action (取消措施): it is not pursued any more, and here is why. It stays in the problem.

use super::{Context, Event, Problem};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use crate::text::nobody::nobody;
use serde::Deserialize;

/// Shape of a cancelling.
pub const FIELDS: &[Field] = &[
    required("action", Kind::Whole { min: 1, max: 1_000 }, "Number of the action."),
    required("reason", Kind::Text { max: 1_000, multiline: true }, "Why. No personal data."),
];

/// Stop pursuing an action.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Its number.
    pub action: u32,
    /// Why.
    pub reason: String,
}

/// Whether a problem offers it.
#[must_use]
pub fn offered(problem: &Problem) -> bool {
    problem.state().is_open() && problem.actions.iter().any(|one| one.standing.is_open())
}

/// Decides a cancelling.
///
/// # Errors
/// If the problem has ended, the action is through, or the text holds what identifies somebody.
pub fn decide(problem: &Problem, input: &Input, _: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    problem.require_open()?;
    let action = problem.action(input.action)?;
    if !action.standing.is_open() {
        return Err(Refusal::conflict("action_through").with("standing", action.standing.code()));
    }
    nobody("reason", &input.reason)?;
    Ok(vec![Event::ActionCancelled { action: input.action, reason: input.reason.clone() }])
}
