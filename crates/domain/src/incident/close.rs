//! Close (结案): the trouble is over and every case of it has ended or goes on alone.

use super::{Context, Event, Incident, State};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use crate::text::nobody::nobody;
use serde::Deserialize;

/// Shape of a closing.
pub const FIELDS: &[Field] =
    &[required("result", Kind::Text { max: 5_000, multiline: true }, "What came of it. No personal data.")];

/// Close an incident.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// What came of it.
    pub result: String,
}

/// Whether an incident offers it.
#[must_use]
pub fn offered(incident: &Incident) -> bool {
    incident.state() == State::Restored
}

/// Decides a closing.
///
/// # Errors
/// While the trouble lasts, cases of it wait or items of its plan are not done, or the text holds what identifies somebody.
pub fn decide(incident: &Incident, input: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    incident.require_open()?;
    if incident.state() != State::Restored {
        return Err(Refusal::conflict("incident_lasts").with("number", &incident.number));
    }
    if ctx.open_cases > 0 {
        return Err(Refusal::conflict("incident_has_cases").with("count", ctx.open_cases));
    }
    let items = incident.plan.as_ref().map_or(0, super::Running::open);
    if items > 0 {
        return Err(Refusal::conflict("plan_not_done").with("count", items));
    }
    nobody("result", &input.result)?;
    Ok(vec![Event::Closed { result: input.result.clone() }])
}
