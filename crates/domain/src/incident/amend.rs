//! Amend (修订): other words, another product, another beginning, another owner.

use super::open::{began, clean, known_fact};
use super::{Context, Event, Incident, Matter};
use crate::fault::Fault;
use crate::ids::{UnitId, UserId};
use crate::intake::PRODUCTS;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

/// Shape of an amendment.
pub const FIELDS: &[Field] = &[
    optional("title", Kind::Text { max: 200, multiline: false }, "In place of the title. No personal data."),
    optional(
        "description",
        Kind::Text { max: 5_000, multiline: true },
        "In place of the description. No personal data.",
    ),
    optional("product", Kind::Code(PRODUCTS), "In place of the product line."),
    optional("started_at", Kind::Moment, "In place of when the trouble began."),
    optional("fact", Kind::Uuid, "In place of the network fact behind it."),
    optional("unit", Kind::Uuid, "The unit that answers for it from now on."),
    optional("user", Kind::Uuid, "The person who answers for it from now on."),
];

/// Amend an incident; what is left out stays.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// One line.
    #[serde(default)]
    pub title: Option<String>,
    /// What is wrong.
    #[serde(default)]
    pub description: Option<String>,
    /// Product line.
    #[serde(default)]
    pub product: Option<String>,
    /// When the trouble began.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// The network fact behind it.
    #[serde(default)]
    pub fact: Option<Uuid>,
    /// The unit that answers for it.
    #[serde(default)]
    pub unit: Option<UnitId>,
    /// The person who answers for it.
    #[serde(default)]
    pub user: Option<UserId>,
}

/// Whether an incident offers it.
#[must_use]
pub fn offered(incident: &Incident) -> bool {
    incident.ending.is_none()
}

/// Decides an amendment.
///
/// # Errors
/// If the incident has ended, nothing is changed, the trouble is to begin later than now or than it was over, the network fact is unknown, or a text
/// holds what identifies somebody.
pub fn decide(incident: &Incident, input: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    incident.require_open()?;
    let before = &incident.matter;
    let matter = Matter {
        title: input.title.clone().unwrap_or_else(|| before.title.clone()),
        description: input.description.clone().or_else(|| before.description.clone()),
        product: input.product.clone().or_else(|| before.product.clone()),
        fact: input.fact.or(before.fact),
    };
    let (owner, started_at) = (ctx.owner.unwrap_or(incident.owner), input.started_at.unwrap_or(incident.started_at));
    if (&matter, owner, started_at) == (before, incident.owner, incident.started_at) {
        return Err(Refusal::conflict("nothing_changes"));
    }
    began(started_at, ctx.now)?;
    if incident.restored_at.is_some_and(|over| started_at > over) {
        return Err(Fault::new("started_at", "after_restored").into());
    }
    known_fact(input.fact, ctx.fact_known)?;
    clean(&matter)?;
    Ok(vec![Event::Amended { matter, started_at, owner }])
}
