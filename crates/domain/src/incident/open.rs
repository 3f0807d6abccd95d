//! Open (立案): many customers are hit by one trouble.

use super::{Event, Matter};
use crate::actor::Actor;
use crate::case::Owner;
use crate::case::register::CLOCK_SKEW;
use crate::fault::Fault;
use crate::ids::{UnitId, UserId};
use crate::intake::PRODUCTS;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use crate::text::nobody::nobodys;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

/// Shape of an opening.
pub const FIELDS: &[Field] = &[
    required(
        "title",
        Kind::Text { max: 200, multiline: false },
        "What is wrong, in one line. No personal data: what identifies a person is refused.",
    ),
    optional("description", Kind::Text { max: 5_000, multiline: true }, "What is wrong, and where. No personal data."),
    optional(
        "region",
        Kind::Region,
        "Where: this region and all below it. Left out: the caller's area. It stays as it is.",
    ),
    optional("product", Kind::Code(PRODUCTS), "Product line. Left out: all."),
    required("started_at", Kind::Moment, "When the trouble began."),
    optional("fact", Kind::Uuid, "The network fact behind it."),
    optional("unit", Kind::Uuid, "The unit that answers for it. Left out: the caller's."),
    optional("user", Kind::Uuid, "The person who answers for it."),
];

/// Open an incident.
#[derive(Clone, Debug, Deserialize)]
pub struct Open {
    /// One line.
    pub title: String,
    /// What is wrong.
    #[serde(default)]
    pub description: Option<String>,
    /// Where.
    #[serde(default)]
    pub region: Option<String>,
    /// Product line.
    #[serde(default)]
    pub product: Option<String>,
    /// When the trouble began.
    pub started_at: Timestamp,
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

impl Open {
    /// The region it is about.
    #[must_use]
    pub fn area(&self, actor: &Actor) -> String {
        self.region.clone().unwrap_or_else(|| actor.area.code().to_owned())
    }
}

/// What the desk looked up for an opening.
#[derive(Clone, Debug)]
pub struct Found {
    /// Number for people.
    pub number: String,
    /// Who answers for it.
    pub owner: Owner,
    /// Whether the network fact it names is one the caller may see.
    pub fact_known: bool,
    /// The moment.
    pub now: Timestamp,
}

/// Decides an opening.
///
/// # Errors
/// If the region lies outside the caller's area, the trouble is to begin later, the network fact is unknown, or a text
/// holds what identifies somebody.
pub fn decide(open: &Open, actor: &Actor, found: Found) -> Result<Vec<Event>, Refusal> {
    let area = open.area(actor);
    // An empty region is everywhere, and only who sees everything has that.
    if !actor.area.covers(&area) {
        return Err(Fault::new("region", "outside_area").with("area", actor.area.code()).into());
    }
    began(open.started_at, found.now)?;
    known_fact(open.fact, found.fact_known)?;
    let matter = Matter {
        title: open.title.clone(),
        description: open.description.clone(),
        product: open.product.clone(),
        fact: open.fact,
    };
    clean(&matter)?;
    Ok(vec![Event::Opened { number: found.number, matter, area, started_at: open.started_at, owner: found.owner }])
}

pub(super) fn began(at: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if at > now + CLOCK_SKEW { Err(Fault::new("started_at", "in_future").into()) } else { Ok(()) }
}

pub(super) fn known_fact(fact: Option<Uuid>, known: bool) -> Result<(), Refusal> {
    if fact.is_some() && !known { Err(Fault::new("fact", "unknown_fact").into()) } else { Ok(()) }
}

pub(super) fn clean(matter: &Matter) -> Result<(), Refusal> {
    nobodys([
        ("title".to_owned(), Some(matter.title.as_str())),
        ("description".to_owned(), matter.description.as_deref()),
    ])
}
