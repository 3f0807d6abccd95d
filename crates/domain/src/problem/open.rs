//! Open (立题): name a problem, from a hot issue of a month or from what somebody noticed.

use super::{Event, Matter};
use crate::actor::Actor;
use crate::case::Owner;
use crate::fault::Fault;
use crate::ids::{UnitId, UserId};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use crate::taxonomy::Taxonomy;
use crate::text::nobody::nobodys;
use jiff::civil::Date;
use policy::{Cycle, ReportPeriod};
use serde::Deserialize;

/// Shape of an opening.
pub const FIELDS: &[Field] = &[
    required(
        "title",
        Kind::Text { max: 200, multiline: false },
        "What the problem is, in one line. No personal data: what identifies a person is refused.",
    ),
    optional(
        "description",
        Kind::Text { max: 10_000, multiline: true },
        "What goes wrong, for whom and when. No personal data.",
    ),
    required("category", Kind::Category, "Node of the category tree; its rate is what measures are to bring down."),
    optional(
        "region",
        Kind::Region,
        "Where: this region and all below it. Left out: the caller's area. It stays as it is.",
    ),
    optional("hot_in", Kind::Line { max: 7 }, "The month whose hot issue it is, 2026-10."),
    optional("unit", Kind::Uuid, "The unit that answers for it. Left out: the caller's."),
    optional("user", Kind::Uuid, "The person who answers for it."),
];

/// Open a problem.
#[derive(Clone, Debug, Deserialize)]
pub struct Open {
    /// One line.
    pub title: String,
    /// What goes wrong.
    #[serde(default)]
    pub description: Option<String>,
    /// Node of the category tree.
    pub category: String,
    /// Where.
    #[serde(default)]
    pub region: Option<String>,
    /// The month whose hot issue it is.
    #[serde(default)]
    pub hot_in: Option<String>,
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

/// What naming a problem needs to know besides what was typed.
#[derive(Debug)]
pub struct Opening<'a> {
    /// Who names it.
    pub actor: &'a Actor,
    /// Categories and causes.
    pub taxonomy: &'a Taxonomy,
    /// Who was looked up to answer for it.
    pub owner: Owner,
    /// The day, in the installation's zone.
    pub today: Date,
    /// The number it gets.
    pub number: String,
}

/// Decides an opening.
///
/// # Errors
/// If the category is unknown, the month is none or has not begun, the region lies outside the caller's area, or a text
/// holds what identifies somebody.
pub fn decide(open: &Open, ctx: &Opening<'_>) -> Result<Vec<Event>, Refusal> {
    known_category(ctx.taxonomy, &open.category)?;
    let own = &ctx.actor.area;
    let area = open.area(ctx.actor);
    // An empty region is everywhere, and only who sees everything has that.
    if !own.covers(&area) {
        return Err(Fault::new("region", "outside_area").with("area", own.code()).into());
    }
    if let Some(month) = &open.hot_in {
        let days = month.parse::<ReportPeriod>().ok().filter(|period| period.is_of(Cycle::Month));
        let (first, _) = days.and_then(|days| days.days()).ok_or_else(|| Fault::new("hot_in", "bad_month"))?;
        if first > ctx.today {
            return Err(Fault::new("hot_in", "period_not_begun").with("today", ctx.today).into());
        }
    }
    let matter =
        Matter { title: open.title.clone(), description: open.description.clone(), category: open.category.clone() };
    clean(&matter)?;
    let (number, hot_in) = (Some(ctx.number.clone()), open.hot_in.clone());
    Ok(vec![Event::Opened { number, matter, area, hot_in, owner: ctx.owner }])
}

/// Refuses a category there is not.
pub(super) fn known_category(taxonomy: &Taxonomy, category: &str) -> Result<(), Refusal> {
    match taxonomy.category(category) {
        Some(_) => Ok(()),
        None => Err(Fault::new("category", "unknown_category").into()),
    }
}

/// Refuses identifiers in what a problem is about.
pub(super) fn clean(matter: &Matter) -> Result<(), Refusal> {
    nobodys([
        ("title".to_owned(), Some(matter.title.as_str())),
        ("description".to_owned(), matter.description.as_deref()),
    ])
}
