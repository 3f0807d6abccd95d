//! Approve a wording (口径审核通过): another person than who wrote it says that customers may be told this.

use super::{Context, Event, Incident};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of an approval.
pub const FIELDS: &[Field] = &[required("wording", Kind::Whole { min: 1, max: 1_000 }, "Number of the wording.")];

/// Approve a wording.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Its number.
    pub wording: u32,
}

/// Whether an incident offers it.
#[must_use]
pub fn offered(incident: &Incident) -> bool {
    incident.ending.is_none() && incident.undecided().next().is_some()
}

/// Decides an approval.
///
/// # Errors
/// If the incident has ended, there is no such wording, it is decided, or the caller wrote it or is no person.
pub fn decide(incident: &Incident, input: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    incident.require_open()?;
    let wording = incident.undecided_wording(input.wording)?;
    if wording.by == ctx.actor.id {
        return Err(Refusal::conflict("own_wording"));
    }
    if ctx.actor.user().is_none() {
        return Err(Refusal::conflict("needs_a_person"));
    }
    Ok(vec![Event::WordingApproved { wording: input.wording }])
}
