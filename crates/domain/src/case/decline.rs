//! Decline (不予受理): the matter is not taken up. Never without its reason and the next place to turn to: no refusal is
//! a dead end.

use super::gates::{self, Ending};
use super::{Case, Context, Decision, State, clocks};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::intake::MODES;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use policy::StopFact;
use serde::Deserialize;

/// Why a matter may not be taken up.
pub const REASONS: &[&str] = &[
    "out_of_scope",
    "out_of_time",
    "already_handled",
    "in_court",
    "with_other_body",
    "no_contract",
    "no_substance",
    "other",
];

/// Where the customer can turn next.
pub const CHANNELS: &[&str] = &[
    "internal_review",
    "regulator_appeal",
    "consumer_association",
    "market_supervision",
    "court_or_arbitration",
    "police",
    "other_operator",
    "other_department",
    "other",
];

/// Shape of a declining.
pub const FIELDS: &[Field] = &[
    required("ground", Kind::Code(REASONS), "Why it is not taken up."),
    required("explanation", Kind::Text { max: 2_000, multiline: true }, "What the customer is told about it."),
    required("next_channel", Kind::Code(CHANNELS), "Where the customer can turn next."),
    required("mode", Kind::Code(MODES), "How the customer was told."),
];

/// Decline the matter.
#[derive(Clone, Debug, Deserialize)]
pub struct Decline {
    /// Why.
    pub ground: String,
    /// What the customer is told.
    #[serde(deserialize_with = "plain")]
    pub explanation: FreeText,
    /// Where the customer can turn next.
    pub next_channel: String,
    /// How the customer was told.
    pub mode: String,
}

/// States from which it is possible.
const FROM: &[State] =
    &[State::Triage, State::Registered, State::Accepted, State::InProgress, State::Suspended, State::Reopened];

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    FROM.contains(&case.state)
}

/// Decides a declining.
///
/// # Errors
/// Once an outcome is proposed, while a regulator asks, while customers of merged cases wait for their answer, or while
/// the law wants something of the case.
pub fn decide(case: &Case, decline: &Decline, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require(FROM)?;
    if case.record.anonymous && decline.mode != "public_notice" {
        return Err(Refusal::conflict("anonymous_needs_notice"));
    }
    super::merge::nobody_waits(case)?;
    super::matter::nothing_owed(case)?;
    super::referral::nothing_owed(case, "decline", ctx)?;
    gates::require_ending(case, Ending::Decline, ctx)?;
    let mut events = vec![Event::Declined {
        ground: decline.ground.clone(),
        explanation: decline.explanation.clone(),
        next_channel: decline.next_channel.clone(),
        mode: decline.mode.clone(),
    }];
    events.extend(clocks::end_all(case, StopFact::Declined, ctx));
    events.push(Event::Moved { to: State::Declined });
    Ok(Decision::of(events))
}
