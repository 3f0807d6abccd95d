//! Withdraw (撤诉): the customer takes the complaint back. It stays on record; the customer may change their mind.

use super::gates::{self, Ending};
use super::{Case, Context, Decision, State, clocks};
use crate::event::Event;
use crate::free_text::{FreeText, plain};
use crate::intake::MODES;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use policy::StopFact;
use serde::Deserialize;

/// Shape of a withdrawal.
pub const FIELDS: &[Field] = &[
    required("mode", Kind::Code(MODES), "How the customer said so."),
    required("reason", Kind::Text { max: 2_000, multiline: true }, "In the customer's words."),
];

/// Record that the customer takes the complaint back.
#[derive(Clone, Debug, Deserialize)]
pub struct Withdraw {
    /// How.
    pub mode: String,
    /// In the customer's words.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open()
}

/// Decides a withdrawal.
///
/// # Errors
/// If the case has ended, customers of merged cases or another body wait for their answer, or the law wants something of
/// the case.
pub fn decide(case: &Case, withdraw: &Withdraw, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    super::merge::nobody_waits(case)?;
    super::matter::nothing_owed(case)?;
    super::referral::nothing_owed(case, "withdraw", ctx)?;
    gates::require_ending(case, Ending::Withdraw, ctx)?;
    let mut events = vec![Event::Withdrawn { mode: withdraw.mode.clone(), reason: withdraw.reason.clone() }];
    events.extend(clocks::end_all(case, StopFact::Withdrawn, ctx));
    events.push(Event::Moved { to: State::Withdrawn });
    Ok(Decision::of(events))
}
