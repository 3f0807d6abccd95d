//! Reopen (重启): the trouble came back, or one of its cases has not been seen to after all.

use super::{Context, Event, Incident};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use crate::text::nobody::nobody;
use serde::Deserialize;

/// Shape of a reopening.
pub const FIELDS: &[Field] =
    &[required("reason", Kind::Text { max: 2_000, multiline: true }, "Why. No personal data.")];

/// Take an incident up again.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Why.
    pub reason: String,
}

/// Whether an incident offers it.
#[must_use]
pub fn offered(incident: &Incident) -> bool {
    incident.ending.is_some()
}

/// Decides a reopening.
///
/// # Errors
/// Unless the incident has ended, or if the text holds what identifies somebody.
pub fn decide(incident: &Incident, input: &Input, _: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    if incident.ending.is_none() {
        return Err(Refusal::conflict("incident_not_ended").with("number", &incident.number));
    }
    nobody("reason", &input.reason)?;
    Ok(vec![Event::Reopened { reason: input.reason.clone() }])
}
