//! Restore (恢复): the trouble is over. Customers still have to be told. Said again with another moment or cause, it
//! corrects what was said.

use super::{Context, Event, Incident};
use crate::case::register::CLOCK_SKEW;
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;

/// Shape of a restoration.
pub const FIELDS: &[Field] = &[
    required("at", Kind::Moment, "When the trouble ended."),
    optional("cause", Kind::Cause, "Leaf of the cause tree, where it is known."),
];

/// Say that the trouble is over.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// When it ended.
    pub at: Timestamp,
    /// Leaf of the cause tree.
    #[serde(default)]
    pub cause: Option<String>,
}

/// Whether an incident offers it.
#[must_use]
pub fn offered(incident: &Incident) -> bool {
    incident.ending.is_none()
}

/// Decides a restoration.
///
/// # Errors
/// If the incident has ended or the same was said; if the moment lies before its beginning or in the future, or the cause is unknown.
pub fn decide(incident: &Incident, input: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    incident.require_open()?;
    let same = incident.restored_at == Some(input.at)
        && input.cause.as_ref().is_none_or(|cause| incident.cause.as_ref() == Some(cause));
    if same {
        return Err(Refusal::conflict("incident_restored").with("number", &incident.number));
    }
    if input.at > ctx.now + CLOCK_SKEW {
        return Err(Fault::new("at", "in_future").into());
    }
    if input.at < incident.started_at {
        return Err(Fault::new("at", "before_start").into());
    }
    if input.cause.as_deref().is_some_and(|cause| !ctx.taxonomy.is_cause_leaf(cause)) {
        return Err(Fault::new("cause", "unknown_cause").into());
    }
    Ok(vec![Event::Restored { at: input.at, cause: input.cause.clone() }])
}
