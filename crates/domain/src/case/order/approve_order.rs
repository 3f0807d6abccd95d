//! Approve a supervision order (督办审批): before it goes out, and when it was answered; both times by somebody who did not
//! write it.

use super::{ORDER, OrderStep, Standing, event, limits, may, not_of_its_unit};
use crate::case::{Case, Context, Decision};
use crate::free_text::{FreeText, plain_option};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use serde::Deserialize;

/// Shape of the approval.
pub const FIELDS: &[Field] = &[
    ORDER,
    required("approved", Kind::Bool, "Whether the order goes out, or its answer is enough."),
    optional("remark", Kind::Text { max: 500, multiline: true }, "In words; wanted when it is not."),
];

/// Approve a supervision order or its answer.
#[derive(Clone, Debug, Deserialize)]
pub struct ApproveOrder {
    /// Number of the order.
    pub order: Option<u32>,
    /// Whether it is approved.
    pub approved: bool,
    /// In words.
    #[serde(default, deserialize_with = "plain_option")]
    pub remark: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    may::offers(case, "approve-order")
}

/// Decides the approval. The limits of an order that goes out are counted from then.
///
/// # Errors
/// If nothing waits for it, its author decides, or a no comes without a word.
pub fn decide(case: &Case, approve: &ApproveOrder, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let order = case.named_order(approve.order, |order| may::is_for("approve-order", order))?;
    order.require(&[Standing::Proposed, Standing::AwaitingApproval])?;
    let author = if order.standing == Standing::Proposed { Some(order.by) } else { order.answered_by };
    if author == Some(ctx.actor.id) {
        return Err(Refusal::forbidden("own_wish"));
    }
    not_of_its_unit(case, order, ctx.actor)?;
    if !approve.approved && approve.remark.is_none() {
        return Err(crate::fault::Fault::new("remark", "required").into());
    }
    let (approved, remark) = (approve.approved, approve.remark.clone());
    let goes_out = approved && order.standing == Standing::Proposed;
    let (accept_by, reply_by) = if goes_out { limits::from_now(case, order, ctx) } else { (None, None) };
    Ok(Decision::of(vec![event(order.id, OrderStep::Approved { approved, remark, accept_by, reply_by })]))
}
