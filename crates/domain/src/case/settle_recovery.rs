//! Settle a recovery (追偿了结): what was to come back came back, or was written off. Also after the case was closed.

use super::compensation::WHICH;
use super::remedy::ENDS;
use super::{Case, Compensation, Context, Decision, register};
use crate::event::Event;
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{Field, Form, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;

/// Shape of the record.
pub const FIELDS: &[Field] = &[
    WHICH,
    required("result", Kind::Code(ENDS), "Whether it came back."),
    optional("at", Kind::Moment, "When. Default: now."),
    optional(
        "reference",
        Kind::Formed { form: Form::FileNumber, max: 100 },
        "Number of the voucher. Kept in the clear; nothing of a person is taken in it.",
    ),
];

/// Settle a recovery.
#[derive(Clone, Debug, Deserialize)]
pub struct SettleRecovery {
    /// Number of the remedy that is recovered.
    pub compensation: u32,
    /// One of [`ENDS`].
    pub result: String,
    /// When.
    pub at: Option<Timestamp>,
    /// Number of the voucher.
    pub reference: Option<String>,
}

fn is_open(one: &Compensation) -> bool {
    one.recovery.as_ref().is_some_and(|recovery| recovery.ended.is_none())
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.compensations.iter().any(is_open)
}

/// Decides the record.
///
/// # Errors
/// If there is no such remedy, nothing is to come back of it, or the moment lies outside the case's life.
pub fn decide(case: &Case, settle: &SettleRecovery, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Some(one) = case.compensation(settle.compensation) else {
        return Err(Fault::new("compensation", "unknown_compensation").into());
    };
    if !is_open(one) {
        return Err(Refusal::conflict("nothing_to_recover").with("compensation", one.id));
    }
    let at = settle.at.unwrap_or(ctx.now);
    register::within_life(case, at, "at", ctx)?;
    let (result, reference) = (settle.result.clone(), settle.reference.clone());
    Ok(Decision::of(vec![Event::RecoverySettled { id: one.id, result, at, reference }]))
}
