//! Merge (并案): the case goes up in another about the same matter. The earliest clock of the two wins, and everybody
//! who complained gets an answer of their own, and again when the outcome they were told counts no longer. What they
//! were promised is kept in the other case from now on.

use super::{Case, Context, Decision, Elsewhere, State, clocks, promise};
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
/// If either case has ended or been answered, they are the same, other cases went up in this one, a body outside has
/// the matter in hand, or the law wants something of this case first.
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
    // A promise to this customer would have nobody left to keep it: it goes along.
    let promises = promised(lead, case);
    if lead.open_promises().count() + promises.len() > promise::MOST_OPEN {
        return Err(Refusal::conflict("too_many_promises").with("most", promise::MOST_OPEN));
    }
    if let Some(answered) = [case, lead].into_iter().find(|case| case.reply.is_some()) {
        return Err(Refusal::conflict("already_answered").with("number", &answered.number));
    }
    // The other body asked about this case; what goes up in another is nobody's to answer for any more.
    super::matter::nothing_owed(case)?;
    super::referral::all_over(case, ctx)?;
    super::order::none_waited_for(case)?;
    // What the law wants this customer told or paid would be asked for by nobody.
    super::gates::nothing_owed(case, ctx)?;
    let mut events = vec![Event::Merged { into: lead.id, number: lead.number.clone(), reason: merge.reason.clone() }];
    events.extend(clocks::end_all(case, StopFact::Merged, ctx));
    events.push(Event::Moved { to: State::Merged });
    let mut theirs =
        vec![Event::Absorbed { case: case.id, number: case.number.clone(), received_at: case.received_at }];
    theirs.extend(clocks::inherit(lead, case, ctx));
    theirs.extend(promises);
    Ok(Decision { events, elsewhere: vec![Elsewhere { case: lead.id, events: theirs }] })
}

/// The promises to the customer of one case that are open, as those of the case it goes up in.
fn promised(lead: &Case, from: &Case) -> Vec<Event> {
    (lead.next_promise()..)
        .zip(from.open_promises())
        .map(|(id, promise)| Event::PromiseInherited {
            id,
            case: from.id,
            number: from.number.clone(),
            promise: promise.id,
            due_at: promise.due_at,
            broken: promise.broken,
            call_back: promise.call_back,
        })
        .collect()
}

/// What it means for the merged ones that the outcome of their case counts no longer: their customers were told it too,
/// and wait again. The desk has loaded those who can still be told.
pub(super) fn wait_again(case: &Case, ctx: &Context<'_>) -> (Vec<Event>, Vec<Elsewhere>) {
    let told = |one: &&Case| one.state == State::Merged && one.reply.is_some();
    let merged = ctx.others.iter().filter(told).filter(|one| case.absorbed.iter().any(|known| known.case == one.id));
    merged
        .map(|one| {
            let theirs = Elsewhere { case: one.id, events: vec![Event::AnswerLapsed {}] };
            (Event::MergedWaits { case: one.id }, theirs)
        })
        .unzip()
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
