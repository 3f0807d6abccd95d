//! Link cases (关联工单): these show the problem. A link widens nobody's sight: whoever looks sees only cases they may see
//! anyway.

use super::{Context, Event, Problem};
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use crate::taxonomy::region_in;
use serde::Deserialize;

/// Most cases of one command.
pub const MOST: usize = 200;
/// Most cases of one problem: what is behind more is told by its category's figures.
pub const MOST_LINKED: usize = 10_000;

/// Shape of a linking.
pub const FIELDS: &[Field] = &[required(
    "cases",
    Kind::List { of: &Kind::Line { max: 64 }, max: MOST },
    "Numbers or identifiers of cases the caller may see, within the problem's area.",
)];

/// Link cases.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Numbers or identifiers.
    pub cases: Vec<String>,
}

/// Whether a problem offers it.
#[must_use]
pub fn offered(problem: &Problem) -> bool {
    problem.state().is_open()
}

/// Decides a linking; cases that are linked already stay so.
///
/// # Errors
/// If the problem has ended, none is named or none is new, one lies outside the problem's area, or there would be more
/// than [`MOST_LINKED`].
pub fn decide(problem: &Problem, input: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    problem.require_open()?;
    if input.cases.is_empty() {
        return Err(Fault::new("cases", "required").into());
    }
    let outside = |(place, (_, region)): (usize, &(_, String))| {
        (!region_in(region, &problem.area)).then(|| Fault::new(format!("cases[{place}]"), "case_outside_problem"))
    };
    let faults: Vec<Fault> = ctx.cases.iter().enumerate().filter_map(outside).collect();
    if !faults.is_empty() {
        return Err(Refusal::invalid(faults));
    }
    let mut cases: Vec<_> =
        ctx.cases.iter().map(|(case, _)| *case).filter(|case| !problem.cases.contains(case)).collect();
    cases.sort_unstable();
    cases.dedup();
    if cases.is_empty() {
        return Err(Refusal::conflict("nothing_changes"));
    }
    if problem.cases.len() + cases.len() > MOST_LINKED {
        return Err(Fault::new("cases", "too_many_links").with("max", MOST_LINKED).into());
    }
    Ok(vec![Event::CasesLinked { cases }])
}
