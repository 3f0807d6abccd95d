//! Bounce an order (驳回回单): the answer is not enough, and why; the unit has it again, with a new limit.

use super::limits::again;
use super::{ORDER, OrderStep, WorkOrder, event, may, not_of_its_unit, sent_from_here};
use crate::case::{Case, Context, Decision};
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;

/// Shape of a bounce.
pub const FIELDS: &[Field] = &[
    ORDER,
    required("reason", Kind::Text { max: 1_000, multiline: true }, "What is lacking."),
    optional(
        "reply_by",
        Kind::Moment,
        "To be answered by, from now on. Default: what the rules of the case give such an order, counted from now, else the case's own limit; never beyond that.",
    ),
];

/// Bounce the answer to an order.
#[derive(Clone, Debug, Deserialize)]
pub struct BounceOrder {
    /// Number of the order.
    pub order: Option<u32>,
    /// What is lacking.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
    /// To be answered by.
    pub reply_by: Option<Timestamp>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.state.is_open() && may::offers(case, "bounce-order")
}

/// Decides a bounce.
///
/// # Errors
/// If the case has ended, there is no such answer, its own unit bounces it, or the limit lies outside the case's.
pub fn decide(case: &Case, bounce: &BounceOrder, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    case.require_open()?;
    let bounceable = |order: &WorkOrder| may::is_for("bounce-order", order);
    let order = case.named_order(bounce.order, bounceable)?;
    if !bounceable(order) {
        return Err(order.stands_otherwise());
    }
    sent_from_here(case, order, ctx.actor)?;
    not_of_its_unit(case, order, ctx.actor)?;
    if order.answered_by == Some(ctx.actor.id) {
        return Err(Refusal::forbidden("own_answer"));
    }
    let (reply_by, by_rule) = again(case, order, bounce.reply_by, ctx)?;
    Ok(Decision::of(vec![event(order.id, OrderStep::Bounced { reason: bounce.reason.clone(), reply_by, by_rule })]))
}
