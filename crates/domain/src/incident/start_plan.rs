//! Start a plan (启动预案): the newest approved version, as it stands now; what becomes of the plan later changes nothing here.

use super::{Context, Event, Incident};
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of a start.
pub const FIELDS: &[Field] = &[required("plan", Kind::Line { max: 60 }, "Identity of a plan that was approved.")];

/// Start a plan.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Its identity.
    pub plan: String,
}

/// Whether an incident offers it.
#[must_use]
pub fn offered(incident: &Incident) -> bool {
    incident.ending.is_none() && incident.plan.is_none()
}

/// Decides a start.
///
/// # Errors
/// If the incident has ended, a plan was started, or there is no approved one of that name.
pub fn decide(incident: &Incident, _: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    incident.require_open()?;
    if incident.plan.is_some() {
        return Err(Refusal::conflict("plan_started"));
    }
    let plan = ctx.plan.clone().ok_or_else(|| Fault::new("plan", "unknown_plan"))?;
    Ok(vec![Event::PlanStarted { plan }])
}
