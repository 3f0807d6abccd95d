//! Amend (修订): other words, another category, another owner.

use super::open::{clean, known_category};
use super::{Context, Event, Matter, Problem};
use crate::ids::{UnitId, UserId};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional};
use serde::Deserialize;

/// Shape of an amendment.
pub const FIELDS: &[Field] = &[
    optional("title", Kind::Text { max: 200, multiline: false }, "In place of the title. No personal data."),
    optional(
        "description",
        Kind::Text { max: 10_000, multiline: true },
        "In place of the description. No personal data.",
    ),
    optional("category", Kind::Category, "In place of the category."),
    optional("unit", Kind::Uuid, "The unit that answers for it from now on."),
    optional("user", Kind::Uuid, "The person who answers for it from now on."),
];

/// Amend a problem; what is left out stays.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// One line.
    #[serde(default)]
    pub title: Option<String>,
    /// What goes wrong.
    #[serde(default)]
    pub description: Option<String>,
    /// Node of the category tree.
    #[serde(default)]
    pub category: Option<String>,
    /// The unit that answers for it.
    #[serde(default)]
    pub unit: Option<UnitId>,
    /// The person who answers for it.
    #[serde(default)]
    pub user: Option<UserId>,
}

/// Whether a problem offers it.
#[must_use]
pub fn offered(problem: &Problem) -> bool {
    problem.state().is_open()
}

/// Decides an amendment.
///
/// # Errors
/// If the problem has ended, nothing is changed, the category is unknown, or a text holds what identifies somebody.
pub fn decide(problem: &Problem, input: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    problem.require_open()?;
    let matter = Matter {
        title: input.title.clone().unwrap_or_else(|| problem.matter.title.clone()),
        description: input.description.clone().or_else(|| problem.matter.description.clone()),
        category: input.category.clone().unwrap_or_else(|| problem.matter.category.clone()),
    };
    let owner = ctx.owner.unwrap_or(problem.owner);
    if (&matter, owner) == (&problem.matter, problem.owner) {
        return Err(Refusal::conflict("nothing_changes"));
    }
    known_category(ctx.taxonomy, &matter.category)?;
    clean(&matter)?;
    Ok(vec![Event::Amended { matter, owner }])
}
