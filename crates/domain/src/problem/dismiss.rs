//! Dismiss (不予立题): it is no problem, or nothing is to be done about it.

use super::{Context, Event, Problem, Standing};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use crate::text::nobody::nobody;
use serde::Deserialize;

/// Shape of a dismissal.
pub const FIELDS: &[Field] =
    &[required("reason", Kind::Text { max: 2_000, multiline: true }, "Why. No personal data.")];

/// Dismiss a problem.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Why.
    pub reason: String,
}

fn without_measure(problem: &Problem) -> bool {
    problem.actions.iter().all(|one| one.standing == Standing::Cancelled)
}

/// Whether a problem offers it.
#[must_use]
pub fn offered(problem: &Problem) -> bool {
    problem.state().is_open() && without_measure(problem)
}

/// Decides a dismissal. What had a measure is closed with its effect instead.
///
/// # Errors
/// If the problem has ended or has measures, or the text holds what identifies somebody.
pub fn decide(problem: &Problem, input: &Input, _: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    problem.require_open()?;
    if !without_measure(problem) {
        return Err(Refusal::conflict("problem_has_actions"));
    }
    nobody("reason", &input.reason)?;
    Ok(vec![Event::Dismissed { reason: input.reason.clone() }])
}
