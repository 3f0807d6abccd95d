//! Join an incident (并入群障): the case is one of many about the same trouble. Its customer is told what all of them are
//! told, and nothing is asked of units for it alone: its open orders end, and the incident's master has one for all.

use super::order::{self, OrderStep};
use super::{Case, Context, Decision, State};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::FreeText;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use crate::taxonomy::region_in;
use serde::Deserialize;
use uuid::Uuid;

/// Shape of joining.
pub const FIELDS: &[Field] = &[
    required("incident", Kind::Uuid, "An incident the caller may see that has not ended."),
    optional("master", Kind::Bool, "True when work orders for all of it are those of this case; it keeps its own."),
];

/// Join an incident.
#[derive(Clone, Debug, Deserialize)]
pub struct JoinIncident {
    /// Which.
    pub incident: Uuid,
    /// Whether work orders for all of it are those of this case.
    #[serde(default)]
    pub master: bool,
    /// The incident, as the desk found it. Never given by a caller.
    #[serde(skip)]
    pub found: Option<Found>,
}

/// An incident as it is looked up.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its number.
    pub number: String,
    /// Region it is about; empty for everywhere.
    pub area: String,
    /// Whether it has ended.
    pub ended: bool,
    /// Whether it has a master.
    pub has_master: bool,
    /// The master's number, where the caller sees it.
    pub master: Option<String>,
}

/// States from which it is possible: whoever was told an outcome of their own is not told another.
const FROM: &[State] = &[
    State::Triage,
    State::Registered,
    State::Accepted,
    State::InProgress,
    State::AwaitingReview,
    State::AwaitingReply,
    State::Suspended,
    State::Reopened,
];

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state) && case.incident.is_none()
}

/// Decides joining.
///
/// # Errors
/// If the customer was told an outcome, the case is in an incident already, there is no such incident, it has ended, the
/// case lies outside its area, or it has another master.
pub fn decide(case: &Case, join: &JoinIncident, _: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(FROM)?;
    if let Some(member) = &case.incident {
        return Err(Refusal::conflict("in_an_incident").with("number", &member.number));
    }
    let found = join.found.as_ref().ok_or_else(|| Fault::new("incident", "unknown_incident"))?;
    if found.ended {
        return Err(Refusal::conflict("incident_ended").with("number", &found.number));
    }
    if !region_in(&case.record.region, &found.area) {
        return Err(Fault::new("incident", "case_outside_incident").into());
    }
    if join.master && found.has_master {
        return Err(match &found.master {
            Some(master) => Refusal::conflict("incident_has_master").with("number", master),
            None => Refusal::conflict("incident_has_unseen_master"),
        });
    }
    let (incident, number, master) = (join.incident, found.number.clone(), join.master);
    let mut events = vec![Event::IncidentJoined { incident, number, master }];
    if !master {
        let own = case.open_orders().filter(|order| order.kind.carries_the_ball());
        let reason = || FreeText::Plain(found.number.clone());
        events.extend(own.map(|one| order::event(one.id, OrderStep::Cancelled { reason: reason() })));
    }
    Ok(Decision::of(events))
}
