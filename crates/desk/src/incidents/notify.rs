//! Whoever a command on an incident concerns is told, in its own transaction: who answers for it, and who has a role of its
//! plan.

use super::sees;
use crate::Desk;
use crate::error::DeskError;
use crate::notices::named::{Thing, write};
use crate::permissions::READ_INCIDENTS;
use domain::case::Owner;
use domain::incident::{Entry, Event, Incident};
use store::Tx;

/// What a notice about an incident can be of.
pub const KINDS: &[&str] = &["incident_given", "plan_started", "role_given"];

/// Writes the notices of an entry; `before` is nothing for the first. `named` is who was looked up for a role.
pub(super) fn tell(
    desk: &Desk,
    tx: &mut Tx<'_>,
    (before, incident): (Option<Owner>, &Incident),
    entry: &Entry,
    named: Option<Owner>,
) -> Result<(), DeskError> {
    let of = |event: &Event| match event {
        Event::Opened { owner, .. } => Some(("incident_given", *owner)),
        Event::Amended { owner, .. } => (before != Some(*owner)).then_some(("incident_given", *owner)),
        // Who answers for it names who does what.
        Event::PlanStarted { .. } => Some(("plan_started", incident.owner)),
        Event::RoleNamed { .. } => Some(("role_given", named?)),
        Event::Worded { .. }
        | Event::WordingApproved { .. }
        | Event::WordingReturned { .. }
        | Event::Restored { .. }
        | Event::ItemTicked { .. }
        | Event::Closed { .. }
        | Event::Reopened { .. } => None,
    };
    let told = entry.events.iter().filter_map(of).collect();
    let about = Thing { id: incident.id, region: &incident.area, needs: READ_INCIDENTS, sees: &sees };
    write(desk, tx, &about, (entry.actor.user(), entry.at), told)
}
