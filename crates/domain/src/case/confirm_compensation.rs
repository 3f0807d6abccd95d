//! Confirm from billing (计费回执): the billing system says that it paid a sum, or could not. Also after the case was
//! closed.

use super::compensation::{self, Standing, WHICH};
use super::{Case, Context, Decision, register};
use crate::event::Event;
use crate::refusal::Refusal;
use crate::shape::{Field, Form, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;

/// What billing may say.
pub const RESULTS: &[&str] = &["paid", "failed"];

/// How a payment is named that billing made.
pub const BY_BILLING: &str = "bill_credit";

/// Why billing could not pay.
pub const GROUNDS: &[&str] = &["account_unknown", "account_closed", "rejected", "other"];

/// Shape of the confirmation.
pub const FIELDS: &[Field] = &[
    WHICH,
    required("result", Kind::Code(RESULTS), "Whether it was paid."),
    optional(
        "attempt",
        Kind::Whole { min: 1, max: 1_000_000 },
        "Which sending it speaks of. Default: the last. That an earlier one failed changes nothing.",
    ),
    optional("ground", Kind::Code(GROUNDS), "Why not. Default: other."),
    optional("at", Kind::Moment, "When. Default: now."),
    optional(
        "reference",
        Kind::Formed { form: Form::FileNumber, max: 100 },
        "Number of the bill or voucher. Kept in the clear; nothing of a person is taken in it.",
    ),
];

/// Confirm from billing.
#[derive(Clone, Debug, Deserialize)]
pub struct ConfirmCompensation {
    /// Its number.
    pub compensation: u32,
    /// One of [`RESULTS`].
    pub result: String,
    /// Which sending it speaks of.
    pub attempt: Option<u32>,
    /// One of [`GROUNDS`].
    pub ground: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
    /// Number of the bill or voucher.
    pub reference: Option<String>,
}

impl ConfirmCompensation {
    /// That a sending failed; which remedy is to be said besides.
    #[must_use]
    pub fn failed(ground: &str, attempt: i64) -> Self {
        Self {
            compensation: 0,
            result: "failed".to_owned(),
            attempt: u32::try_from(attempt).ok(),
            ground: Some(ground.to_owned()),
            at: None,
            reference: None,
        }
    }
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.compensations.iter().any(|one| one.standing == Standing::Sent)
}

/// Decides the confirmation.
///
/// # Errors
/// If there is no such sum on its way, or the moment lies outside the case's life. A payment that was said to have failed
/// may have been made after all, also when it was sent once more since.
pub fn decide(case: &Case, said: &ConfirmCompensation, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let after_all = said.result == "paid"
        && case.compensation(said.compensation).is_some_and(|one| one.standing == Standing::Failed);
    let standing = if after_all { Standing::Failed } else { Standing::Sent };
    let one = compensation::named(case, said.compensation, standing)?;
    if said.result == "failed" && said.attempt.is_some_and(|attempt| attempt < one.attempts) {
        return Err(compensation::elsewhere(one));
    }
    let at = said.at.unwrap_or(ctx.now);
    register::within_life(case, at, "at", ctx)?;
    let reference = said.reference.clone();
    if said.result == "failed" {
        let ground = said.ground.clone().unwrap_or_else(|| "other".to_owned());
        return Ok(Decision::of(vec![Event::CompensationFailed { id: one.id, at, ground, reference }]));
    }
    // The money was given; what is still on its way could be paid as well, and somebody has to stop it there.
    let earlier = said.attempt.filter(|attempt| standing == Standing::Sent && *attempt < one.attempts);
    let mut events = vec![Event::CompensationPaid { id: one.id, at, mode: BY_BILLING.to_owned(), reference, earlier }];
    events.extend(compensation::credited(case, one.id, at, ctx));
    Ok(Decision::of(events))
}
