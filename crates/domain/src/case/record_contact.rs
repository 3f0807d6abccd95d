//! Record contact (联系记录): an attempt to reach the customer, whether it succeeded or not. One that was a promised
//! call-back keeps the promise when it reached them; else it says when they are tried again.

use super::keep_promise::{self, KeepPromise};
use super::{Case, Context, Decision, clocks, promise, register};
use crate::event::{ContactOutcome, Event};
use crate::fault::Fault;
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
    optional(
        "promise",
        Kind::Whole { min: 1, max: 1_000_000 },
        "Number of the promised call-back it was; reaching the customer keeps the promise.",
    ),
    optional("next_at", Kind::Moment, "When they are tried again, where a call-back reached nobody."),
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
    /// The promised call-back it was.
    pub promise: Option<u32>,
    /// When they are tried again.
    pub next_at: Option<Timestamp>,
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
/// If the case has ended, nobody can be reached, the moment lies outside the case's life, there is no such call-back, or
/// the next try is not to come.
pub fn decide(case: &Case, contact: &RecordContact, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    if case.record.anonymous {
        return Err(Refusal::conflict("anonymous_cannot_be_reached"));
    }
    let at = contact.at.unwrap_or(ctx.now);
    register::within_life(case, at, "at", ctx)?;
    call_back(case, contact, ctx)?;
    let mut events = vec![Event::Contacted {
        mode: contact.mode.clone(),
        outcome: contact.outcome,
        at,
        number: contact.number.clone(),
        summary: contact.summary.clone(),
        promise: contact.promise,
        next_at: contact.next_at,
    }];
    if contact.outcome == ContactOutcome::Reached {
        events.extend(clocks::stop_at(case, StopFact::FirstContact, at, ctx));
        if let Some(promise) = contact.promise {
            let kept = keep_promise::decide(case, &KeepPromise { promise, at: Some(at), remark: None }, ctx)?;
            events.extend(kept.events);
            return Ok(Decision { events, elsewhere: kept.elsewhere });
        }
    } else {
        let started = clocks::start_unless_running(case, StartFact::ContactFailed, at, &events, ctx);
        events.extend(started);
        events.extend(clocks::attempted(case, at, ctx));
    }
    Ok(Decision::of(events))
}

/// Refuses a call-back that is none, or a next try that cannot be one.
fn call_back(case: &Case, contact: &RecordContact, ctx: &Context<'_>) -> Result<(), Fault> {
    let open = |id: u32| case.open_promises().any(|one| one.id == id && one.call_back);
    if contact.promise.is_some_and(|id| !open(id)) {
        return Err(Fault::new("promise", "unknown_call_back"));
    }
    let Some(next) = contact.next_at else { return Ok(()) };
    if contact.promise.is_none() || contact.outcome == ContactOutcome::Reached {
        return Err(Fault::new("next_at", "only_unreached_call_back"));
    }
    if next <= ctx.now {
        return Err(Fault::new("next_at", "in_past"));
    }
    if next > ctx.now + promise::FURTHEST {
        return Err(Fault::new("next_at", "too_far_ahead").with("days", 366));
    }
    Ok(())
}
