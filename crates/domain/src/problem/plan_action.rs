//! Plan an action (制定整改措施): what is done, by whom and by which day.

use super::{Context, Event, Problem};
use crate::fault::Fault;
use crate::ids::{UnitId, UserId};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use crate::text::nobody::nobody;
use jiff::civil::Date;
use serde::Deserialize;

/// Most actions of a problem.
pub const MOST: usize = 50;

/// Shape of a plan.
pub const FIELDS: &[Field] = &[
    required("what", Kind::Text { max: 2_000, multiline: true }, "What is to be done. No personal data."),
    required("due", Kind::Day, "By which day; not in the past."),
    optional("unit", Kind::Uuid, "The unit that does it. Left out: the problem's."),
    optional("user", Kind::Uuid, "The person who does it."),
];

/// Plan an action.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// What is to be done.
    pub what: String,
    /// By which day.
    pub due: Date,
    /// The unit that does it.
    #[serde(default)]
    pub unit: Option<UnitId>,
    /// The person who does it.
    #[serde(default)]
    pub user: Option<UserId>,
}

/// Whether a problem offers it.
#[must_use]
pub fn offered(problem: &Problem) -> bool {
    problem.state().is_open() && problem.analysis.is_some()
}

/// Decides a plan. Nothing is planned before it is known why: what cures no cause is no measure.
///
/// # Errors
/// If the problem has ended or is not analysed, the day has passed, there are too many, or the text holds what identifies
/// somebody.
pub fn decide(problem: &Problem, input: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    problem.require_open()?;
    if problem.analysis.is_none() {
        return Err(Refusal::conflict("problem_not_analysed"));
    }
    if problem.actions.len() >= MOST {
        return Err(Refusal::conflict("too_many_actions").with("max", MOST));
    }
    if input.due < ctx.today {
        return Err(Fault::new("due", "day_passed").with("today", ctx.today).into());
    }
    nobody("what", &input.what)?;
    let action = u32::try_from(problem.actions.len() + 1).unwrap_or(u32::MAX);
    let owner = ctx.owner.unwrap_or(problem.owner);
    Ok(vec![Event::ActionPlanned { action, what: input.what.clone(), owner, due: input.due }])
}
