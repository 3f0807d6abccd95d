//! Report an action (整改反馈): it is done, here is what shows it, and from this day it works.

use super::{Context, Event, Problem, Report, Standing};
use crate::fault::Fault;
use crate::ids::AttachmentId;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use crate::text::nobody::nobody;
use jiff::civil::Date;
use serde::Deserialize;

/// Shape of a report.
pub const FIELDS: &[Field] = &[
    required("action", Kind::Whole { min: 1, max: 1_000 }, "Number of the action."),
    required(
        "evidence",
        Kind::Text { max: 5_000, multiline: true },
        "What shows that it was done, or the number of the document that does. No personal data.",
    ),
    required(
        "effective_on",
        Kind::Day,
        "From which day on it works; not in the future. Effects are counted around it.",
    ),
    optional("attachment", Kind::Uuid, "A file of a linked case that shows it."),
];

/// Report an action as done.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// Its number.
    pub action: u32,
    /// What shows it.
    pub evidence: String,
    /// From which day on it works.
    pub effective_on: Date,
    /// A file that shows it.
    #[serde(default)]
    pub attachment: Option<AttachmentId>,
}

/// Whether a problem offers it.
#[must_use]
pub fn offered(problem: &Problem) -> bool {
    problem.state().is_open() && problem.actions.iter().any(|one| one.standing == Standing::Planned)
}

/// Decides a report.
///
/// # Errors
/// If the problem has ended, the action is not waiting for it, the day lies in the future, the file belongs to no linked
/// case, or the text holds what identifies somebody.
pub fn decide(problem: &Problem, input: &Input, ctx: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    problem.require_open()?;
    let action = problem.action(input.action)?;
    if action.standing != Standing::Planned {
        return Err(Refusal::conflict("action_not_planned").with("standing", action.standing.code()));
    }
    if input.effective_on > ctx.today {
        return Err(Fault::new("effective_on", "day_to_come").with("today", ctx.today).into());
    }
    if input.attachment.is_some() && ctx.proof.is_none() {
        return Err(Fault::new("attachment", "unknown_proof").into());
    }
    nobody("evidence", &input.evidence)?;
    let report = Report { evidence: input.evidence.clone(), proof: ctx.proof, effective_on: input.effective_on };
    Ok(vec![Event::ActionReported { action: input.action, report }])
}
