//! Cancel an order (撤单): what was asked is not needed any more. Only the side that sent it may.

use super::{ORDER, OrderStep, WorkOrder, event, may, no_parts, sent_from_here};
use crate::actor::Role;
use crate::case::{Case, Context, Decision};
use crate::free_text::{FreeText, plain};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use serde::Deserialize;

/// Shape of a cancellation.
pub const FIELDS: &[Field] =
    &[ORDER, required("reason", Kind::Text { max: 500, multiline: true }, "Why it is not needed any more.")];

/// Take an order back.
#[derive(Clone, Debug, Deserialize)]
pub struct CancelOrder {
    /// Number of the order.
    pub order: Option<u32>,
    /// Why.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    may::offers(case, "cancel-order")
}

/// Decides a cancellation.
///
/// # Errors
/// If there is no such order, it has ended, parts of it are open, or the unit it lies with cancels it: that one refuses or
/// returns it, so that it is counted as such.
pub fn decide(case: &Case, cancel: &CancelOrder, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let order = case.named_order(cancel.order, WorkOrder::is_open)?;
    order.require_open()?;
    let actor = ctx.actor;
    sent_from_here(case, order, actor)?;
    let theirs = actor.unit == order.to.unit && order.by != actor.id && actor.unit != case.owner.unit;
    if theirs && !matches!(actor.role, Role::Admin | Role::Integration) {
        return Err(Refusal::forbidden("not_your_dispatch"));
    }
    no_parts(case, order)?;
    Ok(Decision::of(vec![event(order.id, OrderStep::Cancelled { reason: cancel.reason.clone() })]))
}
