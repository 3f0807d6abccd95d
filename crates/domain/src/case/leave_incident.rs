//! Leave an incident (移出群障): the trouble of this customer is another one after all, or lasts where it is over for the
//! others. The case goes on alone.

use super::{Case, Context, Decision};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of leaving.
pub const FIELDS: &[Field] = &[required("reason", Kind::Text { max: 500, multiline: true }, "Why it goes on alone.")];

/// Leave the incident.
#[derive(Clone, Debug, Deserialize)]
pub struct LeaveIncident {
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open() && case.incident.is_some()
}

/// Decides leaving.
///
/// # Errors
/// If the case has ended or is in no incident.
pub fn decide(case: &Case, leave: &LeaveIncident, _: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    let member = case.incident.as_ref().ok_or_else(|| Refusal::conflict("in_no_incident"))?;
    let (incident, number) = (member.incident, member.number.clone());
    Ok(Decision::of(vec![Event::IncidentLeft { incident, number, reason: leave.reason.clone() }]))
}
