//! Tick an item (完成事项): whoever has its role says that it was done, and what shows it.

use super::{Context, Event, Incident};
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use crate::text::nobody::nobody;
use serde::Deserialize;

/// Shape of a tick.
pub const FIELDS: &[Field] = &[
    required("item", Kind::Whole { min: 1, max: 1_000 }, "Number of the item."),
    required(
        "evidence",
        Kind::Text { max: 2_000, multiline: true },
        "What shows that it was done, or the number of the document that does. No personal data.",
    ),
];

/// Tick an item.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Its number.
    pub item: u32,
    /// What shows it.
    pub evidence: String,
}

/// Whether an incident offers it.
#[must_use]
pub fn offered(incident: &Incident) -> bool {
    incident.ending.is_none() && incident.plan.as_ref().is_some_and(|running| running.open() > 0)
}

/// Decides a tick.
///
/// # Errors
/// If the incident has ended, no plan was started, there is no such item, it is done, its role is nobody's or somebody
/// else's, or the text holds what identifies somebody.
pub fn decide(incident: &Incident, input: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    incident.require_open()?;
    let running = incident.plan.as_ref().ok_or_else(|| Refusal::conflict("no_plan"))?;
    let place = usize::try_from(input.item).unwrap_or(0).checked_sub(1);
    let found = place.and_then(|place| running.plan.items.get(place).zip(running.ticked.get(place)));
    let Some((item, ticked)) = found else {
        return Err(Fault::new("item", "unknown_item").into());
    };
    if ticked.is_some() {
        return Err(Refusal::conflict("item_done").with("item", input.item));
    }
    match running.holder(&item.role) {
        None => return Err(Refusal::conflict("role_is_nobodys").with("role", &item.role)),
        Some(user) if Some(user) != ctx.actor.user() => {
            return Err(Refusal::conflict("role_of_another").with("role", &item.role));
        }
        Some(_) => {}
    }
    nobody("evidence", &input.evidence)?;
    Ok(vec![Event::ItemTicked { item: input.item, evidence: input.evidence.clone() }])
}
