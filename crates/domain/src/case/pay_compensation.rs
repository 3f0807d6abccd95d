//! Pay compensation (支付补偿): it was credited or paid out, or an apology or repair was carried out. Also after the case
//! was closed, with the next bill. What billing is to pay is confirmed by billing alone.

use super::compensation::{self, Standing, WHICH};
use super::{Case, Compensation, Context, Decision, register};
use crate::event::Event;
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::shape::{Field, Form, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;

/// How it may be paid.
pub const MODES: &[&str] =
    &["bill_credit", "refund", "bank_transfer", "account_balance", "longer_validity", "other_payment", "carried_out"];

/// Shape of the record.
pub const FIELDS: &[Field] = &[
    WHICH,
    required("mode", Kind::Code(MODES), "How."),
    optional("at", Kind::Moment, "When. Default: now."),
    optional(
        "reference",
        Kind::Formed { form: Form::FileNumber, max: 100 },
        "Number of the voucher or bill. Kept in the clear; nothing of a person is taken in it.",
    ),
];

/// Record that a compensation was paid.
#[derive(Clone, Debug, Deserialize)]
pub struct PayCompensation {
    /// Its number.
    pub compensation: u32,
    /// How.
    pub mode: String,
    /// When.
    pub at: Option<Timestamp>,
    /// Number of the voucher or bill.
    pub reference: Option<String>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.compensations.iter().any(payable)
}

/// Whether somebody may record that it was paid: it was agreed upon and is not on its way through billing.
fn payable(one: &Compensation) -> bool {
    matches!(one.standing, Standing::Approved | Standing::Failed)
}

/// Decides the record.
///
/// # Errors
/// If there is no such compensation, it was not approved, is paid, or the moment lies outside the case's life.
pub fn decide(case: &Case, pay: &PayCompensation, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Some(one) = case.compensation(pay.compensation) else {
        return Err(Fault::new("compensation", "unknown_compensation").into());
    };
    if one.standing == Standing::Sent {
        return Err(Refusal::conflict("sent_to_billing").with("compensation", one.id));
    }
    if !payable(one) {
        return Err(compensation::elsewhere(one));
    }
    match (pay.mode == "carried_out", one.kind.is_money()) {
        (true, true) => return Err(Fault::new("mode", "only_without_money").into()),
        (false, false) => return Err(Fault::new("mode", "no_money").into()),
        _ => {}
    }
    let at = pay.at.unwrap_or(ctx.now);
    register::within_life(case, at, "at", ctx)?;
    let (mode, reference) = (pay.mode.clone(), pay.reference.clone());
    let mut events = vec![Event::CompensationPaid { id: one.id, at, mode, reference, earlier: None }];
    events.extend(compensation::credited(case, one.id, at, ctx));
    Ok(Decision::of(events))
}
