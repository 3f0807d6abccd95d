//! Reply (答复客户): the customer is told the outcome. Mode, time and words are the proof without which no case closes.

use super::{Case, Context, Decision, State, clocks};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::intake::{ContactKind, MODES};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use policy::StopFact;
use serde::Deserialize;

/// Shape of a reply.
pub const FIELDS: &[Field] = &[
    required("mode", Kind::Code(MODES), "How the customer was told."),
    required("content", Kind::Text { max: 10_000, multiline: true }, "In which words."),
    optional("at", Kind::Moment, "When. Default: now."),
];

/// Record the reply.
#[derive(Clone, Debug, Deserialize)]
pub struct Reply {
    /// How.
    pub mode: String,
    /// In which words.
    #[serde(deserialize_with = "plain")]
    pub content: FreeText,
    /// When.
    pub at: Option<Timestamp>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    from(case).contains(&case.state)
}

/// Decides a reply.
///
/// # Errors
/// Unless an approved outcome waits to be told. What is no grievance may be answered at once by whoever accepted it.
pub fn decide(case: &Case, reply: &Reply, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(from(case))?;
    if case.record.anonymous && reply.mode != "public_notice" {
        return Err(Refusal::conflict("anonymous_needs_notice"));
    }
    let at = reply.at.unwrap_or(ctx.now);
    super::register::within_life(case, at, "at", ctx)?;
    let mut events = vec![Event::Replied { mode: reply.mode.clone(), at, content: reply.content.clone() }];
    events.extend(clocks::stop_at(case, StopFact::Replied, at, ctx));
    events.push(Event::Moved { to: State::AwaitingCustomer });
    Ok(Decision::of(events))
}

/// States from which a reply is possible. What is no grievance may be answered at once by whoever accepted it.
fn from(case: &Case) -> &'static [State] {
    match case.record.kind {
        ContactKind::Enquiry | ContactKind::ServiceRequest | ContactKind::Suggestion | ContactKind::Praise => {
            &[State::AwaitingReply, State::Accepted, State::InProgress]
        }
        ContactKind::FaultReport | ContactKind::Complaint | ContactKind::Appeal => &[State::AwaitingReply],
    }
}
