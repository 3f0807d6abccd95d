//! Link (关联): two cases have to do with each other. Both say so; neither changes its state or clocks.

use super::{Case, Context, Decision, Elsewhere};
use crate::event::{Event, Relation};
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of a link.
pub const FIELDS: &[Field] = &[
    required("to", Kind::Line { max: 64 }, "Number or identity of the other case."),
    required(
        "relation",
        Kind::Code(Relation::OFFERED),
        "What the other case is to this one: about the same, the same once more, of one cause, or its predecessor.",
    ),
];

/// Link this case to another. The desk has loaded the other: it is the only one of the context.
#[derive(Clone, Debug, Deserialize)]
pub struct Link {
    /// The other case as the door named it.
    pub to: String,
    /// What it is to this one.
    pub relation: Relation,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.version > 0
}

/// Decides a link.
///
/// # Errors
/// If there is no such case, it is the same one, or the two are linked like this already.
pub fn decide(case: &Case, link: &Link, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Some(other) = ctx.others.first() else {
        return Err(Fault::new("to", "unknown_case").into());
    };
    if other.id == case.id {
        return Err(Fault::new("to", "same_case").into());
    }
    if case.links.iter().any(|known| known.case == other.id && known.relation == link.relation) {
        return Err(Refusal::conflict("already_linked"));
    }
    let here = Event::Linked { case: other.id, number: other.number.clone(), relation: link.relation };
    let there = Event::Linked { case: case.id, number: case.number.clone(), relation: link.relation.inverse() };
    Ok(Decision { events: vec![here], elsewhere: vec![Elsewhere { case: other.id, events: vec![there] }] })
}
