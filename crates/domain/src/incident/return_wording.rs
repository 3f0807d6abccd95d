//! Return a wording (口径退回): it is not to be told like this.

use super::{Context, Event, Incident};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use crate::text::nobody::nobody;
use serde::Deserialize;

/// Shape of a return.
pub const FIELDS: &[Field] = &[
    required("wording", Kind::Whole { min: 1, max: 1_000 }, "Number of the wording."),
    required("reason", Kind::Text { max: 2_000, multiline: true }, "What is lacking. No personal data."),
];

/// Send a wording back.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Its number.
    pub wording: u32,
    /// Why.
    pub reason: String,
}

/// Whether an incident offers it.
#[must_use]
pub fn offered(incident: &Incident) -> bool {
    super::approve_wording::offered(incident)
}

/// Decides a return. Who wrote a wording may take it back too.
///
/// # Errors
/// If the incident has ended, there is no such wording, it is decided, or the text holds what identifies somebody.
pub fn decide(incident: &Incident, input: &Input, _: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    incident.require_open()?;
    incident.undecided_wording(input.wording)?;
    nobody("reason", &input.reason)?;
    Ok(vec![Event::WordingReturned { wording: input.wording, reason: input.reason.clone() }])
}
