//! Record contact (联系记录): an attempt to reach the customer, whether it succeeded or not.

use super::{Case, Context, Decision, clocks, register};
use crate::event::{ContactOutcome, Event};
use crate::free_text::{FreeText, plain_option};
use crate::intake::MODES;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use policy::{StartFact, StopFact};
use serde::Deserialize;

/// Shape of a contact.
pub const FIELDS: &[Field] = &[
    required("mode", Kind::Code(MODES), "How the customer was tried."),
    required("outcome", Kind::Code(ContactOutcome::CODES), "What came of it."),
    optional("at", Kind::Moment, "When. Default: now."),
    optional("number", Kind::Line { max: 40 }, "Number that was tried or reached; kept sealed."),
    optional("summary", Kind::Text { max: 2_000, multiline: true }, "What was said."),
];

/// Record an attempt to reach the customer.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordContact {
    /// How.
    pub mode: String,
    /// What came of it.
    pub outcome: ContactOutcome,
    /// When.
    pub at: Option<Timestamp>,
    /// Number that was tried.
    #[serde(default, deserialize_with = "plain_option")]
    pub number: Option<FreeText>,
    /// What was said.
    #[serde(default, deserialize_with = "plain_option")]
    pub summary: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open() && !case.record.anonymous
}

/// Decides a contact. Only one that reached the customer stops the clock of the first contact; one that did not may
/// begin the time in which others have to follow.
///
/// # Errors
/// If the case has ended, nobody can be reached, or the moment lies outside the case's life.
pub fn decide(case: &Case, contact: &RecordContact, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    if case.record.anonymous {
        return Err(Refusal::conflict("anonymous_cannot_be_reached"));
    }
    let at = contact.at.unwrap_or(ctx.now);
    register::within_life(case, at, "at", ctx)?;
    let mut events = vec![Event::Contacted {
        mode: contact.mode.clone(),
        outcome: contact.outcome,
        at,
        number: contact.number.clone(),
        summary: contact.summary.clone(),
    }];
    if contact.outcome == ContactOutcome::Reached {
        events.extend(clocks::stop_at(case, StopFact::FirstContact, at, ctx));
    } else {
        let started = clocks::start_unless_running(case, StartFact::ContactFailed, at, &events, ctx);
        events.extend(started);
        events.extend(clocks::attempted(case, at, ctx));
    }
    Ok(Decision::of(events))
}
