//! Close (结题): every measure is through and its effect was looked at. The figures of the check are kept with the closing
//! as they stood, whatever counting says later.

use super::{Context, Event, Problem, State};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use crate::text::nobody::nobody;
use serde::Deserialize;

/// Shape of a closing.
pub const FIELDS: &[Field] = &[
    required(
        "result",
        Kind::Text { max: 5_000, multiline: true },
        "What came of it; where the check shows no improvement, why it is closed all the same. No personal data.",
    ),
    optional(
        "exposure",
        Kind::Code(super::effect::Exposure::CODES),
        "What rates are rates of. Default: `users` where they are given, else `constant`.",
    ),
    optional("users", Kind::List { of: &Kind::Line { max: 24 }, max: 36 }, USERS),
];

/// How subscribers of months are written.
pub const USERS: &str = "Subscribers of each month before and after, `2026-10:12000`.";

/// Close a problem.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// What came of it.
    pub result: String,
    /// What rates are rates of.
    #[serde(default)]
    pub exposure: Option<String>,
    /// Subscribers of each month.
    #[serde(default)]
    pub users: Vec<String>,
}

/// Whether a problem offers it.
#[must_use]
pub fn offered(problem: &Problem) -> bool {
    problem.state() == State::Checking
}

/// Decides a closing.
///
/// # Errors
/// While measures are under way or none took effect, or the text holds what identifies somebody.
pub fn decide(problem: &Problem, input: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    problem.require_open()?;
    let open = problem.actions.iter().filter(|one| one.standing.is_open()).count();
    if open > 0 {
        return Err(Refusal::conflict("actions_open").with("count", open));
    }
    let took_effect = !problem.effective(None).is_empty();
    let effect = ctx.effect.clone().filter(|_| took_effect);
    let effect = effect.ok_or_else(|| Refusal::conflict("no_action_took_effect"))?;
    nobody("result", &input.result)?;
    Ok(vec![Event::Closed { result: input.result.clone(), effect }])
}
