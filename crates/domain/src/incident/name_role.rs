//! Name who takes a role (指定角色): from then on they, and nobody else, tick its items.

use super::{Context, Event, Incident};
use crate::fault::Fault;
use crate::ids::UserId;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of a naming.
pub const FIELDS: &[Field] = &[
    required("role", Kind::Line { max: 60 }, "Role of the plan."),
    required("user", Kind::Uuid, "Who takes it from now on."),
];

/// Name who takes a role.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// The role.
    pub role: String,
    /// Who takes it.
    pub user: UserId,
}

/// Whether an incident offers it.
#[must_use]
pub fn offered(incident: &Incident) -> bool {
    incident.ending.is_none() && incident.plan.is_some()
}

/// Decides a naming. The desk has looked the person up.
///
/// # Errors
/// If the incident has ended, no plan was started, it has no such role, or they have it already.
pub fn decide(incident: &Incident, input: &Input, _: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    incident.require_open()?;
    let running = incident.plan.as_ref().ok_or_else(|| Refusal::conflict("no_plan"))?;
    if !running.plan.roles.iter().any(|role| role.id == input.role) {
        return Err(Fault::new("role", "unknown_role").into());
    }
    if running.holder(&input.role) == Some(input.user) {
        return Err(Refusal::conflict("nothing_changes"));
    }
    Ok(vec![Event::RoleNamed { role: input.role.clone(), user: input.user }])
}
