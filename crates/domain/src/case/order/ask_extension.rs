//! Ask for more time (申请延期): the limit of an order may move when somebody else agrees; a limit of the case never does.

use super::limits::{bound, within};
use super::{ORDER, OrderStep, Standing, event, may};
use crate::case::{Case, Context, Decision};
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use jiff::Timestamp;
use serde::Deserialize;

/// Shape of the question.
pub const FIELDS: &[Field] = &[
    ORDER,
    required("reply_by", Kind::Moment, "Until when; never after the case's own limit."),
    required("reason", Kind::Text { max: 1_000, multiline: true }, "Why the time is not enough."),
];

/// Ask for more time.
#[derive(Clone, Debug, Deserialize)]
pub struct AskExtension {
    /// Number of the order.
    pub order: Option<u32>,
    /// Until when.
    pub reply_by: Timestamp,
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    may::offers(case, "ask-extension")
}

/// Decides the question.
///
/// # Errors
/// If there is no such order, it lies with another unit, more time was asked for already, or the new limit does not lie
/// between the old one and the case's.
pub fn decide(case: &Case, ask: &AskExtension, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let order = may::held(case, "ask-extension", ask.order, ctx)?;
    order.require(&[Standing::Accepted])?;
    if order.extension.is_some() {
        return Err(Refusal::conflict("extension_asked"));
    }
    if order.reply_by.is_some_and(|now| ask.reply_by <= now) {
        return Err(Fault::new("reply_by", "not_later").into());
    }
    within("reply_by", ask.reply_by, bound(case, order.part_of, ctx), ctx)?;
    let (reply_by, reason) = (ask.reply_by, ask.reason.clone());
    Ok(Decision::of(vec![event(order.id, OrderStep::ExtensionAsked { reply_by, reason })]))
}
