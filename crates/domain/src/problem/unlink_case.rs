//! Unlink (取消关联): a case does not show the problem after all.

use super::{Context, Event, Problem};
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of an unlinking.
pub const FIELDS: &[Field] =
    &[required("case", Kind::Line { max: 64 }, "Number or identifier of a linked case the caller may see.")];

/// Take a link back.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Number or identifier.
    pub case: String,
}

/// Whether a problem offers it.
#[must_use]
pub fn offered(problem: &Problem) -> bool {
    problem.state().is_open() && !problem.cases.is_empty()
}

/// Decides an unlinking.
///
/// # Errors
/// If the problem has ended or the case is not linked.
pub fn decide(problem: &Problem, _: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    problem.require_open()?;
    let linked = ctx.cases.first().map(|(case, _)| *case).filter(|case| problem.cases.contains(case));
    let case = linked.ok_or_else(|| Refusal::from(Fault::new("case", "case_not_linked")))?;
    Ok(vec![Event::CaseUnlinked { case }])
}
