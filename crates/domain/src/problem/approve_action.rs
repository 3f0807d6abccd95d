//! Approve an action (整改审核通过): another person has looked at the evidence and agrees.

use super::{Action, Context, Event, Problem, Standing};
use crate::actor::Actor;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use crate::text::nobody::nobodys;
use serde::Deserialize;

/// Shape of an approval.
pub const FIELDS: &[Field] = &[
    required("action", Kind::Whole { min: 1, max: 1_000 }, "Number of the action."),
    optional("remark", Kind::Text { max: 1_000, multiline: true }, "What was looked at. No personal data."),
];

/// Approve an action.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Its number.
    pub action: u32,
    /// What was looked at.
    #[serde(default)]
    pub remark: Option<String>,
}

/// Whether a problem offers it.
#[must_use]
pub fn offered(problem: &Problem) -> bool {
    problem.state().is_open() && problem.actions.iter().any(|one| one.standing == Standing::Reported)
}

/// The reported action, if this actor may decide about it: a person, and neither who reported it nor who was to do it.
///
/// # Errors
/// Why not.
pub(super) fn another_persons<'p>(problem: &'p Problem, action: u32, actor: &Actor) -> Result<&'p Action, Refusal> {
    problem.require_open()?;
    let action = problem.action(action)?;
    if action.standing != Standing::Reported {
        return Err(Refusal::conflict("action_not_reported").with("standing", action.standing.code()));
    }
    if actor.user().is_none() {
        return Err(Refusal::conflict("needs_a_person"));
    }
    if action.reported_by == Some(actor.id) || action.owner.user.is_some_and(|owner| Some(owner) == actor.user()) {
        return Err(Refusal::conflict("own_action"));
    }
    Ok(action)
}

/// Decides an approval.
///
/// # Errors
/// If the action does not wait for one, or whoever decides did it; or the text holds what identifies somebody.
pub fn decide(problem: &Problem, input: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let action = another_persons(problem, input.action, ctx.actor)?.id;
    nobodys([("remark".to_owned(), input.remark.as_deref())])?;
    Ok(vec![Event::ActionApproved { action, remark: input.remark.clone() }])
}
