//! Reopen (重启): it came back. What was checked when it ended stays in its log.

use super::{Context, Event, Problem};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use crate::text::nobody::nobody;
use serde::Deserialize;

/// Shape of a reopening.
pub const FIELDS: &[Field] =
    &[required("reason", Kind::Text { max: 2_000, multiline: true }, "Why. No personal data.")];

/// Take a problem up again.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Why.
    pub reason: String,
}

/// Whether a problem offers it.
#[must_use]
pub fn offered(problem: &Problem) -> bool {
    !problem.state().is_open()
}

/// Decides a reopening.
///
/// # Errors
/// Unless the problem has ended; if the text holds what identifies somebody.
pub fn decide(problem: &Problem, input: &Input, _: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    if problem.state().is_open() {
        return Err(Refusal::conflict("problem_open"));
    }
    nobody("reason", &input.reason)?;
    Ok(vec![Event::Reopened { reason: input.reason.clone() }])
}
