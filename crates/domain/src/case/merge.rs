//! Merge (并案): the case goes up in another about the same matter. The earliest clock of the two wins, and everybody
//! who complained gets an answer of their own.

use super::{Case, Context, Decision, Elsewhere, State, clocks};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use policy::StopFact;
use serde::Deserialize;

/// Shape of a merging.
pub const FIELDS: &[Field] = &[
    required("into", Kind::Line { max: 64 }, "Number or identity of the case it goes up in."),
    required("reason", Kind::Text { max: 1_000, multiline: true }, "Why it is the same matter."),
];

/// Merge this case into another. The desk has loaded the other: it is the only one of the context.
#[derive(Clone, Debug, Deserialize)]
pub struct Merge {
    /// The other case as the door named it.
    pub into: String,
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open() && case.absorbed.is_empty()
}

/// Decides a merging.
///
/// # Errors
/// If either case has ended or been answered, they are the same, or other cases went up in this one.
pub fn decide(case: &Case, merge: &Merge, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    let Some(lead) = ctx.others.first() else {
        return Err(Fault::new("into", "unknown_case").into());
    };
    if lead.id == case.id {
        return Err(Fault::new("into", "same_case").into());
    }
    if !lead.state.is_open() {
        return Err(Fault::new("into", "case_ended").into());
    }
    if !case.absorbed.is_empty() {
        return Err(Refusal::conflict("has_merged_cases"));
    }
    // A promise to this customer would have nobody left to keep it.
    if case.open_promises().any(|promise| promise.id > 0) {
        return Err(Refusal::conflict("open_promises"));
    }
    if let Some(answered) = [case, lead].into_iter().find(|case| case.reply.is_some()) {
        return Err(Refusal::conflict("already_answered").with("number", &answered.number));
    }
    // The other body asked about this case; what goes up in another is nobody's to answer for any more.
    super::matter::nothing_owed(case)?;
    let mut events = vec![Event::Merged { into: lead.id, number: lead.number.clone(), reason: merge.reason.clone() }];
    events.extend(clocks::end_all(case, StopFact::Merged, ctx));
    events.push(Event::Moved { to: State::Merged });
    let mut theirs =
        vec![Event::Absorbed { case: case.id, number: case.number.clone(), received_at: case.received_at }];
    theirs.extend(clocks::inherit(lead, case, ctx));
    Ok(Decision { events, elsewhere: vec![Elsewhere { case: lead.id, events: theirs }] })
}

/// Refuses to end a case in which customers of merged ones still wait for their answer.
///
/// # Errors
/// `merged_wait`, with their numbers.
pub(super) fn nobody_waits(case: &Case) -> Result<(), Refusal> {
    let waiting: Vec<&str> = case.unanswered().map(|one| one.number.as_str()).collect();
    if waiting.is_empty() {
        return Ok(());
    }
    Err(Refusal::conflict("merged_wait").with("numbers", waiting.join(", ")))
}
